import { Command } from 'commander';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { projectRoot } from '../src/config/root.js';
import { FullCheck } from '../src/countlog/full-check.js';
import { Logs } from '../src/countlog/logs.service.js';
import { Sequencer } from '../src/countlog/sequencer.js';
import { logCommands } from '../src/signatures/log.cli.js';
import { startApp, type TestApp } from './support/app.js';
import { signIn } from './support/cast.js';
import { makeDatabase, type TestDatabase } from './support/database.js';
import { openPetition } from './support/petitions.js';
import { recount } from './support/public-log.js';

let made: TestDatabase;
const before = { ...process.env };
beforeAll(async () => {
  made = await makeDatabase();
  Object.assign(process.env, made.environment, { PORT: '0' });
});
afterAll(async () => {
  process.env = before;
  await made.drop();
});

/** What the command printed. */
async function run(...words: string[]): Promise<string> {
  const printed: string[] = [];
  const log = jest.spyOn(console, 'log').mockImplementation((line: unknown) => void printed.push(String(line)));
  const program = new Command('countersign').exitOverride().configureOutput({ writeErr: () => undefined });
  logCommands(program);
  try {
    await program.parseAsync(['log', ...words], { from: 'user' });
    return printed.join('\n');
  } finally {
    log.mockRestore();
  }
}

/** The embedded database is in use by one process at a time: the command has it before and after. */
async function inApp<T>(work: (app: TestApp) => Promise<T>): Promise<T> {
  const app = await startApp({ ...made.environment, LIMITS: 'off' });
  return work(app).finally(() => app.close());
}

const hostile = 'A disk <script>alert(1)</script> "failed" & was replaced.';
const history = async (app: TestApp, locale = 'en') =>
  (await app.inject({ url: `/${locale}/p/wetlands/history` })).body;

test('a note is in the log for ever: on the page, in the feed, in the audit, and for every verifier', async () => {
  const petitionId = await inApp((app) => openPetition(app));
  expect(await run('note', 'wetlands', '--type', 'incident', '--text', hostile)).toContain('wetlands: the note waits');
  const waiting = await inApp(history);
  expect(waiting).toMatch(/What else the log says[^]*An incident was made public[^]*not in the log yet/);

  const plan = 'ده امضا به قرعه انتخاب می‌شود.';
  const json = await run('note', 'wetlands', '--type', 'audit-plan', '--text', plan, '--json');
  expect(JSON.parse(json)).toEqual({ petition: 'wetlands', type: 'audit-plan', text: plan });

  await inApp(async (app) => {
    const day = new Date().toISOString().slice(0, 10);
    const found = await recount(app, petitionId);
    const notes = [
      { day, text: hostile, type: 'incident' },
      { day, text: plan, type: 'audit-plan' },
    ];
    expect(found).toMatchObject({ count: 0, size: 3, notes: 2 });
    expect(found.newestNotes.map(({ note }) => note)).toEqual(expect.arrayContaining(notes));
    expect(await app.get(FullCheck).check(petitionId)).toMatchObject({ size: 3, count: 0 });

    const [en, fa] = [await history(app), await history(app, 'fa')];
    expect(en).toContain('A disk &lt;script&gt;alert(1)&lt;/script&gt; &#34;failed&#34; &amp; was replaced.');
    expect(en).not.toContain('<script>alert');
    expect(en).not.toContain('not in the log yet');
    const at = (text: string) => found.newestNotes.find(({ note }) => note.text === text)!.index;
    expect(en).toMatch(new RegExp(`An incident was made public[^]*?entry ${at(hostile)} of the log[^]*?A disk`));
    expect(fa).toMatch(/دفتر دیگر چه می‌گوید[^]*حسابرسی اعلام شد[^]*سطر [۱۲] دفتر/);
    expect(fa).toContain(plan);

    const feed = (await app.inject({ url: '/en/p/wetlands/feed.atom' })).body;
    expect(feed).toContain(`/en/p/wetlands#log/${at(hostile)}</id>`);
    expect(feed).toMatch(/An incident was made public<\/title>[^]*?history"\/>\s*<summary>A disk &lt;script&gt;/);

    const ada = await signIn(app, 'ada');
    expect((await ada.get('/en/console/audit')).body).toMatch(/Note put into a log[^]*wetlands/);
  });

  const verifier = join(projectRoot, 'verifier/countersign-verify.mjs');
  const { stdout, status } = spawnSync(process.execPath, [verifier, join(made.environment.DATA_DIR, 'log/wetlands')]);
  expect([status, stdout.toString()]).toEqual([0, expect.stringMatching(/2 notes\n {2}entry 1, \d{4}-\d\d-\d\d, /)]);
  expect(stdout.toString()).toContain(`, incident: ${hostile}\n`);
  expect(await run('check')).toBe('wetlands: 3 entries, 0 counted, 1 checkpoints: all as it must be');
}, 180_000);

test('only what the server can tell is told: a note of another shape is in the log, and not on the page', async () => {
  await inApp(async (app) => {
    await openPetition(app, 'rivers');
    const [{ id }] = await app.database.query(`SELECT id FROM petitions WHERE slug = 'rivers'`);
    await app.database.transaction(async (tx) => {
      await app.get(Logs).note(tx, id as string, { type: 'incident', text: { toString: 1 } });
      await app.get(Logs).note(tx, id as string, {
        ...{ type: 'incident', what: 'restored-from-backup', entries: 1988, without_record: 1 },
      });
    });
    await app.get(Sequencer).drain();
    const page = (await app.inject({ url: '/de/p/rivers/history' })).body;
    expect(page.match(/Ein Vorfall wurde bekannt gemacht/g)).toHaveLength(1);
    expect(page).toMatch(/1\.988 Einträge wurden aus dem öffentlichen Protokoll übernommen\. Von einer Unterschrift/);
  });
}, 120_000);

test.each([
  ['a petition that is not there', ['mountains', '--type', 'incident', '--text', 'One.'], 'There is no petition'],
  ['an empty text', ['wetlands', '--type', 'incident', '--text', ' '], '--text: Please fill this in.'],
  ['a text too long', ['wetlands', '--type', 'incident', '--text', 'x'.repeat(2001)], 'use at most 2,000 characters'],
  ['several lines', ['wetlands', '--type', 'incident', '--text', 'One.\nTwo.'], '--text: '],
  ['no text', ['wetlands', '--type', 'incident'], "required option '--text <words>'"],
  [
    'a type that people do not write',
    ['wetlands', '--type', 'amend', '--text', 'One.'],
    'Allowed choices are incident',
  ],
])('refuses %s', async (_, words, why) => {
  const said = await run('note', ...words).then(
    () => 'nothing was refused',
    (refused: unknown) => JSON.stringify(refused) + String(refused),
  );
  expect(said).toContain(why);
});

test('an audit may come after the closing, but nothing into an archived log', async () => {
  const note = () => run('note', 'wetlands', '--type', 'audit-result', '--text', 'All of 59 were found.');
  await inApp(async (app) => {
    const amir = await signIn(app, 'amir');
    expect((await amir.api('POST', '/api/v1/petitions/wetlands/closing')).statusCode).toBe(200);
  });
  await note();
  await inApp(async (app) => {
    await app.get(Sequencer).drain();
    expect((await app.inject({ url: '/en/p/wetlands/history' })).body).toContain('All of 59 were found.');
    expect(await app.database.query(`SELECT 1 FROM log_queue`)).toEqual([]);
    await app.database.query(`UPDATE petitions SET state = 'archived' WHERE slug = 'wetlands'`);
  });
  await expect(note()).rejects.toMatchObject({
    details: { code: 'wrong-state', detail: expect.stringContaining('Archived') },
  });
  await inApp(async (app) => {
    expect(await app.database.query(`SELECT 1 FROM log_queue`)).toEqual([]);
  });
}, 120_000);
