import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { MailDesk, type Witness } from '../src/mail/mail-desk.service.js';
import { type NewMail, OutboxService } from '../src/mail/outbox.service.js';
import type { MailDecision } from '../src/mail/mail.schema.js';
import type { TestApp } from './support/app.js';
import { signIn } from './support/cast.js';
import { confirmation, letter, postOffice, startMailApp } from './support/mails.js';
import { type Sink, startSink } from './support/sink.js';

let app: TestApp;
let sink: Sink;
let post: ReturnType<typeof postOffice>;
let desk: MailDesk;
let audited: { action: string; subject: string; detail: Record<string, unknown> }[] = [];
const witness: Witness = async (_, entry) => void audited.push(entry);

beforeAll(async () => {
  sink = await startSink();
  app = await startMailApp(sink.url);
  post = postOffice(app);
  desk = app.get(MailDesk);
});
beforeEach(async () => {
  audited = [];
  sink.mails = [];
  sink.mishap = () => undefined;
  await app.database.query('DELETE FROM outbox');
});
afterAll(async () => {
  await app.close();
  await sink.close();
});

const decide = (mail: { campaignId: string; id: string }, decision: MailDecision['decision'], by = witness) =>
  desk.decide({ campaignId: mail.campaignId, id: mail.id, decision }, by);
const inDoubt = async () => {
  const mail = letter();
  await post.enqueue(mail);
  sink.mishap = () => ({ at: 'end', drop: true });
  await post.drain();
  sink.mishap = () => undefined;
  sink.mails = [];
  return mail;
};
/** As a server leaves them that ran with MAIL_MODE=hold. */
const held = async (...mails: NewMail[]) => {
  await post.enqueue(...mails);
  await app.database.query(`UPDATE outbox SET state = 'held', mode_held = true`);
};

const outbox = (work: (service: OutboxService, tx: EntityManager) => Promise<unknown>) =>
  app.database.transaction((tx) => work(app.get(OutboxService), tx));

describe('MAIL_MODE=hold', () => {
  test('what it held of a campaign that is paused stays paused when it is released, until the campaign goes on', async () => {
    const [paused, part, free] = [letter(), letter(), letter()];
    await held(paused, part, free);
    await outbox((each, tx) => each.hold(tx, paused.campaignId));
    await outbox((each, tx) => each.holdPart(tx, part.campaignId, { ids: [part.id] }));
    // While the mode holds, going on changes nothing either.
    const again = letter();
    await held(again);
    await outbox((each, tx) => each.hold(tx, again.campaignId));
    await outbox((each, tx) => each.release(tx, again.campaignId));
    expect((await post.row(again)).state).toBe('held');
    expect(await desk.releaseAll(witness)).toBe(4);
    await post.drain();
    const states = async () => (await Promise.all([paused, part, free, again].map(post.row))).map(({ state }) => state);
    expect(await states()).toEqual(['held', 'held', 'accepted', 'accepted']);
    await outbox((each, tx) => each.release(tx, paused.campaignId));
    await outbox((each, tx) => each.releasePart(tx, part.campaignId, { ids: [part.id] }, false));
    await post.drain();
    expect(await states()).toEqual(['accepted', 'accepted', 'accepted', 'accepted']);
  });

  test('nothing leaves, and nobody can make it leave', async () => {
    const holding = await startMailApp(sink.url, { MAIL_MODE: 'hold' });
    try {
      const its = postOffice(holding);
      const mail = letter();
      await its.enqueue(mail);
      const release = { campaignId: mail.campaignId, id: mail.id, decision: 'release' as const };
      await expect(holding.get(MailDesk).decide(release, witness)).rejects.toMatchObject({ status: 409 });
      await expect(holding.get(MailDesk).releaseAll(witness)).rejects.toMatchObject({ status: 409 });
      await holding.database.query(`UPDATE outbox SET state = 'queued', stop = NULL`);
      expect(await its.drain()).toBe(0);
      expect([sink.mails, audited]).toEqual([[], []]);
    } finally {
      await holding.close();
    }
  });

  test('once the mode is live, a person releases what was held, one by one', async () => {
    const [mine, other] = [letter(), confirmation()];
    await held(mine, other);
    expect(await post.drain()).toBe(0);
    expect(await decide(mine, 'release')).toBe('queued');
    expect(audited).toEqual([{ action: 'mail.release', subject: mine.id, detail: { campaignId: mine.campaignId } }]);
    await post.drain();
    expect(sink.mails.map(({ raw }) => raw)).toEqual([mine.raw]);
    expect((await post.row(other)).state).toBe('held');
  });

  test('or all at once', async () => {
    await held(letter(), confirmation(), letter());
    expect(await desk.releaseAll(witness)).toBe(3);
    expect(audited).toEqual([{ action: 'mail.release-all', subject: 'outbox', detail: { count: 3 } }]);
    await post.drain();
    expect(sink.mails).toHaveLength(3);
  });

  test('resuming a campaign does not let out what the mode holds', async () => {
    const mail = letter();
    await held(mail);
    const { OutboxService } = await import('../src/mail/outbox.service.js');
    const outbox = app.get(OutboxService);
    await app.database.transaction((tx) => outbox.hold(tx, mail.campaignId));
    await app.database.transaction((tx) => outbox.release(tx, mail.campaignId));
    expect(await post.drain()).toBe(0);
  });
});

describe('in doubt', () => {
  test('counted as sent', async () => {
    const mail = await inDoubt();
    expect(await decide(mail, 'sent')).toBe('accepted');
    expect(await post.drain()).toBe(0);
    expect(audited).toMatchObject([{ action: 'mail.sent', subject: mail.id }]);
  });

  test('sent again, the same bytes', async () => {
    const mail = await inDoubt();
    expect(await decide(mail, 'again')).toBe('queued');
    await post.drain();
    expect(sink.mails.map(({ raw }) => raw)).toEqual([mail.raw]);
    expect((await post.row(mail)).state).toBe('accepted');
  });

  test('of a campaign that was cancelled since, it is not sent again', async () => {
    const mail = await inDoubt();
    await outbox((each, tx) => each.cancel(tx, mail.campaignId));
    expect((await post.row(mail)).state).toBe('in_doubt');
    expect(await decide(mail, 'again')).toBe('cancelled');
    expect(await post.drain()).toBe(0);
  });

  test('of a campaign that is paused, it joins what is paused', async () => {
    const mail = await inDoubt();
    await outbox((each, tx) => each.hold(tx, mail.campaignId));
    expect(await decide(mail, 'again')).toBe('held');
    expect(await post.drain()).toBe(0);
    await outbox((each, tx) => each.release(tx, mail.campaignId));
    expect(await post.drain()).toBe(1);
  });

  test('a pause does not undo that a letter was taken back while it was being handed over', async () => {
    const mail = letter();
    await post.enqueue(mail);
    sink.mishap = () => ({ at: 'end', code: 451, wait: 600 });
    const draining = post.drain();
    while ((await post.row(mail)).state !== 'handing_over') await new Promise((done) => setTimeout(done, 10));
    await outbox((each, tx) => each.cancelPart(tx, mail.campaignId, { ids: [mail.id] }));
    await outbox((each, tx) => each.hold(tx, mail.campaignId));
    await outbox((each, tx) => each.release(tx, mail.campaignId));
    await draining;
    expect((await post.row(mail)).state).toBe('cancelled');
  });

  test('ten people decide at once: one is heard, the others are told', async () => {
    const mail = await inDoubt();
    const answers = await Promise.allSettled(
      Array.from({ length: 10 }, (_, n) => decide(mail, n % 2 ? 'again' : 'sent')),
    );
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const refusals = answers.filter((answer) => answer.status === 'rejected');
    expect(refusals.map(({ reason }) => reason.status)).toEqual(Array(9).fill(409));
    expect(audited).toHaveLength(1);
    await post.drain();
    expect(sink.mails.length).toBeLessThanOrEqual(1);
  });

  test('what cannot be audited is not decided', async () => {
    const mail = await inDoubt();
    const broken: Witness = () => Promise.reject(new Error('no audit'));
    await expect(decide(mail, 'again', broken)).rejects.toThrow('no audit');
    expect((await post.row(mail)).state).toBe('in_doubt');
  });

  test('nothing is decided about a mail that is not in doubt, or not there', async () => {
    const mail = letter();
    await held(mail);
    await expect(decide(mail, 'sent')).rejects.toMatchObject({ status: 409 });
    await expect(decide({ ...mail, id: uuidv7() }, 'sent')).rejects.toMatchObject({ status: 404 });
    expect((await post.row(mail)).state).toBe('held');
  });
});

test('the list has the evidence, and no address of a supporter', async () => {
  const doubtful = await inDoubt();
  const refused = [letter({ recipient: 'gone@parliament.test' }), confirmation('sara.lindqvist@example.org')];
  sink.mishap = ({ to }) => (to === '' ? undefined : { at: 'rcpt', code: 550, text: `<${to}> unknown` });
  await post.enqueue(...refused);
  await post.drain();
  const { mails: doubts } = await desk.list({ state: 'in_doubt' });
  expect(doubts).toMatchObject([
    { id: doubtful.id, recipient: 'anna@parliament.test', attempts: [{ outcome: 'in_doubt' }] },
  ]);
  expect(Date.parse(doubts[0]!.attempts[0]!.handedOverAt!)).toBeLessThanOrEqual(Date.now());
  const { mails } = await desk.list({ state: 'refused' });
  expect(new Set(mails.map(({ recipient }) => recipient))).toEqual(new Set(['gone@parliament.test', null]));
  expect(JSON.stringify(mails)).not.toContain('lindqvist');
  expect((await desk.summary()).counts).toEqual([
    { lane: 'confirmations', state: 'refused', count: 1 },
    { lane: 'letters', state: 'in_doubt', count: 1 },
    { lane: 'letters', state: 'refused', count: 1 },
  ]);
});

test('long lists come in pages that neither repeat nor skip', async () => {
  const mails = Array.from({ length: 120 }, () => letter());
  await held(...mails);
  const seen: string[] = [];
  for (let after: string | undefined, page; ; after = page.next) {
    page = await desk.list({ state: 'held', after });
    seen.push(...page.mails.map(({ id }) => id));
    if (!page.next) break;
  }
  expect(seen).toHaveLength(120);
  expect(new Set(seen).size).toBe(120);
});

describe('the doors', () => {
  const page = '/en/console/mail';
  const form = (mail: { campaignId: string; id: string }, decision: string) => ({
    campaignId: mail.campaignId,
    id: mail.id,
    decision,
  });

  test('a viewer sees the mails and the evidence, and no buttons', async () => {
    const mail = await inDoubt();
    const vera = await signIn(app, 'vera');
    const shown = await vera.get(page);
    expect(shown.statusCode).toBe(200);
    expect(shown.body).toContain('anna@parliament.test');
    expect(shown.body).toContain('no answer after the hand-over');
    expect(shown.body).not.toContain('console/mail/decisions');
    expect((await vera.post(`${page}/decisions`, form(mail, 'again'))).statusCode).toBe(403);
    expect((await vera.api('POST', '/api/v1/mail/decisions', form(mail, 'again'))).statusCode).toBe(403);
    expect((await vera.api('GET', '/api/v1/mail')).json()).toEqual({
      counts: [{ lane: 'letters', state: 'in_doubt', count: 1 }],
      relays: [expect.objectContaining({ name: '127.0.0.1', state: 'paused', failures: 1 })],
    });
    expect((await vera.api('GET', '/api/v1/mail/messages')).json().mails).toHaveLength(1);
    expect((await post.row(mail)).state).toBe('in_doubt');
  });

  test('an admin decides on the page, and the second click is told', async () => {
    const mail = await inDoubt();
    const ada = await signIn(app, 'ada');
    expect((await ada.get(page)).body).toContain('Send the same letter again');
    const answer = await ada.post(`${page}/decisions`, form(mail, 'again'));
    expect(answer.statusCode).toBe(303);
    expect(answer.headers.location).toBe('/en/console/mail?state=in_doubt');
    expect((await ada.post(`${page}/decisions`, form(mail, 'sent'))).statusCode).toBe(409);
    expect((await post.row(mail)).state).toBe('queued');
    const entries = await app.database.query('SELECT action, subject FROM audit_entries WHERE subject = $1', [mail.id]);
    expect(entries).toEqual([{ action: 'mail.again', subject: mail.id }]);
  });

  test('an admin releases what is held, on the page and by the API', async () => {
    const ada = await signIn(app, 'ada');
    const [first, second] = [letter(), letter()];
    await held(first, second);
    expect((await ada.get(`${page}?state=held`)).body).toContain('Release all that are held');
    const released = await ada.api('POST', '/api/v1/mail/decisions', form(first, 'release'));
    expect(released.json()).toEqual({ state: 'queued' });
    expect((await ada.post(`${page}/releases`)).statusCode).toBe(303);
    expect((await post.row(second)).state).toBe('queued');
    expect((await ada.api('POST', '/api/v1/mail/releases')).json()).toEqual({ released: 0 });
  });

  test.each([
    ['GET', '/api/v1/mail/messages?state=accepted', undefined],
    ['GET', '/api/v1/mail/messages?after=x', undefined],
    ['POST', '/api/v1/mail/decisions', {}],
    ['POST', '/api/v1/mail/decisions', { campaignId: 'x', id: 'y', decision: 'sent' }],
    ['POST', '/api/v1/mail/decisions', { campaignId: uuidv7(), id: uuidv7(), decision: 'delete' }],
  ] as const)('%s %s with %j is refused', async (method, url, body) => {
    const ada = await signIn(app, 'ada');
    expect((await ada.api(method, url, body)).statusCode).toBe(422);
  });

  test('the page speaks Persian', async () => {
    await inDoubt();
    const ada = await signIn(app, 'ada');
    const shown = await ada.get('/fa/console/mail');
    expect(shown.statusCode).toBe(200);
    expect(shown.body).toContain('dir="rtl"');
  });
});
