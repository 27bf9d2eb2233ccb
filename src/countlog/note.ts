import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { LogError } from './log-error.js';
import { sha256 } from './sha256.js';
import { parseBase64, parseUtf8, require32 } from './strict.js';

// Notes signed by keys, c2sp.org/signed-note, with Ed25519 (0x01) and the cosignatures of c2sp.org/tlog-cosignature (0x04).

const ed25519 = 1;
const cosignature = 4;
const most = { signatures: 100, bytes: 1_000_000 };
/** What PKCS #8 writes before the seed of an Ed25519 key (RFC 8410, section 7). */
const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** A public key and the name it signs with. */
export interface Verifier {
  name: string;
  /** 1: signs the text. 4: a witness, who signs the time and the text. */
  type: 1 | 4;
  /** 32 bytes. */
  publicKey: Buffer;
  /** 4 bytes: not a fingerprint, only a hint which key to try. */
  id: Buffer;
}

export interface Signer {
  verifier: Verifier;
  sign: (text: string) => Buffer;
}

export interface Signature {
  verifier: Verifier;
  /** When a witness saw it, in seconds since 1970; null for other signatures. */
  at: number | null;
}

interface SignatureLine {
  name: string;
  id: Buffer;
  signature: Buffer;
}

/** @throws LogError if the name is empty or has spaces or a plus, or the key is not 32 bytes */
export function verifierOf(name: string, type: 1 | 4, publicKey: Uint8Array): Verifier {
  // eslint-disable-next-line no-control-regex
  if (!/^[^\p{White_Space}+\0-\x1f]+$/u.test(name)) throw new LogError('The name of a key has spaces or a plus.');
  require32(publicKey, 'A public key');
  const id = sha256(name, '\n', Uint8Array.of(type), publicKey).subarray(0, 4);
  return { name, type, publicKey: Buffer.from(publicKey), id };
}

/** @param seed the 32 secret bytes of an Ed25519 key (RFC 8032) @throws LogError for a bad name or another length */
export function signerOf(name: string, seed: Uint8Array): Signer {
  require32(seed, 'A seed');
  const key = createPrivateKey({ key: Buffer.concat([pkcs8, seed]), format: 'der', type: 'pkcs8' });
  const publicKey = Buffer.from(createPublicKey(key).export({ format: 'jwk' }).x!, 'base64url');
  return { verifier: verifierOf(name, ed25519, publicKey), sign: (text) => sign(null, Buffer.from(text), key) };
}

/** `<name>+<id in hex>+<base64 of type and key>` */
export const encodeVkey = ({ name, type, publicKey, id }: Verifier): string =>
  `${name}+${id.toString('hex')}+${Buffer.concat([Uint8Array.of(type), publicKey]).toString('base64')}`;

/** @throws LogError for another type than Ed25519 or cosignature, an id that is not of this key, or another spelling */
export function parseVkey(vkey: string): Verifier {
  const [, name, encoded] = /^([^+]+)\+[0-9a-f]{8}\+(.+)$/.exec(vkey) ?? [];
  if (name === undefined) throw new LogError('This is not a key of the form name+id+key.');
  const [type, ...publicKey] = parseBase64(encoded!, 33);
  if (type !== ed25519 && type !== cosignature) throw new LogError('This is not a known type of key.');
  const verifier = verifierOf(name, type, Uint8Array.from(publicKey));
  if (encodeVkey(verifier) !== vkey) throw new LogError('The id does not belong to this key.');
  return verifier;
}

/** @param text ends with a newline @throws LogError if nobody could open the note: control characters, no signer, twice the same */
export function signNote(text: string, signers: readonly Signer[]): Buffer {
  const lines = signers.map(({ verifier, sign: signText }) => {
    const signature = Buffer.concat([verifier.id, signText(text)]).toString('base64');
    return `\u2014 ${verifier.name} ${signature}\n`;
  });
  const note = Buffer.from(`${text}\n${lines.join('')}`);
  const opened = openNote(
    note,
    signers.map(({ verifier }) => verifier),
  );
  if (opened.text !== text) throw new LogError('The text cannot be told from the signatures.');
  return note;
}

/**
 * The text of a note, and who of the known keys signed it, in the order of the note. Unknown signatures are ignored, as they
 * must be, so whoever needs several looks for each.
 * @throws LogError if it is malformed, if a signature of a known key is wrong, or if no known key signed
 */
export function openNote(note: Uint8Array, known: readonly Verifier[]): { text: string; signatures: Signature[] } {
  const { text, lines } = splitNote(note);
  const signatures = lines.flatMap(({ name, id, signature }) => {
    const verifier = known.find((key) => key.name === name && key.id.equals(id));
    return verifier ? [{ verifier, at: verifySignature(verifier, text, signature) }] : [];
  });
  if (signatures.length === 0) throw new LogError('No known key has signed this.');
  return { text, signatures };
}

function splitNote(note: Uint8Array): { text: string; lines: SignatureLine[] } {
  if (note.length > most.bytes) throw new LogError('A note is too long.');
  const whole = parseUtf8(note);
  // eslint-disable-next-line no-control-regex
  if (/[\0-\x09\x0b-\x1f]/.test(whole)) throw new LogError('A note has control characters.');
  const end = whole.lastIndexOf('\n\n');
  if (end < 0 || !whole.endsWith('\n')) throw new LogError('A note is not a text, an empty line and signatures.');
  const written = whole
    .slice(end + 2)
    .split('\n')
    .slice(0, -1);
  if (written.length > most.signatures) throw new LogError('A note has too many signatures.');
  const lines = written.map(parseLine);
  const keys = new Set(lines.map(({ name, id }) => `${name}+${id.toString('hex')}`));
  if (keys.size < lines.length) throw new LogError('A note is signed twice by one key.');
  return { text: whole.slice(0, end + 1), lines };
}

function parseLine(line: string): SignatureLine {
  const [, name, encoded] = /^\u2014 ([^\p{White_Space}+]+) ([A-Za-z0-9+/=]+)$/u.exec(line) ?? [];
  if (name === undefined) throw new LogError('A line of signature is malformed.');
  const bytes = parseBase64(encoded!);
  if (bytes.length < 5) throw new LogError('A signature is too short.');
  return { name, id: bytes.subarray(0, 4), signature: bytes.subarray(4) };
}

/** @returns the time of a cosignature, else null */
function verifySignature({ name, type, publicKey }: Verifier, text: string, signature: Buffer): number | null {
  const timed = type === cosignature;
  const at = timed && signature.length === 72 ? Number(signature.readBigUInt64BE()) : null;
  if (signature.length !== (timed ? 72 : 64)) throw new LogError(`The signature of ${name} has another length.`);
  if (at !== null && !Number.isSafeInteger(at)) throw new LogError(`The time in the signature of ${name} cannot be.`);
  const message = timed ? `cosignature/v1\ntime ${at}\n${text}` : text;
  const key = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: publicKey.toString('base64url') },
    format: 'jwk',
  });
  if (!verify(null, Buffer.from(message), key, signature.subarray(-64))) {
    throw new LogError(`The signature of ${name} is wrong.`);
  }
  return at;
}
