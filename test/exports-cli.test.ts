import { Decrypter, generateIdentity, identityToRecipient } from 'age-encryption';
import { parse } from 'csv-parse/sync';
import { spawn } from 'node:child_process';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Sequencer } from '../src/countlog/sequencer.js';
import { projectRoot } from '../src/config/root.js';
import { startApp, type TestApp } from './support/app.js';
import { makeDatabase, type TestDatabase } from './support/database.js';
import { askForLink, confirm, openPetition } from './support/petitions.js';
import { build } from './support/server.js';
import { sheetOf, unzip } from './support/unzip.js';
import { verify } from '../verifier/countersign-verify.mjs';

let made: TestDatabase;

async function inApp<T>(work: (app: TestApp) => Promise<T>): Promise<T> {
  const app = await startApp({ ...made.environment, LIMITS: 'off' });
  return work(app).finally(() => app.close());
}

beforeAll(async () => {
  await build();
  made = await makeDatabase();
  await inApp(async (app) => {
    await openPetition(app);
    await openPetition(app, 'rivers');
    const consents = { sign: true, news: true };
    await confirm(app, await askForLink(app, { email: 'yes@example.org', name: '=HYPERLINK(1)', consents }));
    await confirm(app, await askForLink(app, { email: 'no@example.org', country: 'DE' }));
    await app.get(Sequencer).drain();
  });
}, 180_000);
afterAll(() => made.drop());

/** The built command, as at a terminal. */
async function countersign(...words: string[]): Promise<{ code: number | null; out: string; error: string }> {
  const child = spawn(process.execPath, ['dist/src/cli.js', ...words], {
    cwd: projectRoot,
    env: { PATH: process.env.PATH, ...made.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 50_000,
  });
  const said = { out: '', error: '' };
  child.stdout.on('data', (text: Buffer) => (said.out += text.toString()));
  child.stderr.on('data', (text: Buffer) => (said.error += text.toString()));
  const code = await new Promise<number | null>((ended) => child.once('close', ended));
  return { code, ...said };
}

const run = (...words: string[]) => countersign('export', ...words);
const inFolder = (name: string) => join(made.environment.DATA_DIR, name);
const rowsOf = (text: string) => parse(text, { columns: true, bom: true }) as Record<string, string>[];

test('counts to standard output, with method, time and sum, and nothing else', async () => {
  const { code, out, error } = await run('counts', '--petition', 'wetlands', '--by', 'country');
  expect({ code, error }).toEqual({ code: 0, error: '' });
  const rows = rowsOf(out);
  expect(rows.slice(0, 2)).toEqual([
    { petition: 'wetlands', day: '', country: 'DE', source: '', signed: '1', withdrawn: '0', count: '1' },
    { petition: 'wetlands', day: '', country: 'SE', source: '', signed: '1', withdrawn: '0', count: '1' },
  ]);
  expect(rows.slice(2).map(({ petition }) => petition)).toEqual([
    '# total',
    expect.stringMatching(/^# method: Confirmed e-mail addresses/),
    expect.stringMatching(/^# checkpoint of wetlands: 3 entries, root /),
    expect.stringMatching(/^# as of 2\d{3}-/),
  ]);
});

test('counts as JSON into a new file that only its owner can read; an old file stays as it is', async () => {
  const file = inFolder('counts.json');
  expect(await run('counts', '--json', '--by', 'petition', '--out', file)).toEqual({ code: 0, out: '', error: '' });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const counts = JSON.parse(await readFile(file, 'utf8')) as { rows: object[]; total: object };
  expect(counts.rows).toMatchObject([
    { petition: 'rivers', count: 0 },
    { petition: 'wetlands', count: 2 },
  ]);
  expect(counts.total).toEqual({ signed: 2, withdrawn: 0, count: 2 });

  await writeFile(file, 'mine');
  const again = await run('counts', '--out', file);
  expect(again).toEqual({ code: 1, out: '', error: `${file} exists already; nothing was written.\n` });
  expect(await readFile(file, 'utf8')).toBe('mine');
});

test.each([
  [['counts', '--petition', 'nothing'], 'There is no petition of this name.'],
  [['hand-in', '--petition', 'nothing', '--out', 'x'], 'There is no petition of this name.'],
  [['hand-in', '--petition', 'wetlands', '--locale', 'xx', '--out', 'x'], 'Allowed choices are en'],
  [['paper', '--petition', 'nothing'], 'There is no petition of this name.'],
  [['counts', '--by', 'name'], 'Allowed choices are petition, day, country'],
  [['counts', '--out', '/nowhere/at/all.csv'], 'no such file or directory'],
  [['persons', '--petition', 'wetlands', '--purpose', 'news', '--out', 'x'], '--recipient'],
  [['persons', '--petition', 'wetlands', '--purpose', 'news', '--recipient', 'age1x', '--out', 'x'], 'recipient'],
])('refuses %j in a sentence', async (words, sentence) => {
  const { code, out, error } = await run(...words);
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(error).toContain(sentence);
  expect(error).not.toMatch(/^\s+at /m);
});

test('signatures on paper, in every format, by a command of their own', async () => {
  const { code, out } = await run('paper', '--petition', 'wetlands', '--json');
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ rows: [], total: 0, method: expect.stringContaining('on sheets of paper') });
  expect((await run('paper')).out).toContain('# total on paper');
});

test('a hand-in into a new file: what is in it recounts to the same number; and a workbook', async () => {
  const file = inFolder('hand-in.zip');
  const { code, out } = await run('hand-in', '--petition', 'wetlands', '--locale', 'fa', '--out', file, '--json');
  const { size, mode } = await stat(file);
  expect({ code, said: JSON.parse(out) as unknown }).toEqual({ code: 0, said: { file, bytes: size } });
  expect(mode & 0o777).toBe(0o600);
  const files = unzip(await readFile(file));
  const counts = JSON.parse(files.get('hand-in-wetlands/counts.json')!.toString()) as { total: { count: number } };
  expect(counts.total.count).toBe(2);
  const reader = (path: string) => Promise.resolve(files.get(`hand-in-wetlands/log/${path}`)!);
  expect(await verify(reader)).toMatchObject({ count: 2 });

  const book = inFolder('counts.xlsx');
  expect(await run('counts', '--format', 'xlsx', '--out', book)).toEqual({ code: 0, out: '', error: '' });
  expect(sheetOf(await readFile(book)).at(-1)![0]).toMatch(/^# as of/);
  await inApp(async (app) => {
    const taken = await app.database.query(
      `SELECT state, made_by FROM long_works WHERE kind = 'export' ORDER BY id DESC LIMIT 2`,
    );
    const done = { state: 'done', made_by: 'command line' };
    expect(taken).toEqual([done, done]);
  });
});

test('persons who agreed, for the recipient alone, and the log says that it was done here', async () => {
  const identity = await generateIdentity();
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  const file = inFolder('persons.csv.age');
  const recipient = await identityToRecipient(identity);
  const words = ['persons', '--petition', 'wetlands', '--purpose', 'news', '--recipient', recipient, '--out', file];
  expect(await run(...words)).toEqual({ code: 0, out: '', error: '' });
  const bytes = await readFile(file);
  expect(bytes.includes('yes@example.org')).toBe(false);
  expect(rowsOf(await decrypter.decrypt(new Uint8Array(bytes), 'text'))).toEqual([
    { name: `'=HYPERLINK(1)`, email: 'yes@example.org', country: 'SE', locale: 'en' },
  ]);
  await inApp(async (app) => {
    const entries = await app.database.query(
      `SELECT actor_name, subject FROM audit_entries WHERE action = 'export.persons'`,
    );
    expect(entries).toMatchObject([{ subject: 'wetlands' }]);
  });
});

test('programs read what the commands for the schema and the bundled campaigns did', async () => {
  const { code, out } = await countersign('migrate', '--json');
  expect({ code, said: JSON.parse(out) as unknown }).toEqual({ code: 0, said: { migrations: [] } });
  const seeded = JSON.parse((await countersign('seed', '--json')).out) as { petitions: string[] };
  expect(seeded.petitions).toContain('1988-investigation');
});
