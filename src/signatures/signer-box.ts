import type { Vault } from '../vault/vault.service.js';

/** What is known of a signer beyond country, language and hour; only ever stored sealed. */
export interface Signer {
  name: string;
  email: string;
  words: string;
  /** 32 random bytes, base64: a later audit of the count opens one entry with it (COUNT_LOG, "B"). */
  salt: string;
}

const place = (petitionId: string, id: string) => `signatures/${petitionId}/${id}`;

export const sealBox = (vault: Vault, petitionId: string, id: string, signer: Signer): Buffer =>
  vault.seal(petitionId, place(petitionId, id), Buffer.from(JSON.stringify(signer)));

export const openBox = (vault: Vault, petitionId: string, id: string, box: Buffer): Signer =>
  JSON.parse(vault.open(petitionId, place(petitionId, id), box).toString()) as Signer;
