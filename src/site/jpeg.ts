/** What a picture looks like: tables and scans. Everything of an application, and comments, stays behind. */
const isKept = (marker: number) =>
  marker === 0xdb || marker === 0xc4 || marker === 0xdd || marker === 0xda || frames.has(marker);
/** Baseline, extended and progressive: what browsers show. */
const frames = new Set([0xc0, 0xc1, 0xc2]);
const standsAlone = (marker: number) => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);

/**
 * Reads a JPEG by its content (ITU-T T.81) and writes it anew without Exif, XMP, IPTC, colour profile, thumbnails, comments and
 * whatever stood behind its end: no place, no time, no camera. Only which side is up is written again, by itself.
 * @returns null for anything but a whole JPEG
 */
export function readJpeg(file: Uint8Array): { width: number; height: number; bytes: Buffer } | null {
  const bytes = Buffer.from(file);
  if (bytes.length < 4 || bytes.readUInt16BE(0) !== 0xffd8) return null;
  const parts: Buffer[] = [];
  let size: { width: number; height: number } | null = null;
  let turned = 1;
  let scans = 0;
  for (let at = 2; ;) {
    if (at + 2 > bytes.length || bytes[at] !== 0xff) return null;
    const marker = bytes[at + 1]!;
    // A marker may be preceded by any number of fill bytes.
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    if (marker === 0xd9) break;
    if (standsAlone(marker)) return null;
    if (at + 4 > bytes.length) return null;
    const length = bytes.readUInt16BE(at + 2);
    let end = at + 2 + length;
    if (length < 2 || end > bytes.length) return null;
    const content = bytes.subarray(at + 4, end);
    if (frames.has(marker)) {
      if (size || content.length < 6) return null;
      size = { height: content.readUInt16BE(1), width: content.readUInt16BE(3) };
    } else if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4) return null;
    if (marker === 0xe1) turned = orientationOf(content) ?? turned;
    if (marker === 0xda) {
      if (!size) return null;
      scans += 1;
      end = endOfScan(bytes, end);
    }
    // Adobe's tells how colours are meant, in twelve bytes that say nothing else.
    const isAdobe = marker === 0xee && content.length === 12 && content.toString('latin1', 0, 5) === 'Adobe';
    if (isKept(marker) || isAdobe) parts.push(bytes.subarray(at, end));
    at = end;
  }
  if (!size || scans === 0 || size.width === 0 || size.height === 0) return null;
  const onItsSide = turned >= 5;
  return {
    width: onItsSide ? size.height : size.width,
    height: onItsSide ? size.width : size.height,
    bytes: Buffer.concat([soi, ...(turned > 1 ? [upright(turned)] : []), ...parts, eoi]),
  };
}

const soi = Buffer.of(0xff, 0xd8);
const eoi = Buffer.of(0xff, 0xd9);

/** Where the next marker stands that is no part of the scan: restarts are, and a byte FF is followed by 0. */
function endOfScan(bytes: Buffer, from: number): number {
  for (let at = from; ; at += 2) {
    at = bytes.indexOf(0xff, at);
    if (at < 0 || at + 1 >= bytes.length) return bytes.length;
    const next = bytes[at + 1]!;
    if (next === 0xff) at -= 1;
    else if (next !== 0 && !(next >= 0xd0 && next <= 0xd7)) return at;
  }
}

const exif = Buffer.from('Exif\0\0', 'latin1');

/** Which side is up, 1 to 8 (Exif 2.32, tag 0x0112 of the first directory); null where it is not said in a way that fits. */
function orientationOf(content: Buffer): number | null {
  if (!content.subarray(0, 6).equals(exif)) return null;
  const tiff = content.subarray(6);
  if (tiff.length < 14) return null;
  const little = tiff.toString('latin1', 0, 2) === 'II';
  const short = (at: number) => (little ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  const directory = little ? tiff.readUInt32LE(4) : tiff.readUInt32BE(4);
  if (directory + 2 > tiff.length) return null;
  for (let n = 0, at = directory + 2; n < short(directory) && at + 12 <= tiff.length; n++, at += 12) {
    if (short(at) !== 0x0112) continue;
    const turned = short(at + 8);
    return turned >= 1 && turned <= 8 ? turned : null;
  }
  return null;
}

/** A directory with that one tag. */
function upright(turned: number): Buffer {
  const tiff = Buffer.alloc(26);
  tiff.write('MM\0\x2a', 'latin1');
  tiff.writeUInt32BE(8, 4);
  tiff.writeUInt16BE(1, 8);
  tiff.writeUInt16BE(0x0112, 10);
  tiff.writeUInt16BE(3, 12);
  tiff.writeUInt32BE(1, 14);
  tiff.writeUInt16BE(turned, 18);
  const content = Buffer.concat([exif, tiff]);
  const head = Buffer.of(0xff, 0xe1, 0, 0);
  head.writeUInt16BE(content.length + 2, 2);
  return Buffer.concat([head, content]);
}
