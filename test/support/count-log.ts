import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../src/config/root.js';
import { LogError } from '../../src/countlog/log-error.js';
import { leafHash, nodeHash, type HashAt } from '../../src/countlog/merkle.js';

export const vectors = JSON.parse(readFileSync(join(projectRoot, 'test/fixtures/count-log.json'), 'utf8')) as {
  origin: string;
  log_vkey: string;
  log_seed_hex: string;
  witness_vkey: string;
  promise_vkey: string;
  signers: { code: string; salt: string; email: string; a: string; A: string; B: string; index: number }[];
  entries_hex: string[];
  leaf_hashes: string[];
  root: string;
  root_size6: string;
  consistency_6_9: string[];
  checkpoint: string;
  proof_signer0: string;
  promise: string;
  count: number;
};

export const fromHex = (text: string): Buffer => Buffer.from(text, 'hex');
export const fromBase64 = (text: string): Buffer => Buffer.from(text, 'base64');

/** That many different leaf hashes. */
export const someLeaves = (count: number): Buffer[] =>
  Array.from({ length: count }, (_, index) => leafHash(Buffer.from(String(index))));

/** The hashes of complete subtrees, made from nothing but their leaves. */
export function straightTree(leaves: Buffer[]): HashAt {
  const rows = [leaves];
  return ({ level, index }) => {
    while (rows.length <= level) {
      const below = rows.at(-1)!;
      const pairs = Math.floor(below.length / 2);
      rows.push(Array.from({ length: pairs }, (_, at) => nodeHash(below[2 * at]!, below[2 * at + 1]!)));
    }
    return rows[level]![index]!;
  };
}

/** Whether it was refused as it should be; any other error is a defect and comes through. */
export function isRefused(attempt: () => unknown): boolean {
  try {
    attempt();
    return false;
  } catch (error) {
    if (error instanceof LogError) return true;
    throw error;
  }
}

const inserted = [0x00, 0x09, 0x0a, 0x0d, 0x20, 0x2b, 0x2d, 0x30, 0x31, 0x3d, 0x41, 0x61, 0x7f, 0x80, 0xe2, 0xff];

/** The bytes with each bit flipped, each byte inverted, each byte cut, everything after it cut, and bytes put in before it. */
export function* mutantsOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at <= bytes.length; at++) {
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(at + 1)];
    for (const byte of inserted) yield Buffer.concat([before, Uint8Array.of(byte), bytes.subarray(at)]);
    if (at === bytes.length) return;
    for (const flip of [1, 2, 4, 8, 16, 32, 64, 128, 255]) {
      yield Buffer.concat([before, Uint8Array.of(bytes[at]! ^ flip), after]);
    }
    yield Buffer.concat([before, after]);
    yield before;
  }
}

/** Those changes of one byte that were not refused. */
export const survivors = (bytes: Buffer, open: (mutant: Buffer) => unknown): string[] =>
  [...mutantsOf(bytes)].filter((mutant) => !isRefused(() => open(mutant))).map((mutant) => mutant.toString('latin1'));
