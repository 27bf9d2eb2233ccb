import { setTimeout as sleep } from 'node:timers/promises';
import { startApp, type TestApp } from './support/app.js';
import { signIn } from './support/cast.js';
import { makeDatabase, type TestDatabase } from './support/database.js';
import { approve, campaignOf, crowd, importTestland, person } from './support/letters.js';
import { build, Server, until } from './support/server.js';
import { type Sink, startSink } from './support/sink.js';

const lawmakers = 2000;
/** The same in both: it stands in the letters, and only what was approved is sent. */
const publicUrl = 'http://countersign.test';
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

/** The application while no server runs: the embedded database is one process's alone. */
async function inApp<T>(work: (app: TestApp) => Promise<T>): Promise<T> {
  const app = await startApp({ ...made.environment, PUBLIC_URL: publicUrl });
  return work(app).finally(() => app.close());
}

async function start(): Promise<Server> {
  running = await Server.start({
    ...made.environment,
    MAIL_MODE: 'live',
    SMTP_URL: sink.url,
    MAIL_FROM: 'Countersign <mail@countersign.test>',
    PUBLIC_URL: publicUrl,
    LOG_LEVEL: 'error',
  });
  return running;
}

test('killed while a campaign is being planned: one letter for each lawmaker, and none twice', async () => {
  const { id, token } = await inApp(async (app) => {
    await importTestland(app, crowd(lawmakers), 'testland');
    const olga = person('Olga', 'organiser');
    const campaign = await campaignOf(app, olga);
    await approve(app, campaign, olga, person('Amir', 'approver'));
    return { id: campaign, token: (await signIn(app, 'ada')).token };
  });

  const first = await start();
  const headers = { authorization: `Bearer ${token}` };
  // The moment the third letter is on its way: no clock is fast enough to see that planning is under way.
  let steps = 0;
  sink.mishap = ({ to }) => {
    if (to !== '' && ++steps === 5) first.child.kill('SIGKILL');
    return undefined;
  };
  const answer = await first.fetch(`/api/v1/letter-campaigns/${id}/dispatch`, { method: 'POST', headers });
  expect(answer.status).toBe(202);
  await first.ended;

  const planned = await inApp(async ({ database }) => {
    // As if the minute were over after which a silent worker counts as dead. On the embedded database none can be alive.
    await database.query('UPDATE outbox SET lease_until = now() WHERE lease_until IS NOT NULL');
    const [{ rows }] = await database.query(`SELECT count(*)::int AS rows FROM letters WHERE campaign_id = $1`, [id]);
    return rows as number;
  });
  // Else the kill came too late to say anything.
  expect(planned).toBeGreaterThan(0);
  expect(planned).toBeLessThan(lawmakers);

  sink.mishap = () => undefined;
  const second = await start();
  await until('everybody is written to', async () => sink.mails.length >= lawmakers - 20, 150);
  await until('nothing moves any more', async () => {
    const seen = sink.mails.length;
    await sleep(2500);
    return sink.mails.length === seen;
  });
  await second.stop();

  const rows = await inApp(({ database }) =>
    database.query<{ recipient: string; state: string }[]>(
      `SELECT outbox.recipient, outbox.state FROM letters JOIN outbox ON outbox.campaign_id = letters.campaign_id
         AND outbox.ref = letters.id::text WHERE letters.campaign_id = $1 AND outbox.kind = 'letter'`,
      [id],
    ),
  );
  const times = new Map<string, number>();
  for (const { to } of sink.mails) times.set(to, (times.get(to) ?? 0) + 1);
  expect(rows).toHaveLength(lawmakers);
  expect(new Set(rows.map(({ recipient }) => recipient)).size).toBe(lawmakers);
  expect([...times].filter(([, mails]) => mails > 1)).toEqual([]);
  const lost = rows.filter(({ recipient, state }) => !times.has(recipient) && state !== 'in_doubt');
  expect(lost).toEqual([]);
  expect(rows.filter(({ state }) => !['accepted', 'in_doubt'].includes(state))).toEqual([]);
}, 300_000);
