import type { NewMail } from '../src/mail/outbox.service.js';
import { MailKinds } from '../src/mail/mail-kinds.js';
import { relayFromUrl } from '../src/mail/relay.js';
import { SmtpDelivery } from '../src/mail/smtp.delivery.js';
import { ReturnAddresses } from '../src/mail/return-addresses.js';
import { SmtpReceiver } from '../src/returns/smtp-receiver.js';
import type { TestApp } from './support/app.js';
import { letter, postOffice, startMailApp } from './support/mails.js';
import { type Postfix, startPostfix, startSmtpSink, withPostfix } from './support/postfix.js';
import { freePort, until } from './support/server.js';
import { type Sink, startSink } from './support/sink.js';

/** A letter as it is frozen, long enough that a server sees more than one packet. */
function wholeLetter(recipient: string): NewMail & { raw: Buffer } {
  const mail = letter({ recipient });
  const head = [
    'From: olga@sign.test',
    `To: ${recipient}`,
    `Subject: ${mail.id}`,
    `Message-ID: <${mail.id}@sign.test>`,
    'Date: Mon, 23 Nov 2026 10:00:00 +0000',
  ];
  const body = [
    '.a line that begins with a dot',
    ...Array.from({ length: 60 }, () => 'We ask you to support a formal investigation.'),
  ];
  return { ...mail, raw: Buffer.from([...head, '', ...body, ''].join('\r\n')) };
}

withPostfix('a real Postfix as relay', () => {
  let postfix: Postfix;
  let far: Sink;
  let app: TestApp;
  let post: ReturnType<typeof postOffice>;
  const told: { id: string; kind: string }[] = [];
  const factsOf = ({ id }: { id: string }) =>
    app.database.query<{ kind: string; status: string; diagnostic: string; source: string }[]>(
      `SELECT kind, status, diagnostic, source FROM mail_returns WHERE outbox_id = $1 ORDER BY returned_at`,
      [id],
    );
  const send = async (recipient: string) => {
    const mail = wholeLetter(recipient);
    await post.enqueue(mail);
    await post.drain();
    return mail;
  };

  beforeAll(async () => {
    far = await startSink();
    const receiver = await freePort();
    postfix = await startPostfix({ 'away.test': far.port, 'returns.countersign.test': receiver });
    app = await startMailApp(postfix.url, { RETURN_DOMAIN: 'returns.countersign.test' });
    post = postOffice(app);
    app.get(MailKinds).register({
      name: 'letter',
      inDoubt: 'hold',
      returned: async (_, { id }, { kind }) => void told.push({ id, kind }),
    });
    await app.get(SmtpReceiver).listen(receiver);
  });
  beforeEach(() => {
    far.mishap = () => undefined;
    told.length = 0;
  });
  afterAll(async () => {
    await app.close();
    await far.close();
    postfix.stop();
  });

  test('delivers a letter into a mailbox, byte for byte, with its return address', async () => {
    const mail = await send('anna@parliament.test');
    expect(await post.row(mail)).toMatchObject({
      state: 'accepted',
      reply_code: 250,
      reply: expect.stringContaining('queued as'),
    });
    const [stored] = await until('the letter is in the mailbox', async () => {
      const mails = await postfix.mailbox('anna');
      return mails.length > 0 && mails;
    });
    const text = stored!.toString().replaceAll('\n', '\r\n');
    expect(text.endsWith(mail.raw.toString())).toBe(true);
    expect(text).toContain(`Return-Path: <${app.get(ReturnAddresses).of(mail.id)}>`);
    // RFC 3461: no report of success was asked for.
    expect(await factsOf(mail)).toEqual([]);
  });

  test('a mailbox it does not know is refused at once, with its words', async () => {
    const mail = await send('nobody@parliament.test');
    expect(await post.row(mail)).toMatchObject({
      state: 'refused',
      reply_code: 550,
      reply: expect.stringMatching(/5\.1\.1 .*User unknown/),
    });
  });

  test('what the far server refuses comes back as a report, which is read', async () => {
    far.mishap = ({ to }) => (to ? { at: 'rcpt', code: 550, text: '5.1.1 No such member' } : undefined);
    const mail = await send('gone@away.test');
    expect((await post.row(mail)).state).toBe('accepted');
    const [fact] = await until('the report has come', async () => {
      const facts = await factsOf(mail);
      return facts.length > 0 && facts;
    });
    expect(fact).toMatchObject({
      kind: 'bounced',
      status: '5.1.1',
      source: 'smtp',
      diagnostic: expect.stringContaining('No such member'),
    });
    expect(told).toEqual([{ id: mail.id, kind: 'bounced' }]);
  });

  test('a delay is told as a delay, and the letter arrives later', async () => {
    let patience = true;
    far.mishap = ({ to }) => (to && patience ? { at: 'rcpt', code: 450, text: '4.2.1 Mailbox busy' } : undefined);
    const mail = await send('slow@away.test');
    const [fact] = await until('the warning has come', async () => {
      const facts = await factsOf(mail);
      return facts.length > 0 && facts;
    });
    expect(fact).toMatchObject({ kind: 'delayed', status: '4.2.1' });
    patience = false;
    await until('the letter has arrived', async () =>
      far.mails.some(({ to, answer }) => to === 'slow@away.test' && answer === 250),
    );
  });
});

withPostfix("Postfix's smtp-sink, misbehaving", () => {
  const deliver = async (url: string) => {
    const { id, raw, recipient } = wholeLetter('anna@parliament.test');
    const delivery = new SmtpDelivery(relayFromUrl(url));
    const mail = {
      id,
      attemptId: id,
      createdAt: new Date(),
      from: 'mail@countersign.test',
      to: recipient!,
      bytes: raw,
    };
    let marked = false;
    const { result } = await delivery.deliver({ ...mail, reports: true }, async () => void (marked = true));
    await delivery.close();
    return { raw, result, marked };
  };

  // Marked: it reached the server's 354, so it counts, and is never sent again unless the server said no.
  test.each<[string, string[], string, boolean, number]>([
    ['nothing', [], 'accepted', true, 1],
    ['HELO only', ['-e'], 'accepted', true, 1],
    ['no DSN, 8BITMIME or pipelining', ['-N', '-8', '-p'], 'accepted', true, 1],
    ['slow at DATA', ['-w', '1'], 'accepted', true, 1],
    ['reads late', ['-H', '1'], 'accepted', true, 1],
    ['5xx to CONNECT', ['-f', 'CONNECT'], 'unsent', false, 0],
    // It says 500 5.3.0, which is about the server.
    ['5xx to MAIL', ['-f', 'MAIL'], 'deferred', false, 0],
    ['5xx to RCPT', ['-f', 'RCPT'], 'deferred', false, 0],
    ['5xx to DATA', ['-f', 'DATA'], 'deferred', false, 0],
    ['5xx to the final dot', ['-f', '.'], 'deferred', true, 1],
    ['4xx to MAIL', ['-r', 'MAIL'], 'deferred', false, 0],
    ['4xx to RCPT', ['-r', 'RCPT'], 'deferred', false, 0],
    ['4xx to DATA', ['-r', 'DATA'], 'deferred', false, 0],
    ['4xx to the final dot', ['-r', '.'], 'deferred', true, 1],
    ['hangs up at CONNECT', ['-q', 'CONNECT'], 'unsent', false, 0],
    ['hangs up at MAIL', ['-q', 'MAIL'], 'unsent', false, 0],
    ['hangs up at RCPT', ['-q', 'RCPT'], 'unsent', false, 0],
    ['hangs up at DATA', ['-q', 'DATA'], 'unsent', false, 0],
    ['hangs up at the final dot', ['-q', '.'], 'in_doubt', true, 1],
    ['421 to RCPT', ['-Q', 'RCPT'], 'unsent', false, 0],
    ['421 to the final dot', ['-Q', '.'], 'deferred', true, 1],
    ['550 in mid-letter, and reads no further', ['-A', '0'], 'refused or in_doubt', true, 0],
  ])('%s', async (_, options, result, marked, mails) => {
    const sink = await startSmtpSink(options);
    try {
      const { raw, ...outcome } = await deliver(sink.url);
      expect(outcome.marked).toBe(marked);
      // What is written into a line that is being closed may or may not be answered.
      expect(result.split(' or ')).toContain(outcome.result);
      // It takes away what was broken off a moment later.
      const kept = await until(`${mails} mails`, async () => (await sink.mails()).length === mails && sink.mails(), 10);
      for (const text of kept)
        expect(text.replaceAll('\n', '\r\n').trimEnd().endsWith(raw.toString().trimEnd())).toBe(true);
    } finally {
      sink.stop();
    }
  });

  test('two hundred letters from the outbox, each once', async () => {
    const sink = await startSmtpSink([]);
    const app = await startMailApp(sink.url);
    try {
      const post = postOffice(app);
      const letters = Array.from({ length: 200 }, () => letter());
      await post.enqueue(...letters);
      await post.drain();
      const subjects = (await sink.mails()).map((text) => /^Subject: (.+)$/m.exec(text)![1]!);
      expect(subjects.toSorted()).toEqual(letters.map(({ id }) => id).toSorted());
    } finally {
      await app.close();
      sink.stop();
    }
  });
});
