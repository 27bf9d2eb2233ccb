import PostalMime from 'postal-mime';
import { Dispatch } from '../src/letters/dispatch.service.js';
import { LetterFailures } from '../src/letters/letter-failures.service.js';
import { MailWorker } from '../src/mail/mail.worker.js';
import { ReturnAddresses } from '../src/mail/return-addresses.js';
import { Returns } from '../src/returns/returns.service.js';
import type { TestApp } from './support/app.js';
import { startApp } from './support/app.js';
import { signIn } from './support/cast.js';
import { approve, campaignOf, importTestland, person, words } from './support/letters.js';
import { dsn, postfixFailed } from './support/returned-mails.js';
import { type Sink, startSink } from './support/sink.js';

let app: TestApp;
let sink: Sink;
const olga = person('Olga', 'organiser');
const amir = person('Amir', 'approver');

beforeAll(async () => {
  sink = await startSink();
  app = await startApp({
    MAIL_MODE: 'live',
    SMTP_URL: sink.url,
    PUBLIC_URL: 'http://countersign.test',
    MAIL_FROM: 'Countersign <mail@countersign.test>',
    RETURN_DOMAIN: 'returns.countersign.test',
    LOG_LEVEL: 'silent',
  });
  await importTestland(app);
});
beforeEach(async () => {
  sink.mishap = () => undefined;
  for (const table of ['letter_failures_told', 'outbox', 'letters']) await app.database.query(`DELETE FROM ${table}`);
  await app.database.query(`DELETE FROM approvals`);
  sink.mails = [];
});
afterAll(async () => {
  await app.close();
  await sink.close();
});

async function sent(more: object = {}): Promise<string> {
  const id = await campaignOf(app, olga, { more, body: `${words.body}\n${Math.random()}` });
  await approve(app, id, olga, amir);
  await app.get(Dispatch).start(id, amir);
  await app.get(Dispatch).planned(id);
  await app.get(MailWorker).drain();
  return id;
}
/** As if the failures were some minutes old. */
const later = async (minutes: number) => {
  await app.database.query(`UPDATE outbox SET state_at = state_at - $1 * interval '1 minute'`, [minutes]);
  await app.database.query(`UPDATE mail_returns SET returned_at = returned_at - $1 * interval '1 minute'`, [minutes]);
  await app.database.query(`UPDATE letter_failures_told SET told_until = told_until - $1 * interval '1 minute'`, [
    minutes,
  ]);
};
async function told() {
  const organisers = await app.get(LetterFailures).tell();
  sink.mails = [];
  sink.mishap = () => undefined;
  await app.get(MailWorker).drain();
  expect(sink.mails).toHaveLength(organisers);
  return Promise.all(sink.mails.map(async (mail) => ({ ...mail, ...(await PostalMime.parse(mail.raw)) })));
}
async function bounced(campaign: string, recipient: string) {
  const [{ id }] = await app.database.query(`SELECT id FROM outbox WHERE campaign_id = $1 AND recipient = $2`, [
    campaign,
    recipient,
  ]);
  const raw = dsn(postfixFailed(recipient), { id: `${Math.random()}@x.test` });
  return app
    .get(Returns)
    .take({ raw, source: 'smtp', sender: '', recipient: app.get(ReturnAddresses).of(id as string)! });
}

test('one mail names all that failed and why; the next hour brings only what is new', async () => {
  sink.mishap = ({ to }) =>
    to.startsWith('anna')
      ? { at: 'rcpt', code: 550, text: '5.1.1 unknown' }
      : to.startsWith('kim')
        ? { at: 'end', drop: true }
        : undefined;
  const id = await sent();
  await bounced(id, 'daniel@upper.testland.example');
  expect(await told()).toEqual([]);
  await later(2);
  const [mail, ...more] = await told();
  expect(more).toEqual([]);
  expect(mail).toMatchObject({ to: [{ address: 'olga@river.example' }], from: { address: 'mail@countersign.test' } });
  expect(mail!.subject).toBe('3 letters failed');
  expect(mail!.text).toContain('- Anna Berg: refused by the mail server (550 5.1.1 unknown)');
  expect(mail!.text).toContain('- Daniel Okafor: came back (550 5.1.1');
  expect(mail!.text).toContain('- Kim Lund: in doubt, a person has to decide');
  expect(mail!.text).toContain(`http://countersign.test/en/console/letters/${id}/report`);
  expect(mail!.headers.find(({ key }) => key === 'auto-submitted')?.value).toBe('auto-generated');
  await bounced(id, 'otto@lower.testland.example');
  await later(30);
  expect(await told()).toEqual([]);
  await later(40);
  const [second] = await told();
  expect(second!.subject).toBe('A letter failed');
  expect(second!.text).not.toContain('Anna Berg');
  await later(70);
  expect(await told()).toEqual([]);
});

test('two processes tell once', async () => {
  sink.mishap = ({ to }) => (to.startsWith('anna') ? { at: 'rcpt', code: 550 } : undefined);
  await sent();
  await later(2);
  const failures = app.get(LetterFailures);
  const both = await Promise.all([failures.tell(), failures.tell(), failures.tell()]);
  expect(both.toSorted()).toEqual([0, 0, 1]);
});

test('nothing is told when nothing failed', async () => {
  await sent();
  await later(2);
  expect(await told()).toEqual([]);
});

test('the organiser reads it in the language of the letter', async () => {
  sink.mishap = ({ to }) => (to.startsWith('anna') ? { at: 'rcpt', code: 550 } : undefined);
  const id = await sent();
  await later(2);
  await app.database.query(`UPDATE letter_campaigns SET default_locale = 'fa' WHERE id = $1`, [id]);
  expect((await told())[0]!.subject).toBe('یک نامه نرسید');
});

test('that it came back to the return address is evidence at the desk of doubts', async () => {
  sink.mishap = ({ to }) => (to.startsWith('kim') ? { at: 'end', drop: true } : undefined);
  const id = await sent();
  const ada = await signIn(app, 'ada');
  expect((await ada.get('/en/console/mail')).body).toContain('Nothing has come back so far.');
  const [{ attempt_id: attempt }] = await app.database.query(
    `SELECT a.attempt_id FROM attempts a JOIN outbox o ON o.id = outbox_id WHERE recipient LIKE 'kim%'`,
  );
  const [{ id: kim }] = await app.database.query(
    `SELECT id FROM outbox WHERE campaign_id = $1 AND recipient LIKE 'kim%'`,
    [id],
  );
  const raw = dsn(`Original-Envelope-Id: ${attempt}\n${postfixFailed('kim@lower.testland.example')}`);
  await app
    .get(Returns)
    .take({ raw, source: 'smtp', sender: '', recipient: app.get(ReturnAddresses).of(kim as string)! });
  const page = (await ada.get('/en/console/mail')).body;
  expect(page).toContain('so the mail server did take it');
  expect(page).toContain('names the attempt');
  const { mails } = (await ada.api('GET', '/api/v1/mail/messages')).json();
  expect(mails[0].returns).toMatchObject([{ kind: 'bounced', status: '5.1.1', attemptId: attempt, source: 'smtp' }]);
  expect(mails[0].state).toBe('in_doubt');
});

test.each([
  ['refused', '- Anna Berg: refused by the mail server (550 5.1.1 unknown)'],
  ['expired', '- Anna Berg: '],
  ['in_doubt', '- Anna Berg: in doubt, a person has to decide'],
])('a letter of a supporter that ended %s is told as well, without her name', async (state, line) => {
  sink.mishap = ({ to }) => (to.startsWith('anna') ? { at: 'rcpt', code: 550, text: '5.1.1 unknown' } : undefined);
  const id = await sent();
  await app.database.query(
    `UPDATE outbox SET kind = 'supporter-letter', state = $2 WHERE campaign_id = $1 AND recipient LIKE 'anna%'`,
    [id, state],
  );
  await later(2);
  const [mail, ...more] = await told();
  expect(more).toEqual([]);
  expect(mail!.text).toContain(line);
  expect(mail!.text).not.toMatch(/Sara|sara/);
});

test.each([
  ['dispatching', 1],
  ['paused', 1],
  ['finished', 0],
])('a campaign that has been %s for a hundred days tells %d times', async (state, times) => {
  sink.mishap = ({ to }) => (to.startsWith('anna') ? { at: 'rcpt', code: 550 } : undefined);
  const id = await sent();
  await app.database.query(
    `UPDATE letter_campaigns SET state = $2, state_at = now() - interval '100 days' WHERE id = $1`,
    [id, state],
  );
  await later(2);
  expect(await told()).toHaveLength(times);
});
