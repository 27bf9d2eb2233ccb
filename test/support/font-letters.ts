import { readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';

const [cmap, glyf, loca] = [0, 10, 11];

/** The characters a WOFF2 file has a shape for: its `cmap`, formats 4 and 12 (W3C WOFF2, section 4; OpenType, cmap). */
export function lettersOf(path: string): Set<number> {
  const file = readFileSync(path);
  let at = 48;
  const number = () => {
    for (let value = 0; ;) {
      const byte = file[at++]!;
      value = value * 128 + (byte & 127);
      if (byte < 128) return value;
    }
  };
  let start = 0;
  let found = -1;
  for (let left = file.readUInt16BE(12); left > 0; left -= 1) {
    const flags = file[at++]!;
    const tag = flags & 63;
    if (tag === 63) at += 4;
    let length = number();
    const isOutline = tag === glyf || tag === loca;
    if (isOutline ? flags >> 6 !== 3 : flags >> 6 !== 0) length = number();
    if (tag === cmap) found = start;
    start += length;
  }
  const tables = brotliDecompressSync(file.subarray(at, at + file.readUInt32BE(20)));
  const table = tables.subarray(found);
  const letters = new Set<number>();
  for (let n = 0; n < table.readUInt16BE(2); n += 1) {
    const part = table.subarray(table.readUInt32BE(8 + n * 8));
    const add = (first: number, last: number) => {
      for (let code = first; code <= last; code += 1) if (code !== 0xffff) letters.add(code);
    };
    if (part.readUInt16BE(0) === 4) {
      const bytes = part.readUInt16BE(6);
      for (let n = 0; n < bytes; n += 2) add(part.readUInt16BE(16 + bytes + n), part.readUInt16BE(14 + n));
    }
    if (part.readUInt16BE(0) === 12)
      for (let n = 0; n < part.readUInt32BE(12); n += 1)
        add(part.readUInt32BE(16 + n * 12), part.readUInt32BE(20 + n * 12));
  }
  return letters;
}
