import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FullCheck } from '../src/countlog/full-check.js';
import { Sequencer } from '../src/countlog/sequencer.js';
import { PetitionNotes } from '../src/petitions/petition-notes.service.js';
import { RollForward } from '../src/signatures/roll-forward.js';
import { startApp, type TestApp } from './support/app.js';
import { signIn } from './support/cast.js';
import { queueEntries } from './support/log-queue.js';
import { askForLink, confirm, openPetition } from './support/petitions.js';
import { recount } from './support/public-log.js';

let app: TestApp;
let petitionId: string;
beforeEach(async () => {
  app = await startApp({ LIMITS: 'off' });
  petitionId = await openPetition(app);
});
afterEach(() => app.close());

const drain = () => app.get(Sequencer).drain();
const file = (path: string) => join(app.settings.DATA_DIR, 'log/wetlands', path);
const check = () => app.get(FullCheck).check(petitionId);
const log = (options: { code?: string } = {}) => recount(app, petitionId, 'wetlands', options);
const sign = async (email: string) => {
  const token = await askForLink(app, { email });
  return { token, code: (await confirm(app, token)).json<{ code: string }>().code };
};

const backedUp = [
  ...['logs', 'log_queue', 'log_tiles', 'log_bundles', 'log_checkpoints', 'log_positions', 'tallies'],
  ...['signatures', 'flags', 'withdrawals', 'log_notes'],
];
/** The tables of a petition as they are now, and a way to put them back. */
async function backup(): Promise<() => Promise<void>> {
  const rows = new Map<string, string>();
  for (const table of backedUp) {
    const [{ all }] = await app.database.query(
      `SELECT coalesce(jsonb_agg(row), '[]')::text AS all FROM ${table} AS row`,
    );
    rows.set(table, all as string);
  }
  return async () => {
    for (const table of backedUp.toReversed()) await app.database.query(`DELETE FROM ${table}`);
    for (const [table, all] of rows) {
      await app.database.query(`INSERT INTO ${table} SELECT * FROM jsonb_populate_recordset(NULL::${table}, $1)`, [
        all,
      ]);
    }
  };
}

describe('a restored backup', () => {
  test('is refused, said to staff, rolled forward from the public files, and goes on', async () => {
    const before = await sign('sara@example.org');
    await drain();
    const queued = await sign('nima@example.org'); // in the backup, but not logged yet
    const restore = await backup();
    await drain();
    const lost = await sign('lena@example.org'); // after the backup
    await drain();
    await app.inject({ method: 'DELETE', url: `/api/v1/confirmations/${before.token}` });
    await queueEntries(app, petitionId, 600);
    const published = await log();
    expect(published).toMatchObject({ count: 602, withdrawn: { byMailbox: 1 } });

    await restore();
    await expect(drain()).rejects.toThrow('it is an old one');
    const ada = await signIn(app, 'ada');
    expect((await ada.get('/en/console')).body).toContain('Nothing is added to this log at the moment');

    // 1 + sara were in the backup; nima, lena, sara's withdrawal and the 600 were not.
    expect(await app.get(RollForward).run('wetlands')).toEqual({ entries: 603, withoutRecord: 601, fault: null });
    await drain();
    const now = await log({ code: queued.code });
    expect(now).toMatchObject({ count: 602, size: published.size + 1, notes: 1, code: [{ withdrawnForReason: null }] });
    expect(await log({ code: lost.code })).toMatchObject({ code: [{ withdrawnForReason: null }] });
    expect(await check()).toMatchObject({ count: 602 });
    expect((await ada.get('/en/console')).body).not.toContain('Nothing is added to this log');

    // Nobody twice: who is known stays known, who withdrew stays away, the queue holds nothing of old.
    expect(await app.database.query(`SELECT 1 FROM signatures`)).toHaveLength(1);
    expect((await confirm(app, queued.token)).json()).toMatchObject({ code: null });
    expect(await log()).toMatchObject({ count: 602 });
    await app.inject({ method: 'DELETE', url: `/api/v1/confirmations/${queued.token}` });
    expect(await log({ code: queued.code })).toMatchObject({ count: 601, code: [{ withdrawnForReason: 2 }] });
    await expect(app.get(RollForward).run('wetlands')).rejects.toThrow('not older');
  });

  test('has on its page again what the log was told after it', async () => {
    await queueEntries(app, petitionId, 3);
    await drain();
    const restore = await backup();
    await app.get(PetitionNotes).publish('wetlands', { type: 'audit-plan', text: 'Ten are drawn.' }, 'system');
    await drain();
    await restore();
    expect(await app.get(RollForward).run('wetlands')).toEqual({ entries: 1, withoutRecord: 0, fault: null });
    const history = async () => (await app.inject({ url: '/en/p/wetlands/history' })).body;
    expect(await history()).toMatch(
      /not in the log yet[^]*One entry was taken over[^]*entry 4 of the log[^]*Ten are drawn\./,
    );
    await drain();
    expect(await history()).toMatch(/entry 5 of the log[^]*One entry was taken over/);
  });

  test.each([
    ['one of which waited', 1],
    ['of which one was not logged', 2],
  ])('takes over two notes that say the same, %s', async (_, waiting) => {
    const say = (text: string) => app.get(PetitionNotes).publish('wetlands', { type: 'incident', text }, 'system');
    const wait = (until: string) =>
      app.database.query(
        `UPDATE log_queue SET due_at = $1 WHERE id = (SELECT id FROM log_queue ORDER BY id DESC LIMIT 1)`,
        [until],
      );
    await queueEntries(app, petitionId, 300);
    await drain();
    for (let n = 0; n < waiting; n++) await say('A disk failed.');
    const restore = await backup();
    if (waiting === 1) await say('A disk failed.');
    else await wait('infinity');
    await drain();
    await restore();
    const entries = 3 - waiting;
    expect(await app.get(RollForward).run('wetlands')).toEqual({ entries, withoutRecord: 0, fault: null });
    const history = async () => (await app.inject({ url: '/en/p/wetlands/history' })).body;
    expect((await history()).match(/A disk failed\./g)).toHaveLength(2);
    expect((await history()).match(/not in the log yet/g)).toHaveLength(waiting);
    expect(await log()).toMatchObject({ count: 300, size: 304, notes: 3 });
    expect(await check()).toMatchObject({ size: 304 });
    for (const entry of [301, 302, 303]) expect(await history()).toContain(`entry ${entry} of the log`);
  });

  test('changes nothing when the files are not its continuation', async () => {
    await queueEntries(app, petitionId, 3);
    await drain();
    const restore = await backup();
    await queueEntries(app, petitionId, 300);
    await drain();
    await restore();
    const rows = () => app.database.query(`SELECT size, root FROM logs`);
    const old = await rows();
    const bundle = await readFile(file('tile/entries/000'));
    const changed = Buffer.from(bundle);
    changed[changed.length - 1]! ^= 1;
    await writeFile(file('tile/entries/000'), changed);
    await expect(app.get(RollForward).run('wetlands')).rejects.toThrow('do not make the published root');
    await rm(file('tile/entries/000'));
    await expect(app.get(RollForward).run('wetlands')).rejects.toThrow('tile/entries/000 is missing');
    expect(await rows()).toEqual(old);
    await writeFile(file('tile/entries/000'), bundle);
    expect(await app.get(RollForward).run('wetlands')).toEqual({ entries: 300, withoutRecord: 300, fault: null });
    expect(await log()).toMatchObject({ count: 303 });
  });

  test('is recomputed as a whole, and stays refused if it was edited besides being old', async () => {
    await queueEntries(app, petitionId, 3);
    await drain();
    await app.database.query(`UPDATE tallies SET signed = signed + 1`);
    const restore = await backup();
    await queueEntries(app, petitionId, 2);
    await drain();
    await restore();
    const fault = 'The tallies add up to 6, the entries to 5.';
    expect(await app.get(RollForward).run('wetlands')).toEqual({ entries: 2, withoutRecord: 2, fault });
    expect(await app.database.query(`SELECT fault, checked_at IS NOT NULL AS checked FROM logs`)).toEqual([
      { fault, checked: true },
    ]);
    await queueEntries(app, petitionId, 1);
    expect(await drain()).toBe(0);
  });
});

describe('the full check', () => {
  beforeEach(async () => {
    await queueEntries(app, petitionId, 700);
    await drain();
    await queueEntries(app, petitionId, 5, 'withdraw');
    await queueEntries(app, petitionId, 2600);
    await drain();
  });

  test('recomputes entries, tiles, checkpoints, files, tallies and places', async () => {
    expect(await check()).toEqual({ size: 1 + 700 + 5 + 2600, count: 3295, checkpoints: 2 });
    const [row] = await app.database.query(`SELECT checked_at, fault FROM logs`);
    expect(row).toMatchObject({ fault: null, checked_at: expect.any(Date) as Date });
  });

  test.each([
    [
      'an interior tile',
      `UPDATE log_tiles SET hashes = set_byte(hashes, 40, 255 - get_byte(hashes, 40)) WHERE level = 0 AND index = 1`,
      'tile/0/001',
    ],
    [
      'an upper tile',
      `UPDATE log_tiles SET hashes = set_byte(hashes, 0, 255 - get_byte(hashes, 0)) WHERE level = 1`,
      'tile/1/000',
    ],
    ['a tile that is gone', `DELETE FROM log_tiles WHERE level = 0 AND index = 3`, 'tile/0/003'],
    [
      'an entry',
      `UPDATE log_bundles SET entries = set_byte(entries, 400, 255 - get_byte(entries, 400)) WHERE index = 2`,
      '',
    ],
    ['a bundle that is gone', `DELETE FROM log_bundles WHERE index = 2`, 'bundle 2 is missing'],
    [
      'a checkpoint',
      `UPDATE log_checkpoints SET note = (SELECT note FROM log_checkpoints ORDER BY size LIMIT 1)`,
      'checkpoint of size',
    ],
    ['a tally', `UPDATE tallies SET signed = signed + 1`, 'The tallies add up to 3296'],
    ['a place', `DELETE FROM log_positions WHERE index = 600`, 'the places of 3294 are known'],
    ['the root', `UPDATE logs SET root = sha256(root)`, 'do not make the root'],
  ])('finds %s that was changed, and stops the log', async (_, sql, words) => {
    await app.database.query(sql);
    await expect(check()).rejects.toThrow(words);
    await queueEntries(app, petitionId, 1);
    await drain();
    expect(await app.database.query(`SELECT kind FROM log_queue`)).toHaveLength(1);
  });

  test('finds a published file that was changed or is gone', async () => {
    const bytes = await readFile(file('tile/entries/004'));
    await writeFile(file('tile/entries/004'), bytes.fill(7, 100, 101));
    await expect(check()).rejects.toThrow('The published file tile/entries/004 is another.');
    await rm(file('tile/0/002'));
    await expect(check()).rejects.toThrow('The published file tile/0/002 is missing.');
  });

  test('lets the log go on once it fits again', async () => {
    await app.database.query(`UPDATE tallies SET signed = signed + 1`);
    await expect(check()).rejects.toThrow('tallies');
    await app.database.query(`UPDATE tallies SET signed = signed - 1`);
    expect(await check()).toMatchObject({ count: 3295 });
    await queueEntries(app, petitionId, 1);
    expect(await log()).toMatchObject({ count: 3296 });
  });

  test('comes by itself to whatever was not checked for a day', async () => {
    await app.get(FullCheck).daily();
    const checked = async () => (await app.database.query(`SELECT checked_at FROM logs`))[0].checked_at as Date;
    const first = await checked();
    await app.get(FullCheck).daily();
    expect(await checked()).toEqual(first);
    await app.database.query(`UPDATE logs SET checked_at = now() - interval '25 hours'`);
    await app.get(FullCheck).daily();
    expect((await checked()).getTime()).toBeGreaterThan(first.getTime());
  });
});
