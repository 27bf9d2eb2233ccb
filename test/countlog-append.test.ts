import { array, assert, integer, property } from 'fast-check';
import { append, appendEntries, emptyTree, rootOfEdge, type Tree } from '../src/countlog/append.js';
import { rootOf } from '../src/countlog/merkle.js';
import { edgePlaces, encodeBundle, parseBundle, tilePath, widthOf } from '../src/countlog/tiles.js';
import { isRefused, someLeaves, straightTree } from './support/count-log.js';

const all = someLeaves(70_000);

test('a tree of 70,000 has the tiles that the specification counts', () => {
  const tree = append(emptyTree, all);
  const level = (wanted: number) => tree.tiles.filter((tile) => tile.level === wanted).map(({ width }) => width);
  expect(level(0)).toEqual([...Array.from({ length: 273 }, () => 256), 112]);
  expect(level(1)).toEqual([256, 17]);
  expect(level(2)).toEqual([1]);
  expect(level(3)).toEqual([]);
  expect(tree.root).toEqual(rootOf(all));
  expect(tree.edge.map(tilePath)).toEqual(edgePlaces(70_000).map(tilePath));
  const straight = straightTree(all);
  for (const { level, index, width, bytes } of tree.tiles) {
    const hashes = Array.from({ length: width }, (_, at) => straight({ level: level * 8, index: index * 256 + at }));
    if (!bytes.equals(Buffer.concat(hashes))) throw new Error(`tile ${level}/${index} differs`);
  }
});

test('in batches of any size comes to the tree made at once, and no tile forgets what it held', () => {
  const check = (batches: number[]) => {
    let tree: Tree = emptyTree;
    const files = new Map<string, Buffer>();
    for (const batch of batches) {
      const grown = append(tree, all.slice(tree.size, tree.size + batch));
      expect(new Set(grown.tiles.map(({ level, index }) => `${level}/${index}`)).size).toBe(grown.tiles.length);
      for (const { level, index, width, bytes } of tree.edge) {
        const now = grown.tiles.find((tile) => tile.level === level && tile.index === index);
        if (now) expect(now.bytes.subarray(0, bytes.length).equals(bytes) && now.width > width).toBe(true);
      }
      for (const tile of grown.tiles) files.set(tilePath(tile), tile.bytes);
      tree = grown;
    }
    const whole = append(emptyTree, all.slice(0, tree.size));
    expect(tree.size).toBe(batches.reduce((sum, batch) => sum + batch, 0));
    expect(tree.root.equals(rootOf(all.slice(0, tree.size))) && whole.root.equals(tree.root)).toBe(true);
    expect(tree.edge.map(tilePath)).toEqual(whole.edge.map(tilePath));
    expect(whole.tiles.filter((tile) => !files.get(tilePath(tile))?.equals(tile.bytes))).toEqual([]);
  };
  assert(property(array(integer({ min: 0, max: 400 }), { maxLength: 6 }), check), { numRuns: 20 });
  check([65_000, 1, 300, 234, 1, 0, 256, 600, 300]);
});

test('refuses an edge that is not that of the root: changed, cut, missing, doubled or of another size', () => {
  const tree: Tree = append(emptyTree, all.slice(0, 66_000));
  const [low, ...higher] = tree.edge;
  expect(tree.edge.map(({ level, width }) => [level, width])).toEqual([[0, 208], [1, 1], [2, 1]]); // prettier-ignore
  const edges = [
    ...tree.edge.map((tile, at) => tree.edge.with(at, { ...tile, bytes: Buffer.from(tile.bytes).fill(1, 31, 32) })),
    [{ ...low!, bytes: low!.bytes.subarray(32) }, ...higher],
    [{ ...low!, bytes: low!.bytes.subarray(1) }, ...higher],
    [{ ...low!, index: low!.index + 1 }, ...higher],
    [{ ...low!, level: 1 }, ...higher],
    higher,
    [low!, ...tree.edge],
    tree.edge.toReversed(),
    [],
  ];
  for (const edge of edges) expect(isRefused(() => append({ ...tree, edge }, all.slice(0, 3)))).toBe(true);
  for (const size of [0, 65_999, 66_001, NaN]) expect(isRefused(() => rootOfEdge(size, tree.edge))).toBe(true);
  expect(isRefused(() => append({ ...tree, root: all[0]! }, []))).toBe(true);
  expect(isRefused(() => rootOfEdge(66_000, [{ ...low!, level: 1 }, ...higher]))).toBe(true);
  expect(isRefused(() => append(tree, [all[0]!.subarray(1), Buffer.alloc(33)]))).toBe(true);
  expect(append(tree, [])).toMatchObject({ size: 66_000, root: tree.root, tiles: [] });
});

test('bundles grow as the log does, whatever the batches', () => {
  assert(
    property(array(integer({ min: 0, max: 600 }), { maxLength: 6 }), (batches) => {
      let size = 0;
      const files = new Map<number, Buffer>();
      for (const batch of batches) {
        const last = size % 256 === 0 ? null : files.get(Math.floor(size / 256))!;
        const bundles = appendEntries(size, last, all.slice(size, size + batch));
        size += batch;
        for (const { index, width, bytes } of bundles) {
          const before = files.get(index);
          if (before) expect(bytes.subarray(0, before.length).equals(before)).toBe(true);
          expect(width).toBe(widthOf(0, index, size));
          files.set(index, bytes);
        }
      }
      const read = [...files].flatMap(([index, bytes]) => parseBundle(bytes, widthOf(0, index, size)));
      expect(Buffer.concat(read).equals(Buffer.concat(all.slice(0, size)))).toBe(true);
    }),
    { numRuns: 20 },
  );
  expect(appendEntries(1, encodeBundle([Buffer.from('a')]), [])).toEqual([]);
  expect(isRefused(() => appendEntries(1, null, [Buffer.from('a')]))).toBe(true);
  expect(isRefused(() => appendEntries(256, encodeBundle([Buffer.from('a')]), []))).toBe(true);
});
