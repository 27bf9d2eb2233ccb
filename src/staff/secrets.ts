import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** 256 random bits, as text for a cookie or a header. */
export const newSecret = (): string => randomBytes(32).toString('base64url');

/** What is stored of a secret. It is long and random, so a plain hash is enough. */
export const secretHash = (secret: string): Buffer => createHash('sha256').update(secret).digest();

/** The CSRF token of a session: only who has the cookie can compute it. */
export const csrfToken = (sessionSecret: string): string =>
  createHmac('sha256', sessionSecret).update('csrf').digest('base64url');

export function equalText(a: string, b: unknown): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(typeof b === 'string' ? b : '')];
  return left.length === right.length && timingSafeEqual(left, right);
}
