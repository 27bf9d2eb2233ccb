import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { makeKeyFile, readKeyFile } from './key-file.js';

/** Fewer are not trusted any more (RFC 8301). */
const bits = 2048;

export interface MailKey {
  /** SubjectPublicKeyInfo, base64: `p=` of the DNS record (RFC 6376, 3.6.1). */
  publicKey: string;
  /** RSASSA-PKCS1-v1_5 over SHA-256 (RFC 8017), base64; the same bytes give the same. Off the main thread: it takes a millisecond. */
  sign: (bytes: Buffer) => Promise<string>;
}

const signOffThread = promisify<string, Buffer, ReturnType<typeof createPrivateKey>, Buffer>(sign);

/** SHA-256, base64. */
export function bodyHash(...parts: Buffer[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('base64');
}

/**
 * The RSA key by which receivers know our mail, made on first use; readable by the owner only. Processes that share the
 * folder agree on one.
 * @throws Error naming the file if what stands there is no RSA key of at least 2048 bits
 */
export function mailKey(file: string): MailKey {
  let key;
  try {
    key = createPrivateKey(readKeyFile(file) ?? make(file));
  } catch {
    throw new Error(`${file} is no private key in PEM.`);
  }
  if (key.asymmetricKeyType !== 'rsa' || key.asymmetricKeyDetails!.modulusLength! < bits) {
    throw new Error(`${file} must be an RSA key of at least ${bits} bits.`);
  }
  return {
    publicKey: createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64'),
    sign: async (bytes) => (await signOffThread('sha256', bytes, key)).toString('base64'),
  };
}

function make(file: string): Buffer {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: bits,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  return makeKeyFile(file, Buffer.from(privateKey));
}
