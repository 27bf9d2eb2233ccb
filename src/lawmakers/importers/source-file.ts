import { UnreadableFile } from './import-record.js';

export interface SourceFile {
  name: string;
  bytes: Uint8Array;
}

export const sourceLimits = {
  bytes: 20 * 1024 * 1024,
  files: 5_000,
  people: 20_000,
};

const signatures: [code: string, bytes: number[]][] = [
  ['zip', [0x50, 0x4b, 0x03, 0x04]],
  ['zip', [0x50, 0x4b, 0x05, 0x06]],
  ['zip', [0x1f, 0x8b]],
  ['zip', [0x37, 0x7a, 0xbc, 0xaf]],
  ['pdf', [0x25, 0x50, 0x44, 0x46]],
  ['utf-16', [0xff, 0xfe]],
  ['utf-16', [0xfe, 0xff]],
  ['binary', [0xd0, 0xcf, 0x11, 0xe0]],
];

/**
 * The text of a file with `\n` line ends and without byte order mark. Refuses what is not UTF-8 text, naming the first
 * bad line: a wrong encoding read "somehow" would put broken names on letters. Web pages are refused, and XML unless asked for.
 */
export function readText(source: SourceFile, { xml = false } = {}): string {
  const { name, bytes } = source;
  for (const [code, start] of signatures) {
    if (start.every((byte, i) => bytes[i] === byte)) throw new UnreadableFile(code, { file: name, line: 1 });
  }
  const nul = bytes.indexOf(0);
  if (nul >= 0) throw new UnreadableFile('binary', { file: name, line: lineOfByte(bytes, nul) });
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new UnreadableFile('encoding', { file: name, line: lineOfByte(bytes, firstInvalidByte(bytes)) });
  }
  text = text.replace(/\r\n?/g, '\n');
  if (!text.trim()) throw new UnreadableFile('empty', { file: name, line: 1 });
  if (/^\s*<(!doctype html|html)/i.test(text) || (!xml && /^\s*<[!?a-z]/i.test(text))) {
    throw new UnreadableFile('web-page', { file: name, line: 1 });
  }
  return text;
}

export function checkLimits(sources: SourceFile[]): void {
  const first = sources[0]?.name ?? '';
  if (sources.length === 0) throw new UnreadableFile('no-file', { file: '', line: null });
  if (sources.length > sourceLimits.files) throw new UnreadableFile('too-many-files', { file: first, line: null });
  let bytes = 0;
  for (const source of sources) {
    bytes += source.bytes.length;
    if (bytes > sourceLimits.bytes) throw new UnreadableFile('too-large', { file: source.name, line: null });
  }
}

export function lineOf(text: string, position: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < position; at = text.indexOf('\n', at + 1)) line++;
  return line;
}

function lineOfByte(bytes: Uint8Array, position: number): number {
  let line = 1;
  for (let i = 0; i < position; i++) if (bytes[i] === 0x0a) line++;
  return line;
}

/** Decodes line by line: a line feed byte never stands inside a UTF-8 character, so the first line that fails is the bad one. */
function firstInvalidByte(bytes: Uint8Array): number {
  let start = 0;
  while (start < bytes.length) {
    const feed = bytes.indexOf(0x0a, start);
    const end = feed < 0 ? bytes.length : feed + 1;
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(start, end));
    } catch {
      return start;
    }
    start = end;
  }
  return 0;
}
