const kept = new Set(['VP8 ', 'VP8L', 'ALPH']);
/** Bits of VP8X. */
const flags = { animation: 0x02, alpha: 0x10 };

/**
 * Reads a WebP by its content (RFC 9649) and writes it anew without Exif, XMP, colour profile, unknown chunks and whatever stood
 * behind its end.
 * @returns null for anything but a whole WebP that does not move
 */
export function readWebp(file: Uint8Array): { width: number; height: number; bytes: Buffer } | null {
  const bytes = Buffer.from(file);
  if (bytes.length < 20 || bytes.toString('latin1', 0, 4) !== 'RIFF' || bytes.toString('latin1', 8, 12) !== 'WEBP')
    return null;
  const end = 8 + bytes.readUInt32LE(4);
  if (end > bytes.length) return null;
  const parts: Buffer[] = [];
  let size: { width: number; height: number } | null = null;
  let extended: Buffer | null = null;
  for (let at = 12; at < end;) {
    if (at + 8 > end) return null;
    const type = bytes.toString('latin1', at, at + 4);
    const length = bytes.readUInt32LE(at + 4);
    const next = at + 8 + length + (length % 2);
    if (next > end) return null;
    const content = bytes.subarray(at + 8, at + 8 + length);
    if (type === 'VP8X') {
      if (extended || length !== 10 || content[0]! & flags.animation) return null;
      extended = Buffer.from(bytes.subarray(at, next));
    } else if (type === 'VP8 ' || type === 'VP8L') {
      if (size) return null;
      size = type === 'VP8 ' ? lossySize(content) : losslessSize(content);
      if (!size) return null;
    }
    if (kept.has(type)) parts.push(bytes.subarray(at, next));
    at = next;
  }
  if (!size || size.width === 0 || size.height === 0) return null;
  if (extended) {
    extended[8] = extended[8]! & flags.alpha;
    const canvas = { width: 1 + extended.readUIntLE(12, 3), height: 1 + extended.readUIntLE(15, 3) };
    if (canvas.width !== size.width || canvas.height !== size.height) return null;
    parts.unshift(extended);
  }
  const body = Buffer.concat(parts);
  const head = Buffer.from('RIFF\0\0\0\0WEBP', 'latin1');
  head.writeUInt32LE(body.length + 4, 4);
  return { ...size, bytes: Buffer.concat([head, body]) };
}

/** RFC 6386, section 9.1. */
function lossySize(content: Buffer) {
  if (content.length < 10 || content.readUIntBE(3, 3) !== 0x9d012a) return null;
  return { width: content.readUInt16LE(6) & 0x3fff, height: content.readUInt16LE(8) & 0x3fff };
}

/** RFC 9649, section 3.4. */
function losslessSize(content: Buffer) {
  if (content.length < 5 || content[0] !== 0x2f) return null;
  const bits = content.readUInt32LE(1);
  return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) };
}
