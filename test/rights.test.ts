import { Logger } from '@nestjs/common';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ErasureJournal } from '../src/signatures/erasure-journal.js';
import { Retention } from '../src/signatures/retention.js';
import { Limits } from '../src/site/limits.service.js';
import { startApp, type TestApp } from './support/app.js';
import { formBody } from './support/cast.js';
import { ask, askForLink, confirm, inbox, type Mail, openPetition } from './support/petitions.js';
import { recount } from './support/public-log.js';

let app: TestApp;
let petitionId: string;
beforeEach(async () => {
  app = await startApp({ LIMITS: 'off' });
  petitionId = await openPetition(app);
});
afterEach(() => app.close());

const log = (options: { code?: string } = {}) => recount(app, petitionId, 'wetlands', options);
const sign = async (email: string, person: object = {}, slug = 'wetlands') => {
  const token = await askForLink(app, { email, ...person }, slug);
  return { token, code: (await confirm(app, token)).json<{ code: string | null }>().code };
};
const post = (url: string, fields: Record<string, string> = {}) =>
  app.inject({ method: 'POST', url, ...formBody(fields) });
const api = (method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, payload?: object) =>
  app.inject({ method, url: `/api/v1/${url}`, payload });
const rows = () => app.database.query(`SELECT * FROM signatures`);
const linkIn = (mail: Mail) => new URL(mail.links[0]!).pathname;
/** The link in the mail that the request leads to, or null if none comes. */
async function linkFor(request: () => Promise<unknown>): Promise<string | null> {
  const before = await inbox(app);
  await request();
  const after = await inbox(app);
  return after.length > before.length ? linkIn(after[0]!) : null;
}
const rightsLink = (email: string, slug = 'wetlands') =>
  linkFor(() => post(`/en/p/${slug}/withdraw`, { email })) as Promise<string>;
const dataLink = (email: string) => linkFor(() => post('/en/my-data', { email }));
const last = (path: string) => path.slice(path.lastIndexOf('/') + 1);

describe('withdraw by code', () => {
  const byCode = (code: string, slug = 'wetlands') => api('POST', `petitions/${slug}/withdrawals/by-code`, { code });

  test('a logged signature goes, the log proves that the code fits, and the link from before does not sign again', async () => {
    const { token, code } = await sign('sara@example.org');
    await sign('nima@example.org');
    expect(await log()).toMatchObject({ count: 2 });
    expect((await byCode(code!)).json()).toEqual({ status: 'withdrawn', petition: 'wetlands' });
    expect(await log({ code: code! })).toMatchObject({
      count: 1,
      withdrawn: { byCode: 1 },
      code: [{ withdrawnForReason: 1 }],
    });
    expect(await rows()).toHaveLength(1);
    expect((await confirm(app, token)).statusCode).toBe(410);
    // Twice is once.
    expect((await byCode(code!)).statusCode).toBe(200);
    expect(await log()).toMatchObject({ count: 1, withdrawn: { byCode: 1 } });
  });

  test('one that waits goes too, typed in any way', async () => {
    const { code } = await sign('sara@example.org');
    const typed = code!
      .toLowerCase()
      .replaceAll('0', 'o')
      .replaceAll('1', 'l')
      .replace(/(.{4})/g, '$1-');
    expect((await post('/fa/p/wetlands/withdraw-by-code', { code: ` ${typed} ` })).headers.location).toBe(
      '/fa/p/wetlands/withdrawn',
    );
    expect(await log({ code: code! })).toMatchObject({ count: 0, code: [{ withdrawnForReason: 1 }] });
  });

  test('found in a long log, whichever bundle it is in', async () => {
    const codes = [];
    for (let n = 0; n < 3; n++) {
      codes.push((await sign(`p${n}@example.org`)).code!);
      await app.database.query(
        `INSERT INTO log_queue (petition_id, id, kind, entry, signature_id, day, country, source)
         SELECT $1, gen_random_uuid(), 'sign', '\\x01'::bytea || sha256(random()::text::bytea) || sha256('b'),
           gen_random_uuid(), '2026-11-22', 'SE', 'api' FROM generate_series(1, 300)`,
        [petitionId],
      );
      await log();
    }
    for (const code of codes) expect((await byCode(code)).statusCode).toBe(200);
    expect(await log()).toMatchObject({ count: 900, withdrawn: { byCode: 3 } });
  });

  test('what is no code, and a code of nobody, are said beside the field; another petition’s code is one of nobody', async () => {
    await openPetition(app, 'rivers');
    const { code } = await sign('sara@example.org');
    const said = async (typed: string, slug?: string) => {
      const answer = await byCode(typed, slug);
      return [answer.statusCode, answer.json<{ errors: object[] }>().errors];
    };
    expect(await said('')).toMatchObject([422, [{ field: 'code' }]]);
    expect(await said('ABC')).toMatchObject([422, [{ field: 'code', code: 'not-a-code' }]]);
    expect(await said('U'.repeat(20))).toMatchObject([422, [{ field: 'code', code: 'not-a-code' }]]);
    expect(await said('7'.repeat(20))).toMatchObject([422, [{ field: 'code', code: 'unknown-code' }]]);
    expect(await said(code!, 'rivers')).toMatchObject([422, [{ field: 'code', code: 'unknown-code' }]]);
    const page = await post('/en/p/wetlands/withdraw-by-code', { code: '"><script>' });
    expect([page.statusCode, page.body.includes('<script>')]).toEqual([422, false]);
    expect(page.body).toContain('This is not a code');
    expect(await log()).toMatchObject({ count: 1 });
  });

  test('guessing is limited', async () => {
    const limited = await startApp();
    try {
      await openPetition(limited);
      const answers = [];
      for (let n = 0; n < 21; n++) {
        const url = '/api/v1/petitions/wetlands/withdrawals/by-code';
        answers.push((await limited.inject({ method: 'POST', url, payload: { code: '7'.repeat(20) } })).statusCode);
      }
      expect([answers[19], answers[20]]).toEqual([422, 429]);
    } finally {
      await limited.close();
    }
  });

  test('at once by code, by mailbox and by link: one withdrawal', async () => {
    const { token, code } = await sign('sara@example.org');
    await log();
    const link = await rightsLink('sara@example.org');
    await Promise.all([byCode(code!), post(link), api('DELETE', `confirmations/${token}`), byCode(code!)]);
    const found = await log();
    expect([found.count, found.size]).toEqual([0, 3]);
  });
});

describe('erase but stay counted', () => {
  test('everything but the digest, country and way goes; the entry stays, and can be withdrawn later', async () => {
    const { token, code } = await sign('sara@example.org', { name: 'Sara Canary' });
    await api('PUT', `confirmations/${token}/words`, { words: 'canary words' });
    const link = await rightsLink('sara@example.org');
    const page = await app.inject({ url: link });
    expect(page.body).toContain('Erase who I am');
    expect(await log()).toMatchObject({ count: 1 });
    expect((await post(`${link}/erasure`)).headers.location).toBe('/en/p/wetlands/erased');
    expect((await app.inject({ url: '/en/p/wetlands/erased' })).body).toContain('Your data is erased');
    expect(await rows()).toMatchObject([
      { box: null, domain: null, locale: '', text_version: 0, consents: [], country: 'SE', source: 'api' },
    ]);
    expect(await log({ code: code! })).toMatchObject({ count: 1, size: 2, code: [{ withdrawnForReason: null }] });
    // Twice is once, and what showed her shows nothing any more.
    expect((await api('PUT', `withdrawals/${last(link)}/erasure`)).json()).toEqual({
      status: 'erased',
      petition: 'wetlands',
    });
    expect((await app.inject({ url: `/en/confirm/${token}/thank-you` })).statusCode).toBe(410);
    expect((await api('PUT', `confirmations/${token}/words`, { words: 'more' })).statusCode).toBe(410);
    expect((await post(link)).statusCode).toBe(303);
    expect(await log()).toMatchObject({ count: 0, withdrawn: { byMailbox: 1 } });
    expect(await rows()).toEqual([]);
  });

  test('one mailbox cannot sign, be erased, and be counted again, also not at once', async () => {
    const first = await sign('sara@example.org');
    const link = await rightsLink('sara@example.org');
    const second = await linkFor(() => ask(app, { email: 'sara@example.org' }));
    expect(second).not.toContain('/confirm/'); // "you have signed already"
    await Promise.all([
      post(`${link}/erasure`),
      confirm(app, first.token),
      post(`${link}/erasure`),
      confirm(app, first.token),
    ]);
    expect((await confirm(app, first.token)).json()).toMatchObject({ code: null });
    expect(await linkFor(() => ask(app, { email: 'SARA@example.org' }))).not.toContain('/confirm/');
    expect(await log()).toMatchObject({ count: 1, size: 2 });
  });

  test('an entry that waits is counted all the same', async () => {
    await sign('sara@example.org');
    await post(`${await rightsLink('sara@example.org')}/erasure`);
    expect(await log()).toMatchObject({ count: 1 });
  });

  test('what waits for a person is gone altogether, and was never counted', async () => {
    await sign('sara@example.org');
    await app.database.query(`UPDATE log_queue SET due_at = 'infinity' WHERE kind = 'sign'`);
    await app.database.query(`INSERT INTO flags SELECT petition_id, id, '{domain-burst}' FROM signatures`);
    await post(`${await rightsLink('sara@example.org')}/erasure`);
    expect([await rows(), await app.database.query(`SELECT * FROM flags`)]).toEqual([[], []]);
    expect(await log()).toMatchObject({ count: 0, size: 1 });
  });
});

describe('a backup that is put back', () => {
  test('forgets those again who had themselves erased or withdrawn since, before anybody can ask', async () => {
    const kept = await sign('kept@example.org');
    await sign('erased@example.org');
    const gone = await sign('gone@example.org');
    const { code } = await sign('coded@example.org');
    await log();
    const [backup] = await app.database.query(`SELECT jsonb_agg(row)::text AS all FROM signatures AS row`);
    await post(`${await rightsLink('erased@example.org')}/erasure`);
    await api('DELETE', `confirmations/${gone.token}`);
    await api('POST', 'petitions/wetlands/withdrawals/by-code', { code: code! });

    await app.database.query(`DELETE FROM signatures`);
    await app.database.query(`DELETE FROM withdrawals`);
    await app.database.query(`DELETE FROM log_queue`);
    await app.database.query(`INSERT INTO signatures SELECT * FROM jsonb_populate_recordset(NULL::signatures, $1)`, [
      backup.all,
    ]);
    expect(await rows()).toHaveLength(4);
    expect(await app.get(ErasureJournal).replay()).toBe(3);
    expect(await app.get(ErasureJournal).replay()).toBe(0);
    const left: { box: Buffer | null }[] = await rows();
    expect(left.map(({ box }) => box === null).toSorted()).toEqual([false, true]);
    expect(await log()).toMatchObject({ count: 2, withdrawn: { byMailbox: 1, byCode: 1 } });
    expect((await confirm(app, kept.token)).json()).toMatchObject({ code: null });
  });

  test('the journal holds random ids and nothing else, and a line cut by a crash does no harm', async () => {
    const { token } = await sign('gone@example.org');
    await api('DELETE', `confirmations/${token}`);
    const folder = join(app.settings.DATA_DIR, 'erasures');
    const [name] = await readdir(folder);
    const text = await readFile(join(folder, name!), 'utf8');
    expect(text.trim()).toMatch(/^\{"petition":"[0-9a-f-]{36}","signature":"[0-9a-f-]{36}","wish":"withdrawn"\}$/);
    const { appendFile, rename } = await import('node:fs/promises');
    await appendFile(join(folder, name!), '{"petition":"0192');
    expect(await app.get(ErasureJournal).replay()).toBe(0);
    // Months that no backup reaches back to are dropped.
    await rename(join(folder, name!), join(folder, '2020-01.jsonl'));
    expect(await app.get(Retention).run({ dryRun: true })).toMatchObject({ journalMonths: 1 });
    expect(await readdir(folder)).toHaveLength(1);
    expect(await app.get(Retention).run()).toMatchObject({ journalMonths: 1 });
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('my data', () => {
  const held = async (path: string) => (await api('GET', `my-data/${last(path)}`)).json<{ signatures: object[] }>();

  test('shows everything in all petitions, as page, JSON and CSV, and nothing of anybody else', async () => {
    await openPetition(app, 'rivers');
    const name = '=cmd|"/c calc"!A0 <b>Sara</b>';
    const { token } = await sign('sara@example.org', { name, consents: { sign: true, news: true } });
    await api('PUT', `confirmations/${token}/words`, { words: 'Because <i>of</i> the birds' });
    await log();
    await sign('Sara@Example.org', { country: 'DE' }, 'rivers');
    await sign('other@example.org', { name: 'Other Person' });
    const link = (await dataLink('sara@example.org'))!;
    const all = await held(link);
    expect(all).toMatchObject({
      email: 'sara@example.org',
      signatures: [
        { petition: 'rivers', country: 'DE', state: 'waiting', entry: null },
        {
          ...{ petition: 'wetlands', name, email: 'sara@example.org', words: 'Because <i>of</i> the birds' },
          ...{ country: 'SE', locale: 'en', textVersion: 1, source: 'api', state: 'counted', entry: 1, erased: false },
          consents: [{ purpose: 'sign' }, { purpose: 'news' }],
          auditSalt: expect.stringMatching(/^[\w+/]{43}=$/) as string,
        },
      ],
    });
    const page = await app.inject({ url: link });
    expect([page.statusCode, page.headers['cache-control']]).toEqual([200, 'no-store']);
    expect(page.body).toContain('&lt;b&gt;Sara&lt;/b&gt;');
    expect(page.body).not.toContain('Other Person');
    expect((await app.inject({ url: link.replace('/en/', '/fa/') })).body).toContain('داده‌های من');
    const json = await app.inject({ url: `${link}/my-data.json` });
    expect(json.headers['content-disposition']).toContain('my-data.json');
    expect(json.json()).toEqual(all);
    const csv = await app.inject({ url: `${link}/my-data.csv` });
    expect(csv.headers['content-type']).toContain('text/csv');
    // No cell begins what a spreadsheet would run.
    expect(csv.body).toContain(`"'=cmd|""/c calc""!A0 <b>Sara</b>"`);
    expect(csv.body).not.toContain('Other Person');
  });

  test('tells which digests of her address are remembered, until when, and not how they are made', async () => {
    await app.close();
    app = await startApp();
    petitionId = await openPetition(app);
    await sign('sara@example.org');
    const link = (await dataLink('sara@example.org'))!;
    const { remembered } = (await held(link)) as unknown as { remembered: { what: string; until: string }[] };
    expect(remembered).toMatchObject([{ what: 'confirmation-mails' }, { what: 'rights-mails' }]);
    const midnight = `${new Date(Date.now() + 24 * 3600_000).toISOString().slice(0, 10)}T00:00:00.000Z`;
    expect(remembered.map(({ until }) => until)).toEqual([midnight, midnight]);
    const page = (await app.inject({ url: link })).body;
    expect(page).toMatch(/counts today’s messages that ask to confirm/);
    const buckets: { bucket: Buffer }[] = await app.database.query(`SELECT bucket FROM limits`);
    for (const { bucket } of buckets) {
      for (const form of ['hex', 'base64'] as const) expect(page).not.toContain(bucket.toString(form));
    }
    expect((await app.inject({ url: `${link}/my-data.csv` })).body).toContain('confirmation-mails');

    await post(`${link}/wetlands/withdrawal`);
    const after = (await held(link)) as unknown as {
      signatures: object[];
      remembered: { what: string; until: string }[];
    };
    expect(after.signatures).toEqual([]);
    const memory = after.remembered.find(({ what }) => what === 'withdrawal')!;
    expect(memory).toMatchObject({ petition: 'wetlands' });
    expect((Date.parse(memory.until) - Date.now()) / 3600_000).toBeCloseTo(73, 0);
    expect((await app.inject({ url: link })).body).toMatch(
      /hold no signature[^]*remembers that you took your name back/,
    );
    expect((await app.inject({ url: `${link}/my-data.csv` })).body).toContain('withdrawal');
    // What only asking leaves is no reason for a mail; a withdrawal is.
    expect(await dataLink('sara@example.org')).not.toBeNull();
    expect(await dataLink('stranger@example.org')).toBeNull();
  });

  test('finds a digest that another process keeps', async () => {
    const limits = app.get(Limits);
    expect(await limits.remembers('mail-to-address', 'x@example.org')).toBeNull();
    const bucket = Buffer.from(limits['bucket']('mail-to-address', 'x@example.org').key, 'base64');
    await app.database.query(`INSERT INTO limits (bucket, hits, resets_at) VALUES ($1, 1, now() + interval '1 hour')`, [
      bucket,
    ]);
    expect(await limits.remembers('mail-to-address', 'x@example.org')).toBeInstanceOf(Date);
    expect(await limits.remembers('mail-to-address', 'y@example.org')).toBeNull();
  });

  test('takes a name back and erases, each for the petition that was meant', async () => {
    await openPetition(app, 'rivers');
    await sign('sara@example.org');
    await sign('sara@example.org', {}, 'rivers');
    const link = (await dataLink('sara@example.org'))!;
    expect((await post(`${link}/rivers/erasure`)).headers.location).toBe(`${link}?done=erased`);
    expect((await post(`${link}/wetlands/withdrawal`)).headers.location).toBe(`${link}?done=withdrawn`);
    expect(await held(link)).toMatchObject({
      signatures: [{ petition: 'rivers', erased: true, name: null, email: null }],
    });
    expect((await app.inject({ url: link })).body).toContain('erased');
    expect(await log()).toMatchObject({ count: 0 });
    expect((await post(`${link}/nowhere/erasure`)).statusCode).toBe(404);
  });

  test('says the same to known and unknown addresses, in words and in rows, and mails only if there is something', async () => {
    await sign('sara@example.org');
    const outcomes = [];
    for (const email of ['sara@example.org', 'stranger@example.org']) {
      const [before] = await app.database.query(`SELECT count(*)::int AS n FROM outbox`);
      const answers = [await api('POST', 'my-data', { email, locale: 'en' }), await post('/en/my-data', { email })];
      const withdrawals = [
        await api('POST', 'petitions/wetlands/withdrawals', { email, locale: 'en' }),
        await post('/en/p/wetlands/withdraw', { email }),
      ];
      const [after] = await app.database.query(`SELECT count(*)::int AS n FROM outbox`);
      outcomes.push([
        [...answers, ...withdrawals].map(({ statusCode, body, headers }) => [statusCode, body, headers.location]),
        (after.n as number) - (before.n as number),
      ]);
    }
    expect(outcomes[0]).toEqual(outcomes[1]);
    expect(await dataLink('stranger@example.org')).toBeNull();
    expect(await dataLink('sara@example.org')).toContain('/my-data/');
  });

  test('a link for one thing is no link for another', async () => {
    const { token } = await sign('sara@example.org');
    const withdraw = last(await rightsLink('sara@example.org'));
    const data = last((await dataLink('sara@example.org'))!);
    for (const [method, url] of [
      ['GET', `my-data/${token}`],
      ['GET', `my-data/${withdraw}`],
      ['PUT', `withdrawals/${data}`],
      ['PUT', `withdrawals/${token}/erasure`],
      ['PUT', `confirmations/${data}`],
      ['DELETE', `confirmations/${withdraw}`],
    ] as const)
      expect([url, (await api(method, url)).statusCode]).toEqual([url, 410]);
    expect(await rows()).toHaveLength(1);
    // GET shows, and acts never.
    for (const path of [`/en/withdraw/${withdraw}`, `/en/my-data/${data}`, `/en/withdraw/${withdraw}/erasure`])
      await app.inject({ url: path });
    expect(await rows()).toMatchObject([{ box: expect.any(Buffer) as Buffer }]);
  });
});

test('a sealed count: nobody is taken off any more, everybody can still be erased, and then the digest goes too', async () => {
  const { code } = await sign('sara@example.org');
  await log();
  const link = await rightsLink('sara@example.org');
  await app.database.query(`UPDATE petitions SET state = 'archived'`);
  expect((await post(link)).statusCode).toBe(409);
  expect((await api('POST', 'petitions/wetlands/withdrawals/by-code', { code })).statusCode).toBe(409);
  expect((await post(`${link}/erasure`)).statusCode).toBe(303);
  expect(await app.get(Retention).run({ dryRun: true })).toMatchObject({ erasedDigests: 1 });
  expect(await rows()).toHaveLength(1);
  expect(await app.get(Retention).run()).toMatchObject({ erasedDigests: 1 });
  expect(await rows()).toEqual([]);
  expect(await log()).toMatchObject({ count: 1 });
});

test('retention writes down what went, in numbers, and nothing when nothing went', async () => {
  const told = jest.spyOn(Logger.prototype, 'log').mockReturnValue();
  const written = (): Promise<object[]> =>
    app.database.query(
      `SELECT actor_name, action, detail FROM audit_entries WHERE action LIKE 'retention.%' ORDER BY id`,
    );
  await app.get(Retention).run();
  await app.database.query(
    `INSERT INTO withdrawals (petition_id, identity, withdrawn_at)
     SELECT $1::uuid, sha256(n::text::bytea), now() - interval '80 hours' FROM generate_series(1, 1003) AS n`,
    [(await app.database.query(`SELECT id FROM petitions`))[0].id],
  );
  expect(await app.get(Retention).run({ dryRun: true })).toMatchObject({ withdrawals: 1003 });
  expect([await written(), told.mock.calls]).toEqual([[], []]);
  const report = await app.get(Retention).run();
  expect(report).toEqual({ withdrawals: 1003, erasedDigests: 0, journalMonths: 0 });
  await app.get(Retention).run();
  expect(await written()).toEqual([{ actor_name: 'system', action: 'retention.removed', detail: report }]);
  expect(told.mock.calls).toEqual([['gone: withdrawals 1003, erasedDigests 0, journalMonths 0']]);
  told.mockRestore();
});
