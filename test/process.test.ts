import { setTimeout as sleep } from 'node:timers/promises';
import { loadSettings } from '../src/config/settings.js';
import { openDatabase } from '../src/database/data-source.js';
import { leaseSeconds } from '../src/mail/claims.js';
import { makeDatabase, type TestDatabase } from './support/database.js';
import { build, Inbox, Server, until } from './support/server.js';

const slug = '1988-investigation';
const sara = { name: 'Sara Signer', email: 'sara@example.org' };

let made: TestDatabase;
let running: Server[] = [];

/** The built server on the database of this test, with the settings given. */
async function start(environment: Record<string, string> = {}): Promise<Server> {
  const server = await Server.start({ ...made.environment, LIMITS: 'off', ...environment });
  running.push(server);
  return server;
}

const tokenOf = (email: string) =>
  until(`the confirmation mail of ${email}`, async () => {
    const mails = await new Inbox(made.environment.DATA_DIR).mails();
    return mails.find((mail) => mail.to === email)?.token;
  });

beforeAll(build, 180_000);
beforeEach(async () => (made = await makeDatabase()));
afterEach(async () => {
  await Promise.all(running.map((server) => server.stop('SIGKILL')));
  running = [];
  await made.drop();
});

test('keeps everything over a second start, and prints the first password once', async () => {
  const first = await start({ ADMIN_PASSWORD: '' });
  expect(first.output).toContain(first.address);
  const password = /password\D*?[:\s]\s*(\S{12,})/i.exec(first.output)?.[1];
  expect(password).toBeDefined();
  expect(await first.sign(slug, sara)).toBe(202);
  expect(await first.confirm(await tokenOf(sara.email))).toBe(200);
  await until('the signature is counted', async () => (await first.count(slug)) === 1);
  expect(first.output).not.toContain(sara.email);
  await first.stop();

  const second = await start({ ADMIN_PASSWORD: '' });
  expect(await second.count(slug)).toBe(1);
  expect(second.output).not.toContain(password);
  expect(second.output).not.toMatch(/password/i);
  const { petitions } = await second.json<{ petitions: { slug: string }[] }>('/api/v1/petitions');
  expect(petitions.map((petition) => petition.slug).toSorted()).toEqual(['1988-investigation', 'magnitsky-sanctions']);
}, 180_000);

test('stops on SIGTERM: finishes what it has in hand, keeps what it answered, and ends by itself', async () => {
  const first = await start();
  const answers = Array.from({ length: 200 }, (_, index) => {
    const email = `leaving-${index}@example.org`;
    return first.sign(slug, { name: 'Sara', email }).then(
      (status) => ({ email, status }),
      () => ({ email, status: 0 }),
    );
  });
  const inbox = new Inbox(made.environment.DATA_DIR);
  await until('some mails are out', async () => (await inbox.mails()).length >= 20);
  const { code, signal } = await first.stop('SIGTERM');
  expect(code ?? signal).toBe('SIGTERM');
  const settled = await Promise.all(answers);
  expect(settled.filter(({ status }) => ![202, 0, 503].includes(status))).toEqual([]);
  const kept = settled.filter(({ status }) => status === 202).map(({ email }) => email);
  expect(kept.length).toBeGreaterThan(0);
  const database = await openDatabase(loadSettings(made.environment));
  const inHand = await database.query(`SELECT state FROM outbox WHERE state IN ('claimed', 'handing_over')`);
  await database.destroy();
  expect(inHand).toEqual([]);

  await start();
  await until('every answered signer has her mail', async () => {
    const to = new Set((await inbox.mails()).map((mail) => mail.to));
    return kept.every((email) => to.has(email));
  });
}, 180_000);

test('killed in a rush, it has lost nothing that it answered and counts nobody twice', async () => {
  const first = await start();
  const inbox = new Inbox(made.environment.DATA_DIR);
  const asked = new Set<string>();
  const tried = new Map<string, string>();
  const confirmed = new Set<string>();
  const unexpected: number[] = [];
  let over = false;

  let mailed = 0;

  const signing = Array.from({ length: 12 }, async (_, lane) => {
    for (let number = 0; !over; number++) {
      const email = `rush-${lane}-${number}@example.org`;
      const status = await first.sign(slug, { name: 'Sara', email }).catch(() => 0);
      if (status === 202) asked.add(email);
      else if (status !== 0) unexpected.push(status);
      // Never far ahead of the mails: both journeys shall be under way when the end comes.
      while (!over && asked.size > mailed + 100) await sleep(10);
    }
  });
  const confirming = (async () => {
    while (!over) {
      const mails = await inbox.mails();
      mailed = mails.length;
      const fresh = mails.filter((mail) => mail.token && !tried.has(mail.token)).slice(0, 20);
      for (const { to, token } of fresh) tried.set(token!, to);
      await Promise.all(
        fresh.map(async ({ token }) => {
          const status = await first.confirm(token!).catch(() => 0);
          if (status === 200) confirmed.add(token!);
          else if (status !== 0) unexpected.push(status);
        }),
      );
      await sleep(10);
    }
  })();
  await until('a rush', async () => asked.size > 150 && confirmed.size > 50).finally(() => (over = true));
  first.child.kill('SIGKILL');
  await Promise.all([...signing, confirming, first.ended]);
  expect(unexpected).toEqual([]);

  const second = await start();
  const allMailed = async () => {
    const to = new Set((await inbox.mails()).map((mail) => mail.to));
    return [...asked].every((email) => to.has(email));
  };
  // On a database server others may hold mails too: those of the dead wait until their lease has ended.
  await until('every answered signer has her mail', allMailed, leaseSeconds * 2);
  await until('everybody answered is counted', async () => (await second.count(slug)) >= confirmed.size);
  // An attempt without an answer may have been kept or not; asked again, everybody is counted, and once.
  const again = await Promise.all([...tried.keys()].map((token) => second.confirm(token)));
  expect(new Set(again)).toEqual(new Set([200]));
  const people = new Set(tried.values()).size;
  await until('everybody who tried is counted', async () => (await second.count(slug)) >= people);
  await sleep(1500);
  expect(await second.count(slug)).toBe(people);
}, 240_000);

test('refuses a second server on the same embedded database with a sentence', async () => {
  if (made.environment.DATABASE_URL) return expectTwoServersOnOneDatabase();
  const first = await start();
  const second = await Server.spawn({ ...made.environment });
  const { code } = await second.ended;
  expect(code).toBe(1);
  expect(second.output).toContain(`${made.environment.DATA_DIR} is in use by another Countersign process`);
  expect((await first.fetch('/health/ready')).status).toBe(200);
}, 180_000);

/** On a database server several are welcome: they share the work and the keys. */
async function expectTwoServersOnOneDatabase(): Promise<void> {
  const [one, two] = await Promise.all([start(), start()]);
  expect(await one.sign(slug, sara)).toBe(202);
  expect(await two.confirm(await tokenOf(sara.email))).toBe(200);
  await until('the signature is counted on both', async () => (await one.count(slug)) + (await two.count(slug)) === 2);
}

test.each([
  [{ PORT: 'eighty' }, /^PORT: /m],
  [{ LIMITS: 'off', MAIL_MODE: 'live', SMTP_URL: 'smtp://127.0.0.1', MAIL_FROM: 'a@sign.test' }, /^LIMITS: /m],
  [{ DATABASE_URL: 'mysql://localhost/x' }, /^DATABASE_URL: /m],
])(
  'does not start with %j, and says which setting is wrong',
  async (environment, sentence) => {
    const server = await Server.spawn({ ...made.environment, ...environment });
    const { code } = await server.ended;
    expect(code).toBe(1);
    expect(server.output).toMatch(sentence);
    expect(server.output).not.toMatch(/^\s+at /m);
  },
  60_000,
);
