import { crc32 } from 'node:zlib';

export interface Png {
  /** Pixels. */
  width: number;
  height: number;
  bytes: Buffer;
}

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** What a picture looks like, and nothing that tells who made it, when, where or with what. */
const kept = new Set(['IHDR', 'PLTE', 'tRNS', 'gAMA', 'cHRM', 'sRGB', 'IDAT', 'IEND']);

/**
 * Reads a PNG by its content (ISO/IEC 15948) and writes it anew without comments, metadata, animation and whatever stood
 * behind its end.
 * @returns null for anything but a whole PNG
 */
export function readPng(file: Uint8Array): Png | null {
  const bytes = Buffer.from(file);
  if (!bytes.subarray(0, 8).equals(signature)) return null;
  const chunks: Buffer[] = [];
  const types: string[] = [];
  for (let at = 8; types.at(-1) !== 'IEND';) {
    if (at + 12 > bytes.length) return null;
    const end = at + 12 + bytes.readUInt32BE(at);
    if (end > bytes.length) return null;
    const type = bytes.toString('latin1', at + 4, at + 8);
    if (bytes.readUInt32BE(end - 4) !== crc32(bytes.subarray(at + 4, end - 4))) return null;
    if (kept.has(type)) chunks.push(bytes.subarray(at, end));
    types.push(type);
    at = end;
  }
  const [head] = chunks;
  if (types[0] !== 'IHDR' || head!.length !== 25 || !types.includes('IDAT')) return null;
  if (types.filter((type) => type === 'IHDR').length > 1) return null;
  const [width, height] = [head!.readUInt32BE(8), head!.readUInt32BE(12)];
  return width > 0 && height > 0 ? { width, height, bytes: Buffer.concat([signature, ...chunks]) } : null;
}
