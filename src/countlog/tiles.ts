import { LogError } from './log-error.js';
import { rootOf, type HashAt, type Node } from './merkle.js';
import { parseDecimal, requireWithin } from './strict.js';

// The files of c2sp.org/tlog-tiles: a tile holds up to 256 hashes of one level, a bundle up to 256 entries.

export const tileWidth = 256;
const hashLength = 32;

/** Where a published file stands. `width` is how many hashes or entries it holds: 256 when full, less at the right edge. */
export interface Place {
  level: number | 'entries';
  index: number;
  width: number;
}

/** A tile of hashes: those at level L are the roots of the full tiles at level L - 1; at level 0 the leaf hashes. */
export interface TilePlace extends Place {
  level: number;
}

export interface Tile extends TilePlace {
  /** `32 * width` bytes. */
  bytes: Buffer;
}

export interface Bundle extends Place {
  level: 'entries';
  /** Each entry after its length (u16be). */
  bytes: Buffer;
}

/** `tile/<level>/<index>[.p/<width>]`, relative to the prefix of the log. @throws LogError for a place that cannot be */
export function tilePath({ level, index, width }: Place): string {
  if (level !== 'entries') requireWithin(level, 0, 63, 'The level of a tile');
  requireWithin(index, 0, Number.MAX_SAFE_INTEGER, 'The index of a tile');
  requireWithin(width, 1, tileWidth, 'The width of a tile');
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/.{3}/g)!;
  const folders = groups.slice(0, -1).map((group) => `x${group}/`);
  return `tile/${level}/${folders.join('')}${groups.at(-1)}${width === tileWidth ? '' : `.p/${width}`}`;
}

/** The reverse of `tilePath`, which has one path for each place. @throws LogError for any other path */
export function parseTilePath(path: string): Place {
  const [, level, folders, last, width] =
    /^tile\/(entries|[0-9]+)\/((?:x[0-9]{3}\/)*)([0-9]{3})(?:\.p\/([0-9]+))?$/.exec(path) ?? [];
  if (level === undefined) throw new LogError('This is not the path of a tile.');
  const place: Place = {
    level: level === 'entries' ? level : parseDecimal(level),
    index: Number(folders!.replace(/[x/]/g, '') + last!),
    width: width === undefined ? tileWidth : parseDecimal(width),
  };
  if (tilePath(place) !== path) throw new LogError('This is not the canonical path of a tile.');
  return place;
}

/** How many hashes the tile holds in a tree of this size; 0 if there is no such tile. */
export const widthOf = (level: number, index: number, size: number): number =>
  Math.max(0, Math.min(tileWidth, Math.floor(size / tileWidth ** level) - index * tileWidth));

/** The partial tiles at the right edge of a tree of this size, lowest level first. Full tiles never change again. */
export function edgePlaces(size: number): TilePlace[] {
  const places: TilePlace[] = [];
  for (let level = 0, hashes = size; hashes > 0; level++, hashes = Math.floor(hashes / tileWidth)) {
    const width = hashes % tileWidth;
    if (width > 0) places.push({ level, index: Math.floor(hashes / tileWidth), width });
  }
  return places;
}

/** The tiles, each once, that hold what these nodes of a tree of this size need. */
export function placesOf(nodes: readonly Node[], size: number): TilePlace[] {
  const places = nodes.map((node) => placeOf(node, size));
  return [...new Map(places.map((place) => [tilePath(place), place])).values()];
}

/**
 * The hashes of a tree of this size, read from its tiles.
 * @param read gives the bytes of a tile at the width asked for; `placesOf` tells beforehand which will be asked for
 * @throws LogError (the function returned) if a tile has another length
 */
export const hashAtFrom =
  (size: number, read: (place: TilePlace) => Uint8Array): HashAt =>
  (node) => {
    const place = placeOf(node, size);
    const bytes = read(place);
    if (bytes.length !== place.width * hashLength)
      throw new LogError(`The tile ${tilePath(place)} has another length.`);
    const count = 2 ** (node.level % 8);
    const first = (node.index * count) % tileWidth;
    return rootOf(hashesOf(bytes.subarray(first * hashLength, (first + count) * hashLength)));
  };

/** The hashes in the bytes of a tile, as views. */
export function hashesOf(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: bytes.length / hashLength }, (_, at) =>
    bytes.subarray(at * hashLength, (at + 1) * hashLength),
  );
}

/** @throws LogError if there are more than 256 entries, or one is longer than 65,535 bytes */
export function encodeBundle(entries: readonly Uint8Array[]): Buffer {
  requireWithin(entries.length, 0, tileWidth, 'The number of entries in a bundle');
  return Buffer.concat(
    entries.flatMap((entry) => {
      requireWithin(entry.length, 0, 0xffff, 'The length of an entry');
      return [Uint8Array.of(entry.length >> 8, entry.length & 0xff), entry];
    }),
  );
}

/** The entries of a bundle, as views. @throws LogError unless there are exactly `width` of them and nothing else */
export function parseBundle(bytes: Uint8Array, width: number): Buffer[] {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const entries: Buffer[] = [];
  for (let at = 0; at < view.length;) {
    const start = at + 2;
    if (start > view.length) throw new LogError('A bundle ends within a length.');
    at = start + view.readUInt16BE(start - 2);
    if (at > view.length) throw new LogError('A bundle ends within an entry.');
    entries.push(view.subarray(start, at));
  }
  if (entries.length !== width) throw new LogError(`A bundle holds ${entries.length} entries instead of ${width}.`);
  return entries;
}

function placeOf({ level, index }: Node, size: number): TilePlace {
  const tileLevel = Math.floor(level / 8);
  const count = 2 ** (level % 8);
  const tileIndex = Math.floor((index * count) / tileWidth);
  const place = { level: tileLevel, index: tileIndex, width: widthOf(tileLevel, tileIndex, size) };
  if (((index * count) % tileWidth) + count > place.width) throw new LogError('The tree has no such node yet.');
  return place;
}
