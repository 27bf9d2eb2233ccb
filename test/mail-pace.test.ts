import { v7 as uuidv7 } from 'uuid';
import { Allowances } from '../src/mail/allowances.js';
import { alwaysOpen, type Calendar } from '../src/mail/calendar.js';
import { type ClaimedMail, Claims } from '../src/mail/claims.js';
import { OutboxService } from '../src/mail/outbox.service.js';
import { noteEnd } from '../src/mail/outbox-sql.js';
import { dueLettersSql, PacedClaims } from '../src/mail/paced-claims.js';
import { addToStreams } from '../src/mail/streams.js';
import { Upkeep } from '../src/mail/upkeep.js';
import { startApp, type TestApp } from './support/app.js';
import { confirmation, letter, oneRelay } from './support/mails.js';

let app: TestApp;
beforeAll(async () => void (app = await startApp({ LOG_LEVEL: 'silent' })));
afterAll(() => app.close());
beforeEach(async () => {
  for (const table of ['outbox', 'mail_streams', 'allowances', 'mail_limits']) {
    await app.database.query(`DELETE FROM ${table}`);
  }
});

const at = (text: string) => Date.parse(text);
const office: Calendar = {
  ...alwaysOpen,
  timeZone: 'Europe/Berlin',
  days: [1, 2, 3, 4, 5],
  hours: [{ from: '09:00', to: '17:00' }],
};

interface Setting {
  calendar?: Calendar;
  spread?: boolean;
  stream?: string;
  campaignId?: string;
  starts?: string;
}
/** Letters of one campaign, waiting since long ago. */
async function enqueue(recipients: string[], more: Setting = {}): Promise<string> {
  const {
    calendar = alwaysOpen,
    spread = false,
    stream = 'testland',
    campaignId = uuidv7(),
    starts = '2026-01-01',
  } = more;
  const expiresAt = calendar.notAfter ?? undefined;
  const mails = recipients.map((recipient) =>
    letter({ campaignId, recipient, stream, notBefore: new Date('2026-01-01'), expiresAt }),
  );
  await app.database.transaction(async (tx) => {
    await addToStreams(
      tx,
      [{ campaignId, stream, sender: 'olga@org.example', calendar, spread, letters: mails.length }],
      new Date(starts),
    );
    await app.get(OutboxService).enqueue(tx, mails);
  });
  return campaignId;
}
const crowd = (n: number, domain = 'parliament.example') => Array.from({ length: n }, (_, i) => `m${i}@${domain}`);
const limit = (scope: string, fields: Record<string, number>, key = '') =>
  app.database.query(
    `INSERT INTO mail_limits (scope, key, ${Object.keys(fields).join(', ')}) VALUES ($1, $2, ${Object.values(fields).join(', ')})`,
    [scope, key],
  );
const ids = (n: number) => Array.from({ length: n }, () => uuidv7());
const claim = (when: string | number, n = 8, worker = 'w') =>
  new PacedClaims(app.database).claim(worker, ids(n), oneRelay(), {
    off: [],
    at: typeof when === 'string' ? at(when) : when,
  });
/** How an attempt ended; `reached` means that the server had said 354. */
async function end(
  mails: ClaimedMail[],
  state = 'accepted',
  outcome = 'accepted',
  reached = true,
  database: { query(sql: string, values: unknown[]): Promise<unknown> } = app.database,
) {
  await database.query(
    `WITH ended AS (
       SELECT campaign_id, id, attempt_id, relay, worker, started_at, CASE WHEN $3 THEN now() END AS handed_over_at, pass
       FROM outbox WHERE attempt_id = ANY ($1)
     )
     ${noteEnd('ended', { outcome: '$2::text', reply: 'NULL' })}`,
    [mails.map((mail) => mail.attemptId), outcome, reached],
  );
  await database.query(
    `UPDATE outbox SET state = $2, attempt_id = NULL, worker = NULL, lease_until = NULL,
       attempts = attempts + CASE WHEN $3 = 'unsent' THEN 0 ELSE 1 END
     WHERE attempt_id = ANY ($1)`,
    [mails.map((mail) => mail.attemptId), state, outcome],
  );
}
/** Lets days go by, a claim every `step` minutes; answers what left when. */
async function live(from: string, until: string, step: number): Promise<{ at: string; to: string | null }[]> {
  const gone: { at: string; to: string | null }[] = [];
  for (let now = at(from); now < at(until); now += step * 60_000) {
    for (;;) {
      const mails = await claim(now, 16);
      if (mails.length === 0) break;
      await end(mails);
      gone.push(...mails.map((mail) => ({ at: new Date(now).toISOString(), to: mail.recipient })));
    }
  }
  return gone;
}
const days = (gone: { at: string }[]) => {
  const counts = new Map<string, number>();
  for (const each of gone) counts.set(each.at.slice(0, 10), (counts.get(each.at.slice(0, 10)) ?? 0) + 1);
  return Object.fromEntries(counts);
};

describe.each([2, 4])('%i workers at once', (workers) => {
  /** Every worker claims and ends until none of them finds anything. */
  async function race(when: number, finish = true): Promise<ClaimedMail[]> {
    const taken: ClaimedMail[] = [];
    await Promise.all(
      Array.from({ length: workers }, async (_, n) => {
        for (;;) {
          const mails = await claim(when, 3, `worker ${n}`);
          if (mails.length === 0) return;
          taken.push(...mails);
          if (finish) await end(mails);
        }
      }),
    );
    return taken;
  }
  const noon = at('2026-11-23T12:00Z');

  test.each([
    ['relay', { per_hour: 7 }, 7],
    ['sender', { per_day: 9 }, 9],
    ['campaign', { per_hour: 5 }, 10],
    ['domain', { per_hour: 4 }, 8],
    ['mailbox', { per_day: 2 }, 40],
    ['mailbox', { gap_seconds: 60 }, 20],
    ['mailbox', { total: 1 }, 20],
  ])('a limit of the %s (%j) is kept to the letter', async (scope, fields, most) => {
    await limit(scope, fields);
    const recipients = [...crowd(10, 'one.example'), ...crowd(10, 'two.example')];
    await enqueue([...recipients, ...recipients]);
    await enqueue([...recipients, ...recipients]);
    const taken = await race(noon);
    expect(taken).toHaveLength(most);
    expect(new Set(taken.map((mail) => mail.id)).size).toBe(most);
  });

  test('no more than four are in hand at once for one domain', async () => {
    await limit('domain', { concurrent: 4 });
    await enqueue(crowd(30));
    expect(await race(noon, false)).toHaveLength(4);
    expect(await race(noon + 60_000, false)).toHaveLength(0);
    await app.database.query(
      `UPDATE outbox SET lease_until = now() - interval '1 second' WHERE attempt_id IS NOT NULL`,
    );
    await app.get(Upkeep).recover([]);
    expect(await race(noon + 120_000)).toHaveLength(30);
  });
});

test('all limits at once: the strictest binds, and the page can say which', async () => {
  await limit('relay', { per_hour: 100 });
  await limit('campaign', { per_day: 3 });
  const campaignId = await enqueue(crowd(10));
  expect(await claim('2026-11-23T12:00Z')).toHaveLength(3);
  const [stream] = await app.database.query(`SELECT waits_for FROM mail_streams WHERE campaign_id = $1`, [campaignId]);
  expect(stream.waits_for).toMatchObject({
    scope: 'campaign',
    kind: 'per-day',
    most: 3,
    until: '2026-11-24T00:00:00.000Z',
  });
});

test('campaigns take turns, however many letters one has', async () => {
  const many = await enqueue(crowd(100, 'a.example'));
  const few = await enqueue(crowd(4, 'b.example'));
  const taken = await claim('2026-11-23T12:00Z', 8);
  expect(taken.filter((mail) => mail.campaignId === few)).toHaveLength(4);
  expect(taken.filter((mail) => mail.campaignId === many)).toHaveLength(4);
});

test('a mailbox with many letters does not keep the others waiting, and each of them is put off once', async () => {
  await limit('mailbox', { per_day: 2 });
  await enqueue([...Array<string>(50).fill('busy@a.example'), ...crowd(20)]);
  const gone = await live('2026-11-23T00:00Z', '2026-11-23T00:10Z', 1);
  expect(gone).toHaveLength(22);
  const [{ due }] = await app.database.query(
    `SELECT count(*)::int AS due FROM outbox WHERE state = 'queued' AND next_attempt_at < '2026-11-23T10:00Z'`,
  );
  expect(due).toBe(0);
  expect(days(await live('2026-11-24T00:00Z', '2026-11-27T00:00Z', 60))).toEqual({
    '2026-11-24': 2, '2026-11-25': 2, '2026-11-26': 2,
  }); // prettier-ignore
});

describe('what an attempt gives back', () => {
  const noon = '2026-11-23T12:00Z';
  test.each([
    ['not sent at all', 'queued', 'unsent', false, 3, 3],
    ['refused or deferred before 354', 'deferred', 'deferred', false, 3, 2],
    ['deferred after 354', 'deferred', 'deferred', true, 2, 2],
    ['in doubt', 'in_doubt', 'in_doubt', true, 2, 2],
  ])('%s', async (_, state, outcome, reached, ofCampaign, ofRelay) => {
    await limit('campaign', { per_day: 3 });
    await enqueue(crowd(10));
    await end(await claim(noon, 1), state, outcome, reached);
    expect(await claim(noon, 10)).toHaveLength(ofCampaign);
    for (const table of ['outbox', 'mail_streams', 'allowances', 'mail_limits'])
      await app.database.query(`DELETE FROM ${table}`);
    await limit('relay', { per_day: 3 });
    await enqueue(crowd(10));
    await end(await claim(noon, 1), state, outcome, reached);
    expect(await claim(noon, 10)).toHaveLength(ofRelay);
  });

  test('a pause takes back what was claimed, and its place with it', async () => {
    await limit('campaign', { per_day: 3 });
    const campaignId = await enqueue(crowd(10));
    expect(await claim(noon, 10)).toHaveLength(3);
    await app.database.transaction((tx) => app.get(OutboxService).hold(tx, campaignId));
    expect(await claim(at(noon) + 60_000, 10)).toHaveLength(0);
    await app.database.transaction((tx) => app.get(OutboxService).release(tx, campaignId));
    expect(await claim(at(noon) + 180_000, 10)).toHaveLength(3);
  });
});

describe('simulated days', () => {
  test('office hours through the change of the clock, a holiday and a week-end', async () => {
    await limit('mailbox', { per_day: 1 });
    await limit('campaign', { per_day: 4 });
    // Friday 27 March to Tuesday 31 March 2026; the clock is put forward on Sunday.
    await enqueue(crowd(20), { calendar: { ...office, holidays: ['2026-03-31'] } });
    const gone = await live('2026-03-27T00:00Z', '2026-04-02T00:00Z', 30);
    expect(days(gone)).toEqual({ '2026-03-27': 4, '2026-03-30': 4, '2026-04-01': 4 });
    expect([...new Set(gone.map((each) => each.at))]).toEqual([
      '2026-03-27T08:00:00.000Z', '2026-03-30T07:00:00.000Z', '2026-04-01T07:00:00.000Z',
    ]); // prettier-ignore
  });

  test('a night that crosses midnight, in the night that has an hour more', async () => {
    const night = {
      ...office,
      days: [6],
      hours: [{ from: '22:00', to: '06:00' }],
      notAfter: new Date('2026-10-25T12:00Z'),
    };
    await enqueue(crowd(90), { calendar: night, spread: true, starts: '2026-10-24T00:00Z' });
    const gone = await live('2026-10-24T00:00Z', '2026-10-25T12:00Z', 5);
    expect(gone[0]!.at).toBe('2026-10-24T20:05:00.000Z');
    expect(gone.at(-1)!.at <= '2026-10-25T05:00').toBe(true);
    expect(days(gone)).toEqual({ '2026-10-24': 40, '2026-10-25': 50 });
  });

  test('spread makes up for an outage, and never runs ahead', async () => {
    const calendar = { ...office, notAfter: new Date('2026-11-24T23:00Z') };
    await enqueue(crowd(160), { calendar, spread: true, starts: '2026-11-23T00:00Z' });
    const before = await live('2026-11-23T08:00Z', '2026-11-23T10:00Z', 6);
    expect(before).toHaveLength(20);
    const after = await live('2026-11-23T14:00Z', '2026-11-23T14:01Z', 6);
    expect(after.length + 20).toBe(61);
    expect(await live('2026-11-23T14:06Z', '2026-11-25T08:00Z', 6)).toHaveLength(160 - 81 + 20);
  });

  test('what is left at the deadline expires and is counted, nothing leaves after it', async () => {
    await limit('campaign', { per_day: 5 });
    const calendar = { ...office, notAfter: new Date('2026-11-17T20:00Z') };
    await enqueue(crowd(20), { calendar, starts: '2026-11-16T00:00Z' });
    expect(days(await live('2026-11-16T00:00Z', '2026-11-20T00:00Z', 60))).toEqual({
      '2026-11-16': 5,
      '2026-11-17': 5,
    });
    await app.get(Upkeep).expire();
    expect(await app.database.query('SELECT state, count(*)::int AS n FROM outbox GROUP BY 1 ORDER BY 1')).toEqual([
      { state: 'accepted', n: 10 },
      { state: 'expired', n: 10 },
    ]);
  });
});

test('a claim reads as little among 100,000 letters as among 1,000', async () => {
  const campaignId = await enqueue(crowd(1000));
  const asked = [[campaignId], ['testland'], new Date(at('2026-11-23T12:00Z')), 32, ['relay']];
  const pages = async () => {
    await app.database.query('ANALYZE outbox');
    const [row] = await app.database.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${dueLettersSql}`, asked);
    const { Plan: plan } = row['QUERY PLAN'][0];
    return plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
  };
  const few = await pages();
  await app.database.query(
    `INSERT INTO outbox (campaign_id, id, kind, ref, lane, stream, recipient, state, next_attempt_at)
     SELECT $1, gen_random_uuid(), 'letter', n::text, 'letters', 'testland', n || '@parliament.example', 'queued',
            '2026-02-01'::timestamptz + n * interval '1 second'
     FROM generate_series(1, 100000) n`,
    [campaignId],
  );
  // Those that a relay has just turned away are passed over, first in line as they are: a page for each, at most.
  const turnedAway = 50;
  await app.database.query(
    `UPDATE outbox SET turned_away = '{relay}', turned_away_at = now(), next_attempt_at = '2025-12-01'
     WHERE ref IN (SELECT n::text FROM generate_series(1, $1::int) n)`,
    [turnedAway],
  );
  const due = await app.database.query<{ turnedAway: string[] }[]>(dueLettersSql, asked);
  expect(due).toHaveLength(32);
  expect(due.flatMap((each) => each.turnedAway)).toEqual([]);
  expect(few).toBeGreaterThan(0);
  expect(await pages()).toBeLessThan(few * 2 + 20 + turnedAway);
});

test('a confirmation looks at no limit, and waits for nobody who holds the lock of the letters', async () => {
  await limit('relay', { total: 0 });
  await enqueue(crowd(5));
  expect(await claim('2026-11-23T12:00Z')).toHaveLength(0);
  await app.database.transaction((tx) => app.get(OutboxService).enqueue(tx, [confirmation()]));
  const claims = app.get(Claims);
  if (!app.settings.DATABASE_URL)
    return expect(await claims.claim('confirmations', 'w', ids(4), oneRelay())).toHaveLength(1);
  await app.database.transaction(async (tx) => {
    await tx.query(`SELECT pg_advisory_xact_lock(hashtext('countersign.pace'))`);
    await tx.query('SELECT FROM outbox WHERE stream IS NOT NULL FOR UPDATE');
    await tx.query('SELECT FROM mail_streams, mail_limits FOR UPDATE');
    expect(await claims.claim('confirmations', 'w', ids(4), oneRelay())).toHaveLength(1);
  });
});

test.each([
  ['never left', 'queued', 'unsent', 0],
  ['was put off before the data', 'deferred', 'deferred', 0],
  ['was handed over', 'deferred', 'deferred', 600_000],
])('the gap before the next letter of a mailbox counts from the last that reached it: one that %s', async (...of) => {
  const [, state, outcome, wait] = of;
  await limit('mailbox', { gap_seconds: 600 });
  await enqueue(['anna@parliament.example']);
  const now = at('2026-03-02T10:00Z');
  const first = await claim(now);
  expect(first).toHaveLength(1);
  await end(first, state, outcome, wait > 0);
  const early = await claim(now + 1000);
  expect(early).toHaveLength(wait > 0 ? 0 : 1);
  if (wait > 0) expect(await claim(now + wait)).toHaveLength(1);
});

test('an attempt that ends while a claim is looking does not keep its own letter from the next', async () => {
  await limit('mailbox', { gap_seconds: 600 });
  await enqueue(['anna@parliament.example']);
  const now = at('2026-03-02T10:00Z');
  const first = await claim(now);
  const looks = jest.spyOn(Allowances.prototype, 'giveBack').mockImplementationOnce(async function (this: Allowances) {
    const told = await this.giveBack();
    await end(first, 'queued', 'unsent', false, this['tx']);
    return told;
  });
  try {
    await claim(now + 1000);
    expect(looks).toHaveBeenCalledTimes(2);
  } finally {
    looks.mockRestore();
  }
  expect(await claim(now + 3000)).toHaveLength(1);
});
