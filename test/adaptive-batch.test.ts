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

test('one that gathers lets a lone item go at once, and what follows company waits for more', async () => {
  const batches: number[][] = [];
  const batch = new AdaptiveBatch<number, number>(async (items) => (batches.push(items), items), { gatherMs: 20 });
  const sooner = (item: number) => Promise.race([batch.add(item).then(() => 'written'), later().then(() => 'waits')]);
  expect(await sooner(0)).toBe('written');
  await Promise.all([batch.add(1), batch.add(2)]);
  const third = batch.add(3);
  expect(await Promise.race([third.then(() => 'written'), later().then(() => 'waits')])).toBe('waits');
  await Promise.all([third, batch.add(4)]);
  expect(await sooner(5)).toBe('waits');
  await batch.add(6);
  expect(batches).toEqual([[0], [1, 2], [3, 4], [5, 6]]);
});
