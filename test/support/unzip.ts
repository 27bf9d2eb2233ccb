import { crc32, inflateRawSync } from 'node:zlib';

/** The files of a ZIP by its directory (APPNOTE 6.3.9), each with its checksum compared. @throws Error for a file that does not fit */
export function unzip(zip: Buffer): Map<string, Buffer> {
  const end = zip.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  if (end < 0) throw new Error('no end of a ZIP');
  const files = new Map<string, Buffer>();
  let at = zip.readUInt32LE(end + 16);
  for (let n = zip.readUInt16LE(end + 10); n > 0; n--) {
    if (zip.readUInt32LE(at) !== 0x02014b50) throw new Error('no entry of the directory');
    const [method, crc, packed, size] = [
      zip.readUInt16LE(at + 10),
      zip.readUInt32LE(at + 16),
      zip.readUInt32LE(at + 20),
      zip.readUInt32LE(at + 24),
    ];
    const [nameLength, extra, comment] = [28, 30, 32].map((place) => zip.readUInt16LE(at + place)) as [
      number,
      number,
      number,
    ];
    const name = zip.subarray(at + 46, at + 46 + nameLength).toString();
    const local = zip.readUInt32LE(at + 42);
    const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    const bytes = zip.subarray(start, start + packed);
    const content = method === 8 ? inflateRawSync(bytes) : Buffer.from(bytes);
    // crc32 of zlib came with Node 20.15.
    if (content.length !== size || crc32(content) !== crc) throw new Error(`${name} does not fit`);
    files.set(name, content);
    at += 46 + nameLength + extra + comment;
  }
  return files;
}

/** The cells of the first sheet of a workbook: texts as they stand, numbers as numbers, nothing as null. */
export function sheetOf(workbook: Buffer): (string | number | null)[][] {
  const xml = unzip(workbook).get('xl/worksheets/sheet1.xml')!.toString();
  if (/<f[ >]/.test(xml)) throw new Error('a formula');
  const plain = (text: string) =>
    text.replace(
      /&(lt|gt|quot|apos|amp);/g,
      (_, name: string) => ({ lt: '<', gt: '>', quot: '"', apos: "'" })[name] ?? '&',
    );
  return [...xml.matchAll(/<row [^>]*>(.*?)<\/row>/gs)].map(([, row]) => {
    const cells: (string | number | null)[] = [];
    for (const [, letter, rest] of row!.matchAll(/<c r="([A-Z]+)\d+"([^]*?)(?:<\/c>|\/>(?=<c|$))/g)) {
      const column = letter!.charCodeAt(0) - 65;
      while (cells.length < column) cells.push(null);
      const text = /<t[^>]*>([^]*?)<\/t>/.exec(rest!);
      const number = /<v>([^<]*)<\/v>/.exec(rest!);
      cells.push(text ? plain(text[1]!) : number ? Number(number[1]) : null);
    }
    return cells;
  });
}
