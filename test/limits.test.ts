import { Limits, networkOf } from '../src/site/limits.service.js';
import { startApp, type TestApp } from './support/app.js';
import { ask, inbox, openPetition } from './support/petitions.js';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
  await openPetition(app);
});
afterAll(() => app.close());

test('mails one address five times a day and answers the sixth time just the same', async () => {
  const answers = [];
  for (let n = 0; n < 7; n++) answers.push(await ask(app, { email: 'often@example.org' }));
  expect(new Set(answers.map(({ statusCode, body }) => `${statusCode} ${body}`)).size).toBe(1);
  expect((await inbox(app)).filter(({ to }) => to === 'often@example.org')).toHaveLength(5);
});

test('stops a network that asks too often, says when to come again, and keeps it through a restart', async () => {
  const limits = app.get(Limits);
  let last = 202;
  for (let n = 0; n < 70 && last === 202; n++) last = (await ask(app, { email: `n${n}@example.org` })).statusCode;
  expect(last).toBe(429);
  const answer = await ask(app);
  expect(answer.json()).toMatchObject({ code: 'too-many', status: 429 });
  expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  await limits.save();
  await limits.onModuleInit();
  expect((await ask(app)).statusCode).toBe(429);
});

test('keeps no address of a network or mailbox, neither clear nor as a plain hash', async () => {
  await app.get(Limits).save();
  const rows: { bucket: Buffer }[] = await app.database.query(`SELECT bucket FROM limits`);
  expect(rows.length).toBeGreaterThan(0);
  expect(rows.every(({ bucket }) => bucket.length === 16)).toBe(true);
});

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8:1:2::1', '2001:db8:1:2'],
  ['2001:0db8::1', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
])('%s belongs to the network %s', (ip, network) => expect(networkOf(ip)).toBe(network));
