import { appendFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeHash, newCode, signerHash } from '../src/countlog/codes.js';
import { encodeEntry } from '../src/countlog/entries.js';
import { Logs } from '../src/countlog/logs.service.js';
import { encodeBundle } from '../src/countlog/tiles.js';
import { EntrySearch } from '../src/signatures/entry-search.service.js';
import { ErasureJournal } from '../src/signatures/erasure-journal.js';
import type { Problem } from '../src/site/problem.js';
import { startApp, type TestApp } from './support/app.js';
import { formBody } from './support/cast.js';
import { askForLink, confirm, inbox, openPetition } from './support/petitions.js';
import { recount } from './support/public-log.js';

let app: TestApp;
let petitionId: string;
beforeEach(async () => {
  app = await startApp({ LIMITS: 'off' });
  petitionId = await openPetition(app);
});
afterEach(() => app.close());

const log = () => recount(app, petitionId);
const api = (url: string, payload: object) => app.inject({ method: 'POST', url: `/api/v1/${url}`, payload });
const byCode = (code: string) => api('petitions/wetlands/withdrawals/by-code', { code });
const sign = async (email: string) => {
  const token = await askForLink(app, { email });
  const { code } = (await confirm(app, token)).json<{ code: string }>();
  const rows: { id: string }[] = await app.database.query(`SELECT id FROM signatures ORDER BY id`);
  return { id: rows.at(-1)!.id, token, code };
};
const replay = () => app.get(ErasureJournal).replay();
const people = (): Promise<{ id: string; box: Buffer | null }[]> =>
  app.database.query(`SELECT id, box FROM signatures ORDER BY id`);
const folder = () => join(app.settings.DATA_DIR, 'erasures');

/** Staff has yet to look at her. */
async function flag(id: string): Promise<void> {
  await app.database.query(`UPDATE log_queue SET due_at = 'infinity' WHERE kind = 'sign' AND signature_id = $1`, [id]);
  await app.database.query(`INSERT INTO flags (petition_id, signature_id, signals) VALUES ($1, $2, '{domain-burst}')`, [
    ...[petitionId, id],
  ]);
}

describe('the journal after a crash', () => {
  test('a line that was cut short does not swallow the next one', async () => {
    const { id } = await sign('sara@example.org');
    const journal = app.get(ErasureJournal);
    await journal.add(petitionId, '0192aaaa-0000-7000-8000-000000000000', 'erased');
    const [name] = await readdir(folder());
    await appendFile(join(folder(), name!), '{"petition":"0192');
    await journal.add(petitionId, id, 'withdrawn');
    expect(await replay()).toBe(1);
    expect(await people()).toEqual([]);
  });

  test('one that cannot be read lets nobody in: better closed than with people who had left', async () => {
    await rm(folder(), { recursive: true, force: true });
    expect(await replay()).toBe(0);
    await writeFile(folder(), '');
    await expect(replay()).rejects.toThrow('ENOTDIR');
  });

  test('one that cannot be written stops the withdrawal, and nothing is half done', async () => {
    const { code } = await sign('sara@example.org');
    await writeFile(folder(), '');
    expect((await byCode(code)).statusCode).toBe(500);
    expect(await people()).toMatchObject([{ box: expect.anything() as Buffer }]);
    await rm(folder());
    expect((await byCode(code)).statusCode).toBe(200);
    expect(await log()).toMatchObject({ count: 0 });
  });
});

describe('a backup from when staff had yet to look', () => {
  const waiting = () =>
    app.database.query(`SELECT kind FROM log_queue WHERE signature_id IS NOT NULL UNION ALL SELECT 'flag' FROM flags`);

  test('who withdrew since leaves nothing that waits for ever', async () => {
    const { id, token } = await sign('sara@example.org');
    await flag(id);
    await app.get(ErasureJournal).add(petitionId, id, 'withdrawn');
    expect(await replay()).toBe(1);
    expect([await people(), await waiting()]).toEqual([[], []]);
    expect(await log()).toMatchObject({ count: 0, size: 1 });
    // And the link from before does not bring her back.
    expect((await confirm(app, token)).statusCode).toBe(410);
  });

  test('who was erased since had been counted, and is again', async () => {
    const { id } = await sign('sara@example.org');
    await flag(id);
    await app.get(ErasureJournal).add(petitionId, id, 'erased');
    expect(await replay()).toBe(1);
    expect(await people()).toEqual([{ id, box: null }]);
    expect(await log()).toMatchObject({ count: 1 });
    expect(await waiting()).toEqual([]);
  });
});

test('by mailbox, and by code before the log says it: one withdrawal, from her country', async () => {
  const { token, code } = await sign('sara@example.org');
  await log();
  await app.inject({ method: 'DELETE', url: `/api/v1/confirmations/${token}` });
  expect((await byCode(code)).statusCode).toBe(200);
  expect(await log()).toMatchObject({ count: 0, size: 3 });
  const tallies = await app.database.query(`SELECT country, source, signed, withdrawn FROM tallies`);
  expect(tallies).toEqual([{ country: 'SE', source: 'api', signed: '1', withdrawn: '1' }]);
});

describe('the search for a code', () => {
  test('lets few wait and turns the others away, then goes on', async () => {
    const search = () => app.get(EntrySearch).find(petitionId, codeHash(newCode()));
    const answers = await Promise.allSettled(Array.from({ length: 30 }, search));
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
    const refused = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as Problem] : []));
    expect(new Set(refused.map(({ code, retryAfter }) => `${code} ${retryAfter}`))).toEqual(new Set(['too-many 10']));
    expect(await search()).toEqual({ known: false, signatureIds: [] });
  });

  test('reads a log of many bundles in pieces, to its end', async () => {
    const hash = codeHash(newCode());
    const origin = await app.get(Logs).origin(petitionId);
    const entry = encodeEntry({ kind: 'sign', signerHash: signerHash(origin, hash), auditHash: Buffer.alloc(32) });
    const other = encodeEntry({ kind: 'sign', signerHash: Buffer.alloc(32, 1), auditHash: Buffer.alloc(32) });
    const search = () => app.get(EntrySearch).find(petitionId, hash);
    for (const index of [0, 255, 256, 700]) {
      await app.database.query(`DELETE FROM log_bundles`);
      await app.database.query(`UPDATE logs SET size = $1`, [index * 256 + 2]);
      await app.database.query(`INSERT INTO log_bundles (petition_id, index, width, entries) VALUES ($1, $2, 2, $3)`, [
        ...[petitionId, index, encodeBundle([other, entry])],
      ]);
      await app.database.query(`DELETE FROM log_positions`);
      const id = '0192aaaa-0000-7000-8000-000000000000';
      await app.database.query(`INSERT INTO log_positions (petition_id, signature_id, index) VALUES ($1, $2, $3)`, [
        ...[petitionId, id, index * 256 + 1],
      ]);
      expect(await search()).toEqual({ known: true, signatureIds: [id] });
    }
    await app.database.query(`DELETE FROM log_bundles`);
    expect(await search()).toEqual({ known: false, signatureIds: [] });
  });
});

test.each(['en', 'fa'])('what was done from the page of her data is said there (%s)', async (locale) => {
  await sign('sara@example.org');
  const send = (url: string, fields: Record<string, string> = {}) =>
    app.inject({ method: 'POST', url, ...formBody(fields) });
  await send(`/${locale}/my-data`, { email: 'sara@example.org' });
  const link = new URL((await inbox(app))[0]!.links[0]!).pathname;
  expect((await app.inject({ url: link })).body).not.toContain('role="status"');
  for (const [wish, done] of [
    ['erasure', 'erased'],
    ['withdrawal', 'withdrawn'],
  ]) {
    const answer = await send(`${link}/wetlands/${wish}`);
    expect([answer.statusCode, answer.headers.location]).toEqual([303, `${link}?done=${done}`]);
    expect((await app.inject({ url: answer.headers.location as string })).body).toContain('role="status"');
  }
  expect((await app.inject({ url: `${link}?done=<script>` })).body).not.toContain('role="status"');
  expect(await log()).toMatchObject({ count: 0 });
});
