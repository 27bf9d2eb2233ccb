import { createHash } from 'node:crypto';

/** SHA-256 of letters and of what was approved: public words, nobody's personal data. */
export const sha256 = (data: string | Buffer): Buffer => createHash('sha256').update(data).digest();
