import { createHash } from 'node:crypto';

/** SHA-256 of letters and of what was approved: public words, nobody's personal data. */
export function sha256(...parts: (string | Buffer)[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}
