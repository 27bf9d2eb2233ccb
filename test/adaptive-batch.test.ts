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
  await later();
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

test('with two at once, who comes later does not wait for the first, and nobody for more', async () => {
  let [writing, mostWriting] = [0, 0];
  const batches: number[][] = [];
  const write = async (items: number[]) => {
    mostWriting = Math.max(mostWriting, ++writing);
    batches.push(items);
    await later();
    writing--;
    return items;
  };
  const batch = new AdaptiveBatch<number, number>(write, { atOnce: 2 });
  const all = [batch.add(1), batch.add(2)];
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  all.push(batch.add(3));
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  all.push(batch.add(4), batch.add(5));
  expect(await Promise.all(all)).toEqual([1, 2, 3, 4, 5]);
  expect(batches).toEqual([[1, 2], [3], [4, 5]]);
  expect(mostWriting).toBe(2);
});
