import { copyFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { projectRoot } from '../src/config/root.js';
import { loadSettings } from '../src/config/settings.js';
import { MailKinds } from '../src/mail/mail-kinds.js';
import { ReturnAddresses } from '../src/mail/return-addresses.js';
import { SmtpReceiver } from '../src/returns/smtp-receiver.js';
import type { TestApp } from './support/app.js';
import { letter, postOffice, startMailApp } from './support/mails.js';
import { mailTo } from './support/returned-mails.js';
import { type Sink, startSink } from './support/sink.js';

const fixtures = join(projectRoot, 'test/fixtures/tls');
const folder = mkdtempSync(join(tmpdir(), 'countersign-tls-'));
const cert = join(folder, 'cert.pem');
const key = join(folder, 'key.pem');
const use = (which: 'one' | 'two') => {
  copyFileSync(join(fixtures, `${which}-cert.pem`), cert);
  copyFileSync(join(fixtures, `${which}-key.pem`), key);
};
let app: TestApp;
let sink: Sink;
let port: number;
let address: string;

beforeAll(async () => {
  use('one');
  sink = await startSink();
  app = await startMailApp(sink.url, {
    RETURN_DOMAIN: 'returns.countersign.test',
    RETURN_TLS_CERT: cert,
    RETURN_TLS_KEY: key,
  });
  app.get(MailKinds).register({ name: 'letter', inDoubt: 'hold', returned: async () => undefined });
  port = await app.get(SmtpReceiver).listen(0);
  const post = postOffice(app);
  const mail = letter();
  await post.enqueue(mail);
  await post.drain();
  address = app.get(ReturnAddresses).of(mail.id)!;
});
afterAll(async () => {
  await app.close();
  await sink.close();
});

let sent = 0;
/** By a sender that demands STARTTLS and believes this certificate alone. */
async function send(trusted: 'one' | 'two') {
  const ca = readFileSync(join(fixtures, `${trusted}-cert.pem`));
  const transport = createTransport({
    ...{ host: '127.0.0.1', port, requireTLS: true },
    tls: { ca, servername: 'localhost', rejectUnauthorized: true },
  });
  try {
    const raw = mailTo({ id: `tls-${(sent += 1)}@x.test` });
    return await transport.sendMail({ envelope: { from: 'anna@parliament.test', to: address }, raw });
  } finally {
    transport.close();
  }
}
const facts = () => app.database.query<{ kind: string }[]>('SELECT kind FROM mail_returns');

test('what comes back over STARTTLS is taken; a certificate that was renewed is used, a broken one is not', async () => {
  await send('one');
  expect(await facts()).toEqual([{ kind: 'replied' }]);
  await expect(send('two')).rejects.toMatchObject({ code: 'ESOCKET' });
  use('two');
  app.get(SmtpReceiver).renew();
  await send('two');
  writeFileSync(cert, 'rubbish');
  app.get(SmtpReceiver).renew();
  await send('two');
  expect(await facts()).toHaveLength(3);
});

test('a server without its certificate does not start', async () => {
  writeFileSync(cert, 'rubbish');
  await expect(app.get(SmtpReceiver).listen(0)).rejects.toThrow();
  expect(() => loadSettings({ RETURN_DOMAIN: 'returns.example.org', RETURN_TLS_CERT: cert })).toThrow(/RETURN_TLS_KEY/);
});
