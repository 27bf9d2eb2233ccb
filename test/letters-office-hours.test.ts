import { Approvals } from '../src/letters/approvals.service.js';
import { Dispatch } from '../src/letters/dispatch.service.js';
import { LetterCampaigns } from '../src/letters/letter-campaigns.service.js';
import { startApp, type TestApp } from './support/app.js';
import { type SignedIn, signIn } from './support/cast.js';
import { approve, campaignOf, crowd, importTestland, person, seenNow } from './support/letters.js';

let app: TestApp;
const people: Record<string, SignedIn> = {};
const writer = person('Olga', 'organiser');
const amir = person('Amir', 'approver');
const api = '/api/v1/legislatures/testland/office-hours';
const page = '/en/console/legislatures/testland/office-hours';
const hours = {
  timeZone: 'Asia/Tehran',
  days: [6, 7, 1],
  hours: [
    { from: '08:30', to: '11:30' },
    { from: '13:00', to: '16:00' },
  ],
  holidays: ['2026-03-21'],
};
const form = {
  ...{ timeZone: 'Asia/Tehran', days: ['6', '7', '1'], hoursFrom: '08:30', hoursTo: '11:30' },
  ...{ hoursFrom2: '13:00', hoursTo2: '16:00', hoursFrom3: '', hoursTo3: '', holidays: '2026-03-21' },
};

beforeAll(async () => {
  app = await startApp({ LIMITS: 'off' });
  await importTestland(app);
  await importTestland(app, crowd(3), 'crowd');
  for (const who of ['olga', 'amir', 'vera'] as const) people[who] = await signIn(app, who);
});
afterEach(() => people.olga!.api('DELETE', api));
afterAll(() => app.close());

test('are set, shown and taken away, by form and by API', async () => {
  expect((await people.vera!.api('GET', api)).json()).toMatchObject({ slug: 'testland', officeHours: null });
  expect((await people.olga!.post(page, form)).headers.location).toBe(`${page}?fallen=0`);
  expect((await people.vera!.api('GET', api)).json().officeHours).toEqual(hours);
  const shown = (await people.olga!.get(page)).body;
  for (const value of ['Asia/Tehran', '08:30', '16:00', '2026-03-21']) expect(shown).toContain(value);
  expect(shown).toContain('name="hoursFrom3"');
  expect((await people.olga!.get(page.replace('/en/', '/fa/'))).body).toContain('dir="rtl"');
  expect((await people.olga!.api('PUT', api, { ...hours, days: [1] })).statusCode).toBe(204);
  expect((await people.vera!.api('GET', api)).json().officeHours.days).toEqual([1]);
  expect((await people.olga!.post(`${page}/removal`)).statusCode).toBe(303);
  expect((await people.vera!.api('GET', api)).json().officeHours).toBeNull();
});

test('are refused beside the field where they make no sense', async () => {
  for (const [field, bad] of [
    ['timeZone', { timeZone: 'Mars/Base' }],
    ['days', { days: '' }],
    ['hoursTo2', { hoursTo2: '25:00' }],
    ['holidays', { holidays: 'tomorrow' }],
  ] as const) {
    const answer = await people.olga!.post(page, { ...form, ...bad });
    expect(answer.statusCode).toBe(422);
    expect(answer.body).toContain(`href="#${field}"`);
    expect(answer.body).toContain('value="08:30"');
  }
  expect((await people.olga!.api('PUT', api, { ...hours, timeZone: 'Mars/Base' })).statusCode).toBe(422);
  expect((await people.olga!.api('PUT', api.replace('testland', 'nowhere'), hours)).statusCode).toBe(404);
  expect((await people.vera!.api('GET', api)).json().officeHours).toBeNull();
});

test('a viewer and an approver may look, and change nothing', async () => {
  await people.olga!.post(page, form);
  for (const who of ['vera', 'amir']) {
    expect((await people[who]!.post(page, form)).statusCode).toBe(403);
    expect((await people[who]!.post(`${page}/removal`)).statusCode).toBe(403);
    expect((await people[who]!.api('PUT', api, hours)).statusCode).toBe(403);
    expect((await people[who]!.api('DELETE', api)).statusCode).toBe(403);
    const { body } = await people[who]!.get(page);
    expect(body).toContain('08:30–11:30');
    expect(body).not.toContain('name="timeZone"');
  }
});

test('a change voids the approvals of letters that go there, and no other', async () => {
  const campaigns = app.get(LetterCampaigns);
  const [here, asked, elsewhere, sent] = await Promise.all([
    campaignOf(app, writer),
    campaignOf(app, writer),
    campaignOf(app, writer, { more: { audience: { legislatures: ['crowd'] } } }),
    campaignOf(app, writer),
  ]);
  for (const id of [here, elsewhere, sent]) await approve(app, id, writer, amir);
  await app.get(Approvals).ask(asked, writer);
  await app.get(Dispatch).start(sent, amir);
  await app.get(Dispatch).planned(sent);
  const answer = await people.olga!.post(page, form);
  expect(answer.headers.location).toBe(`${page}?fallen=2`);
  expect((await people.olga!.get(`${page}?fallen=2`)).body).toContain('2 letter campaigns are drafts again.');
  const states = await Promise.all([here, asked, elsewhere, sent].map(async (id) => (await campaigns.find(id)).state));
  expect(states).toEqual(['draft', 'draft', 'approved', 'dispatching']);
  // What is being sent keeps the hours it was approved with, also for letters that are still to be written.
  expect((await campaigns.find(sent)).officeHours).toEqual({});
  expect(Object.keys((await campaigns.find(here)).officeHours)).toEqual(['testland']);
  const [voided] = await app.database.query(
    `SELECT void_reason, voided_by_name FROM approvals WHERE campaign_id = $1 AND voided_at IS NOT NULL`,
    [here],
  );
  expect(voided).toEqual({ void_reason: 'office-hours', voided_by_name: 'Olga' });
  // The same hours again change nothing.
  await approve(app, here, writer, amir);
  expect((await people.olga!.post(page, form)).headers.location).toBe(`${page}?fallen=0`);
  expect((await campaigns.find(here)).state).toBe('approved');
  // Whoever changed the hours is an author of the letter, and does not approve it herself.
  const both = person('Both', 'organiser', 'approver');
  await people.olga!.api('DELETE', api);
  expect((await people.olga!.api('PUT', api, hours)).statusCode).toBe(204);
  await expect(approve(app, here, writer, { ...both, id: people.olga!.id })).rejects.toMatchObject({
    code: 'forbidden',
  });
});

test('who once wrote or changed it never approves it, whoever came after', async () => {
  const campaigns = app.get(LetterCampaigns);
  const ada = person('Ada', 'organiser', 'approver');
  const id = await campaignOf(app, writer);
  await campaigns.change(id, { senderName: 'Ada Lind' }, ada);
  const texts = { subject: 'Wetlands', body: '{{ salutation }},\n\nplease.' };
  await campaigns.writeText(id, 'en', texts, ada);
  await campaigns.writeText(id, 'en', { ...texts, body: `${texts.body}.` }, writer);
  await campaigns.change(id, { senderName: 'Olga Lind' }, writer);
  await expect(approve(app, id, writer, ada)).rejects.toMatchObject({ code: 'forbidden' });
  const shown = await seenNow(app, id);
  await app.get(Approvals).approve(id, shown, amir);
  expect((await campaigns.find(id)).state).toBe('approved');
});
