import { Sequencer } from '../src/countlog/sequencer.js';
import { Switches } from '../src/switches/switches.service.js';
import { everywhere } from '../src/switches/switch.entity.js';
import { startApp, type TestApp } from './support/app.js';
import { type SignedIn, signIn } from './support/cast.js';
import { ask, askForLink, confirm, countOf, inbox, openPetition, sara } from './support/petitions.js';

let app: TestApp;
let wetlands: string;
let amir: SignedIn;
beforeAll(async () => {
  app = await startApp({ LIMITS: 'off' });
  wetlands = await openPetition(app);
  await openPetition(app, 'rivers');
  amir = await signIn(app, 'amir');
});
afterEach(async () => {
  for (const { name, petition } of await app.get(Switches).list()) {
    await app.get(Switches).turn(name, { petition, off: false, reason: '' }, 'system');
  }
});
afterAll(() => app.close());

const turn = (name: string, order: object) =>
  amir.api('PUT', `/api/v1/switches/${name}`, { reason: 'a test', ...order });
const off = (name: string, petition: string | null = null) => turn(name, { off: true, petition });
const on = (name: string, petition: string | null = null) => turn(name, { off: false, petition });

test('signing off: nobody signs or confirms, everybody is told so, and the links keep', async () => {
  const link = await askForLink(app, { email: 'nima@example.org' });
  expect((await off('signing', 'wetlands')).json()).toMatchObject({ off: [{ name: 'signing', petition: 'wetlands' }] });

  const refused = await ask(app);
  expect([refused.statusCode, refused.headers['retry-after'], refused.json<object>()]).toMatchObject([
    503,
    '300',
    { code: 'paused' },
  ]);
  expect((await confirm(app, link)).statusCode).toBe(503);
  const page = (await app.inject({ url: '/en/p/wetlands' })).body;
  expect(page).toContain('Signing is paused for the moment');
  expect(page).not.toContain('name="email"');
  expect((await app.inject({ method: 'POST', url: `/fa/confirm/${link}` })).body).toContain('فعلاً متوقف است');
  expect(await app.database.query(`SELECT 1 FROM signatures`)).toEqual([]);
  expect((await ask(app, {}, 'rivers')).statusCode).toBe(202);

  await on('signing', 'wetlands');
  expect((await confirm(app, link)).statusCode).toBe(200);
  await off('signing');
  expect((await ask(app, {}, 'rivers')).statusCode).toBe(503);
  // Rights of those who signed go on.
  expect((await app.inject({ method: 'DELETE', url: `/api/v1/confirmations/${link}` })).statusCode).toBe(200);
});

test('easy signing off: everybody is asked for a little work, on page and API, with no rush and without limits', async () => {
  const page = async (slug: string) => app.inject({ url: `/en/p/${slug}` });
  expect((await page('wetlands')).body).not.toContain('data-challenge');
  await off('easy-signing', 'wetlands');
  const refused = await ask(app, { email: 'roya@example.org' });
  expect([refused.statusCode, refused.json<object>()]).toMatchObject([403, { code: 'proof-needed' }]);
  const asked = await page('wetlands');
  expect(asked.body).toContain('data-challenge');
  expect(asked.headers['cache-control']).toBeUndefined();
  expect((await page('rivers')).body).not.toContain('data-challenge');
  expect((await ask(app, { email: 'roya@example.org' }, 'rivers')).statusCode).toBe(202);
  await on('easy-signing', 'wetlands');
  expect((await ask(app, { email: 'roya@example.org' })).statusCode).toBe(202);
  await off('easy-signing');
  expect((await page('rivers')).body).toContain('data-challenge');
});

test('counting off: what is confirmed waits, and is counted afterwards', async () => {
  const before = await countOf(app);
  await off('counting', 'wetlands');
  await confirm(app, await askForLink(app, { email: 'lena@example.org' }));
  await confirm(app, await askForLink(app, { email: 'lena@example.org' }, 'rivers'));
  expect([await countOf(app), await countOf(app, 'rivers')]).toEqual([before, 1]);
  await on('counting', 'wetlands');
  expect(await countOf(app)).toBe(before + 1);
});

test('mailing off: mails wait, and go afterwards', async () => {
  const before = (await inbox(app)).length;
  await off('mailing', 'wetlands');
  await ask(app, { email: 'omid@example.org' });
  await ask(app, { email: 'omid@example.org' }, 'rivers');
  expect(await inbox(app)).toHaveLength(before + 1);
  await off('mailing');
  await ask(app, { email: 'ali@example.org' }, 'rivers');
  expect(await inbox(app)).toHaveLength(before + 1);
  await on('mailing');
  await on('mailing', 'wetlands');
  expect(await inbox(app)).toHaveLength(before + 3);
});

test('a switch that another server turned holds here within seconds, and after a restart', async () => {
  await app.get(Switches).isOff('signing', wetlands);
  await app.database.query(
    `INSERT INTO switches (petition_id, name, reason, by_name) VALUES ($1, 'signing', 'x', 'x')`,
    [everywhere],
  );
  await new Promise((done) => setTimeout(done, 1100));
  expect((await ask(app)).statusCode).toBe(503);
});

test('the console shows what is off, asks why, and turns it on again', async () => {
  const nothing = await amir.post('/en/console/switches', { off: 'yes', reason: ' ' });
  expect(nothing.statusCode).toBe(422);
  expect(nothing.body).toContain('href="#name"');
  expect(nothing.body).toContain('href="#reason"');
  expect((await amir.get('/en/console/switches')).body).toContain('Everything is on.');
  const order = { name: 'mailing', off: 'yes', petition: 'wetlands', reason: '<b>relay</b> is sick' };
  expect((await amir.post('/en/console/switches', order)).statusCode).toBe(303);
  const page = (await amir.get('/en/console/switches')).body;
  expect(page).toContain('&lt;b&gt;relay&lt;/b&gt; is sick');
  expect((await amir.get('/en/console')).body).toContain('One emergency switch is off');
  await amir.post('/en/console/switches', { name: 'mailing', off: 'no', petition: 'wetlands' });
  expect(await app.get(Switches).list()).toEqual([]);
  const audit = await app.database.query(
    `SELECT action, actor_name, detail FROM audit_entries ORDER BY id DESC LIMIT 2`,
  );
  expect(audit).toMatchObject([
    { action: 'switch.on', actor_name: 'Amir' },
    { action: 'switch.off', detail: { petition: 'wetlands', reason: order.reason } },
  ]);
});

test('only those who may, and only what there is', async () => {
  const olga = await signIn(app, 'olga');
  expect((await olga.get('/en/console/switches')).body).not.toContain('button-danger');
  expect((await olga.post('/en/console/switches', { name: 'signing', off: 'yes', reason: 'x' })).statusCode).toBe(403);
  expect((await olga.api('PUT', '/api/v1/switches/signing', { off: true, reason: 'x' })).statusCode).toBe(403);
  expect((await app.inject({ method: 'PUT', url: '/api/v1/switches/signing', payload: {} })).statusCode).toBe(401);
  expect((await off('coffee')).statusCode).toBe(404);
  expect((await off('signing', 'nowhere')).statusCode).toBe(404);
  expect((await turn('signing', { off: true, reason: '' })).statusCode).toBe(422);
  expect(await app.get(Switches).list()).toEqual([]);
  expect((await ask(app, { ...sara, email: 'mina@example.org' })).statusCode).toBe(202);
});

test('two who turn the same switch at once turn it once', async () => {
  const answers = await Promise.all(Array.from({ length: 5 }, () => off('counting')));
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200, 200]);
  expect(await app.get(Switches).list()).toHaveLength(1);
  await app.get(Sequencer).drain();
});
