import { Approvals } from '../src/letters/approvals.service.js';
import { Dispatch } from '../src/letters/dispatch.service.js';
import { LetterCampaigns } from '../src/letters/letter-campaigns.service.js';
import { LetterPaces } from '../src/letters/letter-paces.service.js';
import { LetterReports } from '../src/letters/letter-report.service.js';
import { MailWorker } from '../src/mail/mail.worker.js';
import { readDemands } from '../src/mail/pace-estimate.js';
import { Upkeep } from '../src/mail/upkeep.js';
import { Switches } from '../src/switches/switches.service.js';
import { startApp, type TestApp } from './support/app.js';
import { type SignedIn, signIn } from './support/cast.js';
import { approve, campaignOf, crowd, importTestland, person } from './support/letters.js';

let app: TestApp;
let olga: SignedIn;
const writer = person('Olga', 'organiser');
const amir = person('Amir', 'approver');
beforeAll(async () => {
  app = await startApp({ LIMITS: 'off' });
  await importTestland(app);
  await importTestland(app, crowd(12), 'crowd');
  olga = await signIn(app, 'olga');
});
afterAll(() => app.close());

const form = {
  title: 'Wetlands',
  defaultLocale: 'en',
  senderName: 'Olga Lind',
  organisation: 'River Friends',
  replyTo: 'olga@river.example',
  legislatures: 'crowd',
  channels: ['email'],
  timeZone: 'Europe/Berlin',
  days: ['1', '2', '3', '4', '5'],
  hoursFrom: '09:00',
  hoursTo: '17:00',
  holidays: '2026-12-25\n2026-12-26',
};
const ofCrowd = (pace: object, more: object = {}) =>
  campaignOf(app, writer, { more: { audience: { legislatures: ['crowd'] }, pace, ...more } });
const states = async (id: string) =>
  Object.fromEntries((await app.get(LetterReports).report(id)).byStatus.map(({ name, letters }) => [name, letters]));
async function send(id: string): Promise<void> {
  await approve(app, id, writer, amir);
  await app.get(Dispatch).start(id, amir);
  await app.get(Dispatch).planned(id);
}

test('the form keeps office hours and limits, and says beside the field what is wrong', async () => {
  const made = await olga.post('/en/console/letters', { ...form, perDay: '5', perHour: '' });
  expect(made.statusCode).toBe(303);
  const page = String(made.headers.location);
  const { pace } = await app.get(LetterCampaigns).find(page.split('/').at(-1)!);
  expect(pace).toEqual({
    timeZone: 'Europe/Berlin',
    days: [1, 2, 3, 4, 5],
    hours: [{ from: '09:00', to: '17:00' }],
    holidays: ['2026-12-25', '2026-12-26'],
    perHour: null,
    perDay: 5,
    spread: false,
  });
  const settings = (await olga.get(`${page}/settings`)).body;
  expect(settings).toContain('value="Europe/Berlin"');
  expect(settings).toContain('2026-12-25\n2026-12-26');
  for (const [field, value, sentence] of [
    ['timeZone', 'Europe/Atlantis', 'Please give a time zone like Europe/Berlin'],
    ['holidays', 'Christmas', 'Please give a day as year-month-day'],
    ['hoursTo', '25:00', 'Please give a time like 09:00'],
    ['perDay', 'many', 'Please give a whole number'],
    ['perHour', '0', 'Please give a whole number'],
  ] as const) {
    const refused = await olga.post('/en/console/letters', { ...form, [field]: value });
    expect([field, refused.statusCode]).toEqual([field, 422]);
    expect(refused.body).toContain(`id="${field}-error"`);
    expect(refused.body).toContain(sentence);
  }
  const noEnd = await olga.post('/en/console/letters', { ...form, spread: 'on' });
  expect(noEnd.statusCode).toBe(422);
  expect(noEnd.body).toContain('To spread the letters, say until when');
  expect((await olga.post('/en/console/letters', { ...form, days: [] })).statusCode).toBe(422);
});

test('several hours a day: a spare row adds them, an emptied row takes them away, without JavaScript', async () => {
  const made = await olga.post('/en/console/letters', {
    ...form,
    hoursTo: '12:00',
    hoursFrom2: '13:30',
    hoursTo2: '17:00',
  });
  const page = String(made.headers.location);
  const campaign = () => app.get(LetterCampaigns).find(page.split('/').at(-1)!);
  const morning = { from: '09:00', to: '12:00' };
  const afternoon = { from: '13:30', to: '17:00' };
  expect((await campaign()).pace.hours).toEqual([morning, afternoon]);
  const settings = (await olga.get(`${page}/settings`)).body;
  expect(settings).toMatch(/name="hoursFrom2" type="time" value="13:30"/);
  expect(settings).toMatch(/name="hoursFrom3" type="time" value=""/);
  expect(settings).not.toContain('hoursFrom4');
  expect((await olga.get(`${page.replace('/en/', '/fa/')}/settings`)).body).toContain('ساعت‌های دیگر (۲)، از');

  const change = async (hours: object) =>
    olga.post(`${page}/settings`, { ...form, version: String((await campaign()).version), ...hours });
  // The rows close up, so what is said of the third stands beside the field that is the second now.
  const half = await change({ hoursTo: '12:00', hoursFrom2: '', hoursTo2: '', hoursFrom3: '18:00', hoursTo3: '' });
  expect(half.statusCode).toBe(422);
  expect(half.body).toContain('id="hoursTo2-error"');
  expect(half.body).toMatch(/name="hoursFrom2" type="time" value="18:00"/);
  expect((await campaign()).pace.hours).toEqual([morning, afternoon]);

  const emptied = { hoursFrom: '', hoursTo: '' };
  expect((await change({ ...emptied, hoursFrom2: '13:30', hoursTo2: '17:00' })).statusCode).toBe(303);
  expect((await campaign()).pace.hours).toEqual([afternoon]);
  expect((await change(emptied)).statusCode).toBe(303);
  expect((await campaign()).pace.hours).toEqual([{ from: '00:00', to: '00:00' }]);
  const rows = Object.fromEntries(
    ['', '2', '3', '4', '5', '6', '7'].flatMap((n, i) => [
      [`hoursFrom${n}`, `0${i}:00`],
      [`hoursTo${n}`, `0${i}:30`],
    ]),
  );
  expect((await change(rows)).statusCode).toBe(303);
  expect((await campaign()).pace.hours).toHaveLength(6);
  expect((await olga.get(`${page}/settings`)).body).not.toContain('hoursFrom7');
});

test('a change of the pace voids the approval', async () => {
  const id = await ofCrowd({});
  await approve(app, id, writer, amir);
  const { pace } = await app.get(LetterCampaigns).find(id);
  await app.get(LetterCampaigns).change(id, { pace: { ...pace } }, writer);
  expect((await app.get(LetterCampaigns).find(id)).state).toBe('approved');
  await app.get(LetterCampaigns).change(id, { pace: { ...pace, perDay: 1000 } }, writer);
  const campaign = await app.get(LetterCampaigns).find(id);
  expect(campaign.state).toBe('draft');
  expect((await app.get(Approvals).state(campaign)).standing).toBeNull();
  const noEnd = app.get(LetterCampaigns).change(id, { pace: { ...pace, spread: true } }, writer);
  await expect(noEnd).rejects.toMatchObject({ status: 422 });
});

test('the page and the API foresee the days, and what the deadline leaves over', async () => {
  const soon = new Date(Date.now() + 2.5 * 86_400_000).toISOString();
  const id = await ofCrowd({ perDay: 2 }, { notAfter: soon });
  const { plan } = (await olga.api('GET', `/api/v1/letter-campaigns/${id}/pace`)).json();
  expect(plan.days.every(({ letters, most }: { letters: number; most: number }) => letters === 2 && most === 1)).toBe(
    true,
  );
  expect(plan.leftOver).toBe(12 - 2 * plan.days.length);
  expect(plan.leftOver).toBeGreaterThan(0);
  expect(plan.binding).toEqual({ scope: 'campaign', kind: 'per-day', most: 2 });
  const { body } = await olga.get(`/en/console/letters/${id}`);
  expect(body).toContain(`${plan.leftOver} letters would not leave before the deadline`);
  expect(body).toContain('2 a day for this campaign.');
  expect((await olga.get(`/fa/console/letters/${id}`)).body).toContain('زمان رفتن نامه‌ها');
});

test('the worker keeps the limit, the page names it, and what is left at the deadline is counted as expired', async () => {
  const id = await ofCrowd({ perDay: 5 }, { notAfter: new Date(Date.now() + 3_600_000).toISOString() });
  await send(id);
  await app.get(MailWorker).drain();
  expect(await states(id)).toEqual({ accepted: 5, queued: 7 });
  const page = (await olga.get(`/en/console/letters/${id}`)).body;
  expect(page).toContain('Waits for: 5 a day for this campaign.');
  expect(page).toContain('7 letters would not leave before the deadline');
  await app.database.query(`UPDATE outbox SET expires_at = now() WHERE campaign_id = $1`, [id]);
  await app.get(Upkeep).expire();
  expect(await states(id)).toEqual({ accepted: 5, expired: 7 });
});

test('office hours that a legislature is given after the approval are not those that were approved', async () => {
  const id = await ofCrowd({});
  await approve(app, id, writer, amir);
  const change = (calendar: object | null) =>
    app.database.query(`UPDATE legislatures SET calendar = $1 WHERE slug = 'crowd'`, [
      calendar && JSON.stringify(calendar),
    ]);
  await change({ timeZone: 'UTC', days: [1], hours: [{ from: '09:00', to: '10:00' }], holidays: [] });
  await expect(app.get(Dispatch).start(id, amir)).rejects.toMatchObject({
    code: 'conflict',
    details: { detail: expect.stringContaining('office hours') },
  });
  expect(await app.database.query(`SELECT FROM letters WHERE campaign_id = $1`, [id])).toEqual([]);
  await change(null);
  await app.get(Dispatch).start(id, amir);
  await app.get(Dispatch).planned(id);
  expect(await states(id)).toEqual({ queued: 12 });
});

test('outside office hours nothing leaves; a legislature with hours of its own keeps those', async () => {
  const today = new Date().getUTCDay() || 7;
  const other = ((today + 2) % 7) + 1;
  const id = await ofCrowd({ days: [other] }, { audience: { legislatures: ['crowd', 'testland'] } });
  await app.database.query(`UPDATE legislatures SET calendar = $1 WHERE slug = 'crowd'`, [
    JSON.stringify({
      timeZone: 'UTC',
      days: [1, 2, 3, 4, 5, 6, 7],
      hours: [{ from: '00:00', to: '00:00' }],
      holidays: [],
    }),
  ]);
  await send(id);
  await app.get(MailWorker).drain();
  const gone = await app.database.query(
    `SELECT stream, state, count(*)::int AS n FROM outbox WHERE campaign_id = $1 GROUP BY 1, 2 ORDER BY 1`,
    [id],
  );
  expect(gone).toEqual([
    { stream: 'crowd', state: 'accepted', n: 12 },
    { stream: 'testland', state: 'queued', n: expect.any(Number) },
  ]);
  const { body } = await olga.get(`/en/console/letters/${id}`);
  expect(body).toContain('Waits for office hours.');
  expect(body).toContain('the last one leaves about');
  const mailing = { petition: null, reason: 'a test' };
  await app.get(Switches).turn('mailing', { ...mailing, off: true }, 'system');
  const { body: off } = await olga.get(`/en/console/letters/${id}`);
  await app.get(Switches).turn('mailing', { ...mailing, off: false }, 'system');
  expect(off).toContain('Mailing is switched off for everything');
  expect(off).not.toContain('Waits for office hours.');
  expect(off).not.toContain('the last one leaves about');
});

test('with more letters than can be gone through the time is estimated from their number, and said to be', async () => {
  const id = await ofCrowd({}, { notAfter: new Date(Date.now() + 60 * 86_400_000).toISOString() });
  await send(id);
  const pace = async () => (await olga.api('GET', `/api/v1/letter-campaigns/${id}/pace`)).json();
  const page = async (locale = 'en') => (await olga.get(`/${locale}/console/letters/${id}`)).body;
  await app.database.query(
    `INSERT INTO outbox (campaign_id, id, kind, ref, lane, state, recipient, stream)
     SELECT $1, gen_random_uuid(), 'letter', n::text, 'letters', 'queued',
       'm' || n || '@' || CASE WHEN n <= 20000 THEN 'big' ELSE 'small' END || '.example', 'crowd'
     FROM generate_series(1, 20100) AS n`,
    [id],
  );
  // No limit at all: how fast they leave is up to the mail servers.
  expect(await pace()).toMatchObject({ waiting: 20_112, plan: null, estimate: { last: null, leftOver: 0 } });
  expect(await page()).not.toContain('the last one leaves');
  const limit = (scope: string, key: string, perHour: number | null, perDay: number | null) =>
    app.database.query(`INSERT INTO mail_limits (scope, key, per_hour, per_day) VALUES ($1, $2, $3, $4)`, [
      ...[scope, key, perHour, perDay],
    ]);
  await app.database.query('DELETE FROM allowances');
  await limit('domain', '', 10_000, null);
  await limit('domain', 'big.example', 1000, null);
  await limit('mailbox', '', null, 3);
  const { estimate } = await pace();
  const thisHour = Math.floor(Date.now() / 3_600_000) * 3_600_000;
  expect(Date.parse(estimate.last) - thisHour).toBe(19 * 3_600_000);
  expect(estimate.leftOver).toBe(0);
  // What was taken counts, and of many cases that are the same there is one.
  await app.database.query(
    `INSERT INTO allowances (scope, key, hour_at, hour_used, day, day_used, used, last_at)
     VALUES ('domain', 'big.example', date_trunc('hour', now()), 1000, '2020-01-01', 5, 5, now())`,
  );
  expect(Date.parse((await pace()).estimate.last) - thisHour).toBe(20 * 3_600_000);
  const of = { campaignId: id, sender: 'olga@river.example', relays: ['inbox'] };
  expect(await readDemands(app.database.manager, of)).toHaveLength(4);
  expect(await page()).toMatch(/Estimated from their number and the limits[^<]*the last one leaves about/);
  expect(await page('de')).toContain('Geschätzt aus ihrer Zahl');
  await app.database.query(`UPDATE mail_limits SET per_hour = 5 WHERE key = 'big.example'`);
  expect((await pace()).estimate.leftOver).toBeGreaterThan(10_000);
  expect((await page()).replaceAll(',', '')).toMatch(
    /About 1\d{4} letters would not leave before the deadline \(estimated\)/,
  );
  await app.database.query('DELETE FROM mail_limits');
  await app.database.query('DELETE FROM allowances');
  await app.database.query('DELETE FROM outbox WHERE campaign_id = $1', [id]);
});

test('the plan names every mailbox: few on the page, all in the file', async () => {
  await importTestland(app, crowd(70).replaceAll('@crowd', '@many'), 'many');
  const notAfter = new Date(Date.now() + 3_600_000).toISOString();
  const id = await ofCrowd({ perDay: 60 }, { audience: { legislatures: ['many'] }, notAfter });
  const page = (await olga.get(`/en/console/letters/${id}`)).body.replaceAll('<wbr>', '');
  expect(page.match(/@many\.example<\/bdi><\/th>/g)).toHaveLength(50);
  expect(page).toContain('And 20 more mailboxes.');
  const { plan } = (await olga.api('GET', `/api/v1/letter-campaigns/${id}/pace`)).json();
  expect(plan).toMatchObject({ leftOver: 10, moreMailboxes: 20 });
  expect(plan.mailboxes.slice(0, 11).map(({ leftOver }: { leftOver: number }) => leftOver)).toEqual([
    ...Array<number>(10).fill(1),
    0,
  ]);
  const csv = (await olga.get(`/en/console/letters/${id}/pace.csv`)).body;
  expect(csv.match(/@many\.example,\d{4}-\d\d-\d\d,1,0\r\n/g)).toHaveLength(60);
  expect(csv.match(/@many\.example,,0,1\r\n/g)).toHaveLength(10);
  expect((await olga.get(`/fa/console/letters/${id}`)).body).toContain('صندوق رایانامه');
});

test('open pages share one look at the pace as long as it was dear, a page that is loaded has its own', async () => {
  const id = await ofCrowd({}, { notBefore: new Date(Date.now() + 86_400_000).toISOString() });
  await send(id);
  const paces = app.get(LetterPaces);
  const campaign = await app.get(LetterCampaigns).find(id);
  const state = paces.state.bind(paces);
  const looks = jest.spyOn(paces, 'state').mockImplementation(async (of) => {
    await new Promise((done) => setTimeout(done, 100));
    return state(of);
  });
  const live = () => paces.shown(campaign, { live: true });
  const [one, other] = await Promise.all([live(), live()]);
  expect(one.waits).toMatchObject([{ stream: 'crowd', name: 'Parliament of Testland', scope: null }]);
  expect([other, await live()]).toEqual([one, one]);
  expect(looks).toHaveBeenCalledTimes(1);
  await paces.shown(campaign);
  expect(looks).toHaveBeenCalledTimes(2);
  looks.mockRejectedValueOnce(new Error('gone'));
  await expect(paces.shown(campaign)).rejects.toThrow('gone');
  expect(await live()).toEqual(one);
  looks.mockRestore();
});
