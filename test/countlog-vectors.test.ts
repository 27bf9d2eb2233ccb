import { append, appendEntries, emptyTree } from '../src/countlog/append.js';
import { encodeCheckpoint, openCheckpoint, signCheckpoint } from '../src/countlog/checkpoint.js';
import { auditHash, codeHash, signerHash } from '../src/countlog/codes.js';
import { decodeEntry, encodeEntry } from '../src/countlog/entries.js';
import {
  consistencyProof,
  inclusionProof,
  leafHash,
  rootAt,
  rootOf,
  verifyConsistency,
} from '../src/countlog/merkle.js';
import { encodeVkey, openNote, parseVkey, signerOf } from '../src/countlog/note.js';
import { openPromise } from '../src/countlog/promise.js';
import { encodeProof, parseProof, verifyProof } from '../src/countlog/proof.js';
import { Tally } from '../src/countlog/tally.js';
import { hashAtFrom, parseBundle } from '../src/countlog/tiles.js';
import { fromBase64, fromHex, vectors } from './support/count-log.js';

const entries = vectors.entries_hex.map(fromHex);
const leaves = entries.map((entry) => leafHash(entry));
const tree = append(emptyTree, leaves);
const hashAt = hashAtFrom(tree.size, () => tree.tiles[0]!.bytes);
const log = parseVkey(vectors.log_vkey);
const witness = parseVkey(vectors.witness_vkey);
const checkpoint = Buffer.from(vectors.checkpoint);
const proof = Buffer.from(vectors.proof_signer0);

test('the code, the salt and the address of each signer give her hashes', () => {
  for (const signer of vectors.signers) {
    const a = codeHash(signer.code);
    expect(a.toString('hex')).toBe(signer.a);
    expect(signerHash(vectors.origin, a).toString('hex')).toBe(signer.A);
    expect(auditHash(vectors.origin, fromHex(signer.salt), signer.email).toString('hex')).toBe(signer.B);
    const entry = { kind: 'sign', signerHash: fromHex(signer.A), auditHash: fromHex(signer.B) } as const;
    expect(encodeEntry(entry).toString('hex')).toBe(vectors.entries_hex[signer.index]);
  }
});

test('every entry is read and written again byte by byte, and together they make the count', () => {
  expect(entries.map((entry) => encodeEntry(decodeEntry(entry)).toString('hex'))).toEqual(vectors.entries_hex);
  const tally = new Tally(vectors.origin);
  const kinds = entries.map((entry) => tally.take(entry).kind);
  expect(kinds).toEqual(['genesis', ...Array.from(vectors.signers, () => 'sign'), 'withdraw', 'withdraw', 'close']);
  expect(tally).toMatchObject({ size: 9, signed: 5, withdrawn: 2, closed: true, count: vectors.count });
  const [bundle] = appendEntries(0, null, entries);
  expect(parseBundle(bundle!.bytes, bundle!.width)).toEqual(entries);
});

test('the leaf hashes, both roots and the consistency proof are those of the vectors', () => {
  expect(leaves.map((leaf) => leaf.toString('hex'))).toEqual(vectors.leaf_hashes);
  expect([rootOf(leaves), rootAt(9, hashAt), tree.root].map((root) => root.toString('hex'))).toEqual(
    Array.from({ length: 3 }, () => vectors.root),
  );
  expect(rootAt(6, hashAt).toString('hex')).toBe(vectors.root_size6);
  const consistency = consistencyProof(6, 9, hashAt);
  expect(consistency.map((hash) => hash.toString('base64'))).toEqual(vectors.consistency_6_9);
  verifyConsistency(6, 9, fromHex(vectors.root_size6), tree.root, vectors.consistency_6_9.map(fromBase64));
});

test('the seed signs the checkpoint as it stands in the vectors', () => {
  const signer = signerOf(vectors.origin, fromHex(vectors.log_seed_hex));
  expect(encodeVkey(signer.verifier)).toBe(vectors.log_vkey);
  const signed = signCheckpoint({ origin: vectors.origin, size: 9, root: tree.root }, signer).toString();
  const [, cosigned] = vectors.checkpoint.split(signed);
  expect(cosigned).toMatch(/^— witness\.ngo\.example\/w1 \S+\n$/);
});

test('the checkpoint opens with the keys of the log and of the witness', () => {
  const opened = openCheckpoint(checkpoint, log, [witness]);
  expect(opened).toMatchObject({ origin: vectors.origin, size: 9, root: tree.root });
  expect(opened.cosignatures).toEqual([{ verifier: witness, at: Date.parse('2026-12-01T00:00:00Z') / 1000 }]);
  expect(encodeVkey(witness)).toBe(vectors.witness_vkey);
  expect(openNote(checkpoint, [log]).text).toBe(encodeCheckpoint(opened));
});

test('the proof of the first signer is made from tiles, byte by byte, and holds', () => {
  const { index } = vectors.signers[0]!;
  const made = encodeProof({ index, hashes: inclusionProof(index, 9, hashAt), checkpoint });
  expect(made.toString()).toBe(vectors.proof_signer0);
  expect(encodeProof(parseProof(proof))).toEqual(proof);
  const verified = verifyProof(proof, leaves[index]!, log, [witness]);
  expect(verified).toMatchObject({ origin: vectors.origin, size: 9, index: 1, cosignatures: [{ verifier: witness }] });
});

test('the promise opens with the key for promises', () => {
  expect(openPromise(Buffer.from(vectors.promise), parseVkey(vectors.promise_vkey))).toEqual({
    origin: vectors.origin,
    leafHash: leaves[1],
    by: Date.parse('2026-12-01T01:00:00Z') / 1000,
  });
});
