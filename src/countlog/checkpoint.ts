import { LogError } from './log-error.js';
import { openNote, signNote, type Signature, type Signer, type Verifier } from './note.js';
import { parseBase64, parseDecimal } from './strict.js';

// c2sp.org/tlog-checkpoint. Extension lines are refused: our logs write none, and nobody could audit what they say.

export interface Checkpoint {
  origin: string;
  /** How many entries. */
  size: number;
  /** 32 bytes. */
  root: Buffer;
}

/** The text to be signed. @throws LogError for what no log of ours has: a size or a root that cannot be, spaces in the origin */
export function encodeCheckpoint({ origin, size, root }: Checkpoint): string {
  const text = `${origin}\n${size}\n${root.toString('base64')}\n`;
  parseCheckpoint(text);
  return text;
}

/** Reads the text of a note that has been opened. @throws LogError for any text that `encodeCheckpoint` does not write */
export function parseCheckpoint(text: string): Checkpoint {
  const [, origin, size, root] = /^([^\p{White_Space}+]+)\n([^\n]+)\n([^\n]+)\n$/u.exec(text) ?? [];
  if (origin === undefined) throw new LogError('A checkpoint must be three lines: origin, size and root.');
  return { origin, size: parseDecimal(size!), root: parseBase64(root!, 32) };
}

/** The signed checkpoint, by the key whose name is the origin. @throws LogError if it has another name */
export function signCheckpoint(checkpoint: Checkpoint, log: Signer): Buffer {
  if (log.verifier.name !== checkpoint.origin) throw new LogError('Another log must not sign this checkpoint.');
  return signNote(encodeCheckpoint(checkpoint), [log]);
}

/**
 * A checkpoint signed by this log and by no other.
 * @param log the key of the log, whose name is its origin
 * @param witnesses keys of type 4
 * @returns the checkpoint, and which of the witnesses cosigned it and when; how many are enough is the caller's business
 * @throws LogError if it is malformed, of another origin, not signed by the log, or wrongly signed by a witness
 */
export function openCheckpoint(
  note: Uint8Array,
  log: Verifier,
  witnesses: readonly Verifier[] = [],
): Checkpoint & { cosignatures: Signature[] } {
  const { text, signatures } = openNote(note, [log, ...witnesses]);
  if (!signatures.some(({ verifier, at }) => verifier === log && at === null))
    throw new LogError('The log has not signed this checkpoint.');
  const checkpoint = parseCheckpoint(text);
  if (checkpoint.origin !== log.name) throw new LogError('This is the checkpoint of another log.');
  return { ...checkpoint, cosignatures: signatures.filter(({ at }) => at !== null) };
}
