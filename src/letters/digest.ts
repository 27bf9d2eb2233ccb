import { createHash } from 'node:crypto';

/**
 * Of one letter as its reader gets it, in hex: to whom, where, and every word. The words come from data that others may
 * change after the approval (a name, an address, a title), so an approval of the template alone would not cover them.
 */
export function letterDigest(to: { name: string; contact: string }, letter: { subject: string; text: string }): string {
  return sha256(JSON.stringify([to.name, to.contact, letter.subject, letter.text])).toString('hex');
}

/** Of an addressee alone, where the words are a supporter's: her letter goes nowhere that a second person has not seen. */
export const addressDigest = (to: { name: string; contact: string }): string =>
  sha256(JSON.stringify([to.name, to.contact])).toString('hex');

/** Of a list of letters as a whole, in whichever order: what an approver had before her. */
export const listDigest = (letters: { lawmakerId: string; digest: string }[]): string =>
  sha256(
    letters
      .map(({ lawmakerId, digest }) => `${lawmakerId} ${digest}\n`)
      .sort()
      .join(''),
  ).toString('hex');

/** SHA-256 of letters and of what was approved: public words, nobody's personal data. */
export function sha256(...parts: (string | Buffer)[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}
