// Recounts the public log of a petition in the browser: a module worker, so that the page stays awake. Nothing here comes
// from the server's code, and what a visitor types is never sent anywhere: the same files are read whatever it is.
// Format: docs of the verifier (verifier/README.md), RFC 6962, c2sp.org/tlog-tiles, /signed-note, /tlog-proof.

/** What is wrong, by a code that the page has words for, and the values that belong into them. */
export class Wrong extends Error {
  constructor(code, values = {}) {
    super(`${code} ${JSON.stringify(values)}`);
    this.code = code;
    this.values = values;
  }
}
const refuseIf = (wrong, code, values) => {
  if (wrong) throw new Wrong(code, values);
};

// ------------------------------------------------------------------------------------------------ SHA-256 (FIPS 180-4)

// crypto.subtle answers each hash with a promise, which takes ten times as long for entries as short as these.
const constants = Int32Array.from(
  (
    '428a2f9871374491b5c0fbcfe9b5dba53956c25b59f111f1923f82a4ab1c5ed5d807aa9812835b01243185be550c7dc372be5d7480deb1fe' +
    '9bdc06a7c19bf174e49b69c1efbe47860fc19dc6240ca1cc2de92c6f4a7484aa5cb0a9dc76f988da983e5152a831c66db00327c8bf597fc7' +
    'c6e00bf3d5a7914706ca63511429296727b70a852e1b21384d2c6dfc53380d13650a7354766a0abb81c2c92e92722c85a2bfe8a1a81a664b' +
    'c24b8b70c76c51a3d192e819d6990624f40e3585106aa07019a4c1161e376c082748774c34b0bcb5391c0cb34ed8aa4a5b9cca4f682e6ff3' +
    '748f82ee78a5636f84c878148cc7020890befffaa4506cebbef9a3f7c67178f2'
  ).match(/.{8}/g),
  (word) => parseInt(word, 16),
);
const words = new Int32Array(64);
const state = new Int32Array(8);
const scratch = new Uint8Array(65_536 + 128);
const turn = (x, n) => (x >>> n) | (x << (32 - n));

/** @param {...Uint8Array} parts hashed one after another */
export function sha256(...parts) {
  let length = 0;
  for (const part of parts) length += part.length;
  const end = Math.ceil((length + 9) / 64) * 64;
  const bytes = end <= scratch.length ? scratch : new Uint8Array(end);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  bytes[at] = 128;
  bytes.fill(0, at + 1, end);
  const view = new DataView(bytes.buffer);
  view.setUint32(end - 8, Math.floor(length / 2 ** 29));
  view.setUint32(end - 4, length << 3);
  state.set([0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19]);
  for (let block = 0; block < end; block += 64) compress(view, block);
  const digest = new Uint8Array(32);
  for (let i = 0; i < 32; i++) digest[i] = state[i >> 2] >>> (24 - 8 * (i & 3));
  return digest;
}

function compress(view, block) {
  for (let i = 0; i < 16; i++) words[i] = view.getInt32(block + 4 * i);
  for (let i = 16; i < 64; i++) {
    const [x, y] = [words[i - 15], words[i - 2]];
    const s0 = turn(x, 7) ^ turn(x, 18) ^ (x >>> 3);
    const s1 = turn(y, 17) ^ turn(y, 19) ^ (y >>> 10);
    words[i] = words[i - 16] + s0 + words[i - 7] + s1;
  }
  let a = state[0];
  let b = state[1];
  let c = state[2];
  let d = state[3];
  let e = state[4];
  let f = state[5];
  let g = state[6];
  let h = state[7];
  for (let i = 0; i < 64; i++) {
    const t1 = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + constants[i] + words[i]) | 0;
    const t2 = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
  state[5] += f;
  state[6] += g;
  state[7] += h;
}

// ---------------------------------------------------------------------------------------------------- bytes and text

const encoder = new TextEncoder();
export const bytesOf = (text) => encoder.encode(text);
export const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
export const toBase64 = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
const same = (one, other) => one.length === other.length && one.every((byte, i) => byte === other[i]);

/** Standard base64 in its one spelling. @returns null for anything else */
function fromBase64(text) {
  try {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    return toBase64(bytes) === text ? bytes : null;
  } catch {
    return null;
  }
}

/** @returns null for bytes that are not UTF-8 */
function textOf(bytes) {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** A plain decimal number. @returns NaN for anything else */
const decimal = (text) => (/^(0|[1-9][0-9]{0,14})$/.test(text) ? Number(text) : NaN);

/** What somebody types on a Persian or Arabic keyboard. */
const plainDigits = (text) =>
  text.replace(/[\u06f0-\u06f9\u0660-\u0669]/g, (digit) => String(digit.charCodeAt(0) & 15));

// ---------------------------------------------------------------------------------------------- Merkle tree, RFC 6962

const leafPrefix = Uint8Array.of(0);
const nodePrefix = Uint8Array.of(1);
export const leafHash = (entry) => sha256(leafPrefix, entry);

/** The next row of a tree, from the left; one that is left over stays as it is. */
function above(row) {
  const next = [];
  for (let at = 0; at + 1 < row.length; at += 2) next.push(sha256(nodePrefix, row[at], row[at + 1]));
  if (row.length % 2 === 1) next.push(row[row.length - 1]);
  return next;
}

/** Root over leaf hashes, or over the roots of blocks of 256, of which only the last may be smaller. */
export function rootOf(row) {
  while (row.length > 1) row = above(row);
  return row[0] ?? sha256();
}

/** The hashes beside the way from `at` to the root. */
function pathOf(row, at) {
  const path = [];
  for (; row.length > 1; row = above(row), at = Math.floor(at / 2)) {
    const beside = row[at % 2 === 0 ? at + 1 : at - 1];
    if (beside) path.push(beside);
  }
  return path;
}

// ------------------------------------------------------------------------------------------------------ signed notes

/** `name+id+base64(1 || key)`. */
export function parseKey(text, wrong = 'settings') {
  const [, name, id, rest] = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text) ?? [];
  const typed = rest === undefined ? null : fromBase64(rest);
  refuseIf(!typed || typed.length !== 33 || typed[0] !== 1, wrong);
  const expected = sha256(bytesOf(`${name}\n`), typed).subarray(0, 4);
  refuseIf(toHex(expected) !== id, wrong);
  return { name, id: expected, point: typed.subarray(1), text };
}

/** @returns null if this browser cannot check Ed25519 (RFC 8032) */
async function isSigned(key, text, signature) {
  let imported;
  try {
    imported = await crypto.subtle.importKey('raw', key.point, { name: 'Ed25519' }, false, ['verify']);
  } catch (error) {
    if (error.name === 'DataError') return false;
    return null;
  }
  return crypto.subtle.verify({ name: 'Ed25519' }, imported, signature, bytesOf(text));
}

/**
 * A note with exactly one signature of this key; those of others are ignored, as the specification demands.
 * @returns signed: null if this browser cannot check signatures
 */
async function openNote(bytes, key) {
  const note = bytes.length > 65_536 ? null : textOf(bytes);
  // eslint-disable-next-line no-control-regex
  refuseIf(note === null || /[\0-\x09\x0b-\x1f]/.test(note) || !note.endsWith('\n'), 'checkpoint');
  const gap = note.lastIndexOf('\n\n');
  refuseIf(gap < 0, 'checkpoint');
  const text = note.slice(0, gap + 1);
  const signatures = [];
  for (const line of note.slice(gap + 2, -1).split('\n')) {
    const [, name, rest] = /^\u2014 ([^\s+]+) ([A-Za-z0-9+/=]+)$/u.exec(line) ?? [];
    const signature = rest === undefined ? null : fromBase64(rest);
    refuseIf(!signature || signature.length < 5, 'checkpoint');
    if (name === key.name && same(signature.subarray(0, 4), key.id)) signatures.push(signature.subarray(4));
  }
  refuseIf(signatures.length === 0, 'unsigned');
  refuseIf(signatures.length > 1 || signatures[0].length !== 64, 'checkpoint');
  const signed = await isSigned(key, text, signatures[0]);
  refuseIf(signed === false, 'signature');
  return { text, note, signed };
}

/** @throws Wrong unless it is a checkpoint, and signed by the key of its log */
export async function openCheckpoint(bytes, key) {
  const { text, note, signed } = await openNote(bytes, key);
  return { ...parseHead(text, key.name), note, signed };
}

/** Origin, size and root, a line each. */
function parseHead(text, origin) {
  const [name, size, root, ...more] = text.split('\n');
  const head = { size: decimal(size ?? ''), root: fromBase64(root ?? '') };
  const fits = more.length === 1 && more[0] === '' && Number.isSafeInteger(head.size) && head.root?.length === 32;
  refuseIf(!fits, 'checkpoint');
  refuseIf(name !== origin, 'other-log', { origin: name });
  return head;
}

// --------------------------------------------------------------------------------------------- entries and the count

const signerHash = (origin, secret) => sha256(bytesOf(`petition-log/v1/signer\n${origin}\n`), secret);

/** What the entry of a code begins with. @returns null for what cannot be a code */
export function signerOf(origin, typed) {
  const code = plainDigits(typed)
    .replace(/[\s\u200c\u200e\u200f\u2066-\u2069\p{Pd}]/gu, '')
    .toUpperCase()
    .replaceAll('O', '0')
    .replace(/[IL]/g, '1');
  if (!/^[0-9A-HJKMNP-TV-Z]{20}$/.test(code)) return null;
  return signerHash(origin, sha256(bytesOf(`petition-log/v1/code\n${code}`)));
}

/** Sorted keys, no spaces (RFC 8785): one spelling for one value. */
function canonical(value, depth = 0) {
  if (depth > 32) return '';
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item, depth + 1)).join()}]`;
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key], depth + 1)}`).join()}}`;
}

function factsIn(entry) {
  const text = textOf(entry.subarray(1));
  let facts;
  try {
    facts = JSON.parse(text);
  } catch {
    throw new Wrong('form');
  }
  const isObject = typeof facts === 'object' && facts !== null && !Array.isArray(facts);
  refuseIf(!isObject || canonical(facts) !== text || /\\ud[89a-f]/.test(text), 'form');
  return facts;
}

const isDay = (text) => {
  if (typeof text !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.valueOf()) && day.toISOString().startsWith(text);
};
const hasOnly = (facts, keys) => facts.v === 1 && Object.keys(facts).every((key) => keys.includes(key));
const noteTypes = ['amend', 'audit-plan', 'audit-result', 'incident', 'key'];

/** The log as far as it was read: its rules, entry by entry, and its bytes, about 70 for a signature. */
class Log {
  size = 0;
  signed = 0;
  closed = false;
  /** By reason, 1 to 4. */
  withdrawn = [0, 0, 0, 0];
  /** Entries that were withdrawn, and why. */
  gone = new Map();
  bundles = [];
  /** Of each bundle. */
  roots = [];
  block = new Uint8Array(0);
  used = 0;

  constructor(origin) {
    this.origin = origin;
  }

  /** Copies a bundle beside the others: thousands of small buffers would take three times their bytes. */
  keep(bytes) {
    if (this.used + bytes.length > this.block.length) {
      this.block = new Uint8Array(Math.max(2 ** 21, bytes.length));
      this.used = 0;
    }
    const kept = this.block.subarray(this.used, this.used + bytes.length);
    kept.set(bytes);
    this.used += bytes.length;
    this.bundles.push(kept);
    return kept;
  }

  get count() {
    return this.signed - this.withdrawn.reduce((sum, n) => sum + n, 0);
  }

  /** @throws Wrong with the rule that the entry breaks */
  take(entry) {
    refuseIf(this.closed || (entry[0] === 0) !== (this.size === 0), 'order');
    if (entry[0] === 1) {
      refuseIf(entry.length !== 65, 'form');
      this.signed++;
    } else if (entry[0] === 2) this.withdraw(entry);
    else if (entry[0] === 0) this.open(factsIn(entry));
    else if (entry[0] === 3) refuseIf(!noteTypes.includes(factsIn(entry).type), 'form');
    else if (entry[0] === 4) this.close(factsIn(entry));
    else throw new Wrong('form');
    this.size++;
  }

  open(facts) {
    const { opened, text_sha256: hash } = facts;
    const fits = hasOnly(facts, ['opened', 'rules', 'text_sha256', 'v']) && isDay(opened);
    refuseIf(!fits || typeof hash !== 'string' || !/^[0-9a-f]{64}$/.test(hash), 'form');
  }

  withdraw(entry) {
    const reason = entry[9];
    refuseIf(!(reason >= 1 && reason <= 4) || entry.length !== (reason === 1 ? 42 : 10), 'form');
    const index = Number(new DataView(entry.buffer, entry.byteOffset).getBigUint64(1));
    const target = index < this.size ? this.entry(index) : null;
    refuseIf(target?.[0] !== 1, 'withdraws-nothing');
    refuseIf(this.gone.has(index), 'withdraws-twice');
    const fits = reason !== 1 || same(signerHash(this.origin, entry.subarray(10)), target.subarray(1, 33));
    refuseIf(!fits, 'withdraws-wrong-code');
    this.gone.set(index, reason);
    this.withdrawn[reason - 1]++;
  }

  close(facts) {
    refuseIf(!hasOnly(facts, ['closed', 'count', 'v']) || !isDay(facts.closed), 'form');
    refuseIf(facts.count !== this.count, 'close-count');
    this.closed = true;
  }

  entry(index) {
    const bundle = this.bundles[Math.floor(index / 256)];
    let at = 0;
    for (let i = index % 256; i > 0; i--) at += 2 + ((bundle[at] << 8) | bundle[at + 1]);
    return bundle.subarray(at + 2, at + 2 + ((bundle[at] << 8) | bundle[at + 1]));
  }

  /** Leaf hashes of a bundle, `until` this index. */
  leaves(number, until = this.size) {
    const hashes = [];
    for (let i = number * 256; i < Math.min(until, number * 256 + 256); i++) hashes.push(leafHash(this.entry(i)));
    return hashes;
  }

  /** Roots of the blocks of 256 that make the tree of the first `size` entries; the last may be smaller. */
  blocks(size) {
    const full = Math.floor(size / 256);
    const rest = size % 256 ? [rootOf(this.leaves(full, size))] : [];
    return [...this.roots.slice(0, full), ...rest];
  }
}

/** The entries of a bundle. */
function* entriesOf(bytes, width, file) {
  let at = 0;
  for (let i = 0; i < width; i++) {
    const end = at + 2 + (at + 2 <= bytes.length ? (bytes[at] << 8) | bytes[at + 1] : 0);
    refuseIf(at + 2 > bytes.length || end > bytes.length, 'bundle', { file });
    yield bytes.subarray(at + 2, end);
    at = end;
  }
  refuseIf(at !== bytes.length, 'bundle', { file });
}

/** `tile/<level or "entries">/<number>[.p/<width>]`, three digits to a folder. */
function tilePath(level, number, width) {
  let path = String(number % 1000).padStart(3, '0');
  for (let n = Math.floor(number / 1000); n > 0; n = Math.floor(n / 1000)) {
    path = `x${String(n % 1000).padStart(3, '0')}/${path}`;
  }
  return `tile/${level}/${path}${width < 256 ? `.p/${width}` : ''}`;
}

// ------------------------------------------------------------------------------------------------------- where from

/** @returns a reader from the static files of a server; null for what is not there */
export const urlReader =
  (base) =>
  async (file, fresh = false) => {
    let answer;
    try {
      answer = await fetch(base + file, { cache: fresh ? 'no-store' : 'default', credentials: 'omit' });
    } catch {
      throw new Wrong('unreadable', { file });
    }
    if (answer.status === 404) return null;
    refuseIf(!answer.ok, 'unreadable', { file });
    return new Uint8Array(await answer.arrayBuffer());
  };

/**
 * @param {[string, Blob][]} files of a saved folder, with their paths; it may hold more than one log
 * @returns a reader that asks no network
 */
export function folderReader(files, slug) {
  const prefixes = files
    .map(([path]) => path)
    .filter((path) => /(^|\/)checkpoint$/.test(path))
    .map((path) => path.slice(0, -'checkpoint'.length))
    .sort((a, b) => Number(b.endsWith(`${slug}/`)) - Number(a.endsWith(`${slug}/`)) || a.length - b.length);
  refuseIf(prefixes.length === 0, 'no-log');
  const known = new Map(files);
  return async (file) => {
    const blob = known.get(prefixes[0] + file);
    return blob ? new Uint8Array(await blob.arrayBuffer()) : null;
  };
}

// -------------------------------------------------------------------------------------------------------- the recount

const ahead = 12;

/** One of the two files that every log has, always the newest. */
async function need(read, file) {
  const bytes = await read(file, true);
  refuseIf(!bytes, 'nothing-yet', { file });
  return bytes;
}

function jsonOf(bytes, code) {
  try {
    const value = JSON.parse(textOf(bytes));
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Below.
  }
  throw new Wrong(code);
}

/** `count.json`: the number the page shows, and of how many entries it is the sum. */
function shownIn(bytes) {
  if (!bytes) return null;
  const { count, size } = jsonOf(bytes, 'count-file');
  refuseIf(!Number.isSafeInteger(count) || !Number.isSafeInteger(size) || size < 0, 'count-file');
  return { count, size };
}

/**
 * Reads the whole log and holds it against its signed root, its rules and the number shown.
 * @param read of the files of the log
 * @param readShown of count.json, or of nothing
 * @param known the key of the log that the visitor has from elsewhere; '' for none
 * @param tell is told how many entries were read, and of how many
 * @throws Wrong
 */
export async function recount({ read, readShown, slug, known = '', tell = () => {}, pause = 1500 }) {
  const started = Date.now();
  // The number first: then the checkpoint is the newer of the two, or will be in a moment.
  const shown = shownIn(await readShown());
  const { origin, vkey, promiseVkey } = jsonOf(await need(read, 'log.json'), 'settings');
  refuseIf(typeof origin !== 'string' || typeof vkey !== 'string', 'settings');
  const key = parseKey(vkey);
  refuseIf(key.name !== origin, 'settings');
  if (known !== '') refuseIf(parseKey(known, 'key-mistyped').text !== vkey, 'other-key');
  refuseIf(!origin.endsWith(`/log/${slug}`), 'other-log', { origin });
  let head = await openCheckpoint(await need(read, 'checkpoint'), key);
  for (let tries = 0; shown && shown.size > head.size && tries < 4; tries++) {
    await new Promise((done) => setTimeout(done, pause));
    head = await openCheckpoint(await need(read, 'checkpoint'), key);
  }
  refuseIf(head.size === 0, 'empty');

  const log = new Log(origin);
  let countThere = shown?.size === 0 ? 0 : null;
  try {
    for await (const { bytes, width, file, number } of bundlesOf(read, head.size)) {
      const kept = log.keep(bytes);
      const hashes = [];
      for (const entry of entriesOf(kept, width, file)) {
        ruled(log, entry, file);
        hashes.push(leafHash(entry));
        if (log.size === shown?.size) countThere = log.count;
      }
      log.roots[number] = rootOf(hashes);
      tell(log.size, head.size);
    }
  } catch (error) {
    if (error instanceof Wrong && error.code === 'rule') await blame(read, log, head);
    throw error;
  }
  if (!same(rootOf(log.roots), head.root)) {
    await blame(read, log, head);
    throw new Wrong('root');
  }
  refuseIf(countThere !== null && countThere !== shown.count, 'count', { shown: shown?.count, count: countThere });
  const { count, signed, withdrawn, size } = log;
  const facts = { origin, vkey, count, signed, withdrawn, size, root: toBase64(head.root), rootHex: toHex(head.root) };
  const compared = !shown ? 'none' : countThere === null ? 'behind' : 'same';
  const checks = {
    signature: head.signed === true,
    keyKnown: known !== '',
    shown: compared,
    shownCount: shown?.count,
    shownSize: shown?.size,
  };
  return { log, key, head, promiseVkey, result: { ...facts, ...checks, milliseconds: Date.now() - started } };
}

/** Bundles in their order, some of them on their way before they are needed. */
async function* bundlesOf(read, size) {
  const coming = [];
  const last = Math.ceil(size / 256);
  for (let number = 0, next = 0; number < last; number++) {
    for (; next < last && next < number + ahead; next++) {
      const width = Math.min(256, size - next * 256);
      const file = tilePath('entries', next, width);
      const bytes = read(file);
      bytes.catch(() => {});
      coming.push({ number: next, width, file, bytes });
    }
    const bundle = coming.shift();
    const bytes = await bundle.bytes;
    refuseIf(!bytes, 'missing', { file: bundle.file });
    yield { ...bundle, bytes };
  }
}

function ruled(log, entry, file) {
  try {
    log.take(entry);
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    throw new Wrong('rule', { entry: log.size, file, rule: error.code });
  }
}

/** Which file is wrong, if the published hashes of the leaves are those that were signed. @throws Wrong if it is found */
async function blame(read, log, head) {
  const roots = [];
  for (let number = 0; number * 256 < head.size; number++) {
    const width = Math.min(256, head.size - number * 256);
    const tile = await read(tilePath('0', number, width)).catch(() => null);
    if (tile?.length !== width * 32) return;
    roots.push(rootOf(Array.from({ length: width }, (_, i) => tile.slice(i * 32, i * 32 + 32))));
  }
  if (!same(rootOf(roots), head.root)) return;
  for (const [number, bytes] of log.bundles.entries()) {
    const width = Math.min(256, head.size - number * 256);
    const file = tilePath('entries', number, width);
    const root = rootOf([...entriesOf(bytes, width, file)].map(leafHash));
    refuseIf(!same(root, roots[number]), 'other-entries', { file });
  }
}

/** @returns the entries of a code, and why they were withdrawn, if they were @throws Wrong for what cannot be a code */
export function find({ log }, typed) {
  const wanted = signerOf(log.origin, typed);
  refuseIf(!wanted, 'mistyped');
  const entries = [];
  for (const [number, bytes] of log.bundles.entries()) {
    let index = number * 256;
    for (const entry of entriesOf(bytes, Math.min(256, log.size - index), '')) {
      if (entry[0] === 1 && same(entry.subarray(1, 33), wanted))
        entries.push({ index, reason: log.gone.get(index) ?? null });
      index++;
    }
  }
  // One that was removed by mistake is logged once more: then only that counts.
  const standing = entries.filter(({ reason }) => reason === null);
  return { entries: standing.length > 0 ? standing : entries, size: log.size };
}

/** A `.tlog-proof`, made of what was read: nobody is asked, so nobody learns for which entry. */
export function proofOf({ log, head }, index) {
  const number = Math.floor(index / 256);
  const path = [...pathOf(log.leaves(number), index % 256), ...pathOf(log.blocks(log.size), number)];
  const lines = ['c2sp.org/tlog-proof@v1', `extra ${toBase64(log.entry(index))}`, `index ${index}`];
  return `${[...lines, ...path.map(toBase64)].join('\n')}\n\n${head.note}`;
}

/**
 * Holds a root from elsewhere against the first entries.
 * @param written a root in base64 or hexadecimal, the three lines of a checkpoint, or a signed one
 * @param size how many entries the root is of; all of them if it is empty
 */
export async function compare({ log, key }, written, size) {
  const { root, of, signed } = await readPaper(key, written, size, log.size);
  if (of > log.size) return { outcome: 'shorter', size: of, now: log.size, signed };
  const here = rootOf(log.blocks(of));
  return { outcome: same(here, root) ? 'same' : 'other', size: of, root: toBase64(here), signed };
}

async function readPaper(key, written, size, all) {
  const text = `${written.replaceAll('\r', '').trim()}\n`;
  if (text.includes('\n\n')) {
    const head = await openCheckpoint(bytesOf(text), key);
    return { root: head.root, of: head.size, signed: head.signed ? 'yes' : 'unknown' };
  }
  if (text.startsWith(`${key.name}\n`)) {
    const head = parseHead(text, key.name);
    return { root: head.root, of: head.size, signed: 'no' };
  }
  const plain = text.replace(/\s/g, '');
  const root = /^[0-9a-f]{64}$/i.test(plain)
    ? Uint8Array.from(plain.match(/../g), (byte) => parseInt(byte, 16))
    : fromBase64(plain);
  refuseIf(root?.length !== 32, 'paper-root');
  const digits = plainDigits(size).replace(/[\s,.\u066c\u060c\u00a0\u202f]/g, '');
  const of = digits === '' ? all : decimal(digits);
  refuseIf(!(of > 0), 'paper-size');
  return { root, of, signed: 'no' };
}

/** What a signer was given when she confirmed: a proof, or the promise that her entry will come. */
export async function openReceipt(counted, text, now = Date.now()) {
  const isProof = text.startsWith('c2sp.org/tlog-proof@v1\n');
  refuseIf(!isProof && !text.startsWith('petition-promise/v1\n'), 'receipt');
  try {
    return await (isProof ? openProof(counted, text) : openPromise(counted, text, now));
  } catch (error) {
    // What is said of the checkpoint of the log would mislead here.
    refuseIf(error.code === 'checkpoint', 'receipt');
    refuseIf(error.code === 'unsigned' || error.code === 'signature', 'receipt-unsigned');
    throw error;
  }
}

async function openProof({ log, key }, text) {
  const gap = text.indexOf('\n\n');
  const [, extra, at, ...lines] = text.slice(0, gap).split('\n');
  const head = await openCheckpoint(bytesOf(text.slice(gap + 2)), key);
  const entry = extra?.startsWith('extra ') ? fromBase64(extra.slice(6)) : null;
  const index = at?.startsWith('index ') ? decimal(at.slice(6)) : NaN;
  const path = lines.map(fromBase64);
  refuseIf(gap < 0 || !entry || !(index < head.size) || path.some((hash) => hash?.length !== 32), 'receipt');
  refuseIf(!same(rootOfPath(leafHash(entry), index, head.size, path) ?? entry, head.root), 'receipt-false');
  // Signed by the log, and yet the log says something else: that is the worst there is.
  const stands = head.size <= log.size && same(rootOf(log.blocks(head.size)), head.root);
  const { size, signed } = head;
  if (!stands) return { outcome: 'receipt-contradicted', index, size, signed };
  if (!log.gone.has(index)) return { outcome: 'receipt-proof', index, size, signed };
  return { ...placeOf(log, leafHash(entry)), signed };
}

/** Where an entry stands, or stood: one that was removed by mistake is logged once more. */
function placeOf(log, leaf) {
  let place = null;
  for (let number = 0; number < log.bundles.length; number++) {
    for (const [at, hash] of log.leaves(number).entries()) {
      const index = number * 256 + at;
      if (!same(hash, leaf)) continue;
      if (!log.gone.has(index)) return { outcome: 'receipt-kept', index };
      place = { outcome: `withdrawn-${log.gone.get(index)}`, index };
    }
  }
  return place;
}

/** The root that a path leads to (RFC 9162, 2.1.3.2). @returns null if it is of another length */
function rootOfPath(leaf, index, size, path) {
  let [at, last, root] = [index, size - 1, leaf];
  for (const hash of path) {
    if (last === 0) return null;
    if (at % 2 === 1 || at === last) {
      root = sha256(nodePrefix, hash, root);
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)];
    } else root = sha256(nodePrefix, root, hash);
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return last === 0 ? root : null;
}

async function openPromise({ log, promiseVkey }, written, now) {
  refuseIf(typeof promiseVkey !== 'string', 'settings');
  const key = parseKey(promiseVkey);
  refuseIf(key.name !== `${log.origin}/promise`, 'settings');
  const { text, signed } = await openNote(bytesOf(written), key);
  const [, origin, hash, until, ...more] = text.split('\n');
  const [leaf, by] = [fromBase64(hash ?? ''), decimal(until ?? '')];
  refuseIf(origin !== log.origin || leaf?.length !== 32 || !(by > 0) || more.join() !== '', 'receipt');
  return { signed, ...(placeOf(log, leaf) ?? { outcome: by * 1000 > now ? 'receipt-open' : 'receipt-broken', by }) };
}

// --------------------------------------------------------------------------------------------------------- the worker

if (typeof WorkerGlobalScope !== 'undefined') {
  let counted = null;
  const jobs = {
    async recount({ base, count, files, slug, known }, tell) {
      counted = null;
      const read = files ? folderReader(files, slug) : urlReader(base);
      const readShown = () => (files ? read('count.json') : urlReader('')(count, true));
      counted = await recount({ read, readShown, slug, known, tell });
      return counted.result;
    },
    find: ({ code }) => find(counted, code),
    receipt: ({ text }) => openReceipt(counted, text),
    compare: ({ written, size }) => compare(counted, written, size),
    proof: ({ index }) => proofOf(counted, index),
  };
  addEventListener('message', async ({ data: { id, job, ...asked } }) => {
    let told = 0;
    const tell = (done, size) => {
      if (Date.now() - told < 100) return;
      told = Date.now();
      postMessage({ id, done, size });
    };
    try {
      postMessage({ id, result: await jobs[job](asked, tell) });
    } catch (error) {
      postMessage({ id, wrong: { code: error.code ?? 'unexpected', values: error.values ?? {} } });
    }
  });
  postMessage({ ready: true });
}
