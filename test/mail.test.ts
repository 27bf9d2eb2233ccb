import { v7 as uuidv7 } from 'uuid';
import { MailKinds } from '../src/mail/mail-kinds.js';
import { MailWorker } from '../src/mail/mail.worker.js';
import { type NewMail, OutboxService } from '../src/mail/outbox.service.js';
import { startApp, type TestApp } from './support/app.js';
import { type Sink, startSink } from './support/sink.js';

let app: TestApp;
let sink: Sink;
const campaignId = uuidv7();

beforeAll(async () => {
  sink = await startSink();
  app = await startApp({
    MAIL_MODE: 'live',
    SMTP_URL: sink.url,
    PUBLIC_URL: 'http://countersign.test',
    MAIL_FROM: 'Countersign <mail@countersign.test>',
  });
  app.get(MailKinds).register({ name: 'letter', inDoubt: 'hold' });
  app.get(MailKinds).register({
    name: 'confirm-signature',
    inDoubt: 'resend',
    compose: async ({ payload }) => ({
      to: payload!.toString(),
      subject: 'Please confirm',
      text: 'https://countersign.test/x',
    }),
  });
});
beforeEach(async () => {
  sink.mails = [];
  sink.mishap = () => undefined;
  sink.connecting = () => undefined;
  await app.database.query('DELETE FROM outbox');
});
afterAll(async () => {
  await app.close();
  await sink.close();
});

const letter = (to = 'anna@parliament.test', more: Partial<NewMail> = {}): NewMail => {
  const id = uuidv7();
  return {
    campaignId,
    id,
    kind: 'letter',
    ref: id,
    lane: 'letters',
    recipient: to,
    raw: Buffer.from(`To: ${to}\r\n\r\nDear Anna\r\n`),
    ...more,
  };
};
const confirmation = (to = 'sara@example.org', more: Partial<NewMail> = {}): NewMail => {
  const id = uuidv7();
  return {
    campaignId,
    id,
    kind: 'confirm-signature',
    ref: id,
    lane: 'confirmations',
    payload: Buffer.from(to),
    ...more,
  };
};
const enqueue = (...mails: NewMail[]) => app.database.transaction((tx) => app.get(OutboxService).enqueue(tx, mails));
const drain = () => app.get(MailWorker).drain();
const row = async (mail: NewMail) => (await app.database.query('SELECT * FROM outbox WHERE id = $1', [mail.id]))[0];
const dueNow = () => app.database.query('UPDATE outbox SET next_attempt_at = now()');

test('a letter goes out as the bytes that were frozen, and the reply is kept', async () => {
  const mail = letter();
  await enqueue(mail);
  expect(await drain()).toBe(1);
  expect(sink.mails).toHaveLength(1);
  expect(sink.mails[0]!.raw).toEqual(mail.raw);
  expect(sink.mails[0]!.from).toBe('mail@countersign.test');
  expect(await row(mail)).toMatchObject({ state: 'accepted', reply_code: 250, reply: '250 queued as 1', attempts: 1 });
});

test('the same mail is taken once', async () => {
  const mail = letter();
  await enqueue(mail);
  await enqueue({ ...mail, id: uuidv7() }, { ...mail, id: uuidv7() });
  await drain();
  expect(sink.mails).toHaveLength(1);
});
