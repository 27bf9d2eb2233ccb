import { canonicalJson } from '../site/canonical-json.js';
import { LogError } from './log-error.js';
import { parseUtf8, require32, requireWithin } from './strict.js';

// The bytes of the five kinds of entries. Each entry has one spelling: what is decoded and encoded again is the same bytes.

export const noteTypes = ['amend', 'audit-plan', 'audit-result', 'incident', 'key'] as const;

export interface Genesis {
  /** The day the petition was opened, YYYY-MM-DD. */
  opened: string;
  /** Whatever the petition says about its own rules; not interpreted here. */
  rules?: unknown;
  /** SHA-256 of the text, in hex. */
  text_sha256: string;
  v: 1;
}

export interface Note {
  type: (typeof noteTypes)[number];
  [fact: string]: unknown;
}

export interface Close {
  /** YYYY-MM-DD */
  closed: string;
  count: number;
  v: 1;
}

/** 1 the signer with her code, 2 the signer through her mailbox, 3 fraud, 4 a duplicate or a test. */
export type WithdrawalReason = 1 | 2 | 3 | 4;

export type Entry =
  | { kind: 'genesis'; facts: Genesis }
  /** A and B of the specification, 32 bytes each. */
  | { kind: 'sign'; signerHash: Buffer; auditHash: Buffer }
  /** Of the entry at `index`. `codeHash`, 32 bytes, belongs to reason 1 and to no other. */
  | { kind: 'withdraw'; index: number; reason: 1; codeHash: Buffer }
  | { kind: 'withdraw'; index: number; reason: 2 | 3 | 4 }
  | { kind: 'note'; facts: Note }
  | { kind: 'close'; facts: Close };

const kinds = ['genesis', 'sign', 'withdraw', 'note', 'close'] as const;
const longest = 0xffff;

/** @throws LogError for an entry that `decodeEntry` would refuse */
export function encodeEntry(entry: Entry): Buffer {
  const bytes = Buffer.concat([Uint8Array.of(kinds.indexOf(entry.kind)), ...partsOf(entry)]);
  decodeEntry(bytes);
  return bytes;
}

function partsOf(entry: Entry): Uint8Array[] {
  if (entry.kind === 'sign') {
    require32(entry.signerHash, 'A');
    return [entry.signerHash, entry.auditHash];
  }
  if (entry.kind !== 'withdraw') return [Buffer.from(canonicalJson(entry.facts))];
  requireWithin(entry.index, 0, Number.MAX_SAFE_INTEGER, 'The index of a withdrawal');
  const head = Buffer.alloc(9);
  head.writeBigUInt64BE(BigInt(entry.index));
  head[8] = entry.reason;
  return entry.reason === 1 ? [head, entry.codeHash] : [head];
}

/**
 * Reads one entry, alone; what it may say after the others is the business of `Tally`.
 * @throws LogError for bytes that are no entry, or another spelling of one
 */
export function decodeEntry(bytes: Uint8Array): Entry {
  if (bytes.length > longest) throw new LogError(`An entry is longer than ${longest} bytes.`);
  const body = Buffer.from(bytes.subarray(1));
  const kind = kinds[bytes[0]!];
  if (kind === undefined) throw new LogError('This is not a known kind of entry.');
  switch (kind) {
    case 'genesis':
      return { kind, facts: factsIn(body, isGenesis) };
    case 'sign':
      if (body.length !== 64) throw new LogError('A signature in the log must be two hashes.');
      return { kind, signerHash: body.subarray(0, 32), auditHash: body.subarray(32) };
    case 'withdraw':
      return withdrawalIn(body);
    case 'note':
      return { kind, facts: factsIn(body, isNote) };
    case 'close':
      return { kind, facts: factsIn(body, isClose) };
  }
}

function withdrawalIn(body: Buffer): Entry {
  const [index, reason] = [body.length < 9 ? NaN : Number(body.readBigUInt64BE()), body[8]!];
  if (!Number.isSafeInteger(index)) throw new LogError('A withdrawal does not name an entry.');
  if (body.length !== (reason === 1 ? 41 : 9)) throw new LogError('A withdrawal has another length than its reason.');
  const kind = 'withdraw';
  if (reason === 1) return { kind, index, reason, codeHash: body.subarray(9) };
  if (reason === 2 || reason === 3 || reason === 4) return { kind, index, reason };
  throw new LogError('A withdrawal gives no known reason.');
}

type Facts = Record<string, unknown>;

function factsIn<Of extends Facts>(body: Buffer, are: (facts: Facts) => facts is Of): Of {
  const facts = canonicalFacts(body);
  if (!are(facts)) throw new LogError('An entry does not say what its kind must say.');
  return facts;
}

function canonicalFacts(body: Buffer): Facts {
  const text = parseUtf8(body);
  try {
    const facts = JSON.parse(text) as unknown;
    // RFC 8785 has no spelling for half a surrogate pair, and other readers refuse it.
    if (isObject(facts) && canonicalJson(facts) === text && !/\\ud[89a-f]/.test(text)) return facts;
  } catch {
    // Not JSON, or nested deeper than the stack.
  }
  throw new LogError('An entry must be a JSON object with sorted keys and no spaces.');
}

const isObject = (value: unknown): value is Facts =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const hasOnly = (facts: Facts, keys: string[]) => Object.keys(facts).every((key) => keys.includes(key));

const isDay = (value: unknown): boolean => {
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(value)) return false;
  const day = new Date(`${value}T00:00:00Z`);
  return !Number.isNaN(day.valueOf()) && day.toISOString().startsWith(value);
};

const isGenesis = (facts: Facts): facts is Facts & Genesis =>
  facts.v === 1 &&
  isDay(facts.opened) &&
  typeof facts.text_sha256 === 'string' &&
  /^[0-9a-f]{64}$/.test(facts.text_sha256) &&
  hasOnly(facts, ['opened', 'rules', 'text_sha256', 'v']);

const isNote = (facts: Facts): facts is Note => noteTypes.some((type) => type === facts.type);

const isClose = (facts: Facts): facts is Facts & Close =>
  facts.v === 1 &&
  isDay(facts.closed) &&
  Number.isSafeInteger(facts.count) &&
  (facts.count as number) >= 0 &&
  hasOnly(facts, ['closed', 'count', 'v']);
