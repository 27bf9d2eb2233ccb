import { isUtf8 } from 'node:buffer';
import { LogError } from './log-error.js';

// Every value has one spelling. A reader who accepts two lets two people hold different bytes for one statement.

/** @throws LogError if the bytes are not UTF-8; nothing is replaced, a byte order mark stays */
export function parseUtf8(bytes: Uint8Array): string {
  if (!isUtf8(bytes)) throw new LogError('The bytes are not UTF-8.');
  return Buffer.from(bytes).toString('utf8');
}

/**
 * Standard base64 with padding (RFC 4648, section 4), in its canonical form only.
 * @param length how many bytes it must hold
 * @throws LogError for any other spelling or length
 */
export function parseBase64(text: string, length?: number): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) throw new LogError('This is not canonical base64.');
  if (length !== undefined && bytes.length !== length) throw new LogError(`This must hold ${length} bytes.`);
  return bytes;
}

/**
 * A whole number from 0 to 2^53 - 1 in ASCII digits, without sign, leading zero or anything else.
 * @throws LogError for any other spelling
 */
export function parseDecimal(text: string): number {
  const value = Number(text);
  if (!/^(0|[1-9][0-9]*)$/.test(text) || !Number.isSafeInteger(value)) {
    throw new LogError('This is not a whole number in decimal digits.');
  }
  return value;
}

/** @throws LogError unless there are 32 bytes, as hashes, salts, seeds and public keys have */
export function require32(bytes: Uint8Array, what: string): void {
  if (bytes.length !== 32) throw new LogError(`${what} must be 32 bytes.`);
}

/** @throws LogError unless the number is whole and within `from` and `to` */
export function requireWithin(value: number, from: number, to: number, what: string): void {
  if (!Number.isSafeInteger(value) || !Number.isSafeInteger(to) || value < from || value > to) {
    throw new LogError(`${what} must be a whole number from ${from} to ${to}.`);
  }
}
