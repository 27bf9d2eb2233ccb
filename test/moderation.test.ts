import { DataSource } from 'typeorm';
import { Counts } from '../src/countlog/counts.service.js';
import { Sequencer } from '../src/countlog/sequencer.js';
import { PersonsExports } from '../src/exports/persons-export.service.js';
import { Inbox } from '../src/mail/inbox.js';
import { MailWorker } from '../src/mail/mail.worker.js';
import { Flags } from '../src/moderation/flags.service.js';
import { Invalidations } from '../src/moderation/invalidations.service.js';
import { Suspicion } from '../src/signatures/suspicion.js';
import { Limits } from '../src/site/limits.service.js';
import { startApp, type TestApp } from './support/app.js';
import { untilBlocked } from './support/blocked.js';
import { type SignedIn, signIn } from './support/cast.js';
import { serverUrl } from './support/database.js';
import { ask, askForLink, confirm, openPetition } from './support/petitions.js';
import { recount } from './support/public-log.js';

let app: TestApp;
let petitionId: string;
let amir: SignedIn;
beforeEach(async () => {
  app = await startApp();
  petitionId = await openPetition(app);
  amir = await signIn(app, 'amir');
});
afterEach(() => app.close());

const url = '/api/v1/petitions/wetlands';
const sign = async (email: string, person: object = {}) => {
  const token = await askForLink(app, { email, ...person });
  const { code } = (await confirm(app, token)).json<{ code: string }>();
  return { token, code };
};
const log = (options: { code?: string } = {}) => recount(app, petitionId, 'wetlands', options);
const pending = async () => {
  app.get(Counts)['known'].clear();
  return (await app.get(Counts).of(petitionId)).pending;
};
const busyNetwork = () => {
  for (let n = 0; n < 31; n++) app.get(Limits).allows('confirm-network', '127.0.0.1');
};
const invalidate = async (rule: object, reason = 'fraud') => {
  const answer = await amir.api('POST', `${url}/invalidations`, { rule, reason, note: 'a test' });
  expect(answer.statusCode).toBe(201);
  return answer.json<{ signatures: number }>().signatures;
};
const latest = async () =>
  (await amir.api('GET', `${url}/invalidations`)).json<{ invalidations: { id: string; undoneAt: string | null }[] }>()
    .invalidations[0]!;
const undo = async () => amir.api('POST', `${url}/invalidations/${(await latest()).id}/undoing`);
const graceIsOver = () => app.database.query(`UPDATE log_queue SET due_at = now() WHERE reason IN (3, 4)`);
const tokenOf = ({ token }: { token: string }) => token;

describe('suspicion', () => {
  test('one sign is not enough, two are; a burst from a rare domain is; a common provider never is', () => {
    const suspicion = app.get(Suspicion);
    expect(suspicion.signals(petitionId, 'mailinator.com', false)).toEqual([]);
    expect(suspicion.signals(petitionId, 'example.org', true)).toEqual([]);
    expect(suspicion.signals(petitionId, 'mailinator.com', true)).toEqual(['disposable-domain', 'network-burst']);
    for (let n = 0; n < 100; n++) expect(suspicion.signals(petitionId, 'village.example', false)).toEqual([]);
    expect(suspicion.signals(petitionId, 'village.example', false)).toEqual(['domain-burst']);
    expect(suspicion.signals('another petition', 'village.example', false)).toEqual([]);
    for (let n = 0; n < 200; n++) expect(suspicion.signals(petitionId, 'gmail.com', false)).toEqual([]);
  });

  test('a flagged signature waits for a person, is thanked like any other, and is counted when she says so', async () => {
    busyNetwork();
    const ordinary = await sign('sara@example.org');
    const token = await askForLink(app, { email: 'one@mailinator.com' });
    const answer = await confirm(app, token);
    expect([answer.statusCode, Object.keys(answer.json<object>())]).toEqual([200, ['status', 'petition', 'code']]);
    expect(await log({ code: ordinary.code })).toMatchObject({ count: 1, code: [{ withdrawnForReason: null }] });
    expect(await pending()).toBe(0);

    const { flags } = (await amir.api('GET', `${url}/flags`)).json<{ flags: object[] }>();
    expect(flags).toMatchObject([
      { domain: 'mailinator.com', signals: ['disposable-domain', 'network-burst'], signatures: 1 },
    ]);
    expect((await amir.get('/en/console')).body).toContain('One signature waits to be looked at');
    const decision = { domain: 'mailinator.com', decision: 'count' };
    expect((await amir.api('POST', `${url}/flags/decisions`, decision)).json()).toEqual({ signatures: 1 });
    expect(await log()).toMatchObject({ count: 2 });
    expect((await amir.api('POST', `${url}/flags/decisions`, decision)).statusCode).toBe(409);
  });

  test('refused before the log, she never gets there; undone, she is counted', async () => {
    busyNetwork();
    const { token, code } = await sign('one@mailinator.com');
    await amir.post('/en/console/petitions/wetlands/signatures/flags', { domain: 'mailinator.com', decision: 'fraud' });
    expect(await log()).toMatchObject({ count: 0, size: 1 });
    expect((await amir.api('GET', `${url}/flags`)).json()).toEqual({ flags: [], next: null });
    // The same link and the same address are no way around.
    expect((await confirm(app, token)).statusCode).toBe(200);
    expect(await log()).toMatchObject({ count: 0, size: 1 });
    expect((await undo()).statusCode).toBe(200);
    expect(await log({ code })).toMatchObject({ count: 1, size: 2, code: [{ index: 1, withdrawnForReason: null }] });
    expect((await undo()).statusCode).toBe(409);
  });

  test('a flagged signer may take her name back before anybody decides', async () => {
    busyNetwork();
    const { token } = await sign('one@mailinator.com');
    await app.inject({ method: 'DELETE', url: `/api/v1/confirmations/${token}` });
    expect((await amir.api('GET', `${url}/flags`)).json()).toEqual({ flags: [], next: null });
    await app.database.query(`UPDATE log_queue SET due_at = now()`);
    expect(await log()).toMatchObject({ count: 0 });
  });
});

test('the hold window keeps an entry from the log, and says nothing of the moment she signed', async () => {
  await app.database.query(`UPDATE petitions SET hold_minutes = 60`);
  await sign('sara@example.org');
  expect(await log()).toMatchObject({ count: 0 });
  expect(await pending()).toBe(1);
  const [{ seconds, minutes }] = await app.database.query(
    `SELECT extract(second FROM due_at)::float AS seconds, extract(epoch FROM due_at - now()) / 60 AS minutes
     FROM log_queue WHERE kind = 'sign'`,
  );
  expect(seconds).toBe(0);
  expect(Number(minutes)).toBeGreaterThan(59);
  expect(Number(minutes)).toBeLessThanOrEqual(61);
  await app.database.query(`UPDATE log_queue SET due_at = now()`);
  expect(await log()).toMatchObject({ count: 1 });
});

describe('bulk invalidation', () => {
  test('says first what it would do, and changes nothing by that', async () => {
    await sign('one@bad.example');
    await sign('two@bad.example', { country: 'DE' });
    await log();
    await sign('three@bad.example');
    await sign('sara@example.org');
    const answer = await amir.api('POST', `${url}/invalidations/preview`, { domain: 'BAD.example' });
    expect(answer.json()).toMatchObject({
      ...{ signatures: 3, logged: 2, days: [{ signatures: 3 }] },
      countries: [
        { country: 'SE', signatures: 2 },
        { country: 'DE', signatures: 1 },
      ],
    });
    expect(await log()).toMatchObject({ count: 4 });
  });

  test('undone within the grace it leaves no trace; after it, the log says reason and number, and can be undone too', async () => {
    const { code } = await sign('one@bad.example');
    await sign('two@bad.example');
    await sign('sara@example.org');
    const before = await log();
    expect(await invalidate({ domain: 'bad.example' })).toBe(2);
    expect(await log()).toMatchObject({ count: 3, size: before.size });
    expect((await undo()).statusCode).toBe(200);
    await graceIsOver();
    expect(await log()).toMatchObject({ count: 3, size: before.size, root: before.root });

    expect(await invalidate({ domain: 'bad.example' })).toBe(2);
    expect(await invalidate({ domain: 'bad.example' })).toBe(0);
    await graceIsOver();
    expect(await log({ code })).toMatchObject({ count: 1, withdrawn: { fraud: 2 }, code: [{ withdrawnForReason: 3 }] });
    const [, first] = (await amir.api('GET', `${url}/invalidations`)).json<{ invalidations: { id: string }[] }>()
      .invalidations;
    expect((await amir.api('POST', `${url}/invalidations/${first!.id}/undoing`)).statusCode).toBe(200);
    expect(await log({ code })).toMatchObject({
      count: 3,
      code: [{ withdrawnForReason: 3 }, { withdrawnForReason: null }],
    });
    // Counted again, she can be taken out again, and take her name back herself.
    expect(await invalidate({ domain: 'bad.example' }, 'duplicate-or-test')).toBe(2);
    await graceIsOver();
    expect(await log()).toMatchObject({ count: 1, withdrawn: { fraud: 2, duplicate: 2 } });
  });

  test.each([
    ['country', { country: 'DE' }, 1],
    ['way', { source: 'api' }, 3],
    ['way, none', { source: 'page' }, 0],
    ['domain in its normal form', { domain: 'googlemail.com' }, 1],
    ['time window', { from: '2026-01-01T00:00:00Z', to: '2099-01-01T00:00:00Z' }, 3],
    ['time window, past', { to: '2026-01-01T00:00:00+02:00' }, 0],
    ['all together', { country: 'SE', source: 'api', domain: 'example.org', from: '2026-01-01T00:00:00Z' }, 1],
  ])('by %s, and back', async (_, rule, hits) => {
    await sign('one@gmail.com');
    await sign('two@example.net', { country: 'DE' });
    await log();
    await sign('three@example.org');
    expect(await invalidate(rule)).toBe(hits);
    await graceIsOver();
    expect(await log()).toMatchObject({ count: 3 - hits });
    expect((await undo()).statusCode).toBe(200);
    expect(await log()).toMatchObject({ count: 3 });
  });

  test('a rule that says nothing takes nobody out, and a bad one is told field by field', async () => {
    await sign('sara@example.org');
    const refused = async (rule: object) => {
      const answer = await amir.api('POST', `${url}/invalidations`, { rule, reason: 'fraud', note: 'x' });
      return [answer.statusCode, answer.json<{ errors: { field: string }[] }>().errors.map(({ field }) => field)];
    };
    expect(await refused({})).toEqual([422, ['rule.domain']]);
    expect(await refused({ domain: '', country: '' })).toEqual([422, ['rule.domain']]);
    expect(await refused({ domain: 'not a domain' })).toEqual([422, ['rule.domain']]);
    expect(await refused({ country: 'XX', source: 'fax' })).toEqual([422, ['rule.country', 'rule.source']]);
    expect(await refused({ from: '2026-02-01T00:00:00Z', to: '2026-01-01T00:00:00Z' })).toEqual([422, ['rule.to']]);
    expect(await log()).toMatchObject({ count: 1 });
  });

  test('a signer who is out can still take her name back, at every moment, and no undo brings her back', async () => {
    const people = await Promise.all(['kept@bad.example'].map((email) => sign(email)));
    expect(await invalidate({ domain: 'bad.example' })).toBe(1); // kept from the log
    people.push(await sign('waits@bad.example'));
    await log();
    expect(await invalidate({ domain: 'bad.example' })).toBe(1); // its withdrawal waits
    const takeBack = (token: string) => app.inject({ method: 'DELETE', url: `/api/v1/confirmations/${token}` });
    for (const token of people.map(tokenOf)) expect((await takeBack(token)).statusCode).toBe(200);
    await graceIsOver();
    expect(await log()).toMatchObject({ count: 0, withdrawn: { byMailbox: 1, fraud: 0 } });

    const late = await sign('late@bad.example');
    await log();
    expect(await invalidate({ domain: 'bad.example' })).toBe(1);
    await graceIsOver();
    expect(await log()).toMatchObject({ count: 0, withdrawn: { byMailbox: 1, fraud: 1 } });
    expect((await takeBack(late.token)).statusCode).toBe(200);
    for (const { id } of (await app.get(Invalidations).list('wetlands')).invalidations) {
      expect((await amir.api('POST', `${url}/invalidations/${id}/undoing`)).statusCode).toBe(200);
    }
    expect(await log()).toMatchObject({ count: 0, withdrawn: { byMailbox: 1, fraud: 1 } });
    expect(await app.database.query(`SELECT kind FROM log_queue`)).toEqual([]);
  });

  test('an entry that was promised is logged first, and taken out in public', async () => {
    const { token } = await sign('one@bad.example');
    const receipt = await app.inject({ method: 'POST', url: `/api/v1/confirmations/${token}/receipt` });
    expect([receipt.statusCode, receipt.body.includes('petition-promise/v1')]).toEqual([200, true]);
    expect(await invalidate({ domain: 'bad.example' })).toBe(0);
    expect(await log()).toMatchObject({ count: 1 });
    expect(await invalidate({ domain: 'bad.example' })).toBe(1);
    await graceIsOver();
    expect(await log()).toMatchObject({ count: 0, withdrawn: { fraud: 1 } });
  });

  (serverUrl ? test : test.skip)('an entry that is promised while we look for it stays', async () => {
    await sign('one@bad.example');
    let invalidated: Promise<number>;
    await app.database.transaction(async (tx) => {
      await tx.query(`UPDATE log_queue SET promised = true WHERE kind = 'sign'`);
      invalidated = invalidate({ domain: 'bad.example' });
      await untilBlocked(app);
    });
    expect(await invalidated!).toBe(0);
    expect(await log()).toMatchObject({ count: 1 });
  });

  test('whoever is out is in no export of persons', async () => {
    await sign('one@bad.example', { consents: { sign: true, news: true } });
    const exported = async () => {
      const rows = [];
      for await (const row of app.get(PersonsExports)['rows'](petitionId, 'news', ['email'])) rows.push(row);
      return rows.length;
    };
    expect(await exported()).toBe(1);
    await invalidate({ domain: 'bad.example' });
    expect(await exported()).toBe(0);
  });

  test('at once with rounds, withdrawals and more of its kind, the log stays valid and the sums stay equal', async () => {
    const people = [];
    for (let n = 0; n < 12; n++) people.push(await sign(`p${n}@bad.example`, { country: n % 2 ? 'DE' : 'SE' }));
    for (let turn = 0; turn < 6; turn++) {
      await Promise.all([
        app.get(Sequencer).drain(),
        amir.api('POST', `${url}/invalidations`, {
          ...{ rule: { country: turn % 2 ? 'DE' : 'SE' }, reason: 'fraud', note: 'x' },
        }),
        app.inject({ method: 'DELETE', url: `/api/v1/confirmations/${people[turn]!.token}` }),
        turn > 1 ? undo() : null,
        graceIsOver(),
      ]);
      await log();
    }
    for (const { id, undoneAt } of (await app.get(Invalidations).list('wetlands')).invalidations) {
      if (!undoneAt) await amir.api('POST', `${url}/invalidations/${id}/undoing`);
    }
    await graceIsOver();
    expect(await log()).toMatchObject({ count: 6 });
    expect(await app.get(DataSource).query(`SELECT 1 FROM signatures`)).toHaveLength(6);
  });
});

describe('the console', () => {
  const page = '/en/console/petitions/wetlands/signatures';
  const form = (fields: object) => amir.post(`${page}/invalidations`, { domain: 'bad.example', ...fields });

  test('shows what a rule would do, wants a reason, and does not act on a number that has changed', async () => {
    await sign('one@bad.example');
    const preview = await form({ step: 'preview' });
    expect(preview.body).toContain('One signature fits.');
    expect(preview.body).toContain('Take one signature out');
    const empty = await form({ step: 'apply', seen: '1', reason: 'fraud', note: ' ' });
    expect([empty.statusCode, empty.body.includes('href="#note"')]).toEqual([422, true]);
    await sign('two@bad.example');
    const changed = await form({ step: 'apply', seen: '1', reason: 'fraud', note: 'bots' });
    expect([changed.statusCode, changed.body.includes('has changed since you looked')]).toEqual([409, true]);
    const note = '<script>alert(1)</script>';
    expect((await form({ step: 'apply', seen: '2', reason: 'fraud', note })).statusCode).toBe(303);
    expect((await amir.get(page)).body).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(await log()).toMatchObject({ count: 0, size: 1 });
    const { id } = await latest();
    expect((await amir.post(`${page}/invalidations/${id}/undoing`)).statusCode).toBe(303);
    expect(await log()).toMatchObject({ count: 2 });
  });

  test('shows how far people got', async () => {
    await sign('sara@example.org');
    await askForLink(app, { email: 'nima@example.org' });
    expect((await amir.api('GET', `${url}/funnel`)).json()).toMatchObject({
      days: [{ asked: 2, mailed: 2, confirmed: 1 }],
    });
    await sign('sara@example.com');
    expect((await amir.api('GET', `${url}/funnel`)).json()).toMatchObject({
      days: [{ asked: 3, mailed: 3, confirmed: 2 }],
    });
    expect((await amir.get('/fa/console/petitions/wetlands/signatures')).body).toContain('مردم تا کجا می‌آیند');
  });

  test('calls nobody mailed before a server has taken the mail', async () => {
    const days = async () => (await amir.api('GET', `${url}/funnel`)).json<{ days: object[] }>().days;
    const limit = app.get(Limits);
    for (let n = 0; n < 5; n++) limit.allows('mail-to-address', 'limited@example.org');
    for (const email of ['sara@example.org', 'nima@example.org', 'limited@example.org']) await ask(app, { email });
    expect(await days()).toMatchObject([{ asked: 3, mailed: 0 }]);
    const delivery = app.get(Inbox);
    const deliver = delivery.deliver.bind(delivery);
    let refusals = 1;
    delivery.deliver = async (mail, handOver) =>
      refusals-- > 0 ? { result: 'refused', code: 550, reply: 'no such mailbox' } : deliver(mail, handOver);
    await app.get(MailWorker).drain();
    delivery.deliver = deliver;
    // One was refused, and nothing goes to who is over the limit.
    expect(await days()).toMatchObject([{ asked: 3, mailed: 1, confirmed: 0 }]);
    const [{ queued }] = await app.database.query(`SELECT count(*)::int AS queued FROM outbox`);
    expect(queued).toBe(3);
  });

  test('no names, no addresses, and nobody without the right', async () => {
    busyNetwork();
    await sign('canary@mailinator.com', { name: 'Kanari Parvaz' });
    const { body } = await amir.get(page);
    expect(body).toContain('mailinator.com');
    expect(body).not.toMatch(/canary|Kanari/);
    const olga = await signIn(app, 'olga');
    expect((await olga.get(page)).statusCode).toBe(403);
    expect((await olga.api('GET', `${url}/flags`)).statusCode).toBe(403);
    expect((await olga.api('POST', `${url}/invalidations`, {})).statusCode).toBe(403);
    expect((await app.inject({ url: `${url}/flags` })).statusCode).toBe(401);
    expect((await app.inject({ url: page })).statusCode).toBe(303);
    const { database } = app;
    const audit = await database.query(`SELECT detail::text FROM audit_entries`);
    expect(JSON.stringify(audit)).not.toMatch(/canary|Kanari/);
    expect(await app.get(Flags).waiting()).toEqual([{ petition: 'wetlands', signatures: 1 }]);
  });
});
