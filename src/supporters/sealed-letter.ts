import type { Vault } from '../vault/vault.service.js';

/** A letter as it waits: it names a supporter and what she thinks, so it is only stored sealed. */
export interface SealedLetter {
  subject: string;
  text: string;
  name: string;
  email: string;
  to: string;
  toName: string;
  organisation: string;
}

export interface CopiedLetter {
  to: string;
  text: string;
}

const letterPlace = (id: string) => `supporter-letters/${id}`;
const copyPlace = (id: string) => `letter-copies/${id}`;
const pack = (value: unknown) => Buffer.from(JSON.stringify(value));

export const sealLetter = (vault: Vault, petitionId: string, id: string, letter: SealedLetter): Buffer =>
  vault.seal(petitionId, letterPlace(id), pack(letter));

export const openLetter = (vault: Vault, petitionId: string, id: string, sealed: Buffer): SealedLetter =>
  JSON.parse(vault.open(petitionId, letterPlace(id), sealed).toString()) as SealedLetter;

export const sealCopy = (vault: Vault, petitionId: string, id: string, letters: CopiedLetter[]): Buffer =>
  vault.seal(petitionId, copyPlace(id), pack(letters));

export const openCopy = (vault: Vault, petitionId: string, id: string, sealed: Buffer): CopiedLetter[] =>
  JSON.parse(vault.open(petitionId, copyPlace(id), sealed).toString()) as CopiedLetter[];
