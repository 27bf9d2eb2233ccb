import { classify, cleaned } from '../src/returns/classify.js';
import { enhancedStatus, readDeliveryStatus } from '../src/returns/delivery-status.js';
import { parsed } from '../src/returns/returns.service.js';
import { anna, dsn, mailTo, postfixFailed, reportTo } from './support/returned-mails.js';

const read = async (raw: Buffer, sender: string | null = null, recipient = anna) =>
  classify((await parsed(raw))!, { recipient, sender });

const bare = (block: string) => dsn(`Reporting-MTA: dns; mx.test\n\n${block}`);
const failed = (more = '') => `Final-Recipient: rfc822; ${anna}\nAction: failed\nStatus: 5.1.1\n${more}`;

describe('delivery status', () => {
  test.each<[string, Buffer, object | null]>([
    ['Postfix, unknown user', dsn(postfixFailed()), { kind: 'bounced', status: '5.1.1' }],
    [
      'Postfix, given up after days',
      bare(`Final-Recipient: rfc822; ${anna}\nAction: failed\nStatus: 4.4.1`),
      { kind: 'bounced', status: '4.4.1' },
    ],
    [
      'a delay',
      bare(`Final-Recipient: rfc822; ${anna}\nAction: delayed\nStatus: 4.2.0\nWill-Retry-Until: x`),
      { kind: 'delayed', status: '4.2.0' },
    ],
    [
      'delivered',
      bare(`Final-Recipient: rfc822; ${anna}\nAction: delivered\nStatus: 2.0.0`),
      { kind: 'delivered', status: '2.0.0' },
    ],
    ['relayed', bare(`Final-Recipient: rfc822; ${anna}\nAction: relayed\nStatus: 2.0.0`), { kind: 'relayed' }],
    [
      'expanded',
      bare(`Final-Recipient: rfc822; ${anna}\nAction: expanded (to a list)`),
      { kind: 'relayed', status: null },
    ],
    [
      'capitals and comments',
      bare(`FINAL-RECIPIENT: RFC822; <${anna.toUpperCase()}>\nACTION: Failed (gone)\nSTATUS: 5.7.1 (refused)`),
      { kind: 'bounced', status: '5.7.1' },
    ],
    [
      'Exchange without a status',
      bare(
        `Final-Recipient: rfc822;${anna}\nAction: failed\nDiagnostic-Code: smtp;550 5.4.1 Recipient address rejected: Access denied`,
      ),
      { kind: 'bounced', status: '5.4.1' },
    ],
    [
      'an SMTP code alone',
      bare(`Final-Recipient: rfc822;${anna}\nAction: failed\nDiagnostic-Code: smtp; 554 delivery error: no account`),
      { kind: 'bounced', status: '5.0.0' },
    ],
    ['no action, the class says it', bare(`Final-Recipient: rfc822;${anna}\nStatus: 4.3.0`), { kind: 'delayed' }],
    ['no action and no status', bare(`Final-Recipient: rfc822;${anna}`), null],
    ['an action nobody knows', bare(`Final-Recipient: rfc822;${anna}\nAction: exploded\nStatus: 5.1.1`), null],
    ['no blank line between the blocks', dsn(`Reporting-MTA: dns; mx.test\n${failed()}`), { kind: 'bounced' }],
    [
      'a forwarding mailbox',
      bare(`Final-Recipient: rfc822; assistant@elsewhere.test\nAction: failed\nStatus: 5.1.1`),
      { kind: 'bounced' },
    ],
    [
      'the first of two is ours',
      bare(`${failed()}\n\nFinal-Recipient: rfc822; other@x.test\nAction: delivered`),
      { kind: 'bounced' },
    ],
    [
      'two blocks without a blank line',
      bare(
        `Final-Recipient: rfc822; other@x.test\nAction: failed\nStatus: 5.0.0\nFinal-Recipient: rfc822; ${anna}\nAction: delayed`,
      ),
      { kind: 'delayed' },
    ],
    [
      'the right token, but another original recipient',
      bare(`Original-Recipient: rfc822; boris@parliament.test\n${failed()}`),
      null,
    ],
    [
      'two strangers',
      bare(
        `Final-Recipient: rfc822; a@x.test\nAction: failed\nStatus: 5.1.1\n\nFinal-Recipient: rfc822; b@x.test\nAction: failed\nStatus: 5.1.1`,
      ),
      null,
    ],
    [
      'xtext in the recipient',
      bare(
        `Original-Recipient: rfc822;anna+40parliament.test\nFinal-Recipient: rfc822; x@y.test\nAction: failed\nStatus: 5.1.1`,
      ),
      { kind: 'bounced' },
    ],
    ['nothing in it', dsn(''), null],
    ['binary rubbish', dsn('\u0000\u0001\u0002: \u0003'), null],
  ])('%s', async (_, raw, expected) => {
    const found = await read(raw);
    if (expected === null) expect(found).toBeNull();
    else expect(found).toMatchObject(expected);
  });

  test('a part in base64, and one that a gateway made plain text', async () => {
    const part = Buffer.from(`Reporting-MTA: dns; mx.test\r\n\r\n${failed()}`).toString('base64');
    const coded = dsn('x')
      .toString()
      .replace(
        'Content-Type: message/delivery-status\r\n\r\nx',
        `Content-Type: message/delivery-status\r\nContent-Transfer-Encoding: base64\r\n\r\n${part}`,
      );
    expect(await read(Buffer.from(coded))).toMatchObject({ kind: 'bounced', status: '5.1.1' });
    const plain = dsn(failed()).toString().replace('Content-Type: message/delivery-status', 'Content-Type: text/plain');
    expect(await read(Buffer.from(plain))).toMatchObject({ kind: 'bounced', status: '5.1.1' });
  });

  test('what the server said is kept on one line, without the addresses of others', async () => {
    const found = await read(dsn(postfixFailed()));
    expect(found!.diagnostic).toBe('550 5.1.1 <anna@parliament.test>: Recipient address rejected: User unknown, ask …');
    expect(found!.envelopeId).toBeNull();
    const long = await read(bare(failed(`Diagnostic-Code: smtp; 550 ${'x'.repeat(5000)}`)));
    expect(long!.diagnostic!.length).toBe(300);
    expect(cleaned('\u202ea\u0000b\r\nc sara@example.org', anna)).toBe('a b c …');
  });

  test('the envelope id is read', () => {
    expect(readDeliveryStatus(`Original-Envelope-Id: 0190-x\n\n${failed()}`).envelopeId).toBe('0190-x');
  });

  test('a report that a person forwards is her mail, not a report', async () => {
    const inner = dsn(postfixFailed()).toString();
    const raw = mailTo({
      headers: ['MIME-Version: 1.0', 'Content-Type: multipart/mixed; boundary="f"'],
      body: `--f\nContent-Type: text/plain\n\nWhat is this?\n--f\nContent-Type: message/rfc822\n\n${inner}\n--f--`,
    });
    expect(await read(raw)).toMatchObject({ kind: 'replied' });
  });
});

describe('bounces in words', () => {
  const qmail = (recipient: string) => `Hi. This is the qmail-send program at mx.parliament.test.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<${recipient}>:
192.0.2.1 does not like recipient.
Remote host said: 550 5.1.1 No such person
Giving up on 192.0.2.1.

--- Below this line is a copy of the message.

Dear Anna, you reached 4.2.2 people`;
  const exim = `This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  ${anna}
    host mx.parliament.test [192.0.2.1]
    SMTP error from remote mail server after RCPT TO: 550 unknown user`;

  test.each<[string, Buffer, string | null, object | null]>([
    ['qmail', mailTo({ from: 'MAILER-DAEMON@mx.test', body: qmail(anna) }), '', { kind: 'bounced', status: '5.1.1' }],
    ['qmail about somebody else', mailTo({ from: 'MAILER-DAEMON@mx.test', body: qmail('boris@x.test') }), '', null],
    [
      'Exim',
      mailTo({
        from: 'Mail Delivery System <Mailer-Daemon@mx.test>',
        headers: ['Auto-Submitted: auto-replied'],
        body: exim,
      }),
      null,
      { kind: 'bounced', status: '5.0.0' },
    ],
    [
      'Exim, the recipient in the header alone',
      mailTo({
        from: 'Mailer-Daemon@mx.test',
        headers: [`X-Failed-Recipients: ${anna}`],
        body: 'This is a permanent error: 550 unknown user',
      }),
      '',
      { kind: 'bounced' },
    ],
    [
      'an old Exchange',
      mailTo({
        from: 'postmaster@parliament.test',
        body: `Your message did not reach some or all of the intended recipients.\n\n  ${anna} on 3/2/2026\n    The e-mail account does not exist. <mx.test #5.1.1>`,
      }),
      '',
      { kind: 'bounced', status: '5.1.1' },
    ],
    [
      'a warning',
      mailTo({
        from: 'MAILER-DAEMON@mx.test',
        body: `Warning: message has not yet been delivered to\n${anna}\nNo action is required.`,
      }),
      '',
      { kind: 'delayed' },
    ],
    [
      'a mail server that says something',
      mailTo({ from: 'postmaster@mx.test', body: 'Welcome to our server' }),
      null,
      null,
    ],
    ['the same words from a person', mailTo({ body: qmail(anna) }), anna, { kind: 'replied' }],
  ])('%s', async (_, raw, sender, expected) => {
    const found = await read(raw, sender);
    if (expected === null) expect(found).toBeNull();
    else expect(found).toMatchObject(expected);
  });
});

test.each<[string, string, object | null]>([
  [
    'abuse',
    `Feedback-Type: abuse\nUser-Agent: X/1\nVersion: 1\nOriginal-Rcpt-To: ${anna}`,
    { kind: 'complained', diagnostic: 'abuse' },
  ],
  ['no recipient named', 'Feedback-Type: abuse\nVersion: 1', { kind: 'complained' }],
  [
    'a recipient blacked out',
    'Feedback-Type: abuse\nOriginal-Rcpt-To: redacted@parliament.test',
    { kind: 'complained' },
  ],
  ['another recipient', 'Feedback-Type: abuse\nOriginal-Rcpt-To: boris@parliament.test', null],
  ['not spam after all', 'Feedback-Type: not-spam', null],
  ['a report about DKIM', 'Feedback-Type: auth-failure', null],
])('a complaint: %s', async (_, part, expected) => {
  const found = await read(reportTo('message/feedback-report', part, { from: 'fbl@provider.test' }));
  if (expected === null) expect(found).toBeNull();
  else expect(found).toMatchObject(expected);
});

test.each<[string, string[], string | null, 'auto_replied' | 'replied']>([
  ['Auto-Submitted', ['Auto-Submitted: auto-replied (vacation)'], anna, 'auto_replied'],
  ['generated', ['auto-submitted: AUTO-GENERATED'], anna, 'auto_replied'],
  ['Exchange', ['X-Auto-Response-Suppress: All'], anna, 'auto_replied'],
  ['an old responder', ['Precedence: auto_reply'], anna, 'auto_replied'],
  ['a ticket system', ['X-Autoreply: yes'], anna, 'auto_replied'],
  ['a list', ['List-Id: <press.parliament.test>'], anna, 'auto_replied'],
  ['an empty sender', [], '', 'auto_replied'],
  ['an empty Return-Path', ['Return-Path: <>'], null, 'auto_replied'],
  ['a person', [], anna, 'replied'],
  ['a person whose program says no', ['Auto-Submitted: no'], anna, 'replied'],
  ['a person of whom nobody knows the envelope', [], null, 'replied'],
  ['a person with a subject of machines', ['X-Subject: Out of office'], anna, 'replied'],
])('who answers: %s', async (_, headers, sender, kind) => {
  expect(await read(mailTo({ headers, body: 'Thank you for your letter.' }), sender)).toMatchObject({ kind });
});

test.each([
  ['550 5.1.1 x', '5.1.1'],
  ['#5.1.1', '5.1.1'],
  ['[192.5.1.1] said: 550 no', '5.0.0'],
  ['450-later', '4.0.0'],
  ['no 200 people, no', null],
  ['1.5.1.1', null],
  ['', null],
])('the status in %j', (text, status) => expect(enhancedStatus(text)).toBe(status));

// What backtracks over such a text needs hours for it: that the test comes to its end is what it proves.
test('a megabyte made to keep the parser busy is read', async () => {
  const hostile = 'a'.repeat(900_000);
  expect(await read(bare(failed(`Diagnostic-Code: smtp; ${hostile}`)))).toMatchObject({ kind: 'bounced' });
  await read(mailTo({ from: 'MAILER-DAEMON@mx.test', body: `${anna} ${hostile}` }), '');
  expect(await read(reportTo('message/feedback-report', `Feedback-Type: ${hostile}`))).toBeNull();
  expect(await read(dsn('\n \n '.repeat(100_000)))).toBeNull();
  expect(await read(dsn('\n'.repeat(500_000)))).toBeNull();
});
