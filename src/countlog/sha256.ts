import { hash } from 'node:crypto';

const most = 1024;
const scratch = Buffer.alloc(most);

/** SHA-256 of the parts one after another, 32 bytes. */
export function sha256(...parts: (string | Uint8Array)[]): Buffer {
  // Put together here and hashed in one go: an object per hash costs more than the hash.
  const lengths = parts.map((part) => (typeof part === 'string' ? Buffer.byteLength(part) : part.length));
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const bytes = total <= most ? scratch : Buffer.alloc(total);
  let at = 0;
  for (const [index, part] of parts.entries()) {
    if (typeof part === 'string') bytes.write(part, at);
    else bytes.set(part, at);
    at += lengths[index]!;
  }
  return hash('sha256', bytes.subarray(0, total), 'buffer');
}
