import { type Meaning, meaningOf, type Stage } from '../src/mail/replies.js';
import { relayPause } from '../src/mail/back-off.js';
import { RelayTrouble } from '../src/mail/relay-trouble.js';

/** What servers say, as their makers' pages and sources have it; names and addresses are ours. */
const replies: [string, Stage, Meaning, string][] = [
  [
    'Postfix',
    'rcpt',
    'mail',
    '550 5.1.1 <anna@parliament.test>: Recipient address rejected: User unknown in local recipient table',
  ],
  [
    'Postfix',
    'rcpt',
    'mail',
    '450 4.1.1 <anna@parliament.test>: Recipient address rejected: unverified address: Address lookup failed',
  ],
  ['Postfix', 'rcpt', 'mail', '554 5.7.1 <anna@parliament.test>: Recipient address rejected: Access denied'],
  ['Postfix', 'rcpt', 'relay', '554 5.7.1 <anna@parliament.test>: Relay access denied'],
  ['Postfix', 'rcpt', 'relay', '454 4.7.1 <anna@parliament.test>: Relay access denied'],
  ['Postfix', 'rcpt', 'relay', '553 5.7.1 <mail@countersign.test>: Sender address rejected: not owned by user post'],
  ['Postfix', 'rcpt', 'relay', '554 5.7.1 <unknown[192.0.2.1]>: Client host rejected: Access denied'],
  ['Postfix', 'rcpt', 'relay', '554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.dnsbl.test'],
  ['Postfix', 'rcpt', 'relay', '450 4.7.1 <localhost>: Helo command rejected: Host not found'],
  [
    'Postfix',
    'rcpt',
    'later',
    '450 4.2.0 <anna@parliament.test>: Recipient address rejected: Greylisted, see help/parliament.test',
  ],
  ['Postfix', 'rcpt', 'throttle', '450 4.7.1 Error: too much mail from 192.0.2.1'],
  [
    'Postfix',
    'rcpt',
    'throttle',
    '450 4.7.1 <anna@parliament.test>: Recipient address rejected: Policy rejection; Message count quota exceeded',
  ],
  ['Postfix', 'mail', 'relay', '530 5.7.0 Must issue a STARTTLS command first'],
  ['Postfix', 'mail', 'mail', '552 5.3.4 Message size exceeds fixed limit'],
  ['Postfix', 'mail', 'relay', '452 4.3.1 Insufficient system storage'],
  ['Postfix', 'data', 'mail', '554 5.5.1 Error: no valid recipients'],
  ['Postfix', 'end', 'relay', '451 4.3.0 Error: queue file write error'],
  ['Postfix', 'end', 'mail', '554 5.4.6 Error: too many hops'],
  ['Postfix with a filter', 'end', 'mail', '554 5.7.1 Spam message rejected'],
  ['Postfix with a filter', 'end', 'later', '451 4.7.1 Try again later'],
  ['Exim', 'rcpt', 'relay', '550 relay not permitted'],
  ['Exim', 'rcpt', 'relay', '550 Sender verify failed'],
  ['Exim', 'rcpt', 'mail', '550 Unrouteable address'],
  ['Exim', 'rcpt', 'later', '451 Temporary local problem - please try later'],
  ['Exim', 'mail', 'relay', '452 space shortage, please try later'],
  ['Exim', 'rcpt', 'throttle', '421 Too many concurrent SMTP connections; please try again later.'],
  [
    'Exim',
    'rcpt',
    'throttle',
    '550 Domain countersign.test has exceeded the max emails per hour (150/150 (100%)) allowed. Message discarded.',
  ],
  ['Exim', 'end', 'mail', '552 Message size exceeds maximum permitted'],
  ['Sendmail', 'rcpt', 'relay', '550 5.7.1 <anna@parliament.test>... Relaying denied'],
  ['Sendmail', 'mail', 'relay', '553 5.1.8 <mail@countersign.test>... Domain of sender address does not exist'],
  ['Exchange', 'rcpt', 'relay', '550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain'],
  ['Exchange', 'rcpt', 'relay', '550 5.7.1 Unable to relay'],
  ['Exchange', 'rcpt', 'mail', '550 5.4.1 Recipient address rejected: Access denied. AS(201806281)'],
  [
    'Exchange',
    'rcpt',
    'mail',
    '550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required; Delivery restriction check failed',
  ],
  ['Exchange', 'end', 'relay', '550 5.7.60 SMTP; Client does not have permissions to send as this sender'],
  [
    'Office 365',
    'end',
    'relay',
    '554 5.2.252 SendAsDenied; post@countersign.test not allowed to send as mail@countersign.test',
  ],
  ['Office 365', 'rcpt', 'relay', '550 5.1.8 Access denied, bad outbound sender AS(123)'],
  ['Office 365', 'rcpt', 'relay', '550 5.7.64 TenantAttribution; Relay Access Denied'],
  ['Office 365', 'rcpt', 'relay', '550 5.7.606 Access denied, banned sending IP [192.0.2.1]'],
  [
    'Office 365',
    'end',
    'throttle',
    '550 5.1.90 Your message can’t be sent because you’ve reached your daily limit for message recipients',
  ],
  ['Office 365', 'end', 'throttle', '550 5.7.705 Access denied, tenant has exceeded threshold'],
  [
    'Office 365',
    'end',
    'throttle',
    '554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; Failed to process message',
  ],
  ['Office 365', 'end', 'throttle', '432 4.3.2 Concurrent connections limit exceeded. Visit https://help.test'],
  ['Office 365', 'rcpt', 'throttle', '451 4.7.500 Server busy. Please try again later'],
  [
    'Gmail',
    'rcpt',
    'mail',
    "550-5.1.1 The email account that you tried to reach does not exist. Please try\n550-5.1.1 double-checking the recipient's email address\n550 5.1.1 for typos",
  ],
  ['Gmail', 'rcpt', 'mail', '550 5.2.1 The email account that you tried to reach is disabled.'],
  [
    'Gmail',
    'rcpt',
    'mail',
    '450 4.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages',
  ],
  ['Gmail', 'rcpt', 'later', "452 4.2.2 The recipient's inbox is out of storage space and inactive."],
  ['Gmail', 'rcpt', 'later', '552 5.2.2 The email account that you tried to reach is over quota.'],
  ['Gmail', 'rcpt', 'throttle', '550 5.4.5 Daily user sending limit exceeded.'],
  ['Gmail', 'end', 'throttle', '550-5.7.28 Our system has detected an unusual rate of unsolicited mail'],
  ['Gmail', 'end', 'relay', '550-5.7.26 This mail has been blocked because the sender is unauthenticated.'],
  ['Gmail', 'mail', 'relay', "550-5.7.1 Invalid credentials for relay [192.0.2.1]. The IP address you've registered"],
  ['Gmail', 'rcpt', 'relay', '550 5.7.0 Mail relay denied [192.0.2.1]. Invalid credentials'],
  [
    'Gmail',
    'end',
    'mail',
    '552-5.7.0 This message was blocked because its content presents a potential security issue.',
  ],
  ['Gmail', 'end', 'throttle', '421 4.7.0 Try again later, closing connection.'],
  ['SES', 'data', 'throttle', '454 Throttling failure: Maximum sending rate exceeded.'],
  ['SES', 'end', 'throttle', '454 Throttling failure: Daily message quota exceeded.'],
  [
    'SES',
    'end',
    'relay',
    '554 Message rejected: Email address is not verified. The following identities failed the check in region EU-WEST-1: <mail@countersign.test>',
  ],
  ['SES', 'end', 'relay', '554 Message rejected: Sending suspended for this account.'],
  [
    'SES',
    'end',
    'relay',
    '554 Access denied: User `arn:aws:iam::1:user/post` is not authorized to perform `ses:SendRawEmail`',
  ],
  ['any', 'end', 'throttle', '454 4.7.0 Try again'],
  ['any', 'rcpt', 'throttle', '452 Requested action not taken: insufficient system storage'],
  ['any', 'rcpt', 'later', '552 Requested mail action aborted: exceeded storage allocation'],
  ['any', 'rcpt', 'later', '550 Mailbox full'],
  ['any', 'end', 'later', '554 Temporarily unavailable, try again later'],
  ['any', 'mail', 'relay', '550 5.7.1 We do not like you'],
  ['any', 'rcpt', 'relay', '550 5.3.0 Our disk is broken'],
  ['any', 'rcpt', 'relay', '503 Bad sequence of commands'],
  ['any', 'rcpt', 'mail', '550 No'],
  ['any', 'end', 'mail', '554 Transaction failed'],
];

test.each(replies)('%s, at %s: about %s: %s', (_, stage, meaning, text) => {
  expect(meaningOf({ code: Number(text.slice(0, 3)), text, stage })).toBe(meaning);
});

// She chooses her address and runs her own server; neither may stop everybody's mail.
test.each([
  '550 <relay-access-denied@evil.test>: no such user',
  '550 "too many messages"@evil.test unknown',
  '550 <"too many messages"@evil.test>: unknown',
  '550 5.1.1 <x@evil.test>: Recipient address rejected: undeliverable address: host mx.evil.test said: 550 Relaying denied',
  '550 x@evil.test: verification failed: mx.evil.test said: 454 4.7.0 rate limit exceeded, try again in 240 minutes',
])('a stranger brings the relay to no rest: %s', (text) => {
  expect(meaningOf({ code: 550, text, stage: 'rcpt' })).toBe('mail');
});

test.each([
  [1, '', 5],
  [4, '', 40],
  [99, '', 300],
  [1, '450 4.7.1 too many messages, try again in 10 minutes', 600],
  [1, '421 try again after 2 hours', 3600],
  [9, 'wait for 30 seconds', 300],
])('after %d failures and “%s” it is left alone for %d s', (failures, reply, seconds) => {
  expect(relayPause(failures, reply)).toBe(seconds);
});

describe('a relay', () => {
  const refusal = { result: 'deferred', code: 550, reply: '550 no', trouble: 'relay' } as const;
  const accepted = { result: 'accepted', code: 250 } as const;

  test('that does not serve us pauses, longer each time, until it answers for a mail', () => {
    const trouble = new RelayTrouble('a');
    expect(trouble.heed(refusal, '')).toBe(true);
    expect(trouble.secondsLeft).toBe(5);
    trouble.tryNow();
    trouble.heed(refusal, '');
    expect(trouble.view()).toMatchObject({ failures: 2, lastError: '550 no' });
    expect(trouble.secondsLeft).toBe(10);
    trouble.heed(accepted, '');
    expect(trouble.view()).toBeNull();
    expect(trouble.paused).toBe(false);
  });

  test('is not told by an address, nor by a server further on, how long to rest', () => {
    const long = [
      '450 4.7.1 too many messages for 24h@evil.test',
      '450 slow down; mx.evil.test said: try again in 59 minutes',
    ];
    for (const reply of long) {
      const trouble = new RelayTrouble('a');
      trouble.heed({ ...refusal, trouble: 'throttle', reply }, '24h@evil.test');
      expect(trouble.secondsLeft).toBe(5);
      expect(trouble.view()!.lastError).not.toContain('24h');
    }
  });

  test('that wants less gets its rest, though it still takes what is in hand', () => {
    const trouble = new RelayTrouble('a');
    trouble.heed({ ...refusal, trouble: 'throttle', reply: '450 too many messages, try again in 20 minutes' }, '');
    trouble.heed(accepted, '');
    expect(trouble.secondsLeft).toBe(1200);
    trouble.tryNow();
    trouble.heed(accepted, '');
    expect(trouble.view()).toBeNull();
  });
});
