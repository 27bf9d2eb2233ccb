import { LogError } from './log-error.js';
import { openNote, signNote, type Signer, type Verifier } from './note.js';
import { parseBase64, parseDecimal } from './strict.js';

/** What a signer is given when she confirms: the word of the log that it will have taken her entry in by a certain time. */
export interface EntryPromise {
  origin: string;
  /** Of the entry promised, 32 bytes. */
  leafHash: Buffer;
  /** Seconds since 1970. */
  by: number;
}

/** Promises are made while the log grows, so they have a key of their own, which can sign no checkpoint. */
export const promiseKeyName = (origin: string): string => `${origin}/promise`;

/** @throws LogError if it is not the key for promises of this log, or for a hash or a time that cannot be */
export function signPromise({ origin, leafHash, by }: EntryPromise, signer: Signer): Buffer {
  const note = signNote(`petition-promise/v1\n${origin}\n${leafHash.toString('base64')}\n${by}\n`, [signer]);
  openPromise(note, signer.verifier);
  return note;
}

/** @param key of the promises of this log @throws LogError if it is malformed, of another log, or not signed by the key */
export function openPromise(note: Uint8Array, key: Verifier): EntryPromise {
  const { text } = openNote(note, [key]);
  const [, origin, hash, by] = /^petition-promise\/v1\n([^\n]+)\n([^\n]+)\n([^\n]+)\n$/.exec(text) ?? [];
  if (origin === undefined) throw new LogError('This is not a promise.');
  if (promiseKeyName(origin) !== key.name) throw new LogError('This is the promise of another log.');
  return { origin, leafHash: parseBase64(hash!, 32), by: parseDecimal(by!) };
}
