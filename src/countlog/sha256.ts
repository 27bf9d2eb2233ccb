import { hash } from 'node:crypto';

const most = 1024;
const scratch = Buffer.alloc(most);

/** SHA-256 of the parts one after another, 32 bytes. */
export function sha256(...parts: (string | Uint8Array)[]): Buffer {
  // Put together here and hashed in one go: an object per hash costs more than the hash.
  let length = 0;
  for (const part of parts) length += typeof part === 'string' ? Buffer.byteLength(part) : part.length;
  const bytes = length <= most ? scratch : Buffer.alloc(length);
  let at = 0;
  for (const part of parts) {
    if (typeof part === 'string') at += bytes.write(part, at);
    else {
      bytes.set(part, at);
      at += part.length;
    }
  }
  // A buffer straight from there has an allocation of its own, which costs as much as the hash.
  return Buffer.from(hash('sha256', bytes.subarray(0, length), 'binary'), 'binary');
}
