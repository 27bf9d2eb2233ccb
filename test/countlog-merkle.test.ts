import { assert, integer, property, tuple } from 'fast-check';
import {
  consistencyProof,
  inclusionProof,
  leafHash,
  nodeHash,
  rootAt,
  rootOf,
  verifyConsistency,
  verifyInclusion,
  type HashAt,
} from '../src/countlog/merkle.js';
import { sha256 } from '../src/countlog/sha256.js';
import { fromHex, isRefused, someLeaves } from './support/count-log.js';

// RFC 6962, section 2.1, word by word, to compare with.
const split = (n: number): number => 2 ** Math.ceil(Math.log2(n) - 1);
const hashOf = (list: Buffer[]): Buffer =>
  list.length === 0
    ? sha256()
    : list.length === 1
      ? list[0]!
      : nodeHash(hashOf(list.slice(0, split(list.length))), hashOf(list.slice(split(list.length))));
const pathOf = (index: number, list: Buffer[]): Buffer[] => {
  if (list.length === 1) return [];
  const [left, right] = [list.slice(0, split(list.length)), list.slice(split(list.length))];
  return index < left.length
    ? [...pathOf(index, left), hashOf(right)]
    : [...pathOf(index - left.length, right), hashOf(left)];
};
const subproof = (old: number, list: Buffer[], whole: boolean): Buffer[] => {
  if (old === list.length) return whole ? [] : [hashOf(list)];
  const [left, right] = [list.slice(0, split(list.length)), list.slice(split(list.length))];
  return old <= left.length
    ? [...subproof(old, left, whole), hashOf(right)]
    : [...subproof(old - left.length, right, false), hashOf(left)];
};

const hex = (hashes: Buffer[]) => hashes.map((hash) => hash.toString('hex'));
const all = someLeaves(150);
const hashAt: HashAt = ({ level, index }) => hashOf(all.slice(index * 2 ** level, (index + 1) * 2 ** level));
const sizeAndIndex = tuple(integer({ min: 1, max: 150 }), integer({ min: 0, max: 149 })).map(([size, index]) => ({
  size,
  index: index % size,
}));

// The tree that the tests of Certificate Transparency use.
const known = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
const knownLeaves = known.map((entry) => leafHash(fromHex(entry)));
const knownRoots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
const knownNodes = [
  'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
];

test('the roots and proofs are those of the trees that Certificate Transparency is tested with', () => {
  const at: HashAt = ({ level, index }) => rootOf(knownLeaves.slice(index * 2 ** level, (index + 1) * 2 ** level));
  for (const [size, root] of knownRoots.entries()) {
    expect(rootOf(knownLeaves.slice(0, size)).toString('hex')).toBe(root);
    expect(rootAt(size, at).toString('hex')).toBe(root);
  }
  expect(hex(inclusionProof(5, 8, at))).toEqual([
    'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ...knownNodes,
  ]);
  expect(hex(consistencyProof(6, 8, at))).toEqual([
    '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
    ...knownNodes,
  ]);
});

test('a leaf and a node never share a hash, and nothing but 32 bytes is a hash', () => {
  const [left, right] = all as [Buffer, Buffer];
  expect(leafHash(Buffer.concat([left, right]))).not.toEqual(nodeHash(left, right));
  expect(isRefused(() => nodeHash(left.subarray(1), right))).toBe(true);
  expect(isRefused(() => nodeHash(left, Buffer.concat([right, right.subarray(31)])))).toBe(true);
});

test('roots and proofs of any size are those that RFC 6962 defines, and they hold', () => {
  assert(
    property(sizeAndIndex, ({ size, index }) => {
      const list = all.slice(0, size);
      const root = rootOf(list);
      expect(root).toEqual(hashOf(list));
      expect(rootAt(size, hashAt)).toEqual(root);

      const inclusion = inclusionProof(index, size, hashAt);
      expect(hex(inclusion)).toEqual(hex(pathOf(index, list)));
      verifyInclusion(list[index]!, index, size, inclusion, root);

      const consistency = consistencyProof(index, size, hashAt);
      expect(hex(consistency)).toEqual(hex(index === 0 ? [] : subproof(index, list, true)));
      verifyConsistency(index, size, rootOf(list.slice(0, index)), root, consistency);
    }),
  );
  verifyConsistency(150, 150, rootOf(all), rootOf(all), consistencyProof(150, 150, hashAt));
});

test('trees of astronomical size have proofs too', () => {
  const one = all[0]!;
  const size = Number.MAX_SAFE_INTEGER;
  const at: HashAt = ({ level }) => {
    let hash = one;
    for (let below = 0; below < level; below++) hash = nodeHash(hash, hash);
    return hash;
  };
  const [root, old] = [rootAt(size, at), 2 ** 52 + 12_345];
  for (const index of [0, 1, 2 ** 31, 2 ** 32 + 1, 2 ** 52, size - 1]) {
    const proof = inclusionProof(index, size, at);
    expect(isRefused(() => verifyInclusion(one, index, size, proof, root))).toBe(false);
  }
  const proof = consistencyProof(old, size, at);
  expect(isRefused(() => verifyConsistency(old, size, rootAt(old, at), root, proof))).toBe(false);
});

/** A proof with one hash changed, dropped, doubled, cut or lengthened, or two changed places. */
function* spoilt(proof: Buffer[]): Generator<Uint8Array[]> {
  yield [...proof, all[7]!];
  yield [all[7]!, ...proof];
  for (const [at, hash] of proof.entries()) {
    for (let byte = 0; byte < 32; byte++) yield proof.with(at, Buffer.from(hash).fill(hash[byte]! ^ 1, byte, byte + 1));
    yield proof.with(at, hash.subarray(1));
    yield proof.with(at, Buffer.concat([hash, Uint8Array.of(0)]));
    yield proof.toSpliced(at, 1);
    yield proof.toSpliced(at, 0, hash);
    for (let other = 0; other < at; other++) yield proof.with(at, proof[other]!).with(other, hash);
  }
}

test('no inclusion proof that was changed in any way holds, nor for another leaf, index or root', () => {
  assert(
    property(sizeAndIndex, integer({ min: 0, max: 149 }), ({ size, index }, other) => {
      const [leaf, root] = [all[index]!, rootOf(all.slice(0, size))];
      const proof = inclusionProof(index, size, hashAt);
      const held = [...spoilt(proof)].filter((bad) => !isRefused(() => verifyInclusion(leaf, index, size, bad, root)));
      expect(held).toEqual([]);
      if (other === index) return;
      expect(isRefused(() => verifyInclusion(leaf, other, size, proof, root))).toBe(true);
      expect(isRefused(() => verifyInclusion(all[other]!, index, size, proof, root))).toBe(true);
      expect(isRefused(() => verifyInclusion(leaf, index, size, proof, all[other]!))).toBe(true);
    }),
    { numRuns: 20 },
  );
});

test('no consistency proof that was changed in any way holds, nor between other roots', () => {
  assert(
    property(sizeAndIndex, ({ size, index: old }) => {
      const [oldRoot, root] = [rootOf(all.slice(0, old)), rootOf(all.slice(0, size))];
      const proof = consistencyProof(old, size, hashAt);
      const held = [...spoilt(proof)].filter(
        (bad) => !isRefused(() => verifyConsistency(old, size, oldRoot, root, bad)),
      );
      expect(held).toEqual([]);
      expect(isRefused(() => verifyConsistency(old, size, sha256('another'), root, proof))).toBe(true);
      // Every log begins with the empty one.
      expect(isRefused(() => verifyConsistency(old, size, oldRoot, sha256('another'), proof))).toBe(old > 0);
      expect(isRefused(() => verifyConsistency(size + 1, size, oldRoot, root, proof))).toBe(true);
    }),
    { numRuns: 20 },
  );
});

test('a proof must be as long as the sizes say, even where a longer or shorter one leads to the root', () => {
  const [a, b, c, d, y] = all as [Buffer, Buffer, Buffer, Buffer, Buffer];
  const root = nodeHash(a, b);
  expect(isRefused(() => verifyInclusion(b, 0, 1, [a], root))).toBe(true);
  expect(isRefused(() => verifyInclusion(root, 0, 2, [], root))).toBe(true);
  expect(isRefused(() => verifyConsistency(2, 4, root, root, []))).toBe(true);
  const [older, newer] = [rootOf([a, b, c]), rootOf([a, b, c, d])].map((hash) => nodeHash(y, hash));
  expect(isRefused(() => verifyConsistency(3, 4, older!, newer!, [c, d, root, y]))).toBe(true);
  verifyConsistency(3, 4, rootOf([a, b, c]), rootOf([a, b, c, d]), [c, d, root]);
});

test('a log of which an early entry was changed is not consistent with what it was', () => {
  const forged = all.with(3, leafHash(Buffer.from('forged')));
  const at: HashAt = ({ level, index }) => rootOf(forged.slice(index * 2 ** level, (index + 1) * 2 ** level));
  for (const old of [4, 7, 64, 100, 149]) {
    const proof = consistencyProof(old, 150, at);
    verifyConsistency(old, 150, rootAt(old, at), rootOf(forged), proof);
    expect(isRefused(() => verifyConsistency(old, 150, rootOf(all.slice(0, old)), rootOf(forged), proof))).toBe(true);
  }
});

test('indexes and sizes that are not whole numbers in range are refused', () => {
  for (const bad of [-1, 5, 0.5, NaN, Infinity, 2 ** 53]) {
    expect(isRefused(() => inclusionProof(bad, 5, hashAt))).toBe(true);
    expect(isRefused(() => verifyInclusion(all[0]!, bad, 5, [], all[0]!))).toBe(true);
  }
  expect(isRefused(() => consistencyProof(6, 5, hashAt))).toBe(true);
  for (const bad of [-1, 0.5, NaN, Infinity]) {
    expect(isRefused(() => consistencyProof(0, bad, hashAt))).toBe(true);
    expect(isRefused(() => inclusionProof(0, bad, hashAt))).toBe(true);
    expect(isRefused(() => rootAt(bad, hashAt))).toBe(true);
  }
});
