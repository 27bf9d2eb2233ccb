import { spawnSync } from 'node:child_process';
import { access, open, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { DataSource } from 'typeorm';
import { loadSettings } from '../src/config/settings.js';
import { openDatabase } from '../src/database/data-source.js';
import { canary, longest, secrets, traces, words } from './support/canary.js';
import { makeDatabase, type TestDatabase } from './support/database.js';
import { build, Inbox, Server, until } from './support/server.js';

const slug = '1988-investigation';

async function tracesInFile(path: string): Promise<string[]> {
  const file = await open(path);
  try {
    const found: string[] = [];
    const piece = Buffer.alloc(4 * 1024 * 1024);
    for (let position = 0; ; position += piece.length - longest) {
      const { bytesRead } = await file.read(piece, 0, piece.length, position);
      found.push(...traces(piece.subarray(0, bytesRead)));
      if (bytesRead < piece.length) return found;
    }
  } finally {
    await file.close();
  }
}

/** Every file below the folder that holds a trace, except in the folders left out. */
async function tracesInFiles(folder: string, leaveOut: string[] = []): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = relative(folder, path);
    if (!entry.isFile() || leaveOut.some((each) => name.startsWith(each))) continue;
    // A running server removes files of its own.
    const inFile = await tracesInFile(path).catch(() => []);
    if (inFile.length > 0) found[name] = inFile;
  }
  return found;
}

let made: TestDatabase;
let server: Server | undefined;
beforeAll(build, 180_000);
beforeEach(async () => (made = await makeDatabase()));
afterEach(async () => {
  await server?.stop('SIGKILL');
  await made.drop();
});

const start = async (mode: 'hold' | 'inbox') =>
  (server = await Server.start({ ...made.environment, MAIL_MODE: mode, LOG_LEVEL: 'debug' }));

/** Everything a thief of the machine could read, the inbox aside: it stands for the mail provider. */
async function stolen(): Promise<Record<string, string[]>> {
  const files = await tracesInFiles(made.environment.DATA_DIR, ['inbox/']);
  return { ...files, ...(made.environment.DATABASE_URL ? await inServer(made.environment.DATABASE_URL) : {}) };
}

/** The files and the write-ahead log of a PostgreSQL on this machine, and what pg_dump makes of it. */
const inServer = (url: string) =>
  withDatabase(async (database) => {
    await database.query('CHECKPOINT');
    const [where]: { folder: string; oid: string }[] = await database.query(
      `SELECT current_setting('data_directory') AS folder, oid::text FROM pg_database WHERE datname = current_database()`,
    );
    const found: Record<string, string[]> = {};
    const dump = spawnSync('pg_dump', [url], { maxBuffer: 1 << 28 });
    if (dump.status === 0) {
      expect(dump.stdout.includes(slug)).toBe(true);
      if (traces(dump.stdout).length > 0) found.pg_dump = traces(dump.stdout);
    } else if (process.env.CI) throw new Error(`pg_dump: ${dump.error?.message ?? dump.stderr.toString()}`);
    else console.warn('pg_dump is not here or does not fit the server: its output is not searched.');
    for (const folder of [join(where!.folder, 'base', where!.oid), join(where!.folder, 'pg_wal')]) {
      const readable = await access(folder).then(
        () => true,
        () => false,
      );
      if (readable) Object.assign(found, await tracesInFiles(folder));
    }
    return found;
  });

/** Every row of every table as text; bytes show as hexadecimal. */
async function tables(database: DataSource): Promise<string> {
  const names: { name: string }[] = await database.query(
    `SELECT format('%I', relname) AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'`,
  );
  let text = '';
  for (const { name } of names) {
    const rows: { row: string }[] = await database.query(`SELECT whole::text AS row FROM ${name} AS whole`);
    text += rows.map(({ row }) => `${name} ${row}\n`).join('');
  }
  return text;
}

async function withDatabase<T>(work: (database: DataSource) => Promise<T>): Promise<T> {
  const database = await openDatabase(loadSettings(made.environment));
  try {
    return await work(database);
  } finally {
    await database.destroy();
  }
}

const tracesInTables = () =>
  withDatabase(async (database) => {
    const text = await tables(database);
    expect(text).toContain(slug);
    const lines = text.split('\n').filter((line) => traces(Buffer.from(line)).length > 0);
    return lines.map((line) => line.slice(0, 300));
  });

test('finds a text in every form that it is searched in', () => {
  for (const secret of secrets) {
    for (const before of ['', 'x', 'xy']) {
      const stored = Buffer.from(`${before}${secret} and more`);
      expect(traces(stored)).not.toEqual([]);
      expect(traces(Buffer.from(stored.toString('base64')))).not.toEqual([]);
      expect(traces(Buffer.from(stored.toString('base64url')))).not.toEqual([]);
      expect(traces(Buffer.from(stored.toString('hex')))).not.toEqual([]);
      expect(traces(Buffer.from(encodeURIComponent(stored.toString())))).not.toEqual([]);
      expect(traces(Buffer.from(stored.toString(), 'utf16le'))).not.toEqual([]);
    }
  }
  expect(traces(Buffer.from('Sara Signer sara@example.org'))).toEqual([]);
});

test('writes a supporter down nowhere but in her mail: not before she confirms, and not after', async () => {
  // Asked, the mail still waiting.
  let running = await start('hold');
  expect(await running.sign(slug, canary)).toBe(202);
  expect(await stolen()).toEqual({});
  await running.stop();
  expect(traces(Buffer.from(running.output))).toEqual([]);
  expect(await stolen()).toEqual({});
  expect(await tracesInTables()).toEqual([]);

  // Released, the mail has gone out.
  await withDatabase((database) =>
    database.query(`UPDATE outbox SET state = 'queued', stop = NULL WHERE state = 'held'`),
  );
  running = await start('inbox');
  const inbox = new Inbox(made.environment.DATA_DIR);
  const mail = await until('the confirmation mail', async () => (await inbox.mails()).find((each) => each.token));
  expect(mail.to.toLowerCase()).toBe(canary.email.toLowerCase());
  expect(Object.keys(await tracesInFiles(join(made.environment.DATA_DIR, 'inbox')))).not.toEqual([]);
  expect(await stolen()).toEqual({});

  // Confirmed and counted, then the form sent once more, which is answered by another mail.
  expect(await running.confirm(mail.token!)).toBe(200);
  await until('the signature is counted', async () => (await running.count(slug)) === 1);
  expect(await running.sign(slug, canary)).toBe(202);
  await until('the second mail', async () => (await inbox.mails()).length > 1);
  const link = `/api/v1/confirmations/${mail.token}`;
  const json = { 'content-type': 'application/json' };
  const written = await running.fetch(`${link}/words`, {
    method: 'PUT',
    headers: json,
    body: JSON.stringify({ words }),
  });
  expect(written.status).toBe(200);
  expect(await stolen()).toEqual({});

  // She looks at all that is held, and has herself erased; she stays counted.
  const send = (path: string, body: object, method = 'POST') =>
    running.fetch(`/api/v1/${path}`, { method, headers: json, body: JSON.stringify(body) });
  const tokenFor = (kind: string) =>
    until(`the mail with the link to ${kind}`, async () => {
      const mails = await running.json<{ links: string[] }[]>('/dev/inbox.json');
      const found = mails.flatMap(({ links }) => links).find((each) => each.includes(`/${kind}/`));
      return found?.slice(found.lastIndexOf('/') + 1);
    });
  const who = { email: canary.email, locale: 'en' };
  expect((await send('my-data', who)).status).toBe(202);
  const data = await running.json<{ signatures: object[] }>(`/api/v1/my-data/${await tokenFor('my-data')}`);
  expect(data.signatures).toMatchObject([{ name: canary.name, words }]);
  expect((await send(`petitions/${slug}/withdrawals`, who)).status).toBe(202);
  expect((await send(`withdrawals/${await tokenFor('withdraw')}/erasure`, {}, 'PUT')).status).toBe(200);
  expect(await running.count(slug)).toBe(1);
  expect(await stolen()).toEqual({});

  // Withdrawn as well.
  expect((await running.fetch(link, { method: 'DELETE' })).ok).toBe(true);
  await until('nobody is counted', async () => (await running.count(slug)) === 0);
  await running.stop();
  expect(traces(Buffer.from(running.output))).toEqual([]);
  expect(await stolen()).toEqual({});
  expect(await tracesInTables()).toEqual([]);
}, 240_000);

test('sends her an update without writing down to whom, and her link ends it', async () => {
  let running = await start('inbox');
  const inbox = new Inbox(made.environment.DATA_DIR);
  const json = { 'content-type': 'application/json' };
  const consents = { sign: true, news: true };
  const body = JSON.stringify({ ...canary, country: 'SE', locale: 'en', consents });
  const asked = await running.fetch(`/api/v1/petitions/${slug}/signatures`, { method: 'POST', headers: json, body });
  expect(asked.status).toBe(202);
  const mail = await until('the confirmation mail', async () => (await inbox.mails()).find((each) => each.token));
  expect(await running.confirm(mail.token!)).toBe(200);
  await running.stop();
  await withDatabase(async (database) => {
    const [{ id }] = await database.query(`SELECT id FROM petitions WHERE slug = $1`, [slug]);
    const update = '01900000-0000-7000-8000-000000000001';
    await database.query(
      `INSERT INTO updates (petition_id, id, state, approved_at) VALUES ($1, $2, 'sending', now())`,
      [id, update],
    );
    await database.query(
      `INSERT INTO update_texts (petition_id, update_id, locale, title, body) VALUES ($1, $2, 'en', 'News', 'It rained.')`,
      [id, update],
    );
  });
  // Queued, and not gone yet.
  running = await start('hold');
  await new Promise((done) => setTimeout(done, 3000));
  await running.stop();
  expect(
    await withDatabase((database) =>
      database.query(`SELECT state, recipient, payload FROM outbox WHERE kind = 'update'`),
    ),
  ).toEqual([{ state: 'held', recipient: null, payload: null }]);
  expect(await stolen()).toEqual({});
  expect(await tracesInTables()).toEqual([]);
  await withDatabase((database) =>
    database.query(`UPDATE outbox SET state = 'queued', mode_held = false, stop = NULL WHERE state = 'held'`),
  );
  running = await start('inbox');
  const link = await until('the update', async () => {
    const mails = await running.json<{ to: string; links: string[] }[]>('/dev/inbox.json');
    return mails.flatMap(({ links }) => links).find((each) => each.includes('/unsubscribe/'));
  });
  const stop = await running.fetch(new URL(link).pathname, {
    ...{ method: 'POST', body: 'List-Unsubscribe=One-Click' },
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
  expect(await stop.text()).toBe('unsubscribed\n');
  await running.stop();
  expect(traces(Buffer.from(running.output))).toEqual([]);
  expect(await stolen()).toEqual({});
  expect(await tracesInTables()).toEqual([]);
}, 240_000);
