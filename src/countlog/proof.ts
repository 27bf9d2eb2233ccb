import { openCheckpoint, type Checkpoint } from './checkpoint.js';
import { LogError } from './log-error.js';
import { verifyInclusion } from './merkle.js';
import type { Signature, Verifier } from './note.js';
import { parseBase64, parseDecimal, parseUtf8 } from './strict.js';

// c2sp.org/tlog-proof: all that is needed to check, without asking anybody, that an entry is in a log.

export interface LogProof {
  /** Carried along, proved by nothing. */
  extra?: Buffer;
  index: number;
  /** From the sibling of the leaf up to the child of the root, 32 bytes each. */
  hashes: Buffer[];
  /** The signed checkpoint, as the log published it. */
  checkpoint: Buffer;
}

const header = 'c2sp.org/tlog-proof@v1';
/** A tree of 2^53 entries has no longer path. */
const mostHashes = 53;

/** The bytes of a `.tlog-proof` file. @throws LogError if `parseProof` would refuse them */
export function encodeProof({ extra, index, hashes, checkpoint }: LogProof): Buffer {
  const lines = [
    header,
    ...(extra ? [`extra ${extra.toString('base64')}`] : []),
    `index ${index}`,
    ...hashes.map((hash) => hash.toString('base64')),
  ];
  const bytes = Buffer.concat([Buffer.from(`${lines.join('\n')}\n\n`), checkpoint]);
  parseProof(bytes);
  return bytes;
}

/** @throws LogError if it is malformed; the checkpoint is not looked into, and nothing is verified */
export function parseProof(bytes: Uint8Array): LogProof {
  const text = parseUtf8(bytes);
  const end = text.indexOf('\n\n');
  if (end < 0) throw new LogError('A proof ends before its checkpoint.');
  const [first, ...lines] = text.slice(0, end).split('\n');
  if (first !== header) throw new LogError(`A proof must begin with ${header}.`);
  const extra = lines[0]?.startsWith('extra ') ? parseBase64(lines.shift()!.slice('extra '.length)) : undefined;
  const index = lines.shift();
  if (!index?.startsWith('index ')) throw new LogError('A proof must name the index of the entry.');
  if (lines.length > mostHashes) throw new LogError('A proof has more hashes than any tree needs.');
  return {
    ...(extra && { extra }),
    index: parseDecimal(index.slice('index '.length)),
    hashes: lines.map((line) => parseBase64(line, 32)),
    checkpoint: Buffer.from(text.slice(end + 2)),
  };
}

/**
 * Checks that an entry with this leaf hash is in the log, by the proof alone.
 * @returns where it stands, under which checkpoint, and which witnesses cosigned that
 * @throws LogError if the proof is malformed or does not prove it
 */
export function verifyProof(
  bytes: Uint8Array,
  leaf: Uint8Array,
  log: Verifier,
  witnesses: readonly Verifier[] = [],
): Checkpoint & { index: number; cosignatures: Signature[] } {
  const { index, hashes, checkpoint } = parseProof(bytes);
  const opened = openCheckpoint(checkpoint, log, witnesses);
  verifyInclusion(leaf, index, opened.size, hashes, opened.root);
  return { ...opened, index };
}
