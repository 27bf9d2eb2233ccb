import { commonDomains, probablyMeant } from '../src/signatures/address-typo.js';
import { InvalidationRule } from '../src/moderation/moderation.schema.js';
import { Invalidations } from '../src/moderation/invalidations.service.js';
import { Rights } from '../src/signatures/rights.service.js';
import { Sequencer } from '../src/countlog/sequencer.js';
import { Petitions } from '../src/petitions/petitions.service.js';
import { startApp, type TestApp } from './support/app.js';
import { askForLink, confirm, openPetition } from './support/petitions.js';

const hour = 3600_000;

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ LIMITS: 'off' });
});
afterAll(() => app.close());
afterEach(() => jest.restoreAllMocks());

const amir = { kind: 'staff' as const, id: '01900000-0000-7000-8000-000000000000', name: 'Amir', rights: [] };
const shown = { sign: true, showName: true };
let people = 0;
async function sign(slug: string, name: string, consents: object = shown, domain = 'example.org'): Promise<string> {
  const token = await askForLink(app, { name, email: `person-${++people}@${domain}`, consents }, slug);
  expect((await confirm(app, token)).statusCode).toBe(200);
  return token;
}

/** The names on the page, so many hours from now. */
async function namesAfter(hours: number, slug: string, locale = 'en'): Promise<string[]> {
  const now = Date.now() + hours * hour;
  jest.spyOn(Date, 'now').mockImplementation(() => now);
  app.get(Petitions).forget(slug);
  const { body } = await app.inject({ url: `/${locale}/p/${slug}` });
  jest.restoreAllMocks();
  const list = /<ul class="names">(.*?)<\/ul>/s.exec(body)?.[1] ?? '';
  return [...list.matchAll(/<bdi>([^<]*)<\/bdi>/g)].map(([, name]) => name!).sort();
}

test('shows those who agreed, and them alone, some hours later, with nothing but their names', async () => {
  await openPetition(app);
  await sign('wetlands', 'Sara Ahmadi');
  await sign('wetlands', 'علی رضایی');
  await sign('wetlands', 'Hidden Person', { sign: true });
  await app.get(Sequencer).drain();
  expect(await namesAfter(0, 'wetlands')).toEqual([]);
  expect(await namesAfter(0.9, 'wetlands')).toEqual([]);
  expect(await namesAfter(3.1, 'wetlands')).toEqual(['Sara Ahmadi', 'علی رضایی'].sort());
  expect(await namesAfter(5, 'wetlands', 'fa')).toHaveLength(2);
});

test('a name goes with its signature, withdrawn, erased or taken out of the count, though it was just shown', async () => {
  await openPetition(app, 'leaving');
  const withdrawing = await sign('leaving', 'Withdrawing Wanda');
  const erased = await sign('leaving', 'Erased Emil');
  await sign('leaving', 'Doubtful Dora', shown, 'doubtful.example');
  await sign('leaving', 'Staying Stella');
  await app.get(Sequencer).drain();
  expect(await namesAfter(6, 'leaving')).toHaveLength(4);
  // The same moment: what is remembered of the list is as fresh as it was.
  expect((await app.inject({ method: 'DELETE', url: `/api/v1/confirmations/${withdrawing}` })).statusCode).toBeLessThan(
    300,
  );
  expect(await namesAfter(6, 'leaving')).not.toContain('Withdrawing Wanda');
  await app.get(Rights).erase('confirm', erased);
  expect(await namesAfter(6, 'leaving')).not.toContain('Erased Emil');
  const rule = InvalidationRule.parse({ domain: 'doubtful.example' });
  expect(await app.get(Invalidations).apply('leaving', { rule, reason: 'fraud', note: 'Made up' }, amir)).toBe(1);
  expect(await namesAfter(6, 'leaving')).toEqual(['Staying Stella']);
});

test('never on a protected petition, whatever was ticked', async () => {
  const id = await openPetition(app, 'protected');
  await sign('protected', 'Protected Parisa');
  await app.database.query(`UPDATE log_queue SET due_at = now() WHERE petition_id = $1`, [id]);
  await app.get(Sequencer).drain();
  expect(await namesAfter(9, 'protected')).toEqual(['Protected Parisa']);
  await app.database.query(`UPDATE logs SET publication = 'protected' WHERE petition_id = $1`, [id]);
  expect(await namesAfter(9.1, 'protected')).toEqual([]);
});

test('not before it is counted: what is held for a person to look at is not shown', async () => {
  const id = await openPetition(app, 'held');
  await sign('held', 'Held Hanna');
  await app.database.query(`UPDATE log_queue SET due_at = 'infinity' WHERE petition_id = $1 AND kind = 'sign'`, [id]);
  await app.get(Sequencer).drain();
  expect(await namesAfter(12, 'held')).toEqual([]);
});

test('opens a box once, and at most a dozen of them', async () => {
  const id = await openPetition(app, 'many');
  for (let n = 0; n < 14; n++) await sign('many', `Person ${n}`);
  await app.get(Sequencer).drain();
  expect(await namesAfter(15, 'many')).toHaveLength(12);
  // Boxes that nobody can open: what is remembered is enough.
  await app.database.query(`UPDATE signatures SET box = '\\x00' WHERE petition_id = $1`, [id]);
  expect(await namesAfter(15, 'many')).toHaveLength(12);
});

test.each<[string, string | null]>([
  ['sara@gmial.com', 'sara@gmail.com'],
  ['sara@gmail.co', 'sara@gmail.com'],
  ['sara@gmailcom', 'sara@gmail.com'],
  ['Sara.A+x@HOTMAIL.CM', 'Sara.A+x@hotmail.com'],
  ['sara@yaho.com', 'sara@yahoo.com'],
  ['sara@example.org', null],
  ['sara@yahoo.de', null],
  ['sara@mil.com', 'sara@mail.com'],
  ['@gmial.com', null],
  ['sara', null],
  ...commonDomains.map((domain) => [`sara@${domain}`, null] satisfies [string, null]),
])('%s was probably meant as %s', (typed, meant) => {
  expect(probablyMeant(typed)).toBe(meant);
});
