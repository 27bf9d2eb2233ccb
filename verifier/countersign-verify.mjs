#!/usr/bin/env node
// @ts-check
/**
 * Recounts a Countersign petition from its public log and trusts nobody for it: not the server that publishes the log,
 * not the code that wrote it. One file, no packages, nothing shared with the server; README.md beside it says what a
 * valid log proves and what it does not.
 *
 * The log is an RFC 6962 Merkle tree published as C2SP tlog-tiles under a C2SP tlog-checkpoint signed with Ed25519.
 */
import { createHash, createPublicKey, verify as checkSignature } from 'node:crypto';
import { mkdir, open, stat, writeFile } from 'node:fs/promises';
import { readFileSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** The log, or something compared with it, is not what it has to be: exit status 1. */
export class Invalid extends Error {}
/** Nothing can be said: wrong use, no connection, no such file. Exit status 2. */
export class Unable extends Error {}

/** @typedef {(path: string, limit: number) => Promise<Uint8Array>} Reader rejects with code ENOENT for a missing file */
/** @typedef {{ name: string, id: Buffer, type: number, point: Buffer, text: string }} Key */
/** @typedef {{ origin: string, size: number, root: Buffer }} Head what a checkpoint says */

const limits = { note: 65_536, settings: 65_536, tile: 8192, bundle: 256 * 65_537 };

// ---------------------------------------------------------------------------------------------- bytes and text

/** @param {(string | Uint8Array)[]} parts */
function sha256(...parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** @param {unknown} wrong @param {string} sentence */
function refuseIf(wrong, sentence) {
  if (wrong) throw new Invalid(sentence);
}

/** @param {Uint8Array} bytes @param {string} what */
function utf8(bytes, what) {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Invalid(`${what} is not UTF-8.`);
  }
}

/** Standard base64 with padding, and only the one spelling of it. @param {string} text @param {string} what */
function base64(text, what) {
  const bytes = Buffer.from(text, 'base64');
  refuseIf(bytes.toString('base64') !== text, `${what} is not base64.`);
  return bytes;
}

/** @param {string} text @param {string} what */
function decimal(text, what) {
  refuseIf(!/^(0|[1-9][0-9]{0,14})$/.test(text), `${what} is not a plain decimal number.`);
  return Number(text);
}

// ---------------------------------------------------------------------------------------------- Merkle tree, RFC 6962

const leafPrefix = Buffer.from([0]);
const nodePrefix = Buffer.from([1]);
/** @param {Uint8Array} entry */
export const leafHash = (entry) => sha256(leafPrefix, entry);

/** Root of the perfect tree over hashes start to end (a power of two apart). @param {Buffer} row */
function perfectRoot(row, start = 0, end = 256) {
  const hashes = Buffer.from(row.subarray(start * 32, end * 32));
  for (let width = end - start; width > 1; width /= 2) {
    for (let i = 0; i < width / 2; i++) sha256(nodePrefix, hashes.subarray(i * 64, i * 64 + 64)).copy(hashes, i * 32);
  }
  return hashes.subarray(0, 32);
}

/** The right edge of a growing tree: at each level of tiles the hashes that do not fill a tile yet, and nothing else. */
export class Edge {
  size = 0;
  /** @type {{ row: Buffer, width: number, tiles: number }[]} */
  levels = [];

  /** Adds a hash and returns the tiles that are full now. @param {Buffer} hash */
  append(hash) {
    this.size++;
    const full = [];
    for (let level = 0; ; level++) {
      const edge = (this.levels[level] ??= { row: Buffer.alloc(limits.tile), width: 0, tiles: 0 });
      hash.copy(edge.row, edge.width * 32);
      if (++edge.width < 256) return full;
      full.push({ level, number: edge.tiles++, width: 256, hashes: Buffer.from(edge.row) });
      edge.width = 0;
      hash = perfectRoot(edge.row);
    }
  }

  partialTiles() {
    return this.levels.flatMap(({ row, width, tiles }, level) =>
      width ? [{ level, number: tiles, width, hashes: row.subarray(0, width * 32) }] : [],
    );
  }

  /** Joins the perfect trees of the edge from the right, the smallest, to the left. */
  root() {
    /** @type {Buffer | undefined} */
    let root;
    for (const { row, width } of this.levels) {
      for (let part = 1, end = width; part <= width; part *= 2) {
        if (!(width & part)) continue;
        const left = perfectRoot(row, end - part, end);
        root = root ? sha256(nodePrefix, left, root) : left;
        end -= part;
      }
    }
    return root ?? sha256();
  }
}

/**
 * Root that an inclusion proof leads to (RFC 9162, 2.1.3.2).
 * @param {Buffer} leaf @param {number} index @param {number} size @param {Buffer[]} path
 */
function rootOfPath(leaf, index, size, path) {
  let [at, last, root] = [index, size - 1, leaf];
  for (const hash of path) {
    refuseIf(last === 0, 'The proof has more hashes than its tree.');
    if (at % 2 === 1 || at === last) {
      root = sha256(nodePrefix, hash, root);
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)];
    } else root = sha256(nodePrefix, root, hash);
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  refuseIf(last !== 0, 'The proof has fewer hashes than its tree.');
  return root;
}

// ---------------------------------------------------------------------------------------------- signed notes

const keyTypes = { log: 1, witness: 4 };

/** `name+id+base64(type || point)`. @param {string} text @param {keyof typeof keyTypes} kind @returns {Key} */
export function parseKey(text, kind = 'log') {
  const [, name, id, rest = ''] = /^([!-*,-~]{1,300})\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? [];
  if (!name) throw new Invalid('The key is not of the form name+id+base64.');
  const bytes = base64(rest, 'The key');
  refuseIf(bytes.length !== 33 || bytes[0] !== keyTypes[kind], `The key is not an Ed25519 key of a ${kind}.`);
  const expected = sha256(name, '\n', bytes).subarray(0, 4);
  refuseIf(expected.toString('hex') !== id, 'The key was mistyped: its id does not fit.');
  return { name, id: expected, type: keyTypes[kind], point: bytes.subarray(1), text };
}

/** @param {Key} key @param {string} text @param {Buffer} signature */
function signedBy(key, text, signature) {
  const message = key.type === keyTypes.log ? text : `cosignature/v1\ntime ${signature.readBigUInt64BE()}\n${text}`;
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: key.point.toString('base64url') };
  const bytes = key.type === keyTypes.log ? signature : signature.subarray(8);
  return checkSignature(null, Buffer.from(message), createPublicKey({ key: jwk, format: 'jwk' }), bytes);
}

/**
 * The text of a note signed by every one of `keys`. Signatures of others are ignored, as the specification demands, but a
 * line that is no signature is not.
 * @param {Uint8Array} bytes @param {Key[]} keys @param {string} what
 */
function openNote(bytes, keys, what) {
  refuseIf(bytes.length > limits.note, `${what} is larger than 64 KB.`);
  const note = utf8(bytes, what);
  // oxlint-disable-next-line no-control-regex
  refuseIf(/[\0-\x09\x0b-\x1f]/.test(note), `${what} contains control characters.`);
  const gap = note.lastIndexOf('\n\n');
  refuseIf(gap < 0 || !note.endsWith('\n'), `${what} is not a signed note.`);
  const text = note.slice(0, gap + 1);
  const seen = new Set();
  for (const line of note.slice(gap + 2, -1).split('\n')) {
    const [, name, rest] = /^— ([^\p{White_Space}+]+) ([A-Za-z0-9+/]+={0,2})$/u.exec(line) ?? [];
    refuseIf(!name || !rest, `${what} has a line that is no signature.`);
    const signature = base64(rest ?? '', `A signature of ${what.toLowerCase()}`);
    const key = keys.find((key) => key.name === name && key.id.equals(signature.subarray(0, 4)));
    if (!key) continue;
    refuseIf(seen.has(key), `${what} is signed twice by ${key.name}.`);
    const fits = signature.length === (key.type === keyTypes.log ? 68 : 76);
    refuseIf(!fits || !signedBy(key, text, signature.subarray(4)), `${what}: the signature of ${key.name} is wrong.`);
    seen.add(key);
  }
  for (const key of keys) refuseIf(!seen.has(key), `${what} is not signed by ${key.name}.`);
  return text;
}

/** A checkpoint; the first key is the log's. @param {Uint8Array} bytes @param {Key[]} keys @param {string} what @returns {Head} */
export function openCheckpoint(bytes, keys, what = 'The checkpoint') {
  const text = openNote(bytes, keys, what);
  const [origin, size, root, ...more] = text.slice(0, -1).split('\n');
  refuseIf(root === undefined || more.length, `${what} has not exactly three lines.`);
  refuseIf(origin !== keys[0]?.name, `${what} is of another log than its key.`);
  const head = { origin: origin ?? '', size: decimal(size ?? '', 'The size'), root: base64(root ?? '', 'The root') };
  refuseIf(head.root.length !== 32, `${what} has a root that is not 32 bytes.`);
  return head;
}

/**
 * What a signer was given while her entry waited: the word of the log that it holds the entry by a certain time.
 * @param {Uint8Array} bytes @param {string | undefined} vkey of the promises @param {string} origin
 */
export function openPromise(bytes, vkey, origin) {
  if (!vkey) throw new Unable('log.json names no promiseVkey: give the key of the promises with --promise-key.');
  const key = parseKey(vkey);
  refuseIf(key.name !== `${origin}/promise`, 'The key of the promises is of another log.');
  const lines = openNote(bytes, [key], 'The promise').slice(0, -1).split('\n');
  const [kind, of, hash, by] = lines;
  refuseIf(kind !== 'petition-promise/v1' || lines.length !== 4, 'The promise has not the four lines of a promise.');
  refuseIf(of !== origin, 'The promise is of another log.');
  const leaf = base64(hash ?? '', 'The promise');
  refuseIf(leaf.length !== 32, 'The promise has a hash that is not 32 bytes.');
  return { leaf, by: decimal(by ?? '', 'The time of the promise') };
}

// ---------------------------------------------------------------------------------------------- proof of one entry

/**
 * Checks a `.tlog-proof`. Which entry it proves stands in its `extra` line, or is given, as bytes or as its leaf hash.
 * @param {Uint8Array} proof @param {string} vkey
 * @param {{ entry?: Uint8Array, leaf?: Uint8Array, witnesses?: string[], code?: string }} options
 */
export function verifyProof(proof, vkey, options = {}) {
  const keys = [parseKey(vkey), ...(options.witnesses ?? []).map((key) => parseKey(key, 'witness'))];
  const parts = readProof(proof, keys);
  const entry = options.entry ?? parts.extra;
  const leaf = options.leaf ? Buffer.from(options.leaf) : entry && leafHash(entry);
  if (!leaf) throw new Unable('The proof does not say which entry it is for. Give its bytes with --entry, or the log.');
  const root = rootOfPath(leaf, parts.index, parts.size, parts.path);
  refuseIf(!root.equals(parts.root), `The proof does not lead from entry ${parts.index} to the root it names.`);
  if (options.code !== undefined) {
    const signer = signerOf(parts.origin, options.code);
    refuseIf(entry?.[0] !== 1 || !signer.equals(entry.subarray(1, 33)), 'The proof is not for the entry of this code.');
  }
  return { origin: parts.origin, index: parts.index, size: parts.size, root: parts.root.toString('base64') };
}

/** @param {Uint8Array} bytes @param {Key[]} keys */
function readProof(bytes, keys) {
  refuseIf(bytes.length > 2 * limits.note, 'The proof is larger than 128 KB.');
  const text = utf8(bytes, 'The proof');
  const gap = text.indexOf('\n\n');
  refuseIf(gap < 0, 'The proof holds no checkpoint.');
  const lines = text.slice(0, gap).split('\n');
  refuseIf(lines.shift() !== 'c2sp.org/tlog-proof@v1', 'The proof does not begin with c2sp.org/tlog-proof@v1.');
  const extra = lines[0]?.startsWith('extra ') ? base64(lines.shift()?.slice(6) ?? '', 'The extra line') : undefined;
  const [word, number, ...rest] = (lines.shift() ?? '').split(' ');
  refuseIf(word !== 'index' || rest.length, 'The proof has no line "index".');
  const index = decimal(number ?? '', 'The index');
  const path = lines.map((line) => base64(line, 'A hash of the proof'));
  for (const hash of path) refuseIf(hash.length !== 32, 'A hash of the proof is not 32 bytes.');
  const head = openCheckpoint(Buffer.from(text.slice(gap + 2)), keys, 'The checkpoint of the proof');
  refuseIf(index >= head.size, 'The proof is for an entry beyond its tree.');
  return { ...head, extra, index, path };
}

// ---------------------------------------------------------------------------------------------- entries and the count

/** What entry `A` holds for a code: `A = H(origin, a)`, `a = H(code)`. @param {string} origin @param {string} code */
export function signerOf(origin, code) {
  const plain = code.toUpperCase().replace(/[\s-]/g, '').replaceAll('O', '0').replace(/[IL]/g, '1');
  if (!/^[0-9A-HJKMNP-TV-Z]{20}$/.test(plain)) {
    throw new Unable('The code was mistyped: it has 20 letters and digits, and never a U.');
  }
  return fromSecret(origin, sha256('petition-log/v1/code\n', plain));
}
/** @param {string} origin @param {Uint8Array} a */
const fromSecret = (origin, a) => sha256('petition-log/v1/signer\n', origin, '\n', a);

/** One bit per entry. */
class Bits {
  bytes = Buffer.alloc(1024);
  /** @param {number} i */
  has = (i) => (((this.bytes[Math.floor(i / 8)] ?? 0) >> (i % 8)) & 1) === 1;
  /** @param {number} i */
  set(i) {
    const at = Math.floor(i / 8);
    if (at >= this.bytes.length) this.bytes = Buffer.concat([this.bytes, Buffer.alloc(at + 1)]);
    this.bytes[at] = (this.bytes[at] ?? 0) | (1 << (i % 8));
  }
}

/** Sorted keys, no spaces, all the way down: one spelling for one value. @param {any} value @returns {string} */
function canonical(value, depth = 0) {
  refuseIf(depth > 32, 'is nested too deeply.');
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item, depth + 1)).join()}]`;
  const pairs = Object.keys(value).sort();
  return `{${pairs.map((key) => `${JSON.stringify(key)}:${canonical(value[key], depth + 1)}`).join()}}`;
}

/** @param {Buffer} entry @returns {Record<string, any>} */
function jsonOf(entry) {
  const text = utf8(entry.subarray(1), 'Its JSON');
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Invalid('is not JSON.');
  }
  refuseIf(canonical(value) !== text, 'is not canonical JSON (keys sorted, no spaces, each key once).');
  refuseIf(typeof value !== 'object' || value === null || Array.isArray(value), 'is not a JSON object.');
  return value;
}

const isDate = (/** @type {unknown} */ text) =>
  typeof text === 'string' && /^\d{4}-\d\d-\d\d$/.test(text) && new Date(`${text}T00:00Z`).getTime() > 0;
/** @param {Record<string, any>} json @param {string} keys */
const hasKeys = (json, keys) => Object.keys(json).join() === keys && json.v === 1;

/** Applies the rules of the log entry by entry. Nothing of an entry is kept but two bits, and the count. */
export class Count {
  signed = 0;
  /** @type {[number, number, number, number]} by reason 1 to 4 */
  withdrawn = [0, 0, 0, 0];
  notes = 0;
  /** The last hundred of them. @type {{ index: number, note: Record<string, any> }[]} */
  newestNotes = [];
  opened = '';
  closed = '';
  textHash = '';
  signs = new Bits();
  gone = new Bits();
  /** Withdrawals with the code, whose entry has to be read again: the one at `of` must hold `signer`. */
  /** @type {{ at: number, of: number, signer: Buffer }[]} */
  claims = [];
  /** Entries of the signer looked for, and why they were withdrawn. @type {Map<number, number | null>} */
  found = new Map();
  /** The same for the entry that was promised. @type {Map<number, number | null>} */
  promised = new Map();

  /** @param {string} origin @param {Buffer} [wanted] */
  constructor(origin, wanted) {
    this.origin = origin;
    this.wanted = wanted;
  }

  get count() {
    return this.signed - this.withdrawn.reduce((sum, n) => sum + n, 0);
  }

  /** @param {Buffer} entry @param {number} index */
  add(entry, index) {
    const type = entry[0] ?? -1;
    refuseIf(this.closed, 'comes after the close; nothing may follow it.');
    refuseIf(index === 0 && type !== 0, 'is not the genesis, which has to come first.');
    refuseIf(index > 0 && type === 0, 'is a second genesis.');
    if (type === 0) this.#genesis(jsonOf(entry));
    else if (type === 1) this.#sign(entry, index);
    else if (type === 2) this.#withdraw(entry, index);
    else if (type === 3) this.#note(jsonOf(entry), index);
    else if (type === 4) this.#close(jsonOf(entry));
    else throw new Invalid('is of no known kind.');
  }

  /** @param {Record<string, any>} json */
  #genesis(json) {
    const { opened, text_sha256: textHash } = json;
    const keys = hasKeys(json, 'opened,text_sha256,v') || hasKeys(json, 'opened,rules,text_sha256,v');
    const values = isDate(opened) && typeof textHash === 'string' && /^[0-9a-f]{64}$/.test(textHash);
    refuseIf(!keys || !values, 'is not a genesis of version 1.');
    [this.opened, this.textHash] = [opened, textHash];
  }

  /** @param {Buffer} entry @param {number} index */
  #sign(entry, index) {
    refuseIf(entry.length !== 65, 'is a signature that is not 65 bytes long.');
    this.signed++;
    this.signs.set(index);
    if (this.wanted?.equals(entry.subarray(1, 33))) this.found.set(index, null);
  }

  /** @param {Buffer} entry @param {number} index */
  #withdraw(entry, index) {
    const reason = entry[9] ?? 0;
    refuseIf(reason < 1 || reason > 4, 'withdraws for no known reason.');
    refuseIf(entry.length !== (reason === 1 ? 42 : 10), 'is a withdrawal of the wrong length.');
    const of = Number(entry.readBigUInt64BE(1));
    refuseIf(of >= index, 'withdraws an entry that does not come before it.');
    refuseIf(!this.signs.has(of), `withdraws entry ${of}, which is no signature.`);
    refuseIf(this.gone.has(of), `withdraws entry ${of} a second time.`);
    if (reason === 1) this.claims.push({ at: index, of, signer: fromSecret(this.origin, entry.subarray(10)) });
    this.gone.set(of);
    this.withdrawn[/** @type {0} */ (reason - 1)]++;
    for (const looked of [this.found, this.promised]) if (looked.has(of)) looked.set(of, reason);
  }

  /** @param {Record<string, any>} json @param {number} index */
  #note(json, index) {
    const types = ['amend', 'audit-plan', 'audit-result', 'incident', 'key'];
    refuseIf(!types.includes(json.type), 'is a note of no known type.');
    this.notes++;
    this.newestNotes = [...this.newestNotes.slice(-99), { index, note: json }];
  }

  /** @param {Record<string, any>} json */
  #close(json) {
    refuseIf(!hasKeys(json, 'closed,count,v') || !isDate(json.closed), 'is not a close of version 1.');
    refuseIf(json.count !== this.count, `closes with a count of ${json.count}; the entries give ${this.count}.`);
    this.closed = json.closed;
  }
}

/**
 * Three digits to a folder, `.p/<width>` when it is not full.
 * @param {string | number} kind level, or "entries" @param {number} number @param {number} width
 */
function tilePath(kind, number, width) {
  let path = String(number % 1000).padStart(3, '0');
  for (let n = Math.floor(number / 1000); n > 0; n = Math.floor(n / 1000)) {
    path = `x${String(n % 1000).padStart(3, '0')}/${path}`;
  }
  return `tile/${kind}/${path}${width < 256 ? `.p/${width}` : ''}`;
}

/** The bundles and leaf tiles of a tree in the order in which they are needed. @param {number} size */
function* pathsOf(size) {
  for (let number = 0; number * 256 < size; number++) {
    const width = Math.min(256, size - number * 256);
    yield tilePath('entries', number, width);
    yield tilePath('0', number, width);
  }
}

/** Sixteen files on their way at any time, so that a million entries do not cost 8,000 round trips. */
function readAhead(/** @type {Reader} */ reader, /** @type {Iterator<string, void>} */ paths) {
  const coming = new Map();
  return async (/** @type {string} */ path, /** @type {number} */ limit) => {
    for (let next; coming.size < 16 && (next = paths.next().value);) {
      const file = reader(next, next.startsWith('tile/entries/') ? limits.bundle : limits.tile);
      file.catch(() => {});
      coming.set(next, file);
    }
    const file = coming.get(path) ?? reader(path, limit);
    coming.delete(path);
    return Buffer.from(await file);
  };
}

/** @param {Buffer} bundle @param {number} number @param {number} width */
function* entriesOf(bundle, number, width) {
  let at = 0;
  for (let i = 0; i < width; i++) {
    const end = at + 2 + (at + 2 <= bundle.length ? bundle.readUInt16BE(at) : 0);
    refuseIf(end > bundle.length || at + 2 > bundle.length, `Bundle ${number} ends within entry ${number * 256 + i}.`);
    yield bundle.subarray(at + 2, end);
    at = end;
  }
  refuseIf(at !== bundle.length, `Bundle ${number} goes on after its ${width} entries.`);
}

/**
 * Recounts the log that `reader` reads. Memory does not grow with it, but for two bits an entry and a digest a bundle.
 * @param {Reader} reader
 * @param {{ key?: string, witnesses?: string[], code?: string, root?: string, size?: number, old?: Uint8Array[],
 *   proof?: Uint8Array, counts?: Uint8Array, promise?: Uint8Array, promiseKey?: string }} options
 * @throws {Invalid} with the rule that is broken, and where
 */
export async function verify(reader, options = {}) {
  const started = Date.now();
  const settings = await readSettings(reader, options.key);
  const key = parseKey(options.key ?? settings.vkey);
  refuseIf(key.name !== (settings.origin ?? key.name), 'log.json: vkey is not named after origin.');
  refuseIf(key.text !== (settings.vkey ?? key.text), 'log.json names another key than the one given with --key.');
  const keys = [key, ...(options.witnesses ?? []).map((text) => parseKey(text, 'witness'))];
  const promise = options.promise && openPromise(options.promise, options.promiseKey ?? settings.promiseVkey, key.name);
  const published = options.counts && readCounts(options.counts);
  const head = openCheckpoint(await take(reader, 'checkpoint', limits.note), keys);
  refuseIf(head.size === 0, 'The log is empty: even its genesis is missing.');
  /** @type {{ what: string, size: number, root: Buffer }[]} */
  const heads = [{ what: 'the checkpoint', ...head }];
  for (const bytes of options.old ?? []) heads.push({ what: 'the older checkpoint', ...openCheckpoint(bytes, [key]) });
  const proof = options.proof && readProof(options.proof, [key]);
  if (proof) heads.push({ what: 'the checkpoint of the proof', size: proof.size, root: proof.root });
  if (options.root) heads.push({ what: 'the root given', size: options.size ?? head.size, root: rootOf(options.root) });
  else if (options.size !== undefined) {
    const bytes = await take(reader, `checkpoints/${options.size}`, limits.note);
    heads.push({ what: `checkpoints/${options.size}`, ...openCheckpoint(bytes, [key]) });
    refuseIf(heads.at(-1)?.size !== options.size, `checkpoints/${options.size} is of another size.`);
  }
  const sizes = new Set([...heads.map(({ size }) => size), published?.size ?? head.size]);
  for (const { what, size } of [...heads, { what: 'the published count', size: published?.size ?? 0 }]) {
    refuseIf(size > head.size, `The log shows ${head.size} entries, fewer than the ${size} of ${what}: it went back.`);
  }

  const read = readAhead(reader, pathsOf(head.size));
  const count = new Count(key.name, options.code === undefined ? undefined : signerOf(key.name, options.code));
  const edge = new Edge();
  /** @type {Map<number, { root: Buffer, count: number }>} */
  const at = new Map();
  /** @type {Buffer[]} */
  const digests = [];
  let leaf;
  for (let number = 0; edge.size < head.size; number++) {
    const width = Math.min(256, head.size - edge.size);
    const bundle = await take(read, tilePath('entries', number, width), limits.bundle);
    digests.push(sha256(bundle));
    for (const entry of entriesOf(bundle, number, width)) {
      const index = edge.size;
      named(index, () => count.add(entry, index));
      const hash = leafHash(entry);
      if (index === proof?.index) leaf = hash;
      if (promise && hash.equals(promise.leaf)) count.promised.set(index, null);
      for (const tile of edge.append(hash)) await compareTile(read, tile);
      if (sizes.has(edge.size)) at.set(edge.size, { root: edge.root(), count: count.count });
    }
    if (count.claims.length >= 65_536 || edge.size === head.size) await settleClaims(read, count, digests, head.size);
  }
  for (const tile of edge.partialTiles()) await compareTile(read, tile);
  for (const { what, size, root } of heads) {
    const fits = at.get(size)?.root.equals(root) ?? sha256().equals(root);
    refuseIf(!fits, `The first ${size} entries do not give the root of ${what}.`);
  }
  if (options.proof && leaf) verifyProof(options.proof, key.text, { leaf });
  const there = at.get(published?.size ?? head.size)?.count;
  refuseIf(
    published && published.count !== there,
    `Published is a count of ${published?.count}; the log has ${there}.`,
  );
  const [byCode, byMailbox, fraud, duplicate] = count.withdrawn;
  return {
    ...{ valid: true, origin: key.name, count: count.count, size: head.size, root: head.root.toString('base64') },
    ...{ signed: count.signed, withdrawn: { byCode, byMailbox, fraud, duplicate }, notes: count.notes },
    newestNotes: count.newestNotes,
    ...{ opened: count.opened, closed: count.closed || null, textSha256: count.textHash },
    ...{ vkey: key.text, keyGiven: options.key !== undefined, witnesses: keys.slice(1).map(({ name }) => name) },
    compared: [
      ...heads.slice(1).map(({ what, size }) => `${what} (size ${size})`),
      ...(published ? ['the count'] : []),
    ],
    code: options.code === undefined ? undefined : places(count.found),
    promise: promise && { by: promise.by, entries: places(count.promised) },
    seconds: (Date.now() - started) / 1000,
  };
}

/** @param {Map<number, number | null>} found */
const places = (found) => [...found].map(([index, reason]) => ({ index, withdrawnForReason: reason }));

/** Withdrawals with the code: reads the withdrawn entries again, and makes sure that they are the same bytes. */
async function settleClaims(
  /** @type {Reader} */ read,
  /** @type {Count} */ count,
  /** @type {Buffer[]} */ digests,
  /** @type {number} */ size,
) {
  /** @type {Buffer[]} */
  let entries = [];
  let loaded = -1;
  for (const { at, of, signer } of count.claims.sort((a, b) => a.of - b.of)) {
    const number = Math.floor(of / 256);
    if (number !== loaded) {
      const width = Math.min(256, size - number * 256);
      const bundle = await take(read, tilePath('entries', number, width), limits.bundle);
      refuseIf(!digests[number]?.equals(sha256(bundle)), `Bundle ${number} is another one each time it is read.`);
      entries = [...entriesOf(bundle, number, width)];
      loaded = number;
    }
    refuseIf(
      !signer.equals(entries[of % 256]?.subarray(1, 33) ?? signer.subarray(1)),
      `Entry ${at} withdraws entry ${of} with a code that is not the code of that entry.`,
    );
  }
  count.claims = [];
}

/** Puts the index before the sentence of a rule. @param {number} index @param {() => void} rule */
function named(index, rule) {
  try {
    rule();
  } catch (error) {
    throw error instanceof Invalid ? new Invalid(`Entry ${index} ${error.message}`) : error;
  }
}

async function compareTile(/** @type {Reader} */ read, /** @type {any} */ { level, number, width, hashes }) {
  const path = tilePath(level, number, width);
  refuseIf(!hashes.equals(await take(read, path, limits.tile)), `${path} does not hold the hashes of the entries.`);
}

/** @param {Reader} reader @param {string} path @param {number} limit @returns {Promise<Buffer>} */
async function take(reader, path, limit) {
  try {
    const bytes = Buffer.from(await reader(path, limit));
    refuseIf(bytes.length > limit, `${path} is larger than ${limit} bytes.`);
    return bytes;
  } catch (error) {
    const missing = /** @type {any} */ (error)?.code === 'ENOENT';
    if (missing && path.startsWith('tile/'))
      throw new Invalid(`${path} is missing, and the checkpoint says it exists.`);
    throw missing ? new Unable(`${path} is missing: this is no count log.`) : error;
  }
}

/** @param {Uint8Array} bytes @param {string} what @returns {any} */
function anyJson(bytes, what) {
  try {
    return JSON.parse(utf8(bytes, what)) ?? {};
  } catch {
    throw new Invalid(`${what} is not JSON.`);
  }
}

/** `log.json` may be missing when the key is known. @param {Reader} reader @param {string} [key] */
async function readSettings(reader, key) {
  const bytes = await take(reader, 'log.json', limits.settings).catch((error) => {
    if (key && error instanceof Unable) return Buffer.from('{}');
    throw error;
  });
  const { origin, vkey, promiseVkey } = anyJson(bytes, 'log.json');
  const named = typeof origin === 'string' && typeof vkey === 'string';
  refuseIf(!named && !(key && origin === undefined && vkey === undefined), 'log.json does not name origin and vkey.');
  return { origin, vkey, promiseVkey: typeof promiseVkey === 'string' ? promiseVkey : undefined };
}

/** `{"count", "size"?}` as count.json has it, or an export with `{"total": {"count"}}`. @param {Uint8Array} bytes */
function readCounts(bytes) {
  const { count, total, size } = anyJson(bytes, 'The published count');
  const number = count ?? total?.count;
  refuseIf(!Number.isSafeInteger(number), 'The published count holds no number "count".');
  refuseIf(size !== undefined && !(Number.isSafeInteger(size) && size > 0), 'The published count is of no size.');
  return { count: number, size };
}

/** @param {string} text base64 or hexadecimal */
function rootOf(text) {
  const root = Buffer.from(text, /^[0-9a-f]{64}$/i.test(text) ? 'hex' : 'base64');
  if (root.length !== 32) throw new Unable('The root given is not 32 bytes in base64 or hexadecimal.');
  return root;
}

/** @param {string} folder @returns {Reader} */
export const folderReader = (folder) => async (path, limit) => {
  if (!(await stat(resolve(folder, path))).isFile()) throw new Unable(`${path} is not a file.`);
  const file = await open(resolve(folder, path));
  try {
    const bytes = Buffer.alloc(Math.min((await file.stat()).size, limit + 1));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
    return bytes.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
};

/** @param {string} base @returns {Reader} */
export const urlReader = (base) => async (path, limit) => {
  const start = new URL(path, path && !base.endsWith('/') ? `${base}/` : base);
  let url = start;
  const signal = AbortSignal.timeout(30_000);
  try {
    for (let hops = 0; hops < 4; hops++) {
      const answer = await fetch(url, { redirect: 'manual', signal });
      if (answer.status === 404 || answer.status === 410) throw Object.assign(new Unable(), { code: 'ENOENT' });
      const target = answer.status >= 300 && answer.status < 400 && answer.headers.get('location');
      if (target) {
        url = new URL(target, url);
        if (url.host !== start.host) throw new Unable(`${start} leads to another host.`);
        continue;
      }
      if (answer.status !== 200) throw new Unable(`${start} answers with status ${answer.status}.`);
      const chunks = [];
      let length = 0;
      for await (const chunk of answer.body ?? []) {
        length += chunk.length;
        refuseIf(length > limit, `${path || base} is larger than ${limit} bytes.`);
        chunks.push(chunk);
      }
      return Buffer.concat(chunks);
    }
  } catch (error) {
    if (error instanceof Unable || error instanceof Invalid) throw error;
    const { name, message, cause } = /** @type {any} */ (error);
    throw new Unable(`${start} cannot be read: ${name === 'TimeoutError' ? 'no answer' : (cause?.code ?? message)}.`);
  }
  throw new Unable(`${start} is redirected in a circle.`);
};

/** Keeps a copy of everything that is read. @param {Reader} reader @param {string} folder @returns {Reader} */
const savingReader = (reader, folder) => async (path, limit) => {
  const bytes = await reader(path, limit);
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), bytes);
  return bytes;
};

/** A file or an address that the user named. @param {string} where @param {number} limit */
async function fetchNamed(where, limit = 2 * limits.note) {
  try {
    if (/^https?:\/\//.test(where)) return await urlReader(where)('', limit);
    return await folderReader('.')(where, limit);
  } catch (error) {
    throw /** @type {any} */ (error)?.code ? new Unable(`${where} cannot be read.`) : error;
  }
}

const usage = `Usage: node countersign-verify.mjs <address or folder of the log> [options]
  --key <vkey>       the key of the log, from a place that the server does not control
  --witness <vkey>   demand the cosignature of this witness (may be repeated)
  --code <code>      look for the entry of this code, without telling the server; "-" reads it from standard input
  --root <root>      compare with a root on paper (base64 or hexadecimal); with --size, the root at that earlier size
  --size <n>         without --root: compare with checkpoints/<n> of the log
  --old <file>       compare with a checkpoint saved earlier (file or address, may be repeated)
  --counts <file>    compare with the published count.json (file or address)
  --proof <file>     check a .tlog-proof; without a log it needs --key, and --entry <hex> if it has no line "extra"
  --promise <file>   look for the entry that the log promised to take in
  --promise-key <vkey>  the key of the promises, from a place that the server does not control
  --save <folder>    keep a copy of everything that is read
  --json             print the result as JSON
  --help             print this
Exit status: 0 valid, 1 invalid, 2 wrong use or unreachable, 3 valid, but the code or the promised entry is not among
those counted`;

/** Runs the command. @param {string[]} words @returns {Promise<{ status: number, text: string }>} */
export async function run(words) {
  if (words.includes('--help')) return { status: 0, text: usage };
  let asJson = words.includes('--json');
  try {
    const { options, place } = readWords(words);
    asJson = options.json === true;
    const proof = options.proof ? await fetchNamed(options.proof) : undefined;
    const code = options.code === '-' ? readFileSync(0, 'utf8').trim() : options.code;
    if (!place) {
      const entry = options.entry === undefined ? undefined : Buffer.from(options.entry, 'hex');
      const given = { entry, code, witnesses: options.witness };
      const proven = verifyProof(proof ?? Buffer.alloc(0), options.key ?? '', given);
      const text = `VALID. Entry ${proven.index} is in the log ${proven.origin} of ${proven.size} entries, root ${proven.root}.`;
      return { status: 0, text: asJson ? JSON.stringify({ valid: true, ...proven }) : text };
    }
    const reader = /^https?:\/\//.test(place) ? urlReader(place) : folderReader(place);
    const result = await verify(options.save ? savingReader(reader, options.save) : reader, {
      ...{ key: options.key, witnesses: options.witness, code, root: options.root, proof },
      size: options.size === undefined ? undefined : decimal(options.size, '--size'),
      old: await Promise.all((options.old ?? []).map((where) => fetchNamed(where))),
      counts: options.counts ? await fetchNamed(options.counts) : undefined,
      promise: options.promise ? await fetchNamed(options.promise) : undefined,
      promiseKey: options['promise-key'],
    });
    const waits = result.promise && result.promise.by * 1000 > Date.now();
    const uncounted = [result.code, waits ? undefined : result.promise?.entries].some(
      (found) => found && !found.some(({ withdrawnForReason }) => withdrawnForReason === null),
    );
    return { status: uncounted ? 3 : 0, text: asJson ? JSON.stringify(result) : inWords(result) };
  } catch (error) {
    const invalid = error instanceof Invalid;
    const sentence = error instanceof Error ? error.message : String(error);
    const text = asJson ? JSON.stringify({ valid: invalid ? false : null, error: sentence }) : sentence;
    return { status: invalid ? 1 : 2, text: invalid && !asJson ? `INVALID. ${sentence}` : text };
  }
}

/** @param {string[]} words */
function readWords(words) {
  const one = { type: /** @type {const} */ ('string') };
  const many = { ...one, multiple: /** @type {const} */ (true) };
  const known = { key: one, witness: many, code: one, root: one, size: one, old: many, counts: one, proof: one };
  let parsed;
  try {
    const flags = { json: { type: /** @type {const} */ ('boolean') } };
    parsed = parseArgs({
      args: words,
      allowPositionals: true,
      options: { ...known, entry: one, save: one, promise: one, 'promise-key': one, ...flags },
    });
  } catch (error) {
    throw new Unable(`${/** @type {Error} */ (error).message}\n\n${usage}`);
  }
  const { values: options, positionals } = parsed;
  const alone = options.proof && options.key;
  if (positionals.length > 1 || (!positionals.length && !alone)) throw new Unable(usage);
  if (!/^([0-9a-f]{2})*$/i.test(options.entry ?? '')) throw new Unable('--entry is not hexadecimal.');
  if (options.size !== undefined && !/^[1-9][0-9]{0,14}$/.test(options.size))
    throw new Unable('--size is not a number.');
  try {
    for (const key of [options.key, options['promise-key']]) if (key !== undefined) parseKey(key);
    for (const key of options.witness ?? []) parseKey(key, 'witness');
  } catch (error) {
    throw new Unable(/** @type {Error} */ (error).message);
  }
  return { options, place: positionals[0] };
}

/**
 * What a note says, in one line: whoever wrote it writes nothing else of what is printed here.
 * @param {Record<string, any>} note
 */
function noteInWords({ type, day, ...facts }) {
  const say = (/** @type {unknown} */ fact) => (typeof fact === 'string' ? fact : canonical(fact));
  let words = say(facts.text ?? facts);
  if (type === 'amend')
    words = `version ${say(facts.version)} of the text in ${say(facts.locale)}: ${say(facts.reason)}`;
  if (facts.what === 'restored-from-backup') {
    const [entries, lost] = [say(facts.entries), say(facts.without_record)];
    words = `a backup was put back; of ${entries} entries taken over from this log, ${lost} are signatures without a record`;
  }
  return `${day === undefined ? '' : `${say(day)}, `}${type}: ${words}`.replace(/\s+/g, ' ');
}

/** @param {Awaited<ReturnType<typeof verify>>} result */
function inWords(result) {
  const { withdrawn } = result;
  const gone = withdrawn.byCode + withdrawn.byMailbox + withdrawn.fraud + withdrawn.duplicate;
  const key = result.keyGiven
    ? 'the key that you gave. Another log under the same name would have been refused.'
    : `a key that came from the same place as the log. This shows only that the log agrees with itself.
           Get the key elsewhere and give it with --key.`;
  const reasons = [
    '',
    'by its signer with the code',
    'by its signer through her mailbox',
    'as fraud',
    'as a duplicate or test',
  ];
  const told = (/** @type {ReturnType<typeof places>} */ found) =>
    found.map(({ index, withdrawnForReason: reason }) =>
      reason === null ? `entry ${index}, counted.` : `entry ${index}, withdrawn ${reasons[reason]}: not counted.`,
    );
  const codes = result.code && told(result.code);
  const kept = result.promise && told(result.promise.entries).join(' Also ');
  const by = new Date((result.promise?.by ?? 0) * 1000).toISOString();
  const late = (result.promise?.by ?? 0) * 1000 <= Date.now();
  const open = late
    ? `BROKEN: promised by ${by}, and not in this log. Unless your copy of it is older than that, tell others.`
    : `not in this log yet; it has until ${by}.`;
  const notes = result.newestNotes.map(({ index, note }) => `\n  entry ${index}, ${noteInWords(note)}`);
  const earlier = result.notes > notes.length ? `\n  and ${result.notes - notes.length} earlier` : '';
  const notThere = 'not in this log. It was mistyped, or is not published yet, or was left out.';
  return `VALID. The log keeps every rule, and its entries give the root that is signed.

COUNT      ${result.count}   (${result.signed} signed, ${gone} withdrawn)
withdrawn  ${withdrawn.byCode} by the signer with her code, ${withdrawn.byMailbox} by the signer through her mailbox,
           ${withdrawn.fraud} removed as fraud, ${withdrawn.duplicate} removed as duplicate or test
log        ${result.origin}, opened ${result.opened}${result.closed ? `, closed ${result.closed}` : ''}, ${result.notes} notes${notes.join('')}${earlier}
size       ${result.size} entries
root       ${result.root}
           ${Buffer.from(result.root, 'base64').toString('hex')}
signed by  ${key}
           ${result.vkey}
witnesses  ${result.witnesses.join(', ') || 'none demanded (--witness)'}
compared   ${result.compared.join(', ') || 'with nothing older and nothing published elsewhere'}${
    codes ? `\nyour code  ${codes.join(' Also ') || notThere} The server was not told which entry is yours.` : ''
  }${result.promise ? `\npromise    ${kept || open}` : ''}
time       ${result.seconds.toFixed(2)} s

What this number means: it is the sum of ${result.size} public entries under this root. Anyone can recompute it.
Nobody can change it later without contradicting the root: write the size and the root down.
What it does not mean: it counts confirmed e-mail addresses, not persons; somebody may have several, and nobody was asked
for a name in a register. That no entry was invented takes an audit by random draw; that everybody is shown the
same log takes independent witnesses, or comparing the root with what others were shown.`;
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  void run(process.argv.slice(2)).then(({ status, text }) => {
    // What a log says may reach this text: no escape sequences, no reversed writing.
    const plain = text.replace(/[\p{Cc}\p{Cf}]/gu, (sign) => (sign === '\n' ? sign : '?'));
    (status === 0 || status === 3 ? process.stdout : process.stderr).write(`${plain}\n`, () => process.exit(status));
  });
}
