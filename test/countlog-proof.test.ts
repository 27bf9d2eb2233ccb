import { append, emptyTree } from '../src/countlog/append.js';
import { signCheckpoint } from '../src/countlog/checkpoint.js';
import { LogError } from '../src/countlog/log-error.js';
import { inclusionProof } from '../src/countlog/merkle.js';
import { parseVkey, signerOf } from '../src/countlog/note.js';
import { encodeProof, parseProof, verifyProof } from '../src/countlog/proof.js';
import { fromHex, isRefused, someLeaves, straightTree, survivors, vectors } from './support/count-log.js';

const log = signerOf('petitions.example.org/log/free-them', Buffer.alloc(32, 1));
const leaves = someLeaves(1000);
const { size, root } = append(emptyTree, leaves);
const checkpoint = signCheckpoint({ origin: log.verifier.name, size, root }, log);
const proofOf = (index: number) => ({ index, hashes: inclusionProof(index, size, straightTree(leaves)), checkpoint });

test('whoever has the key of the log can check a proof alone', () => {
  for (const index of [0, 1, 255, 256, 767, 999]) {
    const proof = encodeProof(proofOf(index));
    expect(verifyProof(proof, leaves[index]!, log.verifier)).toMatchObject({ index, size, root, cosignatures: [] });
    expect(isRefused(() => verifyProof(proof, leaves[index ^ 1]!, log.verifier))).toBe(true);
    expect(isRefused(() => verifyProof(proof, leaves[index]!, parseVkey(vectors.log_vkey)))).toBe(true);
  }
});

test('no change of one byte in a proof is accepted by who asks for the log and the witness', () => {
  const [key, witness] = [parseVkey(vectors.log_vkey), parseVkey(vectors.witness_vkey)];
  const leaf = fromHex(vectors.leaf_hashes[1]!);
  const verify = (mutant: Buffer) => {
    const { cosignatures, index } = verifyProof(mutant, leaf, key, [witness]);
    if (cosignatures.length !== 1) throw new LogError('The witness is missing.');
    expect(index).toBe(1);
  };
  expect(survivors(Buffer.from(vectors.proof_signer0), verify)).toEqual([]);
});

test('the hashes of one entry prove no other, nor any under another checkpoint', () => {
  const proof = proofOf(5);
  const wrong = [
    { ...proof, index: 4 },
    { ...proof, hashes: proof.hashes.toReversed() },
    { ...proof, hashes: proof.hashes.slice(1) },
    { ...proof, hashes: [...proof.hashes, leaves[0]!] },
    { ...proof, hashes: [] },
    { ...proof, checkpoint: signCheckpoint({ origin: log.verifier.name, size, root: leaves[0]! }, log) },
    { ...proof, checkpoint: signCheckpoint({ origin: log.verifier.name, size: 5, root }, log) },
    { ...proof, checkpoint: signCheckpoint({ origin: log.verifier.name, size: 0, root }, log) },
  ];
  for (const each of wrong) {
    expect(isRefused(() => verifyProof(encodeProof(each), leaves[5]!, log.verifier))).toBe(true);
  }
});

test('no proof is written that could not be read', () => {
  const proof = proofOf(5);
  const wrong = [
    { index: -1 },
    { index: 0.5 },
    { index: 2 ** 53 },
    { hashes: [leaves[0]!.subarray(1)] },
    { checkpoint: Buffer.of(0xff) },
  ];
  for (const each of wrong) expect(isRefused(() => encodeProof({ ...proof, ...each }))).toBe(true);
});

test('extra data is carried along, empty or not', () => {
  for (const extra of [Buffer.from('by the way'), Buffer.alloc(0)]) {
    const bytes = encodeProof({ ...proofOf(5), extra });
    expect(parseProof(bytes).extra).toEqual(extra);
    expect(verifyProof(bytes, leaves[5]!, log.verifier).index).toBe(5);
  }
  expect(parseProof(encodeProof(proofOf(5)))).not.toHaveProperty('extra');
});

const hash = leaves[0]!.toString('base64');
test.each([
  ['another version', `c2sp.org/tlog-proof@v2\nindex 1\n\n`],
  ['no index', `c2sp.org/tlog-proof@v1\n\n`],
  ['a hash for an index', `c2sp.org/tlog-proof@v1\n${hash}\n\n`],
  ['an index with a leading zero', `c2sp.org/tlog-proof@v1\nindex 01\n\n`],
  ['a negative index', `c2sp.org/tlog-proof@v1\nindex -1\n\n`],
  ['two extras', `c2sp.org/tlog-proof@v1\nextra AA==\nextra AA==\nindex 1\n\n`],
  ['extra after the index', `c2sp.org/tlog-proof@v1\nindex 1\nextra AA==\n\n`],
  ['a short hash', `c2sp.org/tlog-proof@v1\nindex 1\nAAAA\n\n`],
  ['54 hashes', `c2sp.org/tlog-proof@v1\nindex 1\n${`${hash}\n`.repeat(54)}\n`],
  ['no checkpoint', `c2sp.org/tlog-proof@v1\nindex 1\n`],
  ['carriage returns', `c2sp.org/tlog-proof@v1\r\nindex 1\r\n\r\n`],
  ['a space at the end of a line', `c2sp.org/tlog-proof@v1\nindex 1 \n\n`],
])('a proof with %s is refused', (_, text) => {
  expect(isRefused(() => parseProof(Buffer.from(text)))).toBe(true);
});
