import { freshBytes } from '../vault/random.js';
import { LogError } from './log-error.js';
import { sha256 } from './sha256.js';
import { require32 } from './strict.js';

// A signer's code, and the two hashes of her entry. Neither is a function of her person alone: without the code or the salt
// the log says nothing about anybody.

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const length = 20;
const inOneSpelling = /^[0-9A-HJKMNP-TV-Z]{20}$/;

/** 100 random bits as 20 characters of Crockford's base32. */
export function newCode(): string {
  let code = '';
  for (const byte of freshBytes(length)) code += alphabet[byte % 32]!;
  return code;
}

/**
 * The code somebody typed: in any case, with spaces and hyphens, I and L read as 1, O as 0.
 * @throws LogError if it cannot be one
 */
export function parseCode(typed: string): string {
  const code = typed
    .replace(/[\s\p{Pd}]/gu, '')
    .replace(/[a-z]/g, (letter) => letter.toUpperCase())
    .replace(/[IL]/g, '1')
    .replace(/O/g, '0');
  if (!inOneSpelling.test(code)) throw new LogError('A code has 20 letters and digits, without U.');
  return code;
}

/** `a`, what the server receives instead of the code. @throws LogError if it is not a code as `newCode` writes it */
export function codeHash(code: string): Buffer {
  if (!inOneSpelling.test(code)) throw new LogError('A code is hashed in its one spelling.');
  return sha256('petition-log/v1/code\n', code);
}

/** `A`, by which she who has the code finds her entry. @param code `a`, 32 bytes */
export function signerHash(origin: string, code: Uint8Array): Buffer {
  require32(code, 'The hash of a code');
  return sha256('petition-log/v1/signer\n', origin, '\n', code);
}

/**
 * `B`, which fits one address and one salt, to be opened in an audit.
 * @param salt 32 random bytes; once they are erased, B says nothing
 * @param email the normal form of the address
 */
export function auditHash(origin: string, salt: Uint8Array, email: string): Buffer {
  require32(salt, 'A salt');
  return sha256('petition-log/v1/audit\n', origin, '\n', salt, email);
}
