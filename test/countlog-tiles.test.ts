import { array, assert, integer, property, uint8Array } from 'fast-check';
import { append, emptyTree } from '../src/countlog/append.js';
import { consistencyNodes, consistencyProof, inclusionNodes, inclusionProof } from '../src/countlog/merkle.js';
import { rootAt, rootNodes, rootOf, type HashAt, type Node } from '../src/countlog/merkle.js';
import { encodeBundle, hashAtFrom, parseBundle, parseTilePath, placesOf } from '../src/countlog/tiles.js';
import { tilePath, type Place } from '../src/countlog/tiles.js';
import { isRefused, someLeaves, straightTree } from './support/count-log.js';

describe('paths', () => {
  const paths: [Place, string][] = [
    [{ level: 0, index: 0, width: 256 }, 'tile/0/000'],
    [{ level: 0, index: 1234067, width: 256 }, 'tile/0/x001/x234/067'],
    [{ level: 63, index: 1000, width: 1 }, 'tile/63/x001/000.p/1'],
    [{ level: 'entries', index: 999, width: 255 }, 'tile/entries/999.p/255'],
    [{ level: 2, index: Number.MAX_SAFE_INTEGER, width: 256 }, 'tile/2/x009/x007/x199/x254/x740/991'],
  ];
  test.each(paths)('%j is at %s', (place, path) => {
    expect(tilePath(place)).toBe(path);
    expect(parseTilePath(path)).toEqual(place);
  });

  const wrong = [
    ...['tile/0/0', 'tile/0/0000', 'tile/00/000', 'tile/64/000', 'tile/-1/000', 'tile/0/x000/001', 'tile/0/001/x000'],
    ...['tile/0/000.p/0', 'tile/0/000.p/256', 'tile/0/000.p/01', 'tile/0/000.p/', 'tile/0/000/', '/tile/0/000'],
    ...['tile/8/0/000', 'tile/data/000', 'tile/entries/x1/000', 'tile/0/../000', 'tile/0/000\n', '', 'tile/0/٠٠٠'],
    'tile/0/x009/x007/x199/x254/x740/992',
  ];
  test.each(wrong)('%j is refused', (path) => {
    expect(isRefused(() => parseTilePath(path))).toBe(true);
  });

  test('places that cannot be have no path', () => {
    for (const place of [{ level: 64 }, { level: -1 }, { index: -1 }, { index: 0.5 }, { width: 0 }, { width: 257 }]) {
      expect(isRefused(() => tilePath({ level: 0, index: 0, width: 256, ...place }))).toBe(true);
    }
  });
});

describe('bundles', () => {
  const entries = array(uint8Array({ maxLength: 400 }), { maxLength: 256 });

  test('give back the entries put in', () => {
    assert(
      property(entries, (list) => {
        const read = parseBundle(encodeBundle(list), list.length);
        expect(read.map((entry) => entry.toString('hex'))).toEqual(
          list.map((each) => Buffer.from(each).toString('hex')),
        );
      }),
    );
    const longest = Buffer.alloc(65_535, 7);
    expect(parseBundle(encodeBundle([longest]), 1)).toEqual([longest]);
  });

  test('that are cut, too long, or of another width are refused', () => {
    const bytes = encodeBundle([Buffer.from('ab'), Buffer.from(''), Buffer.from('c')]);
    for (let end = 0; end < bytes.length; end++)
      expect(isRefused(() => parseBundle(bytes.subarray(0, end), 3))).toBe(true);
    expect(isRefused(() => parseBundle(Buffer.concat([bytes, Uint8Array.of(0)]), 3))).toBe(true);
    expect(isRefused(() => parseBundle(bytes, 2))).toBe(true);
    expect(isRefused(() => parseBundle(bytes, 4))).toBe(true);
    expect(isRefused(() => encodeBundle([Buffer.alloc(65_536)]))).toBe(true);
    expect(isRefused(() => encodeBundle(Array.from({ length: 257 }, () => Buffer.from('a'))))).toBe(true);
  });
});

describe('proofs from tiles', () => {
  const leaves = someLeaves(66_000);
  const straight = straightTree(leaves);
  const filesOf = (size: number) =>
    new Map(append(emptyTree, leaves.slice(0, size)).tiles.map((tile) => [tilePath(tile), tile.bytes]));
  const from = (files: Map<string, Buffer>, size: number) => hashAtFrom(size, (place) => files.get(tilePath(place))!);

  function compare(size: number, index: number, files: Map<string, Buffer>) {
    const proofs: [Node[][], (hashAt: HashAt) => Buffer[]][] = [
      [inclusionNodes(index, size), (at) => inclusionProof(index, size, at)],
      [consistencyNodes(index, size), (at) => consistencyProof(index, size, at)],
      [[rootNodes(size)], (at) => [rootAt(size, at)]],
    ];
    for (const [nodes, prove] of proofs) {
      const paths = placesOf(nodes.flat(), size).map((place) => tilePath(place));
      const needed = new Map(paths.map((path) => [path, files.get(path)!]));
      expect(needed.size).toBe(paths.length);
      const [made, expected] = [prove(from(needed, size)), prove(straight)];
      expect(made.map((hash) => hash.toString('hex'))).toEqual(expected.map((hash) => hash.toString('hex')));
    }
  }

  test('are those from leaves, and need no tile but those that placesOf names', () => {
    assert(
      property(integer({ min: 1, max: 1500 }), integer({ min: 0, max: 1499 }), (size, other) =>
        compare(size, other % size, filesOf(size)),
      ),
      { numRuns: 40 },
    );
    const large = filesOf(66_000);
    expect(large.size).toBe(258 + 2 + 1);
    assert(
      property(integer({ min: 0, max: 65_999 }), (index) => compare(66_000, index, large)),
      { numRuns: 10 },
    );
  });

  test('a tile of another length, or a node the tree has not grown yet, is refused', () => {
    const files = filesOf(300);
    expect(
      isRefused(() =>
        inclusionProof(
          3,
          300,
          hashAtFrom(300, () => Buffer.alloc(32)),
        ),
      ),
    ).toBe(true);
    expect(isRefused(() => from(files, 300)({ level: 0, index: 300 }))).toBe(true);
    expect(isRefused(() => from(files, 300)({ level: 8, index: 1 }))).toBe(true);
    expect(rootAt(299, from(files, 300))).toEqual(rootOf(leaves.slice(0, 299)));
  });
});
