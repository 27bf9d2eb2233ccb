import { binaryArray } from '../src/database/binary-array.js';
import { startApp, type TestApp } from './support/app.js';

let app: TestApp;
beforeAll(async () => void (app = await startApp({ LOG_LEVEL: 'silent' })));
afterAll(() => app.close());

const id = '01900000-0000-7000-8000-00000000ffff';
const moment = new Date('1999-12-31T23:59:59.999Z');

test.each([
  ['boolean', 'boolean', [true, false, null]],
  ['bytea', 'bytea', [Buffer.from([0, 92, 34, 255]), null, Buffer.alloc(0), Buffer.alloc(70_000, 7)]],
  ['int', 'int', [0, -1, 2_147_483_647, null]],
  ['text', 'text', ['', 'NULL', null, '{"a\\b",}', 'آدا, «نام»', 'e\u0301 👩‍👧']],
  ['timestamptz', 'timestamptz', [moment, new Date('2026-11-28T10:00:00.001Z'), null, new Date(0)]],
  ['uuid', 'uuid', [id, null]],
  ['text', 'text', []],
] as const)('PostgreSQL reads %s as it was', async (name, sqlType, elements) => {
  const [{ read, length }] = await app.database.query(
    `SELECT $1::${sqlType}[] AS read, cardinality($1::${sqlType}[]) AS length`,
    [binaryArray(name, elements as never)],
  );
  expect(read).toEqual(elements);
  expect(length).toBe(elements.length);
});

test('nothing but a UUID is written as one: what is missing would be what stood in memory before', () => {
  for (const wrong of ['', 'x', id.slice(1), `${id.slice(0, -1)}x`, `${id}a`, `${id}ab`]) {
    expect(() => binaryArray('uuid', [wrong])).toThrow(TypeError);
    expect(() => binaryArray('uuid', [wrong, id])).toThrow(TypeError);
  }
});

test('nothing is rounded to an integer', () => {
  for (const wrong of [1.5, NaN, Infinity, '7']) expect(() => binaryArray('int', [wrong as number])).toThrow(TypeError);
  expect(() => binaryArray('int', [2 ** 31])).toThrow('out of range');
});
