import { Approvals } from '../src/letters/approvals.service.js';
import { LetterCampaigns } from '../src/letters/letter-campaigns.service.js';
import { LetterChecklist } from '../src/letters/letter-checklist.service.js';
import { Dkim } from '../src/mail/dkim.js';
import { DnsDoctor } from '../src/mail/dns-doctor.service.js';
import { MailWorker } from '../src/mail/mail.worker.js';
import { roles } from '../src/staff/access.js';
import { Staff } from '../src/staff/staff.service.js';
import { startApp, type TestApp } from './support/app.js';
import { type SignedIn, signIn } from './support/cast.js';
import { type NameServer, startNameServer } from './support/dns.js';
import { approve, campaignOf, importTestland, person, words } from './support/letters.js';
import { type Sink, startSink } from './support/sink.js';

const domain = 'countersign.org';
let dns: NameServer;
let sink: Sink;
let app: TestApp;
let id: string;
let olga: SignedIn;
const verdicts = async (of = id, on = app) =>
  Object.fromEntries((await on.get(LetterChecklist).of(of)).checks.map(({ about, verdict }) => [about, verdict]));

beforeAll(async () => {
  dns = await startNameServer();
  sink = await startSink();
  app = await startApp({
    ...{ MAIL_MODE: 'live', SMTP_URL: sink.url, PUBLIC_URL: 'http://countersign.test' },
    ...{ MAIL_FROM: `Countersign <mail@${domain}>`, DNS_SERVER: dns.address, DKIM_SELECTOR: 'cs1' },
    ...{ RETURN_DOMAIN: `returns.${domain}`, RETURN_SMTP_PORT: '0' },
  });
  const key = `v=DKIM1; k=rsa; p=${app.get(Dkim).published!.publicKey}`;
  dns.records.set(`TXT ${domain}`, ['v=spf1 include:relay.example -all']);
  dns.records.set(`TXT cs1._domainkey.${domain}`, [key]);
  dns.records.set(`TXT _dmarc.${domain}`, ['v=DMARC1; p=reject']);
  for (const name of [domain, `returns.${domain}`, 'other.org']) dns.records.set(`MX ${name}`, [`10 mx.${name}`]);
  dns.records.set(`TXT returns.${domain}`, ['v=spf1 include:relay.example -all']);
  dns.records.set('MX refuses.org', ['0 .']);
  await importTestland(app);
  await app.database.query(`INSERT INTO mail_limits (scope, per_day, gap_seconds) VALUES ('mailbox', 3, 600)`);
  olga = await signIn(app, 'olga');
  await signIn(app, 'amir');
  id = await campaignOf(app, person('Olga', 'organiser'), { more: { replyTo: `olga@${domain}` } });
});
afterAll(async () => {
  await app.close();
  await sink.close();
  dns.close();
});

test('nothing is missing once all is done, and each step is seen', async () => {
  const before = await verdicts();
  expect(before).toMatchObject({ approval: 'missing', test: 'missing' });
  expect(Object.entries(before).filter(([, verdict]) => verdict !== 'good')).toHaveLength(2);
  await olga.post(`/en/console/letters/${id}/tests`);
  await app.get(MailWorker).drain();
  expect(await verdicts()).toMatchObject({ approval: 'missing', test: 'good' });
  await app.get(LetterCampaigns).writeText(id, 'en', { ...words, subject: 'Other words' }, person('Olga', 'organiser'));
  expect(await verdicts()).toMatchObject({ test: 'weak' });
  await app.get(Approvals).state(await app.get(LetterCampaigns).find(id));
  await approve(app, id, person('Olga', 'organiser'), person('Amir', 'approver'));
  const answer = (await olga.api('GET', `/api/v1/letter-campaigns/${id}/checklist`)).json();
  expect(answer.ready).toBe(true);
  const page = (await olga.get(`/en/console/letters/${id}/checklist`)).body;
  expect(page).toContain('Nothing is missing');
  expect(page).toContain('Send yourself a test of the letter as it is now');
});

test.each<[string, string, () => Promise<unknown>, () => Promise<unknown>]>([
  [
    'people',
    'missing',
    () => app.database.query(`UPDATE staff_members SET disabled_at = now() WHERE name = 'Amir'`),
    () => app.database.query(`UPDATE staff_members SET disabled_at = NULL`),
  ],
  [
    'people',
    'missing',
    // One person with every right is not two.
    async () =>
      app.database.query(`UPDATE staff_members SET role = 'admin', disabled_at = CASE name WHEN 'Amir' THEN now() END`),
    () =>
      app.database.query(
        `UPDATE staff_members SET disabled_at = NULL, role = CASE name WHEN 'Amir' THEN 'approver' ELSE 'organiser' END`,
      ),
  ],
  [
    'marked',
    'weak',
    () =>
      app.database.query(`UPDATE contact_points SET bounced_at = now() WHERE value = 'anna@upper.testland.example'`),
    () => app.database.query(`UPDATE contact_points SET bounced_at = NULL`),
  ],
  [
    'limits',
    'missing',
    () => app.database.query(`UPDATE mail_limits SET per_day = NULL, gap_seconds = NULL WHERE scope = 'mailbox'`),
    () => app.database.query(`UPDATE mail_limits SET per_day = 3 WHERE scope = 'mailbox'`),
  ],
  [
    'dns',
    'missing',
    async () => dns.records.delete(`TXT _dmarc.${domain}`),
    async () => dns.records.set(`TXT _dmarc.${domain}`, ['v=DMARC1; p=reject']),
  ],
])('%s is %s where it is amiss', async (about, verdict, spoil, mend) => {
  await spoil();
  try {
    expect(await verdicts()).toMatchObject({ [about]: verdict });
  } finally {
    await mend();
  }
  expect(await verdicts()).toMatchObject({ [about]: 'good' });
});

test('the reply address must take mail, and is best at home', async () => {
  const doctor = app.get(DnsDoctor);
  const found = await Promise.all([domain, 'refuses.org', 'nowhere.org'].map((name) => doctor.receives(name)));
  expect(found).toEqual(['good', 'wrong', 'wrong']);
  for (const [replyTo, verdict] of [
    ['olga@other.org', 'weak'],
    ['olga@refuses.org', 'wrong'],
  ]) {
    const other = await campaignOf(app, person('Olga', 'organiser'), { more: { replyTo } });
    expect(await verdicts(other)).toMatchObject({ 'reply-to': verdict });
  }
});

test('at the very beginning almost everything is missing, and each line says what to do', async () => {
  const fresh = await startApp({ LIMITS: 'off', DNS_SERVER: dns.address });
  try {
    const ada = await signIn(fresh, 'ada');
    const vera = await signIn(fresh, 'vera');
    const campaign = await campaignOf(fresh, { kind: 'staff', id: ada.id, name: 'Ada', rights: roles.admin });
    expect(await verdicts(campaign, fresh)).toMatchObject({
      ...{ mode: 'missing', relay: 'missing', from: 'wrong', people: 'missing', lawmakers: 'missing' },
      ...{ audience: 'missing', marked: 'good', returns: 'weak', limits: 'good', approval: 'missing', test: 'missing' },
    });
    expect((await fresh.get(Staff).list()).length).toBeGreaterThan(1);
    for (const [locale, say] of [
      ['en', 'Import a legislature'],
      ['fa', 'مجلسی را وارد کنید'],
    ]) {
      const page = (await vera.get(`/${locale}/console/letters/${campaign}/checklist`)).body;
      expect(page).toContain(say);
      expect(page).toContain(`/${locale}/console/lawmakers`);
    }
    expect((await fresh.inject({ url: `/api/v1/letter-campaigns/${campaign}/checklist` })).statusCode).toBe(401);
  } finally {
    await fresh.close();
  }
});
