import { setTimeout as sleep } from 'node:timers/promises';
import { v7 as uuidv7 } from 'uuid';
import { createApplication } from '../src/application.js';
import { loadSettings } from '../src/config/settings.js';
import { alwaysOpen } from '../src/mail/calendar.js';
import { type ClaimedMail, Claims } from '../src/mail/claims.js';
import { MailKinds } from '../src/mail/mail-kinds.js';
import { MailWorker } from '../src/mail/mail.worker.js';
import { OutboxService } from '../src/mail/outbox.service.js';
import { RelayHands } from '../src/mail/relay-hands.js';
import { relaysFromUrls } from '../src/mail/relay.js';
import { type RelayPlace, RelayRound } from '../src/mail/relay-round.js';
import { MailRelay, Relays } from '../src/mail/relays.js';
import { lanes } from '../src/mail/mail-states.js';
import { Shares } from '../src/mail/shares.js';
import { addToStreams } from '../src/mail/streams.js';
import type { TestApp } from './support/app.js';
import { signIn } from './support/cast.js';
import { confirmation, letter, postOffice, startMailApp } from './support/mails.js';
import { type Sink, startSink, type SunkMail } from './support/sink.js';

let a: Sink;
let b: Sink;
let app: TestApp;
let post: ReturnType<typeof postOffice>;
const urls = (first = 'name=a&weight=3', second = 'name=b') =>
  `smtp://post:secret-of-a@127.0.0.1:${a.port}?${first} smtp://post:secret-of-b@127.0.0.1:${b.port}?${second}`;
const start = async (smtpUrl = urls(), more: Record<string, string> = {}, runners = false) => {
  app = await startMailApp(smtpUrl, { RETURN_DOMAIN: 'returns.countersign.test', ...more }, runners);
  app.get(MailKinds).register({ name: 'letter', inDoubt: 'hold', returned: async () => {} });
  post = postOffice(app);
};
beforeEach(async () => {
  a = await startSink({ auth: { user: 'post', pass: 'secret-of-a' } });
  b = await startSink({ auth: { user: 'post', pass: 'secret-of-b' } });
});
afterEach(async () => {
  await app?.close();
  await Promise.all([a.close(), b.close()]);
});

const letters = (n: number, more: Parameters<typeof letter>[0] = {}) => Array.from({ length: n }, () => letter(more));
const confirmations = (n: number) => Array.from({ length: n }, (_, i) => confirmation(`sara${i}@example.org`));
const idOf = ({ raw }: SunkMail) => /^Subject: (.+)\r$/m.exec(raw.toString())![1]!;
const received = () => [a.mails.length, b.mails.length];
const trouble = (name: string) => app.get(Relays).find(name)!.trouble.view();
const die = async (sink: Sink) => {
  sink.connecting = () => 'drop';
  await sink.cut();
};
const live = (sink: Sink) => {
  sink.connecting = () => undefined;
  for (const relay of app.get(Relays).all) relay.trouble.tryNow();
};
/** As if the back-off were over, and the second for which a stream without due letters is left alone. */
const again = async () => {
  await app.database.query('UPDATE mail_streams SET wait_until = NULL');
  await app.database.query(`UPDATE outbox SET next_attempt_at = now() WHERE state IN ('queued', 'deferred')`);
  return post.drain();
};
/** As if the second were over for which a stream without due letters is left alone; nothing else is. */
const paceGoesOn = async () => {
  await app.database.query('UPDATE mail_streams SET wait_until = NULL');
  return post.drain();
};
/** The same until so many have arrived: one mail at a time finds out whether a dead relay is back. */
const untilAll = async (n: number) => {
  for (let round = 0; round < 5 && received()[0]! + received()[1]! < n; round++) await again();
};
/** Letters that keep limits. */
async function pacedLetters(n: number, sender = 'olga@org.example') {
  const campaignId = uuidv7();
  const mails = Array.from({ length: n }, (_, i) =>
    letter({ campaignId, stream: 'x', recipient: `m@p${i}-${campaignId}.test` }),
  );
  await app.database.transaction((tx) =>
    addToStreams(tx, [{ campaignId, stream: 'x', sender, calendar: alwaysOpen, spread: false, letters: n }]),
  );
  await post.enqueue(...mails);
  return mails;
}

describe('the settings', () => {
  test('name each relay, with its weight and what it carries', () => {
    const two = 'smtps://u:p%40w,x@Mail.example.org?weight=3&lanes=letters, smtp://[::1]:25?connections=2&name=here';
    expect(relaysFromUrls(two)).toMatchObject([
      {
        name: 'mail.example.org',
        weight: 3,
        lanes: ['letters', 'updates'],
        port: 465,
        auth: { user: 'u', pass: 'p@w,x' },
      },
      { name: 'here', weight: 1, lanes, connections: 2 },
    ]);
    expect(relaysFromUrls('smtp://mail.example.org')).toMatchObject([{ name: 'mail.example.org', weight: 1 }]);
  });

  test.each([
    'smtp://a:secret@x.test smtp://b:secret@x.test:2525',
    'smtp://a:secret@x.test?name=one smtp://b:secret@y.test?name=one',
    'smtp://a:secret@x.test?lanes=letters smtp://b:secret@y.test?lanes=letters',
    'smtp://a:secret@x.test?lanes=confirmations',
    'smtp://a:secret@x.test?weight=0',
    'smtp://a:secret@x.test?weight=1.5',
    'smtp://a:secret@x.test?weight=2&weight=3',
    'smtp://a:secret@x.test?name=Two%20Words',
    'smtp://a:secret@x.test?lanes=updates',
    'smtp://a:secret@x.test http://b:secret@y.test',
    'smtp://a:secret@x.test b.test',
    'smtp://a:sec%ret@x.test',
  ])('%s stops the start, with the name of the variable and no password', async (SMTP_URL) => {
    const started = createApplication(loadSettings({ PUBLIC_URL: 'http://a.test', SMTP_URL }));
    await expect(started).rejects.toThrow(/^SMTP_URL (?!.*sec)/);
  });
});

describe('shares', () => {
  test('of both lanes are exactly as the weights say', async () => {
    await start();
    await post.enqueue(...letters(200));
    await post.drain();
    expect(received()).toEqual([150, 50]);
    await post.enqueue(...confirmations(120));
    await post.drain();
    expect(received()).toEqual([240, 80]);
    await pacedLetters(40);
    await post.drain();
    expect(received()).toEqual([270, 90]);
    const noted = await app.database.query(
      `SELECT attempts.relay, outbox.relay AS mails, count(*)::int FROM attempts
       JOIN outbox ON outbox.campaign_id = attempts.campaign_id AND id = outbox_id GROUP BY 1, 2 ORDER BY 1`,
    );
    expect(noted).toEqual([
      { relay: 'a', mails: 'a', count: 270 },
      { relay: 'b', mails: 'b', count: 90 },
    ]);
  });

  test('hold with two servers over one database, each less than a mail away', async () => {
    await start();
    if (!app.settings.DATABASE_URL) return;
    const { DATABASE_URL, DATA_DIR } = app.settings;
    const other = await createApplication({ ...app.settings, DATABASE_URL, DATA_DIR });
    await other.init();
    await post.enqueue(...letters(200));
    const taken = await Promise.all([post.drain(), other.get(MailWorker).drain()]);
    await other.close();
    expect(taken[0] + taken[1]).toBe(200);
    expect(Math.abs(a.mails.length - 150)).toBeLessThanOrEqual(2);
    expect(new Set([...a.mails, ...b.mails].map(idOf)).size).toBe(200);
  });

  test('a relay may be for one lane alone', async () => {
    await start(urls('name=a&lanes=letters', 'name=b&lanes=confirmations&connections=2'));
    await post.enqueue(...letters(20), ...confirmations(20));
    await post.drain();
    expect(a.mails.map(({ to }) => to)).toEqual(Array.from({ length: 20 }, () => 'anna@parliament.test'));
    expect(b.mails).toHaveLength(20);
    expect(b.mails.every(({ to }) => to.startsWith('sara'))).toBe(true);
    await die(b);
    const waits = confirmation();
    await post.enqueue(...letters(4), waits);
    await post.drain();
    // The lane has no other: it waits, and letters do not.
    expect(a.mails).toHaveLength(24);
    expect(await post.row(waits)).toMatchObject({ state: 'queued', relay: 'b' });
    expect((await post.row(waits)).next_attempt_at.getTime()).toBeGreaterThan(Date.now());
  });
});

describe('a relay dies', () => {
  test('all goes through the other, nothing twice and nothing lost, and it gets its share when it is back', async () => {
    await start();
    await post.enqueue(...letters(8));
    await post.drain();
    expect(received()).toEqual([6, 2]);
    await die(a);
    const sent = letters(60);
    await post.enqueue(...sent, ...confirmations(20));
    await post.drain();
    expect(received()).toEqual([6, 82]);
    expect(new Set(b.mails.map(({ to, raw }) => to + raw.toString())).size).toBe(82);
    expect(trouble('a')).toMatchObject({ failures: 1 });
    expect(trouble('b')).toBeNull();
    const rows = await app.database.query('SELECT state, count(*)::int FROM outbox GROUP BY state');
    expect(rows).toEqual([{ state: 'accepted', count: 88 }]);
    // What was only claimed moved; each mail has one attempt that ended well.
    const ends = await app.database.query(
      `SELECT relay, outcome, handed_over_at IS NULL AS unmarked FROM attempts GROUP BY 1, 2, 3 ORDER BY 1, 2`,
    );
    expect(ends).toEqual([
      { relay: 'a', outcome: 'accepted', unmarked: false },
      { relay: 'a', outcome: 'unsent', unmarked: true },
      { relay: 'b', outcome: 'accepted', unmarked: false },
    ]);
    live(a);
    await post.enqueue(letter());
    await post.drain();
    [a, b].forEach((sink) => (sink.mails = []));
    await post.enqueue(...letters(100));
    await post.drain();
    expect(Math.abs(a.mails.length - 75)).toBeLessThanOrEqual(1);
    expect(trouble('a')).toBeNull();
  });

  test('a running worker moves what it has claimed by itself, and tries the dead one with one mail at a time', async () => {
    await start(urls(), {}, true);
    a.mishap = ({ to }) => (to === '' ? undefined : { at: 'rcpt', wait: 300 });
    const sent = letters(40);
    await post.enqueue(...sent);
    app.get(OutboxService).wake();
    while (a.connections() === 0) await sleep(10);
    await sleep(100);
    await die(a);
    const opened = a.connections();
    while (b.mails.length + a.mails.length < 40) await sleep(20);
    expect(new Set([...a.mails, ...b.mails].map(idOf))).toEqual(new Set(sent.map(({ id }) => id)));
    // Those in hand find out together; from then on, one tries.
    await sleep(300);
    expect(a.connections() - opened).toBeLessThanOrEqual(10);
  });

  test('what was handed over stays in doubt, whatever else is open', async () => {
    await start(urls('name=a&weight=100'));
    const [mail, other] = [letter(), confirmation()];
    // Both are handed over before either is dropped.
    a.mishap = () => ({ at: 'end', drop: true, wait: 500 });
    await post.enqueue(mail, other);
    await post.drain();
    expect(await post.row(mail)).toMatchObject({ state: 'in_doubt', relay: 'a' });
    expect(await post.row(other)).toMatchObject({ state: 'deferred', relay: 'a' });
    await die(a);
    await post.dueNow();
    await post.drain();
    // A confirmation goes again, with the same bytes, by the one that answers; a letter waits for a person.
    expect(await post.row(other)).toMatchObject({ state: 'accepted', relay: 'b' });
    expect(b.mails.map(({ raw }) => raw)).toEqual([a.mails.find(({ to }) => to.startsWith('sara'))!.raw]);
    expect(await post.row(mail)).toMatchObject({ state: 'in_doubt', relay: 'a' });
  });

  test('one that is full and answers nothing is passed over until it moves', () => {
    const relay = new MailRelay({ name: 'a' }, { lines: 2, deliver: jest.fn(), abort: jest.fn(), close: jest.fn() });
    const hands = new RelayHands(relay);
    const mail = (id: string) => ({ id, lane: 'letters', relay: 'a' }) as ClaimedMail;
    const clock = jest.spyOn(Date, 'now');
    const now = Date.now();
    try {
      [mail('1'), mail('2')].forEach((each) => hands.add(each));
      const first = hands.takeUp('letters')!;
      expect(hands.takeUp('letters')).toBeUndefined();
      clock.mockReturnValue(now + 29_000);
      expect(hands.isOpen('letters')).toBe(true);
      clock.mockReturnValue(now + 31_000);
      expect(hands.isOpen('letters')).toBe(false);
      // The other half of its lines is free.
      expect(hands.isOpen('confirmations')).toBe(true);
      hands.letGo(first);
      expect(hands.isOpen('letters')).toBe(true);
    } finally {
      clock.mockRestore();
    }
  });
});

describe('a mail that was put off', () => {
  const greylist = (sink: Sink) =>
    (sink.mishap = ({ to }) => (to === '' ? undefined : { at: 'rcpt', code: 450, text: 'greylisted' }));

  test('comes back to the same relay, and by another only when that one is paused; the bytes and the sender stay', async () => {
    await start(urls('name=a', 'name=b'));
    [a, b].forEach(greylist);
    const senders: string[] = [];
    const [free, [paced]] = [letters(6), await pacedLetters(1)];
    await post.enqueue(...free);
    await post.drain();
    const before = await Promise.all(free.map((mail) => post.row(mail)));
    expect(new Set(before.map(({ relay }) => relay))).toEqual(new Set(['a', 'b']));
    const pacedBefore = await post.row(paced!);
    for (let round = 0; round < 3; round++) {
      await again();
      expect((await Promise.all(free.map((mail) => post.row(mail)))).map(({ relay }) => relay)).toEqual(
        before.map(({ relay }) => relay),
      );
      expect((await post.row(paced!)).relay).toBe(pacedBefore.relay);
    }
    [a, b].forEach((sink) => {
      sink.mishap = ({ from, to }) => {
        if (to !== '') senders.push(`${to} ${from}`);
        return undefined;
      };
    });
    // Both know every sender by now; the one that is paused hands its mails on.
    await die(a);
    app.get(Relays).find('a')!.trouble.heed({ result: 'unsent' }, '');
    await untilAll(7);
    expect(a.mails).toEqual([]);
    expect(b.mails).toHaveLength(7);
    for (const mail of [...free, paced!]) {
      const got = b.mails.filter((each) => idOf(each) === mail.id);
      expect(got.map(({ raw }) => raw)).toEqual([mail.raw]);
      expect(got[0]!.from).toMatch(/^returns\+[a-z2-7]{42}@returns\.countersign\.test$/);
    }
    expect(new Set(b.mails.map(({ from }) => from)).size).toBe(7);
  });

  test('the envelope sender, Date and Message-ID are the same by whichever relay it goes', async () => {
    await start(urls('name=a&weight=100'));
    const froms: string[] = [];
    a.mishap = ({ from, to }) => {
      if (to === '') return undefined;
      froms.push(from);
      return { at: 'end', code: 451 };
    };
    const [mail, written] = [letter(), confirmation()];
    await post.enqueue(mail, written);
    await post.drain();
    await die(a);
    app.get(Relays).find('a')!.trouble.heed({ result: 'unsent' }, '');
    await post.dueNow();
    // The pause of the one is not over for the other's sake.
    await app.get(MailWorker).drain();
    await post.dueNow();
    await post.drain();
    for (const { id } of [mail, written]) expect((await post.row({ id })).relay).toBe('b');
    const by = (sink: Sink, to: string) => sink.mails.find((each) => each.to.startsWith(to))!;
    for (const to of ['anna', 'sara']) {
      expect(by(b, to).raw).toEqual(by(a, to).raw);
      expect(by(b, to).from).toBe(by(a, to).from);
    }
    expect(froms.filter((from) => from.startsWith('returns+'))).toContain(by(b, 'anna').from);
  });
});

describe('a relay that does not serve us', () => {
  test.each([
    ['a quota', { at: 'rcpt', code: 550, text: '5.4.5 Daily user sending limit exceeded' }],
    ['relaying denied', { at: 'rcpt', code: 554, text: '5.7.1 Relay access denied' }],
    ['our sender', { at: 'mail', code: 550, text: '5.7.1 Sender not allowed' }],
    ['a throttle after the mail', { at: 'end', code: 454, text: 'Throttling failure: Maximum sending rate exceeded' }],
  ] as const)('%s: refuses nobody for good, pauses, and the other takes all at once', async (_, mishap) => {
    await start(urls('name=a&weight=50', 'name=b'));
    a.mishap = ({ to }) => (mishap.at === 'mail' || to !== '' ? mishap : undefined);
    const mails = [...letters(30), ...confirmations(30), ...(await pacedLetters(10))];
    await post.enqueue(...mails.slice(0, 60));
    await post.drain();
    // A letter that comes back from a while its stream is looked at waits for the next look.
    for (let look = 0; look < 10 && b.mails.length < 70; look++) await paceGoesOn();
    expect(trouble('a')).toMatchObject({ failures: 1, lastError: expect.stringContaining(mishap.text) });
    const rows = await Promise.all(mails.map((mail) => post.row(mail)));
    expect(new Set(rows.map(({ state, relay }) => `${state} ${relay}`))).toEqual(new Set(['accepted b']));
    // Each of them once, whatever was tried before.
    expect(new Set(b.mails.map(({ to, raw }) => to + raw.toString())).size).toBe(70);
    expect(b.mails).toHaveLength(70);
    const tried = await app.database.query(
      `SELECT relay, outcome, reply_code AS code FROM attempts WHERE outcome <> 'unsent' AND reply_code IS NOT NULL GROUP BY 1, 2, 3 ORDER BY 1`,
    );
    expect(tried).toEqual([
      { relay: 'a', outcome: 'deferred', code: mishap.code },
      { relay: 'b', outcome: 'accepted', code: 250 },
    ]);
    for (const mail of mails) {
      const attempts = (await post.attempts(mail)).filter(({ outcome }) => outcome !== 'unsent');
      expect((await post.row(mail)).attempts).toBe(attempts.length);
    }
    // Those that were in its hands when it said so first.
    const [{ n }] = await app.database.query(`SELECT count(*)::int AS n FROM attempts WHERE outcome = 'deferred'`);
    expect(n).toBeGreaterThan(0);
    expect(n).toBeLessThanOrEqual(15);
  });

  const denied = { at: 'rcpt', code: 554, text: '5.7.1 Relay access denied' } as const;
  const oneOf = async (kind: 'free' | 'paced'): Promise<{ id: string }> => {
    if (kind === 'paced') return (await pacedLetters(1))[0]!;
    const mail = letter();
    await post.enqueue(mail);
    return mail;
  };
  const waits = async (mail: { id: string }) => (await post.row(mail)).next_attempt_at.getTime() - Date.now();
  const relaysOf = async (mail: { id: string }) => (await post.attempts(mail)).map(({ relay }) => relay);
  const trustAll = () => app.get(Relays).all.forEach((relay) => relay.trouble.forget());
  /** As if so many seconds were over since a mail was turned away. */
  const goBy = (seconds: number) =>
    app.database.query(`UPDATE outbox SET turned_away_at = turned_away_at - $1 * interval '1 second'`, [seconds]);

  test('a running worker asks the other within moments', async () => {
    await start(urls('name=a&weight=50', 'name=b'), {}, true);
    a.mishap = ({ to }) => (to === '' ? undefined : denied);
    const mails = [await oneOf('free'), await oneOf('paced')];
    app.get(OutboxService).wake();
    for (let n = 0; n < 100 && b.mails.length < 2; n++) await sleep(100);
    expect(b.mails.map(idOf).sort()).toEqual(mails.map(({ id }) => id).sort());
    expect(await relaysOf(mails[0]!)).toContain('a');
  });

  test.each(['free', 'paced'] as const)('nor does the other: a %s mail asks each once, then waits', async (kind) => {
    await start(urls('name=a&weight=50', 'name=b'));
    a.mishap = b.mishap = ({ to }) => {
      // As for another worker, that knows nothing of what this one heard.
      trustAll();
      return to === '' ? undefined : denied;
    };
    const mail = await oneOf(kind);
    await post.drain();
    trustAll();
    await paceGoesOn();
    expect((await relaysOf(mail)).sort()).toEqual(['a', 'b']);
    expect(await post.row(mail)).toMatchObject({ state: 'deferred', attempts: 2, reply_code: 554 });
    expect(await waits(mail)).toBeGreaterThan(290_000);
    // A round counts as one deferral, so that two relays do not halve the time until it is given up.
    expect(await waits(mail)).toBeLessThan(335_000);
    trustAll();
    await again();
    await paceGoesOn();
    expect((await relaysOf(mail)).sort()).toEqual(['a', 'a', 'b', 'b']);
    expect(await waits(mail)).toBeGreaterThan(410_000);
    expect(await waits(mail)).toBeLessThan(465_000);
    a.mishap = b.mishap = () => undefined;
    trustAll();
    await again();
    expect(await post.row(mail)).toMatchObject({ state: 'accepted', attempts: 5 });
    expect(received().reduce((x, y) => x + y)).toBe(1);
  });

  test.each(['free', 'paced'] as const)('and the other is gone: a %s mail waits for it five minutes', async (kind) => {
    await start(urls('name=a&weight=50', 'name=b'));
    a.mishap = ({ to }) => (to === '' ? undefined : denied);
    await die(b);
    const mail = await oneOf(kind);
    await post.drain();
    await paceGoesOn();
    a.mishap = () => undefined;
    app.get(Relays).find('a')!.trouble.forget();
    // The one that turned it away is well again, but not asked yet; it takes all others.
    const next = letter();
    await post.enqueue(next);
    await again();
    expect(await post.row(next)).toMatchObject({ state: 'accepted', relay: 'a' });
    expect(await post.row(mail)).toMatchObject({ attempts: 1, passed_on: 1, turned_away: ['a'] });
    await goBy(301);
    await again();
    await paceGoesOn();
    expect(await post.row(mail)).toMatchObject({ state: 'accepted', relay: 'a', attempts: 2, turned_away: null });
    expect(received()).toEqual([2, 0]);
  });

  test('where a limit keeps the other, the letter waits and its stream does not', async () => {
    await start(urls('name=a&weight=50', 'name=b'));
    await app.database.query(`INSERT INTO mail_limits (scope, key, total) VALUES ('relay', 'b', 0)`);
    a.mishap = ({ to }) => (to === '' ? undefined : denied);
    const mail = await oneOf('paced');
    await post.drain();
    await paceGoesOn();
    expect(await relaysOf(mail)).toEqual(['a']);
    expect(await waits(mail)).toBeGreaterThan(200_000);
    expect(await waits(mail)).toBeLessThanOrEqual(300_000);
    expect(await app.database.query(`SELECT waits_for FROM mail_streams`)).toEqual([{ waits_for: null }]);
    // Five minutes later the first one is asked again: that ends the round, and each round is a longer wait.
    for (const [asked, least] of [
      [2, 290_000],
      [4, 410_000],
    ] as const) {
      if (asked > 2) {
        trustAll();
        await again();
        await paceGoesOn();
      }
      await goBy(301);
      trustAll();
      await again();
      await paceGoesOn();
      expect(await relaysOf(mail)).toEqual(Array(asked).fill('a'));
      expect(await post.row(mail)).toMatchObject({ passed_on: asked / 2, turned_away: null });
      expect(await waits(mail)).toBeGreaterThan(least);
    }
    expect(received()).toEqual([0, 0]);
  });

  test('a throttled letter that waits for its mailbox goes to the other, however long that takes', async () => {
    await start(urls('name=a&weight=50', 'name=b'));
    await app.database.query(`UPDATE mail_limits SET gap_seconds = 600, per_day = 3 WHERE scope = 'mailbox'`);
    a.mishap = ({ to }) =>
      to === '' ? undefined : { at: 'end', code: 454, text: 'Throttling failure: Maximum sending rate exceeded' };
    const mail = await oneOf('paced');
    await post.drain();
    await paceGoesOn();
    expect(await relaysOf(mail)).toEqual(['a']);
    expect(await waits(mail)).toBeGreaterThan(500_000);
    await goBy(601);
    await app.database.query(`UPDATE allowances SET last_at = last_at - interval '601 seconds'`);
    trustAll();
    await again();
    expect(await relaysOf(mail)).toEqual(['a', 'b']);
    expect(await post.row(mail)).toMatchObject({ state: 'accepted', turned_away: null });
  });

  describe('a claim of what it turned away', () => {
    const turnedAwayByA = async (n: number) => {
      await post.enqueue(...confirmations(n));
      await app.database.query(`UPDATE outbox SET state = 'deferred', relay = 'a', attempts = 1, passed_on = 1,
                                turned_away = '{a}', turned_away_at = now()`);
    };
    const claim = async (n: number, shares: Shares, places: RelayPlace[]) => {
      const attemptIds = Array.from({ length: n }, () => uuidv7());
      const mails = await app.get(Claims).claim('confirmations', 'w', attemptIds, new RelayRound(shares, places));
      return mails.map(({ relay }) => relay);
    };
    const steady = (name: string) => ({ name, room: Infinity, steady: true });

    test('lets one find out whether the other is back', async () => {
      await start();
      await turnedAwayByA(3);
      const shares = new Shares(new Map([['a', 50]]));
      expect(await claim(8, shares, [steady('a'), { name: 'b', room: 1, steady: false }])).toEqual(['b']);
      expect(await claim(8, shares, [steady('a'), { name: 'b', room: 0, steady: false }])).toEqual([]);
      // Its failures do not make the wait for it longer.
      await app.database.query(`UPDATE outbox SET state_at = now(), turned_away_at = now() - interval '301 seconds'`);
      expect(await claim(8, shares, [steady('a')])).toEqual(['a', 'a']);
    });

    test.each([[['a', 'b', 'c']], [['b', 'c']]])('shares it out among the others, of %j', async (open) => {
      await start();
      await turnedAwayByA(12);
      const shares = new Shares(new Map(Object.entries({ a: 50, b: 2 })));
      const taken: string[] = [];
      for (let n = 0; n < 12; n++) taken.push(...(await claim(1, shares, open.map(steady))));
      expect(taken.filter((name) => name === 'b')).toHaveLength(8);
      expect(taken.filter((name) => name === 'c')).toHaveLength(4);
    });
  });

  test('is not paused by what is said of one mailbox', async () => {
    await start();
    a.mishap = b.mishap = ({ to }) =>
      to.startsWith('sara')
        ? { at: 'rcpt', code: 550, text: `5.1.1 <${to}>: relay access denied, too many messages` }
        : undefined;
    const [full, unknown] = [letter({ recipient: 'full@parliament.test' }), confirmation('sara@example.org')];
    await post.enqueue(unknown);
    await post.drain();
    a.mishap = b.mishap = ({ to }) => (to === '' ? undefined : { at: 'rcpt', code: 552, text: '5.2.2 mailbox full' });
    await post.enqueue(full);
    await post.drain();
    expect([trouble('a'), trouble('b')]).toEqual([null, null]);
    expect(await post.row(unknown)).toMatchObject({ state: 'refused' });
    expect(await post.row(full)).toMatchObject({ state: 'deferred', reply_code: 552 });
  });
});

describe('limits of a relay', () => {
  const limit = (key: string, fields: Record<string, number>) =>
    app.database.query(
      `INSERT INTO mail_limits (scope, key, ${Object.keys(fields).join()}) VALUES ('relay', $1, ${Object.values(fields).join()})`,
      [key],
    );
  const used = async () =>
    Object.fromEntries(
      (await app.database.query(`SELECT key, used FROM allowances WHERE scope = 'relay'`)).map(
        ({ key, used: n }: { key: string; used: number }) => [key, n],
      ),
    );

  test('bind that relay alone: the rest goes by the other', async () => {
    await start();
    await limit('a', { per_day: 5 });
    await pacedLetters(20);
    await post.drain();
    expect(received()).toEqual([5, 15]);
    expect(await used()).toEqual({ a: 5, b: 15 });
  });

  test('the row for all holds for each', async () => {
    await start();
    await limit('', { per_hour: 4 });
    await limit('b', { total: 2 });
    const sent = await pacedLetters(20);
    await post.drain();
    expect(received()).toEqual([4, 2]);
    const [stream] = await app.database.query('SELECT waits_for FROM mail_streams');
    expect(stream.waits_for).toMatchObject({ scope: 'relay', kind: 'per-hour', most: 4 });
    expect(
      (await Promise.all(sent.map((mail) => post.row(mail)))).filter(({ state }) => state === 'queued'),
    ).toHaveLength(14);
  });

  test('an attempt that never left gives its place back to its own relay', async () => {
    await start();
    await limit('a', { per_day: 10 });
    await die(a);
    await pacedLetters(12);
    await post.drain();
    await untilAll(12);
    expect(received()).toEqual([0, 12]);
    await pacedLetters(1);
    await post.drain();
    await untilAll(13);
    expect((await used()).b).toBe(13);
    expect((await used()).a ?? 0).toBeLessThanOrEqual(0);
  });

  test('a letter that was put off waits for the limit of its relay, and for ever for none', async () => {
    await start(urls('name=a', 'name=b'));
    [a, b].forEach((sink) => (sink.mishap = ({ to }) => (to === '' ? undefined : { at: 'rcpt', code: 450 })));
    const sent = await pacedLetters(2);
    await post.drain();
    const first = (await Promise.all(sent.map((mail) => post.row(mail)))).find(({ relay }) => relay === 'a')!;
    expect(first.state).toBe('deferred');
    [a, b].forEach((sink) => ((sink.mishap = () => undefined), (sink.mails = [])));
    await limit('a', { per_hour: 1 });
    await again();
    expect(received()).toEqual([0, 1]);
    const [parked] = await app.database.query(
      `SELECT next_attempt_at > now() AS later FROM outbox WHERE state = 'deferred'`,
    );
    expect(parked).toEqual({ later: true });
    await app.database.query(`UPDATE mail_limits SET per_hour = NULL, total = 1 WHERE key = 'a'`);
    await again();
    expect(received()).toEqual([0, 2]);
  });

  test('are set by the name of the relay, and refused beside the field for a name that is none', async () => {
    await start();
    const ada = await signIn(app, 'ada');
    const set = (key: string) => ada.api('PUT', '/api/v1/mail/limits', { scope: 'relay', key, perHour: 7 });
    expect((await set('A')).statusCode).toBe(200);
    const list = (await ada.api('GET', '/api/v1/mail/limits')).json().limits;
    expect(list).toContainEqual(expect.objectContaining({ scope: 'relay', key: 'a', perHour: 7, usedThisHour: 0 }));
    for (const key of ['c', 'a b', '<script>']) {
      expect((await set(key)).json().errors).toEqual([expect.objectContaining({ field: 'key', code: 'not-a-relay' })]);
      const form = await ada.post('/en/console/mail/limits', { scope: 'relay', key, perHour: '7' });
      expect(form.statusCode).toBe(422);
      expect(form.body).toContain('id="key-error"');
    }
  });
});

describe('who looks', () => {
  test('sees each relay, since when it is paused and why, without passwords and addresses; visitors see how many', async () => {
    await start();
    const [vera, ada] = [await signIn(app, 'vera'), await signIn(app, 'ada')];
    const relays = async () => (await vera.api('GET', '/api/v1/mail')).json().relays;
    expect(await relays()).toEqual([
      expect.objectContaining({ name: 'a', weight: 3, state: 'open', since: null, lastError: null }),
      expect.objectContaining({ name: 'b', weight: 1, state: 'open', lanes }),
    ]);
    a.connecting = () => ({ code: 421, text: 'sara@example.org is over quota, sara' });
    const mail = confirmation('sara@example.org');
    await post.enqueue(mail);
    await post.drain();
    const [paused, open] = await relays();
    expect(paused).toMatchObject({ name: 'a', state: 'paused', failures: 1, since: expect.any(String) });
    expect(paused.pausedUntil > paused.lastErrorAt).toBe(true);
    expect(paused.lastError).toContain('421');
    expect(paused.lastError).not.toContain('sara');
    expect(open.state).toBe('open');
    const ready = (await app.inject({ url: '/health/ready' })).json();
    expect(ready).toEqual({ status: 'ready', relays: { open: 1, paused: 1 } });
    const desk = (await vera.get('/en/console/mail')).body;
    expect(desk).toMatch(/<bdi dir="ltr">a<\/bdi>[^]*Paused[^]*421/);
    const doctor = (await ada.api('GET', '/api/v1/mail/doctor'))
      .json()
      .findings.find((each: { about: string }) => each.about === 'relay');
    expect(doctor).toMatchObject({ verdict: 'weak' });
    expect(doctor.found[0]).toMatch(new RegExp(`^a \\(127.0.0.1:${a.port}\\), weight 3: paused since .*421`));
    expect(doctor.found[1]).toBe(`b (127.0.0.1:${b.port}), weight 1`);
    for (const text of [
      desk,
      JSON.stringify(doctor),
      JSON.stringify(paused),
      (await ada.get('/en/console/mail/doctor')).body,
    ]) {
      expect(text).not.toMatch(/secret-of|sara/);
    }
    a.connecting = () => undefined;
    live(a);
    await post.enqueue(...letters(8));
    await post.drain();
    expect((await relays())[0]).toMatchObject({
      state: 'open',
      failures: 0,
      pausedUntil: null,
      since: expect.any(String),
    });
  });

  test('reads at the desk by which relay each attempt went, and in the file of the letters', async () => {
    await start(urls('name=a&weight=100'));
    const mail = letter();
    a.mishap = () => ({ at: 'end', drop: true });
    await post.enqueue(mail);
    await post.drain();
    const vera = await signIn(app, 'vera');
    const { mails } = (await vera.api('GET', '/api/v1/mail/messages')).json();
    expect(mails[0].attempts).toEqual([expect.objectContaining({ relay: 'a', outcome: 'in_doubt' })]);
    expect((await vera.get('/en/console/mail')).body).toMatch(/through <bdi dir="ltr">a<\/bdi>/);
  });

  test('is told when mail cannot leave at all', async () => {
    await start();
    await Promise.all([die(a), die(b)]);
    await post.enqueue(letter());
    await post.drain();
    await post.dueNow();
    await post.drain();
    const ada = await signIn(app, 'ada');
    const [relay] = (await ada.api('GET', '/api/v1/mail/doctor'))
      .json()
      .findings.filter((each: { about: string }) => each.about === 'relay');
    expect(relay).toMatchObject({ verdict: 'wrong' });
    expect((await ada.get('/en/console')).body).toContain('No mail leaves through this mail server now');
  });
});
