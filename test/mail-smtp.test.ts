import 'reflect-metadata';
import { v7 as uuidv7 } from 'uuid';
import { createApplication } from '../src/application.js';
import { loadSettings } from '../src/config/settings.js';
import { relaysOf } from '../src/mail/mail-settings.js';
import { relayFromUrl } from '../src/mail/relay.js';
import { SmtpDelivery } from '../src/mail/smtp.delivery.js';
import { type Sink, startSink } from './support/sink.js';

const sinks: Sink[] = [];
afterEach(() => Promise.all(sinks.splice(0).map((sink) => sink.close())));
const start = async (...options: Parameters<typeof startSink>) => {
  const sink = await startSink(...options);
  sinks.push(sink);
  return sink;
};

const mail = () => ({
  id: uuidv7(),
  attemptId: uuidv7(),
  createdAt: new Date(),
  from: 'mail@countersign.test',
  to: 'anna@parliament.test',
  bytes: Buffer.from('Subject: x\r\n\r\nDear Anna\r\n'),
});
const marked = () => jest.fn(async () => {});

async function deliver(url: string, change: Partial<ReturnType<typeof relayFromUrl>> = {}, handOver = marked()) {
  const delivery = new SmtpDelivery({ ...relayFromUrl(url), ...change });
  const outcome = await delivery.deliver(mail(), handOver);
  await delivery.close();
  return { ...outcome, handOvers: handOver.mock.calls.length };
}

test('STARTTLS is used where it is offered', async () => {
  const sink = await start({ more: { disabledCommands: ['AUTH'] } });
  expect(await deliver(sink.url)).toMatchObject({ result: 'accepted', handOvers: 1 });
  expect(sink.mails[0]!.secure).toBe(true);
});

test('where TLS is demanded, a server without it gets nothing', async () => {
  const sink = await start();
  expect(await deliver(sink.url, { requireTls: true })).toMatchObject({ result: 'unsent', handOvers: 0 });
  expect(sink.mails).toHaveLength(0);
});

test('where a certificate is demanded, a self-made one is not believed', async () => {
  const sink = await start({ more: { disabledCommands: ['AUTH'] } });
  const relay = { requireTls: true, opportunisticTls: false, verifyCertificate: true };
  expect(await deliver(sink.url, relay)).toMatchObject({ result: 'unsent', handOvers: 0 });
  expect(sink.mails).toHaveLength(0);
});

test('smtps speaks TLS from the start', async () => {
  const sink = await start({ more: { secure: true } });
  expect(await deliver(sink.url)).toMatchObject({ result: 'accepted' });
  expect(sink.mails[0]!.secure).toBe(true);
});

test('a name and password are given, and a wrong one says nothing about the mail', async () => {
  const sink = await start({ auth: { user: 'post', pass: 'pass@word' } });
  const url = `smtp://post:${encodeURIComponent('pass@word')}@127.0.0.1:${sink.port}`;
  expect(await deliver(url)).toMatchObject({ result: 'accepted' });
  expect(sink.mails[0]!.user).toBe('post');
  expect(await deliver(url.replace('post:', 'other:'))).toMatchObject({ result: 'unsent', code: 535, handOvers: 0 });
  expect(await deliver(`smtp://127.0.0.1:${sink.port}`)).toMatchObject({ result: 'unsent', code: 530, handOvers: 0 });
  expect(sink.mails).toHaveLength(1);
});

test('when the mark cannot be committed, nothing is sent and the error is told', async () => {
  const sink = await start();
  const delivery = new SmtpDelivery(relayFromUrl(sink.url));
  const failing = jest.fn(() => Promise.reject(new Error('the database is away')));
  await expect(delivery.deliver(mail(), failing)).rejects.toThrow('the database is away');
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(failing).toHaveBeenCalledTimes(1);
  expect(sink.mails).toHaveLength(0);
  expect(await delivery.deliver(mail(), marked())).toMatchObject({ result: 'accepted' });
  await delivery.close();
});

test('the mark is committed before the first byte of the mail', async () => {
  const seen: number[] = [];
  const sink = await start();
  const delivery = new SmtpDelivery(relayFromUrl(sink.url));
  await delivery.deliver(mail(), async () => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    seen.push(sink.mails.length);
  });
  await delivery.close();
  expect(seen).toEqual([0]);
  expect(sink.mails).toHaveLength(1);
});

test('dots, bare line ends and a mail that looks like the end of itself arrive as one mail', async () => {
  const sink = await start();
  const delivery = new SmtpDelivery(relayFromUrl(sink.url));
  const bytes = Buffer.from('Subject: x\r\n\r\n.\r\nMAIL FROM:<evil@evil.test>\r\n..\r\n.hidden\r\n\r.\r\nend');
  expect(await delivery.deliver({ ...mail(), bytes }, marked())).toMatchObject({ result: 'accepted' });
  await delivery.close();
  expect(sink.mails).toHaveLength(1);
  expect(sink.mails[0]!.raw.toString()).toContain('.\r\nMAIL FROM:<evil@evil.test>\r\n..\r\n.hidden');
});

test('an address that would break the envelope is refused before it is said', async () => {
  const sink = await start();
  const delivery = new SmtpDelivery(relayFromUrl(sink.url));
  const to = 'a@b.test>\r\nRCPT TO:<c@d.test';
  expect(await delivery.deliver({ ...mail(), to }, marked())).toMatchObject({ result: 'refused' });
  await delivery.close();
  expect(sink.mails).toHaveLength(0);
});

test('a delivery that is broken off after the hand-over is in doubt, before it is unsent', async () => {
  const sink = await start();
  const delivery = new SmtpDelivery(relayFromUrl(sink.url));
  sink.mishap = () => ({ at: 'end', silent: true });
  const over = delivery.deliver(mail(), marked());
  const until = (ready: () => boolean) =>
    new Promise<void>((resolve) => {
      const timer = setInterval(() => ready() && (clearInterval(timer), resolve()), 10);
    });
  await until(() => sink.mails.length === 1);
  delivery.abort();
  expect(await over).toMatchObject({ result: 'in_doubt' });
  sink.mishap = ({ to }) => (to === '' ? undefined : { at: 'rcpt', wait: 5000 });
  const before = delivery.deliver(mail(), marked());
  await until(() => sink.connections() === 2);
  await new Promise((resolve) => setTimeout(resolve, 100));
  delivery.abort();
  expect(await before).toMatchObject({ result: 'unsent' });
  await delivery.close();
});

test.each([
  ['smtp://mail.example.org', { port: 587, secure: false, requireTls: true, verifyCertificate: true }],
  ['smtps://mail.example.org', { port: 465, secure: true, verifyCertificate: true }],
  ['smtp://mail.example.org:25?tls=optional', { port: 25, requireTls: false, opportunisticTls: true }],
  ['smtp://mail.example.org?connections=3', { connections: 3 }],
  ['smtp://localhost:1025', { port: 1025, requireTls: false, opportunisticTls: true, verifyCertificate: false }],
  ['smtp://[::1]:25', { host: '::1', requireTls: false }],
  ['smtp://127.0.0.53', { requireTls: false }],
  ['smtp://127.evil.test', { requireTls: true }],
  ['smtp://a%40b.test:p%3Aw@mail.example.org', { auth: { user: 'a@b.test', pass: 'p:w' } }],
])('SMTP_URL %s', (url, relay) => expect(relayFromUrl(url)).toMatchObject(relay));

test.each([
  'mail.example.org',
  'http://mail.example.org',
  'smtp://',
  'smtp://mail.example.org?tls=never',
  'smtp://mail.example.org?connections=1',
  'smtp://mail.example.org?pool=true',
  'smtp://u:p@mail.example.org?tls=optional',
])('SMTP_URL %s is refused with a sentence', (url) => expect(() => relayFromUrl(url)).toThrow('SMTP_URL'));

const settings = (environment: Record<string, string>) => loadSettings({ PUBLIC_URL: 'http://a.test', ...environment });

test.each([
  [{ MAIL_FROM: 'mail@countersign.test' }, null],
  [{ MAIL_FROM: '"Berg, Anna" <mail@countersign.test>', SMTP_URL: 'smtp://mail.example.org' }, null],
  [{ MAIL_MODE: 'hold', SMTP_URL: 'smtp://mail.example.org' }, null],
  [{ MAIL_MODE: 'hold' }, null],
  [{ MAIL_MODE: 'live', SMTP_URL: 'smtp://mail.example.org', MAIL_FROM: 'a@b.test' }, 'mail.example.org'],
])('with %j mail leaves by %s', (environment, host) => {
  expect(relaysOf(settings(environment))[0]?.host ?? null).toBe(host);
});

test.each([
  [{ MAIL_FROM: 'Press: Anna <mail@countersign.test>' }, 'MAIL_FROM'],
  [{ SMTP_URL: 'smtp://u:p@mail.example.org?tls=optional' }, 'SMTP_URL'],
])('the application does not start with %j', async (environment, name) => {
  await expect(createApplication(settings(environment))).rejects.toThrow(name);
});
