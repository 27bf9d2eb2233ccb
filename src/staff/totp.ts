import { Secret, TOTP } from 'otpauth';

const period = 30;

/** 160 random bits, as RFC 4226 (R6) recommends. */
export const newTotpSecret = (): Buffer => Buffer.from(new Secret({ size: 20 }).bytes);

const totp = (secret: Buffer, issuer = '', label = '') =>
  new TOTP({
    ...{ issuer, label, period, digits: 6, algorithm: 'SHA1' },
    secret: new Secret({ buffer: Uint8Array.from(secret).buffer }),
  });

/** What an authenticator app reads from the picture, and what a person types instead: base32 in groups of four. */
export function totpEnrolment(secret: Buffer, issuer: string, label: string): { uri: string; typed: string } {
  const made = totp(secret, issuer, label);
  return { uri: made.toString(), typed: made.secret.base32.match(/.{1,4}/g)!.join(' ') };
}

/**
 * The time step (RFC 6238) whose code this is: the present one, or one before or after, since clocks differ.
 * @param now milliseconds since 1970
 * @returns null if it is none of them
 */
export function totpStep(secret: Buffer, code: string, now = Date.now()): number | null {
  const delta = totp(secret).validate({ token: code, timestamp: now, window: 1 });
  return delta === null ? null : Math.floor(now / 1000 / period) + delta;
}

/** As it was meant: without spaces and hyphens, Persian and Arabic digits as Latin ones, small letters. */
export const plainCode = (typed: string): string =>
  typed
    .slice(0, 100)
    .replaceAll(/[۰-۹٠-٩]/g, (digit) => String(digit.charCodeAt(0) & 0xf))
    .replaceAll(/[\s\p{Cf}-]/gu, '')
    .toLowerCase();
