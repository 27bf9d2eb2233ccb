import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { Vault } from '../src/vault/vault.service.js';
import { ObjectionLinks } from '../src/lawmakers/objection-links.service.js';
import { ObjectionsService } from '../src/lawmakers/objections.service.js';
import { PersonDecisions } from '../src/lawmakers/person-decisions.service.js';
import { Dispatch } from '../src/letters/dispatch.service.js';
import { LetterPreviews } from '../src/letters/letter-previews.service.js';
import { LetterTests } from '../src/letters/letter-tests.service.js';
import { Claims } from '../src/mail/claims.js';
import { MailWorker } from '../src/mail/mail.worker.js';
import { Staff } from '../src/staff/staff.service.js';
import { startApp, type TestApp } from './support/app.js';
import { serverUrl } from './support/database.js';
import { cast, signIn } from './support/cast.js';
import { approve, campaignOf, importTestland, lawmakerId, person } from './support/letters.js';
import { AuditService } from '../src/staff/audit.service.js';
import { oneRelay } from './support/mails.js';

let app: TestApp;
let campaign: string;
const olga = person('Olga', 'organiser');
const amir = person('Amir', 'approver');
const vera = person('Vera', 'viewer');

beforeEach(async () => {
  app = await startApp();
  await importTestland(app);
  campaign = await campaignOf(app, olga);
});
afterEach(() => app.close());

/** The path of the link, as it stands in the letter. */
async function linkOf(name: string): Promise<string> {
  const id = await lawmakerId(app, name);
  const { text } = await app.get(LetterPreviews).show(campaign, id, olga);
  return new URL(/open this link: (\S+)\n/.exec(text!)![1]!).pathname;
}
const get = (url: string) => app.inject({ method: 'GET', url });
const press = (url: string) => app.inject({ method: 'POST', url });
const state = async (name: string) =>
  (
    await app.database.query(
      `SELECT l.state, l.reason, l.body, o.state AS mail FROM letters l LEFT JOIN outbox o ON o.id = l.id
       WHERE l.campaign_id = $1 AND l.lawmaker_name = $2`,
      [campaign, name],
    )
  )[0];
async function send(): Promise<void> {
  await approve(app, campaign, olga, amir);
  await app.get(Dispatch).start(campaign, amir);
  await app.get(Dispatch).planned(campaign);
}
const objections = (): Promise<{ source: string; note: string }[]> => app.database.query('SELECT * FROM objections');

test('looking changes nothing; the button objects once, in the name of nobody, and says so', async () => {
  const link = await linkOf('Anna Berg');
  expect(link).toMatch(/^\/en\/o\/[0-9A-HJKMNP-TV-Z]{16}$/);
  const page = await get(link);
  expect(page.statusCode).toBe(200);
  expect(page.headers).toMatchObject({ 'cache-control': 'no-store' });
  expect(page.body).toContain('Do you want no further letters?');
  expect(page.body).toContain('counts are public; they are only not delivered');
  expect(await objections()).toEqual([]);
  const answers = await Promise.all([press(link), press(link)]);
  for (const answer of answers) expect(answer).toMatchObject({ statusCode: 303, headers: { location: link } });
  expect(await objections()).toEqual([expect.objectContaining({ source: 'office', note: '' })]);
  expect((await get(link)).body).toContain('No further letters');
  const entries = await app.database.query(`SELECT * FROM audit_entries WHERE action LIKE 'lawmakers.objection%'`);
  expect(entries).toEqual([
    expect.objectContaining({ actor_kind: 'system', actor_id: null, detail: { source: 'office' } }),
  ]);
  expect(JSON.stringify(entries)).not.toMatch(/127\.0\.0\.1|user-agent/i);
  expect((await app.get(LetterPreviews).show(campaign, await lawmakerId(app, 'Anna Berg'), olga)).excluded).toBe(
    'objection',
  );
});

test('the page speaks the language of the letter, and paper forgives', async () => {
  const link = app.get(ObjectionLinks).url(await lawmakerId(app, 'فاطمه رضایی'), 'fa');
  const { pathname } = new URL(link);
  expect(pathname).toMatch(/^\/fa\/o\//);
  expect((await get(pathname)).body).toContain('نمی‌خواهید نامهٔ دیگری بیاید؟');
  const code = pathname.split('/').pop()!;
  const typed = code
    .toLowerCase()
    .replace(/(.{4})(?=.)/g, '$1-')
    .replaceAll('1', 'l')
    .replaceAll('0', 'o');
  expect((await get(`/fa/o/${typed}`)).body).toContain('فاطمه رضایی');
});

test('a database that is away for a moment costs an office one try', async () => {
  const { vault, database } = { vault: app.get(Vault), database: app.database };
  const links = new ObjectionLinks(app.settings, database, vault, app.get(AuditService));
  const code = links
    .url(await lawmakerId(app, 'Anna Berg'), 'en')
    .split('/')
    .pop()!;
  const query = jest.spyOn(database, 'query').mockRejectedValueOnce(new Error('away'));
  await expect(links.lawmakerOf(code)).rejects.toThrow('away');
  expect(await links.lawmakerOf(code)).toBe(await lawmakerId(app, 'Anna Berg'));
  query.mockRestore();
});

test('a code that is not ours finds nobody, and guessing is slowed down', async () => {
  const link = await linkOf('Anna Berg');
  const last = link.at(-1) === '2' ? '3' : '2';
  for (const wrong of [`${link.slice(0, -1)}${last}`, '/en/o/x', '/en/o/%00', `/en/o/${'A'.repeat(5000)}`]) {
    expect((await press(wrong)).statusCode).toBeGreaterThanOrEqual(400);
    expect((await press(wrong)).statusCode).toBeLessThan(500);
  }
  expect(await objections()).toEqual([]);
  let answer = await get(link);
  for (let tries = 0; tries < 61 && answer.statusCode !== 429; tries += 1) answer = await get(link);
  expect(answer.statusCode).toBe(429);
});

test('what waits is taken back at once, mail and task alike, and never goes later', async () => {
  const links = await Promise.all(['Anna Berg', 'Pia Stamp'].map(linkOf));
  await send();
  for (const link of links) expect((await press(link)).statusCode).toBe(303);
  expect(await state('Anna Berg')).toMatchObject({ state: 'mail', mail: 'suppressed' });
  expect(await state('Pia Stamp')).toMatchObject({ state: 'excluded', reason: 'objection', body: null });
  await app.get(MailWorker).drain();
  expect(await state('Anna Berg')).toMatchObject({ mail: 'suppressed' });
  expect(await state('Kim Lund')).toMatchObject({ mail: 'accepted' });
});

test('a paused letter does not come back when the campaign goes on', async () => {
  const link = await linkOf('Anna Berg');
  await send();
  await app.get(Dispatch).pause(campaign, amir);
  await press(link);
  await app.get(Dispatch).resume(campaign, amir);
  expect(await state('Anna Berg')).toMatchObject({ mail: 'suppressed' });
});

test('a letter that a worker has claimed is not handed over', async () => {
  const link = await linkOf('Anna Berg');
  await send();
  const claims = app.get(Claims);
  const claimed = await claims.claim(
    'letters',
    'w',
    Array.from({ length: 10 }, () => randomUUID()),
    oneRelay(),
  );
  const anna = claimed.find(({ recipient }) => recipient === 'anna@upper.testland.example')!;
  await press(link);
  expect(await claims.handOver(anna)).toBe(false);
  expect(await state('Anna Berg')).toMatchObject({ mail: 'suppressed' });
  const kim = claimed.find(({ recipient }) => recipient === 'kim@lower.testland.example')!;
  expect(await claims.handOver(kim)).toBe(true);
});

test('an objection during the dispatch leaves nothing to that office, whoever is first', async () => {
  const link = await linkOf('Pia Stamp');
  const mail = await linkOf('Anna Berg');
  await approve(app, campaign, olga, amir);
  await app.get(Dispatch).start(campaign, amir);
  const [one, other] = await Promise.all([press(link), press(mail), app.get(Dispatch).planned(campaign)]);
  expect([one.statusCode, other.statusCode]).toEqual([303, 303]);
  expect(await state('Pia Stamp')).toMatchObject({ state: 'excluded', reason: 'objection', body: null });
  expect(['suppressed', null]).toContain((await state('Anna Berg')).mail);
});

function gate() {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open, opened };
}
const planningWaits = async () => {
  const waiting: unknown[] = await app.database.query(
    `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
       AND query LIKE '%FROM lawmakers%FOR KEY SHARE'`,
  );
  return waiting.length > 0;
};

test.each(['her own', 'a joined'])(
  'a dispatch waits for an objection by %s record that is about to be committed',
  async (which) => {
    const pia = await lawmakerId(app, 'Pia Stamp');
    const link = await linkOf(which === 'her own' ? 'Pia Stamp' : 'Kim Lund');
    if (which === 'a joined') {
      const other = await lawmakerId(app, 'Kim Lund');
      await app.get(PersonDecisions).decide({ first: pia, second: other, decision: 'same', keep: pia }, olga);
    }
    await approve(app, campaign, olga, amir);
    const [written, mayCommit] = [gate(), gate()];
    app.get(ObjectionsService).whenRecorded(async () => {
      written.open();
      await mayCommit.opened;
    });
    const pressed = press(link);
    await written.opened;
    let ended = false;
    const dispatching = (async () => {
      await app.get(Dispatch).start(campaign, amir);
      await app.get(Dispatch).planned(campaign);
    })().finally(() => (ended = true));
    // The embedded database has one connection: there the dispatch waits for the whole transaction.
    while (serverUrl && !ended && !(await planningWaits())) await setTimeout(20);
    expect(ended).toBe(false);
    mayCommit.open();
    await dispatching;
    expect((await pressed).statusCode).toBe(303);
    expect(await state('Pia Stamp')).toMatchObject({ state: 'excluded', reason: 'objection' });
  },
);

test('the link of a test letter stops nobody', async () => {
  const { member } = await app.get(Staff).add(cast.olga, 'system', 'correct-horse-battery');
  await app.get(LetterTests).send(campaign, undefined, { ...olga, id: member.id });
  const [{ raw }] = await app.database.query(`SELECT raw FROM outbox WHERE kind = 'letter-test'`);
  const unfolded = (raw as Buffer).toString('latin1').replaceAll('=\r\n', '');
  const [link] = /\/en\/o\/[0-9A-Z]{16}/.exec(unfolded)!;
  expect((await get(link)).body).toContain('link of a test letter');
  expect((await press(link)).statusCode).toBe(303);
  expect(await objections()).toEqual([]);
});

test('a viewer reads letters without the link, so that she cannot object in an office’s name', async () => {
  const anna = await lawmakerId(app, 'Anna Berg');
  const { text } = await app.get(LetterPreviews).show(campaign, anna, vera);
  expect(text).toContain('/en/o/…');
  expect(text).not.toMatch(/\/o\/[0-9A-Z]/);
  await expect(app.get(LetterPreviews).raw(campaign, anna, vera)).rejects.toMatchObject({ code: 'forbidden' });
  expect((await app.get(LetterPreviews).raw(campaign, anna, amir)).toString()).toMatch(/\/o\/[0-9A-Z]/);
});

test('the console shows date and source; lifting needs a reason and is audited', async () => {
  await press(await linkOf('Anna Berg'));
  const anna = await lawmakerId(app, 'Anna Berg');
  const service = app.get(ObjectionsService);
  expect(await service.list(anna)).toEqual([expect.objectContaining({ source: 'office', liftedAt: null })]);
  await service.lift(anna, 'the office wrote again', olga);
  expect(await service.list(anna)).toEqual([expect.objectContaining({ liftReason: 'the office wrote again' })]);
  const [entry] = await app.database.query(`SELECT * FROM audit_entries WHERE action = 'lawmakers.objection-lifted'`);
  expect(entry).toMatchObject({ actor_name: 'Olga', detail: { reason: 'the office wrote again' } });
});

test('a link that was made anew: the old one is none of ours, the new one works, and only who keeps lawmakers may', async () => {
  const anna = await lawmakerId(app, 'Anna Berg');
  const [old, kim] = [await linkOf('Anna Berg'), await linkOf('Kim Lund')];
  expect((await get(old)).statusCode).toBe(200);
  const [viewer, organiser] = [await signIn(app, 'vera'), await signIn(app, 'olga')];
  const renewal = `/en/console/lawmakers/${anna}/link-renewal`;
  expect((await viewer.post(renewal)).statusCode).toBe(403);
  expect((await viewer.api('POST', `/api/v1/lawmakers/${anna}/link-renewal`)).statusCode).toBe(403);
  expect((await get(old)).statusCode).toBe(200);
  expect((await organiser.post(renewal)).statusCode).toBe(303);
  expect((await get(old)).statusCode).toBe(404);
  expect((await press(old)).statusCode).toBe(404);
  expect(await objections()).toEqual([]);
  const fresh = await linkOf('Anna Berg');
  expect(fresh).not.toBe(old);
  expect((await get(fresh)).body).toContain('Anna Berg');
  expect(await linkOf('Kim Lund')).toBe(kim);
  expect((await get(kim)).statusCode).toBe(200);
  // A second server that knew the first code learns of it from the database.
  await app.database.query('UPDATE lawmakers SET link_renewals = link_renewals + 1 WHERE id = $1', [anna]);
  expect((await get(fresh)).statusCode).toBe(404);
  expect((await organiser.api('POST', `/api/v1/lawmakers/${anna}/link-renewal`)).statusCode).toBe(204);
  expect((await organiser.api('POST', `/api/v1/lawmakers/${campaign}/link-renewal`)).statusCode).toBe(404);
  const audit = await app.database.query(`SELECT subject FROM audit_entries WHERE action = 'lawmaker.link-renewed'`);
  expect(audit).toEqual([{ subject: anna }, { subject: anna }]);
  expect((await organiser.get(`/en/console/lawmakers/${anna}?done=link-renewed`)).body).toContain('The link is new');
  expect((await viewer.get(`/en/console/lawmakers/${anna}`)).body).not.toContain('link-renewal');
});
