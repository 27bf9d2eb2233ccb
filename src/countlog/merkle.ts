import { LogError } from './log-error.js';
import { sha256 } from './sha256.js';
import { require32, requireWithin } from './strict.js';

// The Merkle tree of RFC 6962, section 2.1. Sizes and indexes are numbers up to 2^53 - 1, so there are no bitwise operators.

/** A complete subtree: `2 ** level` leaves, the first of them at `index * 2 ** level`. */
export interface Node {
  level: number;
  index: number;
}

/** The hash, 32 bytes, of a complete subtree. */
export type HashAt = (node: Node) => Uint8Array;

const leafPrefix = Uint8Array.of(0);
const nodePrefix = Uint8Array.of(1);
const half = (value: number) => Math.floor(value / 2);
const same = (one: Uint8Array, other: Uint8Array) => Buffer.compare(one, other) === 0;
const isOdd = (value: number) => value % 2 === 1;

export const leafHash = (entry: Uint8Array): Buffer => sha256(leafPrefix, entry);

/** @throws LogError unless both are 32 bytes: with other lengths two pairs could share one hash */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  require32(left, 'A hash of the tree');
  require32(right, 'A hash of the tree');
  return sha256(nodePrefix, left, right);
}

/** The root of a list of hashes, be they leaves or roots of complete subtrees of one size; SHA-256 of nothing for none. */
export function rootOf(hashes: readonly Uint8Array[]): Buffer {
  let row = hashes;
  while (row.length > 1) {
    const above: Uint8Array[] = [];
    for (let at = 0; at + 1 < row.length; at += 2) above.push(nodeHash(row[at]!, row[at + 1]!));
    if (isOdd(row.length)) above.push(row.at(-1)!);
    row = above;
  }
  return row.length === 0 ? sha256() : Buffer.from(row[0]!);
}

/** The complete subtrees whose hashes make the root of a tree of this size, from the left. */
export const rootNodes = (size: number): Node[] => nodesOf(0, size);

/** The root of the first `size` entries. `hashAt` may know a larger tree. */
export function rootAt(size: number, hashAt: HashAt): Buffer {
  requireWithin(size, 0, Number.MAX_SAFE_INTEGER, 'The size of a tree');
  return size === 0 ? sha256() : fold(rootNodes(size), hashAt);
}

/**
 * What an inclusion proof is made of: for each of its hashes, the complete subtrees below it.
 * @throws LogError unless 0 <= index < size
 */
export function inclusionNodes(index: number, size: number): Node[][] {
  requireWithin(index, 0, size - 1, 'The index');
  const siblings: Node[][] = [];
  let [start, end] = [0, size];
  while (end - start > 1) {
    const middle = start + split(end - start);
    siblings.unshift(index < middle ? nodesOf(middle, end) : nodesOf(start, middle));
    [start, end] = index < middle ? [start, middle] : [middle, end];
  }
  return siblings;
}

/**
 * What a consistency proof is made of. None for equal sizes, and none from the empty tree.
 * @throws LogError unless 0 <= old <= size
 */
export function consistencyNodes(old: number, size: number): Node[][] {
  requireWithin(old, 0, size, 'The older size');
  if (old === 0) return [];
  const siblings: Node[][] = [];
  let [start, end] = [0, size];
  while (old !== end) {
    const middle = start + split(end - start);
    siblings.unshift(old <= middle ? nodesOf(middle, end) : nodesOf(start, middle));
    [start, end] = old <= middle ? [start, middle] : [middle, end];
  }
  return start === 0 ? siblings : [nodesOf(start, end), ...siblings];
}

/** The audit path of RFC 6962, section 2.1.1: from the sibling of the leaf up to the child of the root. */
export const inclusionProof = (index: number, size: number, hashAt: HashAt): Buffer[] =>
  inclusionNodes(index, size).map((nodes) => fold(nodes, hashAt));

/** The proof of RFC 6962, section 2.1.2, that the tree of `size` begins with the tree of `old` entries. */
export const consistencyProof = (old: number, size: number, hashAt: HashAt): Buffer[] =>
  consistencyNodes(old, size).map((nodes) => fold(nodes, hashAt));

/**
 * Checks that the leaf stands at the index of the tree with this size and root (RFC 9162, section 2.1.3.2). Size and root
 * must come from a signed checkpoint: a root alone does not tell its size.
 * @throws LogError if it is not proved
 */
export function verifyInclusion(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): void {
  requireWithin(index, 0, size - 1, 'The index');
  let [place, last] = [index, size - 1];
  let hash = leaf;
  for (const sibling of proof) {
    if (last === 0) throw new LogError('The inclusion proof is too long.');
    if (isOdd(place) || place === last) {
      hash = nodeHash(sibling, hash);
      [place, last] = climbTo(place, last, isOdd);
    } else {
      hash = nodeHash(hash, sibling);
    }
    [place, last] = [half(place), half(last)];
  }
  if (last !== 0) throw new LogError('The inclusion proof is too short.');
  if (!same(hash, root)) throw new LogError('The inclusion proof does not lead to the root.');
}

/**
 * Checks that the newer tree begins with the older one, entry by entry (RFC 9162, section 2.1.4.2). Sizes and roots must
 * come from signed checkpoints.
 * @throws LogError if it is not proved
 */
export function verifyConsistency(
  old: number,
  size: number,
  oldRoot: Uint8Array,
  root: Uint8Array,
  proof: readonly Uint8Array[],
): void {
  requireWithin(old, 0, size, 'The older size');
  if (old === 0 || old === size) {
    if (proof.length > 0) throw new LogError('Here a consistency proof must be empty.');
    if (!same(oldRoot, old === size ? root : sha256())) throw new LogError('The roots differ.');
    return;
  }
  let [place, last] = climbTo(old - 1, size - 1, (value) => !isOdd(value));
  // A complete older tree is itself the first subtree, so its hash is not repeated in the proof.
  const [first, ...rest] = place === 0 ? [oldRoot, ...proof] : proof;
  if (!first) throw new LogError('The consistency proof is too short.');
  let [older, newer] = [first, first];
  for (const sibling of rest) {
    if (last === 0) throw new LogError('The consistency proof is too long.');
    if (isOdd(place) || place === last) {
      older = nodeHash(sibling, older);
      newer = nodeHash(sibling, newer);
      [place, last] = climbTo(place, last, isOdd);
    } else {
      newer = nodeHash(newer, sibling);
    }
    [place, last] = [half(place), half(last)];
  }
  if (last !== 0) throw new LogError('The consistency proof is too short.');
  if (!same(older, oldRoot)) throw new LogError('The consistency proof does not lead to the older root.');
  if (!same(newer, root)) throw new LogError('The consistency proof does not lead to the newer root.');
}

/** Up through the levels until the place is 0 or `stop` says so. */
function climbTo(place: number, last: number, stop: (place: number) => boolean): [number, number] {
  while (place !== 0 && !stop(place)) [place, last] = [half(place), half(last)];
  return [place, last];
}

/** The largest power of two below n. */
function split(n: number): number {
  let power = 1;
  while (power * 2 < n) power *= 2;
  return power;
}

/** The range as complete subtrees, largest first. Every range of a proof starts where its largest one may start. */
function nodesOf(start: number, end: number): Node[] {
  const nodes: Node[] = [];
  while (start < end) {
    let level = 0;
    while (2 ** (level + 1) <= end - start) level++;
    nodes.push({ level, index: start / 2 ** level });
    start += 2 ** level;
  }
  return nodes;
}

function fold(nodes: Node[], hashAt: HashAt): Buffer {
  const hashes = nodes.map(hashAt);
  return Buffer.from(hashes.reduceRight((below, hash) => nodeHash(hash, below)));
}
