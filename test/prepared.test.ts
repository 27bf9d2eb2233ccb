import type { DataSource } from 'typeorm';
import { openDatabase } from '../src/database/data-source.js';
import { prepared } from '../src/database/prepared.js';
import { makeDatabase } from './support/database.js';

let database: DataSource;
let close: () => Promise<void>;

/** Of one connection, so that each statement meets what the last one left. */
beforeEach(async () => {
  const made = await makeDatabase();
  const { DATA_DIR, DATABASE_URL } = made.environment as { DATA_DIR: string; DATABASE_URL?: string };
  database = await openDatabase({ DATA_DIR, DATABASE_URL, DATABASE_POOL: 1 });
  await database.query('CREATE TABLE notes (id int PRIMARY KEY, words text)');
  close = async () => {
    await database.destroy();
    await made.drop();
  };
});
afterEach(() => close());

const text = `INSERT INTO notes VALUES ($1, $2) RETURNING id, words`;
const write = (id: number) => prepared<{ id: number; words: string }>(database.manager, text, [id, `word ${id}`]);
const kept = async () =>
  (
    await database.query<{ name: string; runs: number }[]>(
      `SELECT name, (generic_plans + custom_plans)::int AS runs FROM pg_prepared_statements WHERE statement = $1`,
      [text],
    )
  ).filter(({ name }) => name !== '');
const ids = async () => (await database.query(`SELECT id FROM notes ORDER BY id`)).map(({ id }: { id: number }) => id);

test('a connection keeps the statement, and what it does is done each time', async () => {
  for (const id of [1, 2, 3]) expect(await write(id)).toEqual([{ id, words: `word ${id}` }]);
  expect(await kept()).toEqual([{ name: expect.stringMatching(/^[0-9a-f-]{36}-\d+$/), runs: 3 }]);
  expect(await ids()).toEqual([1, 2, 3]);
});

test('a pooler that forgets statements costs nothing but the plan', async () => {
  await write(1);
  await database.query('DEALLOCATE ALL');
  for (const id of [2, 3]) expect(await write(id)).toEqual([{ id, words: `word ${id}` }]);
  expect(await kept()).toEqual([]);
  expect(await ids()).toEqual([1, 2, 3]);
});

test('a pooler that gives us the connection of another neither', async () => {
  await write(1);
  const runner = database.createQueryRunner();
  // Behind it there are two connections of ours that do not know what the other has said.
  (await runner.connect()).connection.parsedStatements = {};
  await runner.release();
  for (const id of [2, 3]) expect(await write(id)).toEqual([{ id, words: `word ${id}` }]);
  expect(await kept()).toEqual([expect.objectContaining({ runs: 1 })]);
  expect(await ids()).toEqual([1, 2, 3]);
});

test('what the database refuses is refused, and only that', async () => {
  await write(1);
  await expect(write(1)).rejects.toMatchObject({ code: '23505' });
  await write(2);
  expect((await kept())[0]).toMatchObject({ runs: 3 });
  expect(await ids()).toEqual([1, 2]);
});

test('in a transaction it takes part, and is not kept', async () => {
  const failed = database.transaction(async (tx) => {
    await prepared(tx, text, [1, 'one']);
    expect(await tx.query(`SELECT FROM notes`)).toHaveLength(1);
    throw new Error('undone');
  });
  await expect(failed).rejects.toThrow('undone');
  expect(await ids()).toEqual([]);
  expect(await kept()).toEqual([]);
});
