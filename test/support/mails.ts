import { v7 as uuidv7 } from 'uuid';
import { MailKinds } from '../../src/mail/mail-kinds.js';
import { MailWorker } from '../../src/mail/mail.worker.js';
import { type NewMail, OutboxService } from '../../src/mail/outbox.service.js';
import { RelayRound } from '../../src/mail/relay-round.js';
import { Shares } from '../../src/mail/shares.js';
import { startApp, type TestApp } from './app.js';

/** What an outbox row shows of a mail. */
export interface OutboxRow {
  state: string;
  stop: string | null;
  payload: Buffer | null;
  raw: Buffer | null;
  attempts: number;
  relay: string | null;
  next_attempt_at: Date;
  reply_code: number | null;
  reply: string | null;
}

export interface AttemptRow {
  outcome: string;
  relay: string | null;
  reply_code: number | null;
  handed_over_at: Date | null;
  ended_at: Date;
}

/** A letter with frozen bytes; the subject is its id, so that a sink can tell letters apart. */
export function letter(more: Partial<NewMail> = {}): NewMail & { raw: Buffer } {
  const id = uuidv7();
  const recipient = more.recipient ?? 'anna@parliament.test';
  const raw = Buffer.from(`To: ${recipient}\r\nSubject: ${id}\r\n\r\nDear Anna\r\n`);
  return { campaignId: uuidv7(), id, kind: 'letter', ref: id, lane: 'letters', recipient, raw, ...more };
}

/** A mail that is written at sending, to the address in its payload. */
export function confirmation(to = 'sara@example.org', more: Partial<NewMail> = {}): NewMail {
  const id = uuidv7();
  return {
    campaignId: uuidv7(),
    id,
    kind: 'test-confirmation',
    ref: id,
    lane: 'confirmations',
    payload: Buffer.from(to),
    ...more,
  };
}

/** The application with a mail server, and the two kinds above. */
export async function startMailApp(smtpUrl: string, more: Record<string, string> = {}, runners = false) {
  const app = await startApp(
    {
      MAIL_MODE: 'live',
      SMTP_URL: smtpUrl,
      PUBLIC_URL: 'http://countersign.test',
      MAIL_FROM: 'Countersign <mail@countersign.test>',
      LOG_LEVEL: 'silent',
      ...more,
    },
    { runners },
  );
  const kinds = app.get(MailKinds);
  kinds.register({ name: 'letter', inDoubt: 'hold' });
  kinds.register({
    name: 'test-confirmation',
    inDoubt: 'resend',
    compose: async ({ payload }) => {
      const to = payload!.toString();
      if (to === 'nobody') return null;
      if (to === 'broken') throw new Error('cannot be opened: sara@example.org');
      return { to, subject: 'One more step', text: `Dear ${to}`, html: `<p>Dear ${to}</p>` };
    },
  });
  return app;
}

/** For claims in which one relay takes everything. */
export const oneRelay = (name = 'relay') =>
  new RelayRound(new Shares(new Map()), [{ name, room: Infinity, steady: true }]);

/** Short words for what mail tests do all the time. */
export const postOffice = (app: TestApp) => ({
  enqueue: (...mails: NewMail[]) => app.database.transaction((tx) => app.get(OutboxService).enqueue(tx, mails)),
  drain: () => app.get(MailWorker).drain(),
  row: async ({ id }: { id: string }): Promise<OutboxRow> =>
    (await app.database.query<OutboxRow[]>('SELECT * FROM outbox WHERE id = $1', [id]))[0]!,
  attempts: ({ id }: { id: string }) =>
    app.database.query<AttemptRow[]>('SELECT * FROM attempts WHERE outbox_id = $1 ORDER BY attempt_id', [id]),
  /** As if the back-off were over. */
  dueNow: () => app.database.query('UPDATE outbox SET next_attempt_at = now()'),
});
