import { AdaptiveBatch } from '../src/database/adaptive-batch.js';

const later = () => new Promise((done) => setTimeout(done, 5));

test('writes what arrives meanwhile together, in order, and answers after its own commit', async () => {
  const batches: number[][] = [];
  const batch = new AdaptiveBatch<number, string>(async (items) => {
    batches.push(items);
    await later();
    return items.map((item) => `#${item}`);
  });
  const first = batch.add(0);
  while (batches.length === 0) await new Promise(setImmediate);
  const rest = Promise.all([1, 2, 3].map((item) => batch.add(item)));
  expect(await first).toBe('#0');
  expect(await rest).toEqual(['#1', '#2', '#3']);
  expect(batches).toEqual([[0], [1, 2, 3]]);
});

test('one bad item spoils only itself', async () => {
  const written: number[] = [];
  const batch = new AdaptiveBatch<number, number>(async (items) => {
    await later();
    if (items.includes(13)) throw new Error('bad luck');
    written.push(...items);
    return items;
  });
  const results = await Promise.allSettled([1, 13, 2].map((item) => batch.add(item)));
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(written.sort()).toEqual([1, 2]);
  expect(await batch.add(3)).toBe(3);
});

test('never writes more than the most at once', async () => {
  const sizes: number[] = [];
  const batch = new AdaptiveBatch<number, number>(async (items) => (sizes.push(items.length), items), { most: 10 });
  await Promise.all(Array.from({ length: 35 }, (_, n) => batch.add(n)));
  expect(sizes).toEqual([10, 10, 10, 5]);
});

describe('batches that begin apart', () => {
  const start = (apartMs: number) => {
    const batches: number[][] = [];
    const write = async (items: number[]) => (batches.push(items), items);
    return { batches, batch: new AdaptiveBatch<number, number>(write, { apartMs, enough: 3 }) };
  };

  test('let a lone item go at once, and what follows soon when there is enough of it', async () => {
    const { batches, batch } = start(60_000);
    await batch.add(0);
    const few = [1, 2].map((item) => batch.add(item));
    await later();
    expect(batches).toEqual([[0]]);
    await Promise.all([...few, batch.add(3)]);
    expect(batches).toEqual([[0], [1, 2, 3]]);
  });

  test('keep nothing longer than that', async () => {
    const { batches, batch } = start(30);
    await batch.add(0);
    await Promise.all([1, 2].map((item) => batch.add(item)));
    await batch.add(3);
    expect(batches).toEqual([[0], [1, 2], [3]]);
  });
});

test('enough of them leave beside a batch that is under way, and never more than two at once', async () => {
  const begun: number[][] = [];
  const ends: (() => void)[] = [];
  const write = async (items: number[]) => {
    begun.push(items);
    await new Promise<void>((end) => ends.push(end));
    return items;
  };
  const batch = new AdaptiveBatch<number, number>(write, { enough: 3 });
  const all = [0].map((item) => batch.add(item));
  while (begun.length === 0) await new Promise(setImmediate);
  all.push(...[1, 2].map((item) => batch.add(item)));
  await later();
  expect(begun).toEqual([[0]]);
  all.push(...[3, 4, 5, 6, 7].map((item) => batch.add(item)));
  await later();
  expect(begun).toEqual([[0], [1, 2, 3]]);
  ends[1]!();
  await later();
  expect(begun).toEqual([[0], [1, 2, 3], [4, 5, 6, 7]]);
  ends[0]!();
  ends[2]!();
  expect(await Promise.all(all)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});
