import { LogError } from './log-error.js';
import { rootOf } from './merkle.js';
import { require32 } from './strict.js';
import {
  edgePlaces,
  encodeBundle,
  hashesOf,
  parseBundle,
  tilePath,
  tileWidth,
  type Bundle,
  type Tile,
} from './tiles.js';

/** All that is needed of a tree to let it grow. */
export interface Tree {
  size: number;
  root: Buffer;
  /** The tiles at `edgePlaces(size)`, in that order. */
  edge: Tile[];
}

export const emptyTree: Tree = { size: 0, root: rootOf([]), edge: [] };

/** The root that the tiles at the right edge make. @throws LogError unless they are exactly those of a tree of this size */
export function rootOfEdge(size: number, edge: readonly Tile[]): Buffer {
  const places = edgePlaces(size);
  if (edge.length !== places.length) throw new LogError('The edge of the tree has another number of tiles.');
  let below: Buffer[] = [];
  for (const [at, place] of places.entries()) {
    const { level, index, bytes } = edge[at]!;
    if (level !== place.level || index !== place.index || bytes.length !== place.width * 32) {
      throw new LogError(`The edge of the tree is not ${tilePath(place)}.`);
    }
    below = [rootOf([...hashesOf(bytes), ...below])];
  }
  return rootOf(below);
}

/**
 * Adds leaf hashes at the right edge, in time proportional to their number.
 * @returns the tree after it, and every tile that is new or has grown, with the width it has now; a tile that has grown
 *   begins with its old bytes
 * @throws LogError if the edge handed in does not make the root handed in: then nothing may be built on it
 */
export function append(tree: Tree, leafHashes: readonly Uint8Array[]): Tree & { tiles: Tile[] } {
  if (!rootOfEdge(tree.size, tree.edge).equals(tree.root)) {
    throw new LogError('The edge of the tree does not make its root.');
  }
  for (const hash of leafHashes) require32(hash, 'A leaf hash');
  const size = tree.size + leafHashes.length;
  const tiles: Tile[] = [];
  const edge: Tile[] = [];
  let added = leafHashes;
  for (let level = 0; tileWidth ** level <= size; level++) {
    const before = tree.edge.find((tile) => tile.level === level);
    const row = Buffer.concat([before?.bytes ?? Buffer.alloc(0), ...added]);
    let index = Math.floor(tree.size / tileWidth ** (level + 1));
    const roots: Buffer[] = [];
    for (let at = 0; at < row.length; at += tileWidth * 32, index++) {
      const bytes = row.subarray(at, at + tileWidth * 32);
      const tile = { level, index, width: bytes.length / 32, bytes };
      if (added.length > 0) tiles.push(tile);
      if (tile.width === tileWidth) roots.push(rootOf(hashesOf(bytes)));
      else edge.push(tile);
    }
    added = roots;
  }
  return { size, root: rootOfEdge(size, edge), edge, tiles };
}

/**
 * Adds entries to the bundles of a log of this size.
 * @param last the bytes of the last bundle, if it is not full
 * @returns every bundle that is new or has grown
 * @throws LogError if the last bundle does not hold `size % 256` entries
 */
export function appendEntries(size: number, last: Uint8Array | null, entries: readonly Uint8Array[]): Bundle[] {
  const before = parseBundle(last ?? new Uint8Array(), size % tileWidth);
  const all = [...before, ...entries];
  const first = Math.floor(size / tileWidth);
  return Array.from({ length: entries.length === 0 ? 0 : Math.ceil(all.length / tileWidth) }, (_, at) => {
    const some = all.slice(at * tileWidth, (at + 1) * tileWidth);
    return { level: 'entries', index: first + at, width: some.length, bytes: encodeBundle(some) };
  });
}
