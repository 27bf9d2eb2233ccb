import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

let pool = Buffer.alloc(0);

/** Random bytes, given out once. Drawn for many at a time: most of a draw is its way into the system. */
export function freshBytes(length: number): Buffer {
  // A new pool each time: what was given out may still be read.
  if (pool.length < length) pool = randomFillSync(Buffer.allocUnsafeSlow(Math.max(length, 4096)));
  const bytes = pool.subarray(0, length);
  pool = pool.subarray(length);
  return bytes;
}

/** A UUIDv7 (RFC 9562). @param msecs the time in it, milliseconds since 1970 */
export const newId = (msecs = Date.now()): string => v7({ msecs, random: freshBytes(16) });
