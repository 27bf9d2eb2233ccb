import type { DigestFrame, Voice } from '../letters/supporter-digest.js';
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
  /** It goes together with those of others. */
  digest?: boolean;
}

/** A digest as it waits: everything but who speaks in it. */
export interface SealedDigest extends DigestFrame {
  to: string;
  toName: string;
  senderName: string;
  replyTo: string;
}

const pack = (value: unknown) => Buffer.from(JSON.stringify(value));

/** Sealing and opening of one kind of content; each row has a place of its own, so that none opens in another's. */
const sealed = <Content>(table: string) => ({
  seal: (vault: Vault, petitionId: string, id: string, content: Content): Buffer =>
    vault.seal(petitionId, `${table}/${id}`, pack(content)),
  open: (vault: Vault, petitionId: string, id: string, bytes: Buffer): Content =>
    JSON.parse(vault.open(petitionId, `${table}/${id}`, bytes).toString()) as Content,
});

export const { seal: sealLetter, open: openLetter } = sealed<SealedLetter>('supporter-letters');
export const { seal: sealCopy, open: openCopy } = sealed<CopiedLetter[]>('letter-copies');
export const { seal: sealVoice, open: openVoice } = sealed<Voice>('digest-supporters');
export const { seal: sealDigest, open: openDigest } = sealed<SealedDigest>('supporter-digests');
