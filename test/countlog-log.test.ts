import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { EntityManager } from 'typeorm';
import { codeHash } from '../src/countlog/codes.js';
import { Counts } from '../src/countlog/counts.service.js';
import { Publisher } from '../src/countlog/publisher.js';
import { Sequencer } from '../src/countlog/sequencer.js';
import { folderReader, verify } from '../verifier/countersign-verify.mjs';
import { startApp, type TestApp } from './support/app.js';
import { untilBlocked } from './support/blocked.js';
import { serverUrl } from './support/database.js';
import { queueEntries } from './support/log-queue.js';
import { askForLink, confirm, openPetition } from './support/petitions.js';

let app: TestApp;
let petitionId: string;
beforeEach(async () => {
  app = await startApp({ LIMITS: 'off' });
  petitionId = await openPetition(app);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await app.close();
});

const folder = () => join(app.settings.DATA_DIR, 'log/wetlands');
const drain = () => app.get(Sequencer).drain();
const check = (options: Parameters<typeof verify>[1] = {}) => verify(folderReader(folder()), options);
const checkpoint = () => readFile(join(folder(), 'checkpoint'));
const queue = (n: number, kind: 'sign' | 'withdraw' = 'sign') => queueEntries(app, petitionId, n, kind);
const sign = async (email: string) =>
  (await confirm(app, await askForLink(app, { email }))).json<{ code: string }>().code;

/** What the tallies say, whatever is cached. */
async function tallied(): Promise<number> {
  const days = await app.get(Counts).byDay(petitionId);
  return days.reduce((sum, { signed, withdrawn }) => sum + signed - withdrawn, 0);
}

test('a petition that nobody has signed counts nobody, also not its own beginning', async () => {
  expect(await app.get(Counts).of(petitionId)).toMatchObject({ count: 0, pending: 0, size: 0 });
  await drain();
  expect(await check()).toMatchObject({ count: 0, size: 1 });
});

test('a verifier that shares no code finds the count, and each signer by her code alone', async () => {
  const codes = [await sign('sara@example.org'), await sign('nima@example.org')];
  await drain();
  await queue(700);
  await drain();
  const token = await askForLink(app, { email: 'lena@example.org' });
  const { code } = (await confirm(app, token)).json<{ code: string }>();
  await app.inject({ method: 'DELETE', url: `/api/v1/confirmations/${token}` });
  await queue(3, 'withdraw');
  await drain();

  expect(await check()).toMatchObject({ count: 699, size: 1 + 703 + 4 });
  expect(await tallied()).toBe(699);
  for (const each of codes) expect(await check({ code: each })).toMatchObject({ code: [{ withdrawnForReason: null }] });
  expect(await check({ code })).toMatchObject({ code: [{ withdrawnForReason: 2 }] });
});

test('what is not due waits, is not called pending for ever, and is logged when its time has come', async () => {
  await queue(3);
  await app.database.query(
    `UPDATE log_queue SET due_at = CASE WHEN n = 1 THEN now() + interval '1 hour' ELSE 'infinity' END
     FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM log_queue WHERE kind = 'sign') AS numbered
     WHERE log_queue.id = numbered.id AND n < 3`,
  );
  await drain();
  expect(await check()).toMatchObject({ count: 1, size: 2 });
  app.get(Counts)['known'].clear();
  expect(await app.get(Counts).of(petitionId)).toMatchObject({ count: 1, pending: 1 });
  await app.database.query(`UPDATE log_queue SET due_at = now()`);
  await drain();
  expect(await check()).toMatchObject({ count: 3, size: 4 });
});

test('a withdrawal says its reason, and with a code it shows that the code fits', async () => {
  const code = await sign('sara@example.org');
  await queue(3);
  await drain();
  const others = await app.database.query(
    `SELECT signature_id AS id FROM log_positions WHERE NOT EXISTS (SELECT 1 FROM signatures WHERE id = signature_id)`,
  );
  const withdraw = (signatureId: string, reason: number, hash: Buffer | null) =>
    app.database.query(
      `INSERT INTO log_queue (petition_id, id, kind, reason, code_hash, signature_id, day, country, source)
       VALUES ($1, gen_random_uuid(), 'withdraw', $3, $4, $2, '2026-11-22', 'SE', 'api')`,
      [petitionId, signatureId, reason, hash],
    );
  const [{ id: sara }] = await app.database.query(`SELECT id FROM signatures`);
  await withdraw(sara, 1, codeHash(code));
  await withdraw(others[0].id, 3, null);
  await withdraw(others[1].id, 4, null);
  await expect(withdraw(others[2].id, 1, null)).rejects.toMatchObject({ code: '23514' });
  await expect(withdraw(others[2].id, 2, codeHash(code))).rejects.toMatchObject({ code: '23514' });
  await drain();
  expect(await check({ code })).toMatchObject({ count: 1, size: 8, code: [{ withdrawnForReason: 1 }] });
  expect(await tallied()).toBe(1);
});

test('an entry is withdrawn once, for the reason of the signer herself, and what comes later is forgotten', async () => {
  await queue(2);
  await drain();
  await queue(1, 'withdraw');
  const again = (reason: number) =>
    app.database.query(
      `INSERT INTO log_queue (petition_id, id, kind, reason, signature_id, day, country, source)
       SELECT petition_id, gen_random_uuid(), kind, $1, signature_id, day, country, source FROM log_queue LIMIT 1`,
      [reason],
    );
  await again(3);
  const [last] = await app.database.query(`SELECT * FROM log_queue WHERE reason = 2`);
  await drain();
  expect(await check()).toMatchObject({ count: 1, size: 4, withdrawn: { byMailbox: 1, fraud: 0 } });
  await app.database.query(
    `INSERT INTO log_queue (petition_id, id, kind, reason, signature_id, day, country, source)
     VALUES ($1, $2, 'withdraw', 3, $3, '2026-11-22', 'SE', 'api')`,
    [petitionId, last.id, last.signature_id],
  );
  await drain();
  expect(await app.database.query(`SELECT kind FROM log_queue`)).toEqual([]);
  expect(await check()).toMatchObject({ count: 1, size: 4 });
  expect(await tallied()).toBe(1);
});

test('the end waits until it is alone, says the count, and nothing follows', async () => {
  await queue(3);
  await app.database.query(`INSERT INTO log_queue (petition_id, id, kind) VALUES ($1, gen_random_uuid(), 'close')`, [
    petitionId,
  ]);
  await drain();
  await drain();
  expect(await check()).toMatchObject({
    count: 3,
    size: 5,
    closed: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) as string,
  });
  await queue(1);
  await drain();
  expect(await check()).toMatchObject({ count: 3, size: 5 });
});

test('a code that she made herself is found, and the server never sees it', async () => {
  const code = 'JPWD8Y9YRH5QF4RQB0RK';
  const codeHash = '7266064a1b8a9391e986a78486fbeb884fd1cf8027fa339a23fa64b65910552f';
  const url = `/api/v1/confirmations/${await askForLink(app)}`;
  const answer = await app.inject({ method: 'PUT', url, payload: { codeHash } });
  expect(answer.json()).toEqual({ status: 'signed', petition: 'wetlands', code: null });
  // Again, now with no code of her own: hers stays.
  expect((await app.inject({ method: 'PUT', url })).json()).toMatchObject({ code: null });
  expect((await app.inject({ method: 'PUT', url, payload: { codeHash: 'x' } })).statusCode).toBe(422);
  await drain();
  expect(await check({ code })).toMatchObject({ count: 1, code: [{ withdrawnForReason: null }] });
});

test('serves the files to anybody, for ever but for the newest checkpoint', async () => {
  await queue(300);
  await drain();
  const get = (file: string) => app.inject({ url: `/log/wetlands/${file}` });
  expect((await get('checkpoint')).headers).toMatchObject({
    'cache-control': 'no-cache',
    'access-control-allow-origin': '*',
  });
  expect((await get('tile/entries/000')).headers['cache-control']).toContain('immutable');
  expect((await get('log.json')).json()).toMatchObject({ origin: 'localhost:0/log/wetlands', publication: 'ordinary' });
  for (const path of ['%2e%2e/%2e%2e/keys/log.key', '../../keys/log.key', '.hidden', 'tile', 'checkpoint.new', ''])
    expect((await get(path)).statusCode).toBeGreaterThanOrEqual(400);
});

test('refuses a database that is older than what was published, and stays refused', async () => {
  await queue(10);
  await drain();
  const tables = ['log_bundles', 'log_checkpoints', 'log_positions', 'log_tiles'];
  const backup = new Map<string, { row: object }[]>();
  for (const table of tables)
    backup.set(table, await app.database.query(`SELECT to_jsonb(row) AS row FROM ${table} AS row`));
  const [log] = await app.database.query(`SELECT size, root FROM logs`);
  await queue(5);
  await drain();
  const released = await checkpoint();

  // The backup is put back, and somebody signs.
  for (const table of tables) {
    await app.database.query(`DELETE FROM ${table}`);
    const rows = JSON.stringify(backup.get(table)!.map(({ row }) => row));
    await app.database.query(`INSERT INTO ${table} SELECT * FROM jsonb_populate_recordset(NULL::${table}, $1)`, [rows]);
  }
  await app.database.query(`UPDATE logs SET size = $1, root = $2`, [log.size, log.root]);
  await queue(20);
  for (let times = 0; times < 2; times++)
    await expect(drain()).rejects.toThrow('The database has 11 entries, but 16 were published: it is an old one.');
  // A new start tries to release what a crash may have left.
  await expect(app.get(Publisher).publish(petitionId)).rejects.toThrow('it is an old one');
  expect(await checkpoint()).toEqual(released);
  expect(await check()).toMatchObject({ size: 16 });
});

test('releases what was counted when the files could not be written at first, without waiting for a signature', async () => {
  await queue(3);
  const other = await openPetition(app, 'rivers');
  const publisher = app.get(Publisher);
  const publish = publisher.publish.bind(publisher);
  const full = jest.spyOn(publisher, 'publish').mockImplementation(async (id) => {
    if (id === petitionId) throw new Error('no space left');
    await publish(id);
  });
  await expect(drain()).rejects.toThrow('no space left');
  await queueEntries(app, other, 2);
  await expect(drain()).rejects.toThrow('no space left');
  expect(await verify(folderReader(join(app.settings.DATA_DIR, 'log/rivers')))).toMatchObject({ count: 2 });
  full.mockRestore();
  expect(await drain()).toBe(0);
  expect(await check()).toMatchObject({ count: 3 });
});

test('refuses another history of the same length, and goes on with the other logs', async () => {
  await queue(5);
  await drain();
  await app.database.query(`UPDATE logs SET root = sha256('x')`);
  await queue(1);
  const other = await openPetition(app, 'rivers');
  await queueEntries(app, other, 3);
  await expect(drain()).rejects.toThrow('The first 6 entries are not those published.');
  expect(await verify(folderReader(join(app.settings.DATA_DIR, 'log/rivers')))).toMatchObject({ count: 3 });
});

test('refuses to build on an edge that was edited', async () => {
  await queue(5);
  await drain();
  await app.database.query(`UPDATE log_tiles SET hashes = substring(hashes FOR 160) || sha256('x') WHERE level = 0`);
  await queue(1);
  await expect(drain()).rejects.toThrow('The edge of the tree does not make its root.');
});

test('a protected log waits until nobody stands out', async () => {
  await drain();
  await app.database.query(`UPDATE logs SET publication = 'protected', grown_at = now() - interval '11 minutes'`);
  await queue(15);
  expect(await drain()).toBe(0);
  await queue(1);
  expect(await drain()).toBe(16);
  await queue(16);
  expect(await drain()).toBe(0);
  await app.database.query(`UPDATE logs SET grown_at = now() - interval '25 hours'`);
  expect(await drain()).toBe(16);
});

test('a protected log begins with nobody in it, however few have signed by then', async () => {
  await app.database.query(`UPDATE logs SET publication = 'protected'`);
  await queue(3);
  expect(await drain()).toBe(1);
  expect(await check()).toMatchObject({ count: 0, size: 1 });
  const aged = (age: string) => app.database.query(`UPDATE logs SET grown_at = now() - $1::interval`, [age]);
  await aged('11 minutes');
  expect(await drain()).toBe(0);
  await queue(13);
  await aged('9 minutes');
  expect(await drain()).toBe(0);
  await aged('11 minutes');
  expect(await drain()).toBe(16);
  expect(await check()).toMatchObject({ count: 16, size: 17 });
});

(serverUrl ? test : test.skip)(
  'an entry that somebody changes during a round is logged once, and not if it has to wait',
  async () => {
    await queue(3);
    await drain();
    await queue(3);
    const change = (tx: EntityManager, to: string, at: number) =>
      tx.query(`UPDATE log_queue SET ${to} WHERE id = (SELECT id FROM log_queue ORDER BY id OFFSET ${at} LIMIT 1)`);
    let drained: Promise<number>;
    await app.database.transaction(async (tx) => {
      await change(tx, 'promised = true', 0);
      await change(tx, `due_at = 'infinity'`, 1);
      drained = drain();
      await untilBlocked(app);
    });
    await drained!;
    await drain();
    expect(await check()).toMatchObject({ count: 5, size: 6 });
    expect(await app.database.query(`SELECT due_at FROM log_queue`)).toEqual([{ due_at: Infinity }]);
    await app.database.query(`UPDATE log_queue SET due_at = now()`);
    await drain();
    expect(await check()).toMatchObject({ count: 6, size: 7 });
  },
);

test('entries are shuffled within a round', async () => {
  await queue(200);
  const inOrderOf = (column: string): Promise<{ entry: Uint8Array }[]> =>
    app.database.query(`SELECT entry FROM log_queue WHERE kind = 'sign' ORDER BY ${column}`);
  const orders = [await inOrderOf('id'), await inOrderOf('signature_id'), await inOrderOf('entry')];
  await drain();
  const [{ entries }] = await app.database.query(`SELECT entries FROM log_bundles`);
  const logged = Buffer.from(entries);
  for (const order of orders) {
    const places = order.map(({ entry }) => logged.indexOf(Buffer.from(entry)));
    expect(Math.min(...places)).toBeGreaterThan(0);
    expect(places).not.toEqual(places.toSorted((a, b) => a - b));
  }
});

test('a crash at any step of any round loses nothing, doubles nothing and contradicts no checkpoint', async () => {
  const manager = EntityManager.prototype as unknown as Record<'query', (...given: unknown[]) => Promise<unknown>>;
  const publisher = Publisher.prototype as unknown as Record<'write', (...given: unknown[]) => Promise<void>>;
  const { query } = manager;
  const { write } = publisher;
  let steps = Infinity;
  const step = () => {
    if (steps-- <= 0) throw new Error('crash');
  };
  jest.spyOn(manager, 'query').mockImplementation(function (this: EntityManager, ...given) {
    step();
    return query.apply(this, given);
  });
  jest.spyOn(publisher, 'write').mockImplementation(function (this: Publisher, ...given) {
    step();
    return write.apply(this, given);
  });

  let signed = 0;
  let withdrawn = 0;
  let crashes = 0;
  const released = new Set<string>();
  for (let round = 0; round < 120; round++) {
    const some = Math.floor(Math.random() * 40);
    await queue(some);
    signed += some;
    const back = Math.min(signed - withdrawn, Math.floor(Math.random() * 3));
    await queue(back, 'withdraw');
    withdrawn += back;
    steps = Math.floor(Math.random() * 30);
    await drain().catch((error: Error) => {
      if (error.message !== 'crash') throw error;
      crashes++;
    });
    steps = Infinity;
    const note = await checkpoint().catch(() => null);
    if (note) released.add(note.toString());
  }
  expect(crashes).toBeGreaterThan(30);
  await drain();
  expect(await drain()).toBe(0);
  await queue(1);
  await drain();
  const old = [...released].map((note) => Buffer.from(note));
  expect(old.length).toBeGreaterThan(10);
  expect(await check({ old })).toMatchObject({ size: 2 + signed + withdrawn, count: signed - withdrawn + 1 });
  expect(await tallied()).toBe(signed - withdrawn + 1);
  expect((await readdir(join(folder(), 'checkpoints'))).length).toBeGreaterThanOrEqual(released.size);
}, 180_000);
