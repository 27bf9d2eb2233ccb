import { setTimeout as sleep } from 'node:timers/promises';
import { v7 as uuidv7 } from 'uuid';
import { Switches } from '../src/switches/switches.service.js';
import { Claims } from '../src/mail/claims.js';
import { Dkim } from '../src/mail/dkim.js';
import { MailKinds } from '../src/mail/mail-kinds.js';
import { MailSender } from '../src/mail/mail.sender.js';
import { MailWorker } from '../src/mail/mail.worker.js';
import { OutboxService } from '../src/mail/outbox.service.js';
import { relayFromUrl } from '../src/mail/relay.js';
import { RelayStates } from '../src/mail/relay-states.service.js';
import { MailRelay, Relays } from '../src/mail/relays.js';
import { ReturnAddresses } from '../src/mail/return-addresses.js';
import { SmtpDelivery } from '../src/mail/smtp.delivery.js';
import { Upkeep } from '../src/mail/upkeep.js';
import type { TestApp } from './support/app.js';
import { serverUrl } from './support/database.js';
import { confirmation, letter, oneRelay, postOffice, startMailApp } from './support/mails.js';
import { type Sink, startSink } from './support/sink.js';

let app: TestApp;
let sink: Sink;
let post: ReturnType<typeof postOffice>;
let deliveries: SmtpDelivery[];

beforeAll(async () => {
  sink = await startSink();
  app = await startMailApp(sink.url);
  post = postOffice(app);
  deliveries = [];
});
beforeEach(async () => {
  sink.mails = [];
  sink.mishap = () => undefined;
  await app.database.query('DELETE FROM outbox');
});
afterAll(async () => {
  await Promise.all(deliveries.map((delivery) => delivery.close()));
  await app.close();
  await sink.close();
});

/** A worker as another process would have it, over the same database. */
function anotherWorker(): MailWorker {
  const delivery = new SmtpDelivery(relayFromUrl(sink.url));
  deliveries.push(delivery);
  const [claims, kinds] = [new Claims(app.database, app.get(Switches)), app.get(MailKinds)];
  const relays = new Relays([new MailRelay(relayFromUrl(sink.url), delivery)]);
  const states = new RelayStates(app.database, relays, app.get(Switches));
  const sender = new MailSender(claims, kinds, app.get(Dkim), app.get(ReturnAddresses), relays, states, app.settings);
  const upkeep = new Upkeep(app.database);
  return new MailWorker(claims, upkeep, sender, kinds, app.get(OutboxService), relays, app.settings);
}

const timesSent = () => {
  const times = new Map<string, number>();
  for (const { raw } of sink.mails) {
    const id = /^Subject: (.+)\r$/m.exec(raw.toString())![1]!;
    times.set(id, (times.get(id) ?? 0) + 1);
  }
  return times;
};

test('three workers at once send each letter exactly once', async () => {
  const letters = Array.from({ length: 200 }, () => letter());
  await post.enqueue(...letters);
  const workers = [app.get(MailWorker), anotherWorker(), anotherWorker()];
  const taken = await Promise.all(workers.map((worker) => worker.drain()));
  expect(taken.reduce((sum, each) => sum + each)).toBe(200);
  expect(Math.min(...taken)).toBeGreaterThan(0);
  const times = timesSent();
  expect(letters.map(({ id }) => times.get(id))).toEqual(letters.map(() => 1));
  const states = await app.database.query('SELECT state, count(*)::int FROM outbox GROUP BY state');
  expect(states).toEqual([{ state: 'accepted', count: 200 }]);
});

test('three workers, each taken for dead again and again: no letter twice, none lost, each doubt shown', async () => {
  const letters = Array.from({ length: 60 }, () => letter());
  await post.enqueue(...letters);
  sink.mishap = ({ to }) =>
    to === '' ? undefined : Math.random() < 0.3 ? { at: 'rcpt', wait: 20 } : { at: 'end', delay: 100 };
  const workers = [app.get(MailWorker), anotherWorker(), anotherWorker()];
  let running = true;
  const reaper = (async () => {
    while (running) {
      await app.database.query(
        `UPDATE outbox SET lease_until = now() - interval '1 second' WHERE attempt_id IS NOT NULL AND random() < 0.3`,
      );
      await app.get(Upkeep).recover([]);
      await sleep(50);
    }
  })();
  await Promise.all(workers.map((worker) => worker.drain()));
  running = false;
  await reaper;
  await Promise.all(workers.map((worker) => worker.drain()));
  const times = timesSent();
  expect(Math.max(...times.values())).toBe(1);
  const rows = await app.database.query<{ id: string; state: string }[]>('SELECT id, state FROM outbox');
  const notSent = rows.filter(({ id }) => !times.has(id));
  expect(notSent.filter(({ state }) => state !== 'in_doubt')).toEqual([]);
  expect(rows.filter(({ state }) => !['accepted', 'in_doubt'].includes(state))).toEqual([]);
  expect(rows.some(({ state }) => state === 'in_doubt')).toBe(true);
}, 300_000);

describe('a running worker', () => {
  let running: TestApp;
  let office: ReturnType<typeof postOffice>;
  beforeAll(async () => {
    running = await startMailApp(sink.url, {}, true);
    office = postOffice(running);
  });
  afterAll(() => running.close());
  const wake = () => running.get(OutboxService).wake();
  const until = async (ready: () => boolean | Promise<boolean>) => {
    while (!(await ready())) await sleep(10);
  };

  test('sends at once when it is woken, not at its next look', async () => {
    const waits: number[] = [];
    for (let n = 0; n < 5; n++) {
      const start = Date.now();
      const mail = confirmation();
      await office.enqueue(mail);
      wake();
      await until(async () => (await office.row(mail)).state === 'accepted');
      waits.push(Date.now() - start);
    }
    // It looks once a second: without the bell, each but the first would wait that second.
    expect(Math.min(...waits.slice(1))).toBeLessThan(700);
  });

  test('sees by itself what is due', async () => {
    const mail = letter();
    await office.enqueue(mail);
    await until(() => sink.mails.length === 1);
    expect(sink.mails[0]!.raw).toEqual(mail.raw);
  });

  test('leaves a server alone that falls silent, before every letter is in doubt', async () => {
    await office.enqueue(...Array.from({ length: 30 }, () => letter()));
    sink.mishap = () => ({ at: 'end', drop: true });
    wake();
    await until(() => running.get(Relays).all[0]!.trouble.view() !== null);
    await sleep(1500);
    // What was in the five hands at that moment, and what they took up before the first of them was heard.
    expect(sink.mails.length).toBeLessThanOrEqual(10);
    await running.database.query('DELETE FROM outbox');
    sink.mishap = () => undefined;
    await running.get(MailWorker).drain();
  });

  test('brings to its end what it has in hand at shutdown', async () => {
    const mail = letter();
    sink.mishap = () => ({ at: 'end', delay: 700 });
    await office.enqueue(mail);
    wake();
    await until(() => sink.mails.length === 1);
    await running.get(MailWorker).beforeApplicationShutdown();
    expect(sink.mails[0]!.answer).toBe(250);
    expect((await office.row(mail)).state).toBe('accepted');
  });
});

test('a claim uses the index of due mails, however many were sent before', async () => {
  await app.database.query(
    `INSERT INTO outbox (campaign_id, id, kind, ref, lane, state)
     SELECT gen_random_uuid(), gen_random_uuid(), 'letter', n::text, 'letters', 'accepted' FROM generate_series(1, 20000) n`,
  );
  await post.enqueue(letter());
  await app.database.query('ANALYZE outbox');
  const plan = await app.database.query<{ 'QUERY PLAN': string }[]>(
    `EXPLAIN SELECT id FROM outbox
     WHERE lane = 'letters' AND stream IS NULL AND waits AND next_attempt_at <= now()
     ORDER BY next_attempt_at LIMIT 8 FOR UPDATE SKIP LOCKED`,
  );
  const text = plan.map((row) => row['QUERY PLAN']).join('\n');
  expect(text).toContain('outbox_due_idx');
  expect(text).not.toContain('Seq Scan');
});

// The embedded database has one connection: there is nobody to wait for.
(serverUrl ? test : test.skip)(
  'who says that it lives waits for nobody that writes one of its mails',
  async () => {
    await post.enqueue(letter(), letter());
    const claims = app.get(Claims);
    const mails = await claims.claim('letters', 'w', [uuidv7(), uuidv7()], oneRelay());
    await app.database.query(`UPDATE outbox SET lease_until = now() + interval '1 second'`);
    await app.database.transaction(async (tx) => {
      await tx.query('SELECT FROM outbox WHERE id = $1 FOR UPDATE', [mails[0]!.id]);
      await app.get(Upkeep).extend('w');
    });
    const extended = `SELECT id FROM outbox WHERE lease_until > now() + interval '30 seconds'`;
    expect(await app.database.query(extended)).toEqual([{ id: mails[1]!.id }]);
    await app.get(Upkeep).extend('w');
    expect(await app.database.query(extended)).toHaveLength(2);
  },
  20_000,
);

test('no index looks at what changes when a mail is handed over: the mark writes a row and nothing else', async () => {
  const looked = await app.database.query<{ name: string }[]>(
    `SELECT DISTINCT attname AS name FROM pg_attribute JOIN pg_index ON indrelid = attrelid
     WHERE attrelid = 'outbox'::regclass AND attnum > 0 AND (attnum = ANY (indkey) OR EXISTS (
       SELECT FROM pg_depend WHERE objid = indexrelid AND refobjid = attrelid AND refobjsubid = attnum))`,
  );
  const names = looked.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['campaign_id', 'lease_until', 'next_attempt_at', 'stream', 'waits']));
  await app.database.query('DELETE FROM outbox');
  await post.enqueue(letter());
  const claims = app.get(Claims);
  const [mail] = await claims.claim('letters', 'w', [uuidv7()], oneRelay());
  const row = async () => (await app.database.query<[object]>(`SELECT state, ${names.join(', ')} FROM outbox`))[0];
  const before = await row();
  expect(await claims.handOver(mail!)).toBe(true);
  expect(await row()).toEqual({ ...before, state: 'handing_over' });
});
