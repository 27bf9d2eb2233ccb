import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { loadSettings } from '../src/config/settings.js';
import { openDatabase } from '../src/database/data-source.js';
import { OutboxService } from '../src/mail/outbox.service.js';
import { makeDatabase, type TestDatabase } from './support/database.js';
import { letter } from './support/mails.js';
import { build, Server, until } from './support/server.js';
import { type Sink, startSink, type SunkMail } from './support/sink.js';

const slug = '1988-investigation';
let made: TestDatabase;
let sink: Sink;
let running: Server | undefined;

beforeAll(build, 180_000);
beforeEach(async () => {
  made = await makeDatabase();
  sink = await startSink();
});
afterEach(async () => {
  await running?.stop('SIGKILL');
  await sink.close();
  await made.drop();
});

async function start(): Promise<Server> {
  running = await Server.start({
    ...made.environment,
    MAIL_MODE: 'live',
    SMTP_URL: sink.url,
    MAIL_FROM: 'Countersign <mail@countersign.test>',
    PUBLIC_URL: 'http://countersign.test',
    LOG_LEVEL: 'error',
  });
  return running;
}

async function kill(server: Server): Promise<void> {
  server.child.kill('SIGKILL');
  await server.ended;
}

/** The database while no server runs: the embedded one is one process's alone. */
async function withDatabase<T>(work: (database: DataSource) => Promise<T>): Promise<T> {
  const database = await openDatabase(loadSettings(made.environment));
  return work(database).finally(() => database.destroy());
}

const enqueue = (letters: ReturnType<typeof letter>[]) =>
  withDatabase((database) =>
    database.transaction((tx) => new OutboxService(loadSettings(made.environment)).enqueue(tx, letters)),
  );

/** As if the minute were over after which a silent worker counts as dead. On the embedded database none can be alive. */
const leasesEnd = () =>
  withDatabase((database) => database.query('UPDATE outbox SET lease_until = now() WHERE lease_until IS NOT NULL'));

const states = (): Promise<Map<string, string>> =>
  withDatabase(async (database) => {
    const rows = await database.query<{ id: string; state: string }[]>('SELECT id, state FROM outbox');
    return new Map(rows.map(({ id, state }) => [id, state]));
  });

const idOf = ({ raw }: SunkMail) => /^Subject: ([0-9a-f-]{36})\r$/m.exec(raw.toString())?.[1];
const received = () => sink.mails.map(idOf).filter((id) => id !== undefined);

test('killed when the server has the mail and has not answered: the letter is in doubt, all others arrive once', async () => {
  // Letters have five of the ten lines: the silent ones hold them all, and the last ones never left.
  const letters = Array.from({ length: 12 }, (_, n) =>
    letter({ recipient: n >= 4 && n < 9 ? 'silent@parliament.test' : 'anna@parliament.test' }),
  );
  await enqueue(letters);
  sink.mishap = ({ to }) => (to.startsWith('silent') ? { at: 'end', silent: true } : undefined);
  const first = await start();
  await until(
    'five letters lie unanswered',
    async () => sink.mails.filter(({ answer }) => answer === null).length === 5,
  );
  // What was answered has been written down.
  await sleep(1000);
  const unanswered = sink.mails.filter(({ answer }) => answer === null).map(idOf);
  await kill(first);

  await leasesEnd();
  sink.mishap = () => undefined;
  const second = await start();
  await until('the others have arrived', async () => received().length >= 12);
  await sleep(2500);
  await second.stop();
  expect(received().toSorted()).toEqual(letters.map(({ id }) => id).toSorted());
  const found = await states();
  expect(
    letters
      .filter(({ id }) => found.get(id) === 'in_doubt')
      .map(({ id }) => id)
      .toSorted(),
  ).toEqual(unanswered.toSorted());
  expect(letters.filter(({ id }) => found.get(id) === 'accepted')).toHaveLength(7);
}, 300_000);

test('killed when a confirmation lies unanswered: it goes again with the same bytes, and nobody waits in vain', async () => {
  sink.mishap = ({ to }) => (to === 'sara@example.org' ? { at: 'end', silent: true } : undefined);
  const first = await start();
  for (const name of ['sara', 'nima', 'lena']) {
    expect(await first.sign(slug, { name, email: `${name}@example.org` })).toBe(202);
  }
  await until('three mails are there', async () => sink.mails.length === 3);
  await kill(first);

  await leasesEnd();
  sink.mishap = () => undefined;
  await start();
  await until('it went again', async () => sink.mails.filter(({ to }) => to === 'sara@example.org').length === 2);
  const [before, after] = sink.mails.filter(({ to }) => to === 'sara@example.org');
  expect(after!.raw.toString()).toBe(before!.raw.toString());
  expect(sink.mails.filter(({ to }) => to !== 'sara@example.org').length).toBeLessThanOrEqual(4);
}, 300_000);

test('killed twice at any moment: no letter twice, none lost, at most two doubts for each hand and kill', async () => {
  // More than leave before the second kill, however fast the machine is.
  const letters = Array.from({ length: 200 }, () => letter());
  await enqueue(letters);
  sink.mishap = ({ to }) => (to === '' ? undefined : { at: 'end', delay: Math.floor(Math.random() * 200) });
  for (let kills = 0; kills < 2; kills++) {
    const server = await start();
    const before = sink.mails.length;
    await until('some letters have gone', async () => sink.mails.length > before + 5);
    await sleep(Math.random() * 100);
    await kill(server);
    await leasesEnd();
  }
  const last = await start();
  sink.mishap = () => undefined;
  await until('nothing moves any more', async () => {
    const seen = sink.mails.length;
    await sleep(3000);
    return sink.mails.length === seen;
  });
  await last.stop();
  const found = await states();
  const times = new Map<string, number>();
  for (const id of received()) times.set(id, (times.get(id) ?? 0) + 1);
  expect(letters.filter(({ id }) => (times.get(id) ?? 0) > 1)).toEqual([]);
  expect(letters.filter(({ id }) => !times.has(id) && found.get(id) !== 'in_doubt')).toEqual([]);
  expect(letters.filter(({ id }) => !['accepted', 'in_doubt'].includes(found.get(id)!))).toEqual([]);
  expect(letters.filter(({ id }) => found.get(id) === 'in_doubt').length).toBeLessThanOrEqual(20);
}, 300_000);
