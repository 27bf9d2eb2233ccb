import { setTimeout as sleep } from 'node:timers/promises';
import { v7 as uuidv7 } from 'uuid';
import { type ClaimedMail, Claims } from '../src/mail/claims.js';
import { finalStates, mailStates, mayFollow } from '../src/mail/mail-states.js';
import { OutboxService } from '../src/mail/outbox.service.js';
import { Relays } from '../src/mail/relays.js';
import { Upkeep } from '../src/mail/upkeep.js';
import type { TestApp } from './support/app.js';
import { confirmation, letter, oneRelay, postOffice, startMailApp } from './support/mails.js';
import { type Mishap, type Sink, startSink } from './support/sink.js';

let app: TestApp;
let sink: Sink;
let post: ReturnType<typeof postOffice>;

beforeAll(async () => {
  sink = await startSink();
  app = await startMailApp(sink.url);
  post = postOffice(app);
});
beforeEach(async () => {
  sink.mails = [];
  sink.mishap = () => undefined;
  sink.connecting = () => undefined;
  await app.database.query('DELETE FROM outbox');
});
afterAll(async () => {
  await app.close();
  await sink.close();
});

const minutesFromNow = (date: Date) => (date.getTime() - Date.now()) / 60_000;

test('a letter goes out as the bytes that were frozen, and the reply is kept', async () => {
  const mail = letter();
  await post.enqueue(mail);
  expect(await post.drain()).toBe(1);
  expect(sink.mails).toMatchObject([{ from: 'mail@countersign.test', to: 'anna@parliament.test', raw: mail.raw }]);
  expect(await post.row(mail)).toMatchObject({
    state: 'accepted',
    reply_code: 250,
    reply: '250 queued as 1',
    attempts: 1,
  });
  const [attempt] = await post.attempts(mail);
  expect(attempt).toMatchObject({ outcome: 'accepted', reply_code: 250 });
  expect(attempt!.handed_over_at!.getTime()).toBeLessThanOrEqual(attempt!.ended_at.getTime());
});

test('what was enqueued twice is sent once', async () => {
  const mail = letter();
  await post.enqueue(mail, { ...mail, id: uuidv7() });
  await post.enqueue({ ...mail, id: uuidv7() });
  await post.drain();
  expect(sink.mails).toHaveLength(1);
});

test('nothing leaves before the transaction that wanted it commits', async () => {
  const mail = letter();
  await expect(
    app.database.transaction(async (tx) => {
      await app.get(OutboxService).enqueue(tx, [mail]);
      throw new Error('changed my mind');
    }),
  ).rejects.toThrow('changed my mind');
  expect(await post.drain()).toBe(0);
  const later = letter({ notBefore: new Date(Date.now() + 60_000) });
  await post.enqueue(later);
  expect(await post.drain()).toBe(0);
});

describe('what the server answers', () => {
  test.each<[string, Mishap]>([
    ['to the sender', { at: 'mail', code: 451 }],
    ['to the recipient', { at: 'rcpt', code: 450, text: 'greylisted' }],
    ['to the data', { at: 'end', code: 452 }],
  ])('4xx %s: deferred, and tried again later', async (_, mishap) => {
    const mail = letter();
    await post.enqueue(mail);
    sink.mishap = ({ to }) => (to !== '' || mishap.at === 'mail' ? mishap : undefined);
    await post.drain();
    const row = await post.row(mail);
    expect(row).toMatchObject({ state: 'deferred', attempts: 1, reply_code: 'code' in mishap && mishap.code });
    expect(minutesFromNow(row.next_attempt_at)).toBeGreaterThan(4.5);
    expect(minutesFromNow(row.next_attempt_at)).toBeLessThan(5.6);
    expect(await post.drain()).toBe(0);
    sink.mishap = () => undefined;
    sink.mails = [];
    await post.dueNow();
    expect(await post.drain()).toBe(1);
    expect(sink.mails).toHaveLength(1);
    expect((await post.row(mail)).state).toBe('accepted');
    expect((await post.attempts(mail)).map(({ outcome }) => outcome)).toEqual(['deferred', 'accepted']);
  });

  test.each<[string, Mishap]>([
    ['to the recipient', { at: 'rcpt', code: 550, text: 'no such mailbox' }],
    ['to the data', { at: 'end', code: 554 }],
  ])('5xx %s: refused, and never tried again', async (_, mishap) => {
    const mail = letter();
    await post.enqueue(mail);
    sink.mishap = ({ to }) => (to !== '' ? mishap : undefined);
    await post.drain();
    expect(await post.row(mail)).toMatchObject({ state: 'refused', reply_code: 'code' in mishap && mishap.code });
    await post.dueNow();
    expect(await post.drain()).toBe(0);
  });

  test('a refused recipient does not spoil the next mail on the same line', async () => {
    const mails = [letter({ recipient: 'bad@parliament.test' }), letter(), letter(), letter()];
    sink.mishap = ({ to }) => (to.startsWith('bad') ? { at: 'rcpt', code: 550 } : undefined);
    const opened = sink.connections();
    await post.enqueue(...mails);
    await post.drain();
    expect(sink.mails).toHaveLength(3);
    // Half of the ten: the others are for confirmations.
    expect(sink.connections() - opened).toBeLessThanOrEqual(5);
  });

  test('silence after the dot: a letter is in doubt and waits for a person', async () => {
    const mail = letter();
    await post.enqueue(mail);
    sink.mishap = () => ({ at: 'end', drop: true });
    await post.drain();
    expect(await post.row(mail)).toMatchObject({ state: 'in_doubt', raw: mail.raw });
    await post.dueNow();
    expect(await post.drain()).toBe(0);
    expect(sink.mails).toHaveLength(1);
  });

  test('silence in the middle of the data is a doubt as well', async () => {
    const mail = letter();
    await post.enqueue(mail);
    sink.mishap = () => ({ at: 'data', drop: true });
    await post.drain();
    expect((await post.row(mail)).state).toBe('in_doubt');
  });

  test('silence after the dot: a confirmation goes again, with the same bytes', async () => {
    const mail = confirmation();
    await post.enqueue(mail);
    sink.mishap = () => (sink.mails.length === 0 ? { at: 'end', drop: true } : undefined);
    await post.drain();
    expect(await post.row(mail)).toMatchObject({ state: 'deferred', payload: Buffer.from('sara@example.org') });
    await post.dueNow();
    await post.drain();
    expect(sink.mails).toHaveLength(2);
    expect(sink.mails[1]!.raw).toEqual(sink.mails[0]!.raw);
    expect(await post.row(mail)).toMatchObject({ state: 'accepted', payload: null });
    expect((await post.attempts(mail)).map(({ outcome }) => outcome)).toEqual(['in_doubt', 'accepted']);
  });

  test('a line cut before the data leaves no doubt', async () => {
    const mail = letter();
    await post.enqueue(mail);
    sink.mishap = ({ to }) => (to === '' ? undefined : { at: 'rcpt', drop: true });
    await post.drain();
    expect(await post.row(mail)).toMatchObject({ state: 'queued', attempts: 0 });
    expect((await post.attempts(mail)).map(({ outcome, handed_over_at }) => [outcome, handed_over_at])).toEqual([
      ['unsent', null],
    ]);
  });

  test('a server that cannot be talked to says nothing about the mail', async () => {
    const wishes = ['drop', 'drop at ehlo', { code: 421, text: 'too busy' }, { code: 554, text: 'go away' }] as const;
    const mail = letter();
    // Lines that are open from before would still work.
    await sink.cut();
    await post.enqueue(mail);
    for (const wish of wishes) {
      sink.connecting = () => wish;
      await post.dueNow();
      await post.drain();
      const row = await post.row(mail);
      expect(row).toMatchObject({ state: 'queued', attempts: 0 });
      expect(row.next_attempt_at.getTime()).toBeGreaterThan(Date.now());
      expect(app.get(Relays).all[0]!.trouble.view()).toMatchObject({ failures: 1 });
    }
    sink.connecting = () => undefined;
    await post.dueNow();
    await post.drain();
    expect((await post.row(mail)).state).toBe('accepted');
    expect(app.get(Relays).all[0]!.trouble.view()).toBeNull();
    expect(await post.attempts(mail)).toHaveLength(5);
  });

  test('a line that the server closed meanwhile is replaced, and the mail goes once', async () => {
    await post.enqueue(letter());
    await post.drain();
    await sink.cut();
    const mail = letter();
    await post.enqueue(mail);
    await post.drain();
    expect(sink.mails).toHaveLength(2);
    expect(await post.attempts(mail)).toHaveLength(1);
  });

  test('a slow server is waited for', async () => {
    const mail = letter();
    await post.enqueue(mail);
    sink.mishap = () => ({ at: 'end', delay: 1500 });
    await post.drain();
    expect((await post.row(mail)).state).toBe('accepted');
  });
});

describe('the hold on a mail', () => {
  const claim = async (worker = 'another worker') => {
    const [mail] = await app.get(Claims).claim('letters', worker, [uuidv7()], oneRelay());
    return mail!;
  };
  const leaseEnds = () => app.database.query(`UPDATE outbox SET lease_until = now() - interval '1 second'`);
  const settled = (mail: ClaimedMail) =>
    app.get(Claims).settle({
      mail,
      state: 'accepted',
      delaySeconds: 0,
      outcome: { result: 'accepted', code: 250, reply: '250 ok' },
    });

  test('only claimed: after the lease it goes back and is sent', async () => {
    const mail = letter();
    await post.enqueue(mail);
    await claim();
    expect(await post.drain()).toBe(0);
    await leaseEnds();
    expect(await post.drain()).toBe(1);
    expect((await post.row(mail)).state).toBe('accepted');
    expect((await post.attempts(mail)).map(({ outcome }) => outcome)).toEqual(['unsent', 'accepted']);
  });

  test('being handed over: after the lease a letter is in doubt', async () => {
    const mail = letter();
    await post.enqueue(mail);
    expect(await app.get(Claims).handOver(await claim())).toBe(true);
    await leaseEnds();
    expect(await post.drain()).toBe(0);
    expect((await post.row(mail)).state).toBe('in_doubt');
    expect((await post.attempts(mail)).map(({ outcome }) => outcome)).toEqual(['in_doubt']);
  });

  test('being handed over: after the lease a confirmation goes again', async () => {
    const mail = confirmation();
    await post.enqueue(mail);
    const [held] = await app.get(Claims).claim('confirmations', 'another worker', [uuidv7()], oneRelay());
    await app.get(Claims).handOver(held!);
    await leaseEnds();
    expect(await post.drain()).toBe(1);
    expect((await post.row(mail)).state).toBe('accepted');
  });

  test('a worker taken for dead writes nothing', async () => {
    const mail = letter();
    await post.enqueue(mail);
    const late = await claim();
    await leaseEnds();
    await app.get(Upkeep).recover([]);
    expect(await app.get(Claims).handOver(late)).toBe(false);
    expect(await settled(late)).toBe(false);
    expect((await post.row(mail)).state).toBe('queued');
  });

  test('a worker taken for dead cannot touch the attempt of the next one', async () => {
    const mail = letter();
    await post.enqueue(mail);
    const late = await claim('first');
    await leaseEnds();
    await app.get(Upkeep).recover([]);
    const next = await claim('second');
    expect(await app.get(Claims).handOver(late)).toBe(false);
    expect((await post.row(mail)).state).toBe('claimed');
    expect(await app.get(Claims).handOver(next)).toBe(true);
    expect(await settled(late)).toBe(false);
    expect((await post.row(mail)).state).toBe('handing_over');
    expect(await settled(next)).toBe(true);
    expect((await post.attempts(mail)).map(({ outcome }) => outcome)).toEqual(['unsent', 'accepted']);
  });

  test('a worker taken for dead while it talks to the server sends nothing', async () => {
    const mail = letter();
    await post.enqueue(mail);
    sink.mishap = ({ to }) => (to === '' ? undefined : { at: 'rcpt', wait: 600 });
    const draining = post.drain();
    await sleep(300);
    await leaseEnds();
    await app.get(Upkeep).recover([]);
    await app.database.query(`UPDATE outbox SET next_attempt_at = now() + interval '1 hour'`);
    await draining;
    expect(sink.mails).toHaveLength(0);
    expect((await post.row(mail)).state).toBe('queued');
    expect((await post.attempts(mail)).map(({ outcome }) => outcome)).toEqual(['unsent']);
  });

  test('a sign of life extends the lease', async () => {
    await post.enqueue(letter());
    await claim('busy');
    await leaseEnds();
    await app.get(Upkeep).extend('busy');
    expect(await app.get(Upkeep).recover([])).toBe(0);
  });

  test('a mail is in one hand only, however many ask', async () => {
    await post.enqueue(...Array.from({ length: 40 }, () => letter()));
    const hands = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        app.get(Claims).claim(
          'letters',
          `worker ${n}`,
          Array.from({ length: 10 }, () => uuidv7()),
          oneRelay(),
        ),
      ),
    );
    const ids = hands.flat().map(({ id }) => id);
    expect(ids.length).toBeGreaterThan(0);
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(hands.flat().map(({ attemptId }) => attemptId)).size).toBe(ids.length);
  });
});

describe('pause, resume, cancel', () => {
  const outbox = (verb: 'hold' | 'release' | 'cancel', campaignId: string) =>
    app.database.transaction((tx) => app.get(OutboxService)[verb](tx, campaignId));

  test('a paused campaign sends nothing, and goes on where it was', async () => {
    const [mine, other] = [letter(), letter()];
    await post.enqueue(mine, other);
    expect(await outbox('hold', mine.campaignId)).toBe(1);
    await post.drain();
    expect(sink.mails.map(({ raw }) => raw)).toEqual([other.raw]);
    expect((await post.row(mine)).state).toBe('held');
    expect(await outbox('release', mine.campaignId)).toBe(1);
    await post.drain();
    expect((await post.row(mine)).state).toBe('accepted');
  });

  test.each([
    ['hold', 'held'],
    ['cancel', 'cancelled'],
  ] as const)('%s while a worker has the mail: it does not come back into the queue', async (verb, state) => {
    const mail = letter();
    await post.enqueue(mail);
    sink.mishap = ({ to }) => (to === '' ? undefined : { at: 'end', code: 451, wait: 500 });
    const draining = post.drain();
    await sleep(250);
    await outbox(verb, mail.campaignId);
    await draining;
    expect((await post.row(mail)).state).toBe(state);
  });

  test('a cancelled campaign keeps no payload', async () => {
    const mail = confirmation();
    await post.enqueue(mail);
    expect(await outbox('cancel', mail.campaignId)).toBe(1);
    expect(await post.row(mail)).toMatchObject({ state: 'cancelled', payload: null });
    expect(await post.drain()).toBe(0);
  });
});

describe('endings', () => {
  test('past its deadline a mail is expired and its payload gone', async () => {
    const mail = confirmation('sara@example.org', { expiresAt: new Date(Date.now() - 1000) });
    await post.enqueue(mail);
    expect(await post.drain()).toBe(0);
    expect(await post.row(mail)).toMatchObject({ state: 'expired', payload: null });
  });

  test('after 48 hours of 4xx a mail is expired', async () => {
    const mail = letter();
    await post.enqueue(mail);
    await app.database.query('UPDATE outbox SET attempts = 17');
    sink.mishap = () => ({ at: 'end', code: 451 });
    await post.drain();
    expect((await post.row(mail)).state).toBe('expired');
  });

  test('nothing to send: suppressed, and the payload gone', async () => {
    const mail = confirmation('nobody');
    await post.enqueue(mail);
    await post.drain();
    expect(await post.row(mail)).toMatchObject({ state: 'suppressed', payload: null });
    expect(sink.mails).toHaveLength(0);
  });

  test('a mail that cannot be written waits, and its error names nobody', async () => {
    const mail = confirmation('broken');
    await post.enqueue(mail);
    await post.drain();
    expect(await post.row(mail)).toMatchObject({ state: 'deferred', reply: 'the mail could not be written' });
  });

  test('bytes that are not those that were approved are not sent', async () => {
    const mail = letter();
    await post.enqueue(mail);
    await app.database.query(`UPDATE outbox SET raw = raw || 'P.S.'::bytea`);
    await post.drain();
    expect((await post.row(mail)).state).toBe('refused');
    expect(sink.mails).toHaveLength(0);
  });

  test('the record of a confirmation never names the mailbox, even when the server does', async () => {
    const mails = [confirmation('sara.lindqvist@example.org'), confirmation('sara.lindqvist@example.org')];
    let nth = 0;
    sink.mishap = ({ to }) =>
      to === ''
        ? undefined
        : {
            at: 'rcpt',
            code: nth++ % 2 ? 450 : 550,
            text: `5.1.1 <Sara.Lindqvist@Example.ORG>: no sara.lindqvist here`,
          };
    await post.enqueue(...mails);
    await post.drain();
    await app.database.query('UPDATE outbox SET payload = NULL');
    const dump = JSON.stringify([
      await app.database.query('SELECT * FROM outbox'),
      await app.database.query('SELECT * FROM attempts'),
    ]);
    expect(dump).toContain('no … here');
    expect(dump.toLowerCase()).not.toContain('lindqvist');
  });

  test('the database refuses a payload in a final state', async () => {
    await post.enqueue(confirmation());
    await expect(app.database.query(`UPDATE outbox SET state = 'accepted'`)).rejects.toThrow('outbox');
  });
});

test('confirmations do not wait behind letters', async () => {
  sink.mishap = ({ to }) => (to === 'anna@parliament.test' ? { at: 'end', delay: 5000 } : undefined);
  await post.enqueue(...Array.from({ length: 12 }, () => letter()));
  const letters = post.drain();
  while (sink.mails.length < 5) await sleep(10);
  await post.enqueue(confirmation());
  const confirmations = post.drain();
  const answered = (address: string) => sink.mails.filter(({ to, answer }) => to === address && answer === 250).length;
  while (answered('sara@example.org') === 0) await sleep(10);
  expect(answered('anna@parliament.test')).toBe(0);
  sink.mishap = () => undefined;
  await Promise.all([letters, confirmations]);
});

test('a line serves many mails', async () => {
  const opened = sink.connections();
  await post.enqueue(...Array.from({ length: 60 }, () => letter()));
  await post.drain();
  expect(sink.mails).toHaveLength(60);
  // Half of the ten: the others are for confirmations.
  expect(sink.connections() - opened).toBeLessThanOrEqual(5);
});

test('every state can be reached from queued, and nothing leaves a final one', () => {
  const reached = new Set(['queued']);
  for (const from of mailStates) for (const to of mailStates) if (mayFollow(from, to)) reached.add(to);
  expect([...reached].toSorted()).toEqual(mailStates.toSorted());
  expect(finalStates.toSorted()).toEqual(['accepted', 'cancelled', 'expired', 'refused', 'suppressed']);
  expect(mayFollow('handing_over', 'claimed')).toBe(false);
  expect(mayFollow('queued', 'accepted')).toBe(false);
});
