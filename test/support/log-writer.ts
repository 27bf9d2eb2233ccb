import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * Writes count logs for the tests of the verifier, right ones and wrong ones: it checks nothing. By the definitions of
 * RFC 6962 and tlog-tiles, word for word, and with no line of the server's or the verifier's.
 */
export const hash = (...parts: (string | Uint8Array)[]) =>
  createHash('sha256')
    .update(Buffer.concat(parts.map((part) => Buffer.from(part))))
    .digest();

const leaf = (entry: Uint8Array) => hash('\0', entry);

/** MTH of RFC 6962, 2.1, over hashes. */
export function treeHash(hashes: Buffer[]): Buffer {
  if (hashes.length <= 1) return hashes[0] ?? hash();
  let split = 1;
  while (split * 2 < hashes.length) split *= 2;
  return hash('\x01', treeHash(hashes.slice(0, split)), treeHash(hashes.slice(split)));
}

/** The keys of a seed of 32 bytes: a verifier key in the notation of signed notes, and a signature. */
export function keyOf(name: string, seed: Buffer) {
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  const secret = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  const point = createPublicKey(secret).export({ format: 'der', type: 'spki' }).subarray(-32);
  const typed = Buffer.concat([Buffer.of(1), point]);
  const id = hash(name, '\n', typed).subarray(0, 4);
  return {
    vkey: `${name}+${id.toString('hex')}+${typed.toString('base64')}`,
    line: (text: string) =>
      `— ${name} ${Buffer.concat([id, sign(null, Buffer.from(text), secret)]).toString('base64')}\n`,
  };
}

export const origin = 'petitions.example.org/log/free-them';
export const seed = hash('the seed of the tests');
const secretOf = (code: string) => hash('petition-log/v1/code\n', code);

export const entry = {
  genesis: (json = '{"opened":"2026-12-01","text_sha256":"' + '0a'.repeat(32) + '","v":1}') => Buffer.from(`\0${json}`),
  sign: (code: string) =>
    Buffer.concat([Buffer.of(1), hash('petition-log/v1/signer\n', origin, '\n', secretOf(code)), hash('B of ', code)]),
  withdraw: (index: number, reason: number, code?: string) => {
    const bytes = Buffer.alloc(10);
    bytes[0] = 2;
    bytes.writeBigUInt64BE(BigInt(index), 1);
    bytes[9] = reason;
    return code ? Buffer.concat([bytes, secretOf(code)]) : bytes;
  },
  note: (json = '{"text":"One.","type":"incident"}') => Buffer.from(`\x03${json}`),
  close: (count: number) => Buffer.from(`\x04{"closed":"2027-03-01","count":${count},"v":1}`),
};

/** Twenty characters of Crockford's base32. */
export const codeOf = (n: number) => n.toString(16).toUpperCase().padStart(20, '0');

export type Files = Map<string, Buffer>;

export function checkpointOf(entries: Buffer[], name = origin, secret = seed): string {
  const text = `${name}\n${entries.length}\n${treeHash(entries.map(leaf)).toString('base64')}\n`;
  return `${text}\n${keyOf(name, secret).line(text)}`;
}

const pathOf = (kind: string | number, number: number, width: number) => {
  const digits = String(number).padStart(Math.ceil(String(number).length / 3) * 3, '0');
  const parts = digits.match(/.../g)!;
  const folders = parts.map((part, i) => (i < parts.length - 1 ? `x${part}` : part)).join('/');
  return `tile/${kind}/${folders}${width < 256 ? `.p/${width}` : ''}`;
};

const tilesOf = <T>(all: T[]): T[][] =>
  Array.from({ length: Math.ceil(all.length / 256) }, (_, n) => all.slice(n * 256, n * 256 + 256));

/** All files that a server publishes for these entries. */
export function filesOf(entries: Buffer[], name = origin, secret = seed): Files {
  const settings = { origin: name, vkey: keyOf(name, secret).vkey, publication: 'ordinary' };
  const files: Files = new Map([
    ['log.json', Buffer.from(JSON.stringify(settings))],
    ['checkpoint', Buffer.from(checkpointOf(entries, name, secret))],
  ]);
  for (const [n, bundle] of tilesOf(entries).entries()) {
    const parts = bundle.flatMap((bytes) => [Buffer.of(bytes.length >> 8, bytes.length & 255), bytes]);
    files.set(pathOf('entries', n, bundle.length), Buffer.concat(parts));
  }
  let hashes: Buffer[] = entries.map(leaf);
  for (let level = 0; hashes.length > 0; level++) {
    const tiles = tilesOf(hashes);
    for (const [n, tile] of tiles.entries()) files.set(pathOf(level, n, tile.length), Buffer.concat(tile));
    hashes = tiles.filter((tile) => tile.length === 256).map(treeHash);
  }
  return files;
}

export async function save(files: Files, folder: string): Promise<void> {
  for (const [path, bytes] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), bytes);
  }
}
