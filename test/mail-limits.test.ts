import { Upkeep } from '../src/mail/upkeep.js';
import { Dispatch } from '../src/letters/dispatch.service.js';
import { LetterReports } from '../src/letters/letter-report.service.js';
import { MailWorker } from '../src/mail/mail.worker.js';
import { startApp, type TestApp } from './support/app.js';
import { type SignedIn, signIn } from './support/cast.js';
import { approve, campaignOf, crowd, importTestland, person } from './support/letters.js';

const url = '/api/v1/mail/limits';
const page = '/en/console/mail/limits';
let app: TestApp;
let ada: SignedIn;
let first: object[];
beforeAll(async () => {
  app = await startApp({ LIMITS: 'off' });
  first = await app.database.query('SELECT * FROM mail_limits');
  await importTestland(app, crowd(12), 'crowd');
  ada = await signIn(app, 'ada');
});
beforeEach(async () => {
  await app.database.query('DELETE FROM mail_limits');
  await app.database.query(`INSERT INTO mail_limits SELECT * FROM jsonb_populate_recordset(NULL::mail_limits, $1)`, [
    JSON.stringify(first),
  ]);
});
afterAll(() => app.close());

const set = (order: object) => ada.api('PUT', url, order);
const limits = async () => (await ada.api('GET', url)).json<{ limits: Record<string, unknown>[] }>().limits;
const find = async (scope: string, key = '') =>
  (await limits()).find((each) => each.scope === scope && each.key === key);

test('shows the limits that every instance begins with', async () => {
  expect(await limits()).toEqual([
    expect.objectContaining({ scope: 'domain', key: '', perHour: 240, perDay: null, concurrent: 4, used: null }),
    expect.objectContaining({ scope: 'mailbox', key: '', perDay: 3, gapSeconds: 600, concurrent: 1, used: null }),
  ]);
});

test.each([
  ['a domain in capitals', { scope: 'domain', key: ' Parliament.TEST ' }, 'parliament.test'],
  ['a domain of another script', { scope: 'domain', key: 'پارلمان.example' }, 'xn--mgba3a6efh00b.example'],
  ['a mailbox', { scope: 'mailbox', key: 'Anna@Parliament.TEST' }, 'anna@parliament.test'],
  ['a sender', { scope: 'sender', key: 'Olga@Org.example' }, 'olga@org.example'],
  ['the relay', { scope: 'relay' }, ''],
  ['each campaign', { scope: 'campaign', key: '' }, ''],
])('sets and changes the limit of %s', async (_, whose, key) => {
  const answer = await set({ ...whose, perHour: 5 });
  expect(answer.statusCode).toBe(200);
  expect(await set({ ...whose, perDay: '7', total: 0 })).toMatchObject({ statusCode: 200 });
  expect(await find(whose.scope, key)).toMatchObject({ perHour: null, perDay: 7, total: 0 });
});

test.each([
  ['an unknown scope', { scope: 'moon', perHour: 1 }, 'scope'],
  ['an address for a domain', { scope: 'domain', key: 'anna@parliament.test' }, 'key'],
  ['a word for a mailbox', { scope: 'mailbox', key: 'anna' }, 'key'],
  ['a key for the relay', { scope: 'relay', key: 'x.test' }, 'key'],
  ['a key for a campaign', { scope: 'campaign', key: '01900000-0000-7000-8000-000000000000' }, 'key'],
  ['a word for a number', { scope: 'domain', perHour: 'many' }, 'perHour'],
  ['none an hour', { scope: 'domain', perHour: 0 }, 'perHour'],
  ['half a mail', { scope: 'domain', concurrent: 1.5 }, 'concurrent'],
])('refuses %s beside the field', async (_, order, field) => {
  const before = await limits();
  const answer = await set(order);
  expect(answer.statusCode).toBe(422);
  expect(answer.json().errors).toEqual([expect.objectContaining({ field })]);
  const form = await ada.post(page, order as Record<string, string>);
  expect(form.statusCode).toBe(422);
  expect(form.body).toContain(`id="${field}-error"`);
  expect(await limits()).toEqual(before);
});

test('a limit is removed, but not that of a whole scope', async () => {
  await set({ scope: 'domain', key: 'parliament.test', perHour: 1 });
  const remove = (query: string) => ada.api('DELETE', `${url}?${query}`);
  expect((await remove('scope=domain&key=parliament.test')).statusCode).toBe(200);
  expect(await find('domain', 'parliament.test')).toBeUndefined();
  expect((await remove('scope=domain&key=parliament.test')).statusCode).toBe(404);
  expect((await remove('scope=domain&key=')).statusCode).toBe(409);
  expect(await find('domain')).toMatchObject({ perHour: 240 });
});

test('the page changes and removes, only for who manages mail, and the audit names no mailbox', async () => {
  const whose = { scope: 'mailbox', key: 'anna@parliament.test' };
  expect(await ada.post(page, { ...whose, perDay: '2', perHour: '' })).toMatchObject({ statusCode: 303 });
  const { body } = await ada.get(`${page}?scope=mailbox&key=anna%40parliament.test`);
  expect(body).toMatch(/name="perDay"[^>]*value="2"|value="2"[^>]*name="perDay"/);
  expect((await ada.get(`${page}?scope[]=a&key[]=<script>`)).body).not.toContain('<script>');
  expect(await ada.post(`${page}/removals`, whose)).toMatchObject({ statusCode: 303 });
  const entries = await app.database.query(
    `SELECT action, subject, detail FROM audit_entries WHERE action LIKE 'mail.limit%' ORDER BY id DESC LIMIT 2`,
  );
  expect(entries.map(({ action, subject }: Record<string, string>) => `${action} ${subject}`)).toEqual([
    'mail.limit-removed mailbox parliament.test',
    'mail.limit-set mailbox parliament.test',
  ]);
  expect(JSON.stringify(entries)).not.toContain('anna');
  for (const who of ['olga', 'amir', 'vera'] as const) {
    const other = await signIn(app, who);
    expect((await other.get(page)).statusCode).toBe(403);
    expect((await other.api('PUT', url, { ...whose, perDay: 9 })).statusCode).toBe(403);
    expect((await other.post(page, { ...whose, perDay: '9' })).statusCode).toBe(403);
    expect((await other.post(`${page}/removals`, whose)).statusCode).toBe(403);
  }
});

test('a limit holds from the next claim on, and a wider one lets go what waits for the narrower', async () => {
  const olga = person('Olga', 'organiser');
  const id = await campaignOf(app, olga, { more: { audience: { legislatures: ['crowd'] } } });
  await set({ scope: 'domain', key: '', perHour: 5 });
  await approve(app, id, olga, person('Amir', 'approver'));
  await app.get(Dispatch).start(id, olga);
  await app.get(Dispatch).planned(id);
  const gone = async () => {
    await app.get(MailWorker).drain();
    await app.get(Upkeep).expire();
    const { byStatus } = await app.get(LetterReports).report(id);
    return byStatus.find(({ name }) => name === 'accepted')?.letters;
  };
  expect(await gone()).toBe(5);
  const [{ domain }] = await app.database.query(
    `SELECT DISTINCT split_part(recipient, '@', 2) AS domain FROM outbox WHERE campaign_id = $1`,
    [id],
  );
  await set({ scope: 'domain', key: domain, perHour: 8 });
  expect(await find('domain', domain)).toMatchObject({ usedThisHour: 5, used: 5 });
  expect(await gone()).toBe(8);
  await set({ scope: 'relay', total: 9 });
  await set({ scope: 'domain', key: domain });
  expect(await gone()).toBe(9);
  await set({ scope: 'relay' });
  expect(await gone()).toBe(12);
});
