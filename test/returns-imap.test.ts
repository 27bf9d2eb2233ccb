import { MailKinds } from '../src/mail/mail-kinds.js';
import { ReturnAddresses } from '../src/mail/return-addresses.js';
import { ImapFeed } from '../src/returns/imap-feed.js';
import type { TestApp } from './support/app.js';
import { type ImapMailbox, startImap } from './support/imap-sink.js';
import { letter, postOffice, startMailApp } from './support/mails.js';
import { anna, dsn, mailTo, postfixFailed } from './support/returned-mails.js';
import { type Sink, startSink } from './support/sink.js';

let app: TestApp;
let sink: Sink;
let box: ImapMailbox;
const poll = () => app.get(ImapFeed).poll(box.url);
const kinds = async () =>
  (await app.database.query<{ kind: string }[]>('SELECT kind FROM mail_returns ORDER BY kind')).map(({ kind }) => kind);

async function sent(): Promise<string> {
  const post = postOffice(app);
  const mail = letter({ recipient: anna });
  await post.enqueue(mail);
  await post.drain();
  return app.get(ReturnAddresses).of(mail.id)!;
}

beforeAll(async () => {
  sink = await startSink();
  app = await startMailApp(sink.url, { RETURN_DOMAIN: 'returns.countersign.test' });
  app.get(MailKinds).register({ name: 'letter', inDoubt: 'hold', returned: async () => undefined });
});
beforeEach(async () => {
  await app.database.query('DELETE FROM outbox');
  box = await startImap();
});
afterEach(() => box.close());
afterAll(async () => {
  await app.close();
  await sink.close();
});
const put = (...mails: Buffer[]) => box.mails.push(...mails.map((raw) => ({ raw, seen: false })));

test('unread mails are taken and marked as read, others are left alone', async () => {
  const to = await sent();
  put(
    dsn(postfixFailed(), { to, headers: ['Return-Path: <>'] }),
    mailTo({ to, id: 'b@x.test' }),
    mailTo({ id: 'spam@x.test' }),
  );
  box.mails.push({ raw: mailTo({ to, id: 'old@x.test' }), seen: true });
  expect(await poll()).toBe(3);
  expect(await kinds()).toEqual(['bounced', 'replied']);
  expect(box.mails.map(({ seen }) => seen)).toEqual([true, true, true, true]);
  expect(await poll()).toBe(0);
});

test('a mail is marked only after what it says is committed', async () => {
  put(dsn(postfixFailed(), { to: await sent() }));
  await app.database.query('ALTER TABLE mail_returns RENAME TO away');
  await expect(poll()).rejects.toThrow();
  await app.database.query('ALTER TABLE away RENAME TO mail_returns');
  expect(box.mails[0]!.seen).toBe(false);
  expect(await poll()).toBe(1);
  expect(await kinds()).toEqual(['bounced']);
});

test.each(['LOGIN', 'SELECT', 'UID SEARCH', 'UID FETCH', 'UID STORE'])(
  'a line cut at %s costs a round, and nothing counts twice',
  async (at) => {
    put(dsn(postfixFailed(), { to: await sent() }));
    let cut = false;
    box.cut = (command) => command === at && !cut && (cut = true);
    await expect(poll()).rejects.toThrow();
    expect(await poll()).toBe(1);
    expect(await kinds()).toEqual(['bounced']);
    expect(box.mails[0]!.seen).toBe(true);
  },
);

test('a huge mail is not fetched whole, is read by its beginning, and stops nobody', async () => {
  const to = await sent();
  put(mailTo({ to, body: 'x'.repeat(3_000_000) }), mailTo({ to, id: 'after@x.test' }));
  expect(await poll()).toBe(2);
  expect(await kinds()).toEqual(['replied', 'replied']);
  expect(Math.max(...box.fetched)).toBeLessThanOrEqual(1024 * 1024);
});

test('a wrong password is an error that does not say it', async () => {
  const wrong = box.url.replace('ss', 'ssx');
  const error = await app
    .get(ImapFeed)
    .poll(wrong)
    .catch((thrown: Error) => thrown);
  expect(error).toBeInstanceOf(Error);
  expect((error as Error).name).not.toContain('p@ss');
});

test('to another machine it speaks only under TLS', async () => {
  // Not a loopback name, and a server without STARTTLS: it hears no password.
  const elsewhere = box.url.replace('127.0.0.1', '0.0.0.0');
  await expect(app.get(ImapFeed).poll(elsewhere)).rejects.toThrow();
  expect(box.commands).not.toContain('LOGIN');
});
