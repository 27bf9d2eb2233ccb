import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { Sequencer } from '../src/countlog/sequencer.js';
import { folderReader, verify } from '../verifier/countersign-verify.mjs';
import { startApp, type TestApp } from './support/app.js';
import { type SignedIn, signIn } from './support/cast.js';
import { serverUrl } from './support/database.js';
import { ask, askForLink, confirm, openPetition, reviewed } from './support/petitions.js';
import { recount } from './support/public-log.js';

let app: TestApp;
let olga: SignedIn;
let amir: SignedIn;
beforeAll(async () => {
  app = await startApp({ LIMITS: 'off' });
  [olga, amir] = [await signIn(app, 'olga'), await signIn(app, 'amir')];
});
afterAll(() => app.close());

const move = (slug: string, verb: string) => amir.api('POST', `/api/v1/petitions/${slug}/${verb}`, {});
const settle = () => new Promise((done) => setTimeout(done, 1100));
const page = async (path: string) => (await app.inject({ url: path })).body;
const logJson = async (slug: string) =>
  JSON.parse(await readFile(join(app.settings.DATA_DIR, 'log', slug, 'log.json'), 'utf8')) as { publication: string };

describe('archiving', () => {
  let petitionId: string;
  beforeAll(async () => {
    petitionId = await openPetition(app, 'ended');
    for (const email of ['a@example.org', 'b@example.org']) {
      await confirm(app, await askForLink(app, { email }, 'ended'));
    }
  });

  test('comes after closing, and only then', async () => {
    expect((await move('ended', 'archiving')).statusCode).toBe(409);
    expect((await move('ended', 'closing')).statusCode).toBe(200);
    await settle();
    expect((await ask(app, {}, 'ended')).statusCode).toBe(409);
    expect(await page('/en/p/ended')).toMatch(/takes no more signatures[\s\S]*Closed on/);
    expect((await move('ended', 'opening')).statusCode).toBe(200);
    expect((await move('ended', 'closing')).statusCode).toBe(200);
  });

  test('is refused while a signature waits for a person, and then nothing has happened', async () => {
    const held = [petitionId];
    await app.database.query(`UPDATE log_queue SET due_at = 'infinity' WHERE petition_id = $1 AND kind = 'sign'`, held);
    const refused = await move('ended', 'archiving');
    expect(refused.json()).toMatchObject({ code: 'wrong-state', detail: expect.stringContaining('2 signatures wait') });
    const [{ state, archived_at: at }] = await app.database.query(
      `SELECT state, archived_at FROM petitions WHERE id = $1`,
      held,
    );
    expect({ state, at }).toEqual({ state: 'closed', at: null });
    expect(await app.database.query(`SELECT 1 FROM log_queue WHERE kind = 'close'`)).toEqual([]);
    await app.database.query(`UPDATE log_queue SET due_at = now() + interval '1 hour' WHERE petition_id = $1`, held);
  });

  test('logs what was held, then the end, which the verifier accepts; the page says so', async () => {
    expect((await move('ended', 'archiving')).statusCode).toBe(200);
    // What was held is one round, the end, alone, another.
    await app.get(Sequencer).drain();
    const found = await recount(app, petitionId, 'ended');
    expect(found).toMatchObject({ count: 2, size: 4, closed: new Date().toISOString().slice(0, 10) });
    await settle();
    expect(await page('/en/p/ended')).toContain('Final count: 2, sealed by entry 3');
    expect(await page('/fa/p/ended/history')).toContain('شمار نهایی: ۲');
    const again = await app.get(Sequencer).drain();
    expect(again).toBe(0);
  });

  test('is the end: nothing opens, changes or follows', async () => {
    for (const verb of ['opening', 'closing', 'archiving', 'review']) {
      expect({
        verb,
        status: (await (verb === 'review' ? olga : amir).api('POST', `/api/v1/petitions/ended/${verb}`, {})).statusCode,
      }).toEqual({ verb, status: 409 });
    }
    const [text] = (await app.inject({ url: '/api/v1/petitions/ended/texts' })).json<{ texts: { sha256: string }[] }>()
      .texts;
    const change = { title: 'x', ask: 'x', addressee: 'x', body: 'x', reason: 'x', previousSha256: text!.sha256 };
    expect((await olga.api('PUT', '/api/v1/petitions/ended/texts/en', change)).statusCode).toBe(409);
    expect((await olga.api('PATCH', '/api/v1/petitions/ended', { goal: 5 })).statusCode).toBe(409);
  });
});

test('a closed petition refuses amendments', async () => {
  await openPetition(app, 'shut');
  await move('shut', 'closing');
  const [text] = (await app.inject({ url: '/api/v1/petitions/shut/texts' })).json<{ texts: { sha256: string }[] }>()
    .texts;
  const change = { title: 'x', ask: 'x', addressee: 'x', body: 'x', reason: 'x', previousSha256: text!.sha256 };
  expect((await olga.api('PUT', '/api/v1/petitions/shut/texts/en', change)).statusCode).toBe(409);
});

/** Needs two connections, and a moment in which one of them has read that the petition is open and not yet written. */
(serverUrl ? test : test.skip)(
  'waits for whoever confirms at the same moment: what was answered is logged',
  async () => {
    const petitionId = await openPetition(app, 'raced');
    const other = await new DataSource({ type: 'postgres', url: app.settings.DATABASE_URL! }).initialize();
    try {
      const token = await askForLink(app, { email: 'last@example.org' }, 'raced');
      const holder = other.createQueryRunner();
      await holder.query(
        `CREATE OR REPLACE FUNCTION wait_a_moment() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN NEW; END $$`,
      );
      await holder.query(
        `CREATE TRIGGER waits BEFORE INSERT ON signatures FOR EACH ROW EXECUTE FUNCTION wait_a_moment()`,
      );
      await holder.query(`BEGIN`);
      await holder.query(`SELECT pg_advisory_xact_lock(4711)`);
      const confirming = confirm(app, token);
      await until(async () => {
        const [{ waiting }] = await other.query(
          `SELECT count(*)::int AS waiting FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = 4711`,
        );
        return waiting === 1;
      });
      expect((await move('raced', 'closing')).statusCode).toBe(200);
      const archiving = move('raced', 'archiving');
      await until(async () => {
        const [{ waiting }] = await other.query(
          `SELECT count(*)::int AS waiting FROM pg_locks WHERE relation = 'log_queue'::regclass AND NOT granted`,
        );
        return waiting === 1;
      });
      await holder.query('COMMIT');
      expect((await confirming).statusCode).toBe(200);
      expect((await archiving).statusCode).toBe(200);
      await app.get(Sequencer).drain();
      expect(await recount(app, petitionId, 'raced')).toMatchObject({ count: 1, closed: expect.any(String) });
    } finally {
      await other.query(`DROP TRIGGER IF EXISTS waits ON signatures`);
      await other.destroy();
    }
  },
);

async function until(good: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 100; turn++) {
    if (await good()) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error('it never came to that');
}

describe('publication', () => {
  const patch = (change: object) => olga.api('PATCH', '/api/v1/petitions/chosen', change);
  const draft = { slug: 'chosen', startedBy: 'Readers', publication: 'protected' };
  const words = { title: 'T', ask: 'A', addressee: 'B', body: 'C' };

  test('is chosen with the petition; a protected one holds signatures for an hour', async () => {
    const made = await olga.api('POST', '/api/v1/petitions', { ...draft, texts: { en: words } });
    expect(made.json()).toMatchObject({ publication: 'protected', holdMinutes: 60 });
    const own = await olga.api('POST', '/api/v1/petitions', {
      ...draft,
      slug: 'own',
      holdMinutes: 5,
      texts: { en: words },
    });
    expect(own.json()).toMatchObject({ publication: 'protected', holdMinutes: 5 });
    for (const wrong of [
      { holdMinutes: 10_081 },
      { holdMinutes: -1 },
      { holdMinutes: 1.5 },
      { publication: 'secret' },
      { goal: 0 },
    ]) {
      expect((await patch(wrong)).statusCode).toBe(422);
    }
  });

  test('can change at any time, is audited, and log.json says it although nothing was logged', async () => {
    await olga.api('POST', '/api/v1/petitions/chosen/review');
    const { textsSha256 } = (await olga.api('GET', '/api/v1/petitions/chosen/record')).json<{ textsSha256: string }>();
    await amir.api('POST', '/api/v1/petitions/chosen/opening', reviewed(textsSha256));
    await app.get(Sequencer).drain();
    expect((await logJson('chosen')).publication).toBe('protected');
    expect((await patch({ publication: 'ordinary', holdMinutes: 0 })).json()).toMatchObject({
      publication: 'ordinary',
    });
    expect((await logJson('chosen')).publication).toBe('ordinary');
    expect((await patch({ publication: 'protected' })).statusCode).toBe(200);
    expect((await logJson('chosen')).publication).toBe('protected');
    const found = await verify(folderReader(join(app.settings.DATA_DIR, 'log', 'chosen')));
    expect(found).toMatchObject({ size: 1 });
    const ada = await signIn(app, 'ada');
    const audit = (await ada.api('GET', '/api/v1/audit?action=petition.changed')).json<{
      entries: { detail: object }[];
    }>();
    expect(audit.entries[1]!.detail).toMatchObject({
      publication: { was: 'protected', is: 'ordinary' },
      holdMinutes: { was: 60, is: 0 },
    });
    expect((await patch({ startedBy: 'Somebody else' })).statusCode).toBe(409);
  });
});
