import { Logger } from '@nestjs/common';
import fc from 'fast-check';
import { createHmac } from 'node:crypto';
import { createTransport } from 'nodemailer';
import { connect } from 'node:net';
import { v7 as uuidv7 } from 'uuid';
import { MailKinds } from '../src/mail/mail-kinds.js';
import { relayFromUrl } from '../src/mail/relay.js';
import { ReturnAddresses } from '../src/mail/return-addresses.js';
import { SmtpDelivery } from '../src/mail/smtp.delivery.js';
import { parsed, Returns } from '../src/returns/returns.service.js';
import { SmtpReceiver } from '../src/returns/smtp-receiver.js';
import type { TestApp } from './support/app.js';
import { letter, postOffice, startMailApp } from './support/mails.js';
import { anna, dsn, mailTo, postfixFailed } from './support/returned-mails.js';
import { until } from './support/server.js';
import { type Sink, startSink } from './support/sink.js';

const secret = 'a secret of more than thirty-two characters';
let app: TestApp;
let sink: Sink;
let post: ReturnType<typeof postOffice>;
let port: number;
const told: { id: string; kind: string }[] = [];

interface Fact {
  kind: string;
  status: string | null;
  diagnostic: string | null;
  attempt_id: string | null;
  source: string;
}
const facts = () => app.database.query<Fact[]>('SELECT * FROM mail_returns ORDER BY returned_at');
const addressOf = ({ id }: { id: string }) => app.get(ReturnAddresses).of(id)!;
const take = (raw: Buffer, recipient?: string, sender = '') =>
  app.get(Returns).take({ raw, source: 'smtp', sender, recipient });

/** A letter that a server has taken. */
async function sent(recipient = anna) {
  const mail = letter({ recipient });
  await post.enqueue(mail);
  await post.drain();
  return mail;
}

beforeAll(async () => {
  sink = await startSink();
  app = await startMailApp(sink.url, { RETURN_DOMAIN: 'Returns.Countersign.test', RETURN_WEBHOOK_SECRET: secret });
  post = postOffice(app);
  app.get(MailKinds).register({
    name: 'letter',
    inDoubt: 'hold',
    returned: async (_, { id }, { kind }) => void told.push({ id, kind }),
  });
  port = await app.get(SmtpReceiver).listen(0);
});
beforeEach(async () => {
  told.length = 0;
  sink.mails = [];
  sink.mishap = () => undefined;
  await app.database.query('DELETE FROM outbox');
});
afterAll(async () => {
  await app.close();
  await sink.close();
});

describe('the return address', () => {
  test('is the envelope sender of a letter, of every attempt, and nowhere in its bytes', async () => {
    const mail = letter();
    await post.enqueue(mail);
    sink.mishap = ({ to }) => (to ? { at: 'end', code: 451 } : undefined);
    await post.drain();
    sink.mishap = () => undefined;
    await post.dueNow();
    await post.drain();
    expect(sink.mails.map(({ from }) => from)).toEqual([addressOf(mail), addressOf(mail)]);
    expect(addressOf(mail)).toMatch(/^returns\+[a-z2-7]{42}@returns\.countersign\.test$/);
    expect(sink.mails.map(({ raw }) => raw)).toEqual([mail.raw, mail.raw]);
  });

  test('comes with the wish to be told of failures and delays, and for whom', async () => {
    const asked: unknown[] = [];
    const server = await startSink({
      more: {
        hideDSN: false,
        onRcptTo({ address, ...rest }, { envelope }, done) {
          asked.push([address, rest, (envelope as { dsn?: unknown }).dsn]);
          done();
        },
      },
    });
    const delivery = new SmtpDelivery(relayFromUrl(server.url));
    const mail = { id: 'i', attemptId: 'attempt-1', createdAt: new Date(), from: 'r@x.test', bytes: Buffer.from('x') };
    await delivery.deliver({ ...mail, to: anna, reports: true }, async () => undefined);
    await delivery.deliver({ ...mail, to: anna }, async () => undefined);
    await delivery.close();
    await server.close();
    const dsnOf = (notify?: string[], orcpt?: string) =>
      expect.objectContaining({ dsn: expect.objectContaining({ notify, orcpt }) });
    expect(asked).toEqual([
      [
        anna,
        dsnOf(['FAILURE', 'DELAY'], `rfc822;${anna}`),
        expect.objectContaining({ ret: 'HDRS', envid: 'attempt-1' }),
      ],
      [anna, expect.not.objectContaining({ dsn: expect.anything() }), expect.objectContaining({ ret: 'HDRS' })],
    ]);
  });

  test('is read whatever the case, and by this server alone', () => {
    const addresses = app.get(ReturnAddresses);
    fc.assert(
      fc.property(fc.uuid(), (id) => {
        const address = addresses.of(id)!;
        expect(address.split('@')[0]!.length).toBe(50);
        expect(addresses.read(address.toUpperCase())).toBe(id);
        expect(addresses.read(address.replace('returns.', 'other.'))).toBeNull();
      }),
    );
  });

  test('any other spelling of it is none', () => {
    const addresses = app.get(ReturnAddresses);
    const address = addresses.of(uuidv7())!;
    const letters = 'abcdefghijklmnopqrstuvwxyz234567';
    fc.assert(
      fc.property(fc.nat(41), fc.constantFrom(...letters), (place, other) => {
        const at = 'returns+'.length + place;
        const changed = address.slice(0, at) + other + address.slice(at + 1);
        expect(addresses.read(changed) !== null).toBe(changed === address);
      }),
      { numRuns: 2000 },
    );
    fc.assert(fc.property(fc.string({ maxLength: 80 }), (text) => expect(addresses.read(text)).toBeNull()));
    for (const wrong of [
      address.replace('+', '-'),
      ` ${address}`,
      `${address}.`,
      address.replace('@', 'a@'),
      '@',
      '',
    ]) {
      expect(addresses.read(wrong)).toBeNull();
    }
  });
});

describe('what comes back', () => {
  test('a bounce is a fact beside the mail, which stays accepted', async () => {
    const mail = await sent();
    const [{ attempt_id: attemptId }] = await app.database.query('SELECT attempt_id FROM attempts');
    const raw = dsn(`Original-Envelope-Id: ${attemptId}\n${postfixFailed()}`);
    expect(await take(raw, addressOf(mail))).toBe('recorded');
    expect(await facts()).toMatchObject([
      { kind: 'bounced', status: '5.1.1', attempt_id: attemptId, source: 'smtp', outbox_id: mail.id },
    ]);
    expect(told).toEqual([{ id: mail.id, kind: 'bounced' }]);
    expect((await post.row(mail)).state).toBe('accepted');
  });

  test('a bounce may be faster than the answer to the hand-over: it is of the attempt under way', async () => {
    const mail = letter();
    await post.enqueue(mail);
    sink.mishap = () => ({ at: 'end', delay: 700 });
    const sending = post.drain();
    const under = `SELECT attempt_id FROM outbox WHERE state = 'handing_over'`;
    const [{ attempt_id: attemptId }] = await until('the mail is handed over', async () => {
      const rows = await app.database.query<{ attempt_id: string }[]>(under);
      return rows.length > 0 && (rows as [{ attempt_id: string }]);
    });
    expect(await take(dsn(`Original-Envelope-Id: ${attemptId}\n${postfixFailed()}`), addressOf(mail))).toBe('recorded');
    await sending;
    expect(await facts()).toMatchObject([{ kind: 'bounced', attempt_id: attemptId, outbox_id: mail.id }]);
    expect((await post.row(mail)).state).toBe('accepted');
  });

  test('the same report counts once, whichever way and however often at once it comes', async () => {
    const mail = await sent();
    const to = addressOf(mail);
    const raw = dsn(postfixFailed(), { to });
    const again = Buffer.from(
      raw.toString().replace('Received: from', 'Received: from another by x; y\r\nReceived: from'),
    );
    const taken = await Promise.all([take(raw, to), take(again, to), take(raw, to), take(again)]);
    expect(taken.toSorted()).toEqual(['known', 'known', 'known', 'recorded']);
    const nameless = Buffer.from(again.toString().replace(/Message-ID:.*\r\n/, ''));
    expect([await take(nameless, to), await take(nameless, to)]).toEqual(['recorded', 'known']);
    expect(told).toHaveLength(2);
  });

  test('of a mail of nothing but line ends only the beginning is read', async () => {
    const head = Buffer.from('Subject: x\r\n\r\n');
    const email = await parsed(Buffer.concat([head, Buffer.from('line\n'.repeat(50_000))]));
    expect(email!.text!.split('\n').length).toBeLessThanOrEqual(5000);
  });

  test('what only names a Message-ID does not crowd out what comes to the address', async () => {
    const mail = await sent();
    const domain = app.settings.MAIL_FROM.replace(/^.*@|>$/g, '');
    const cites = { headers: [`In-Reply-To: <${mail.id}@${domain}>`] };
    const taken: string[] = [];
    for (let n = 0; n < 21; n += 1) {
      const raw = mailTo({ id: `c${n}@x.test`, ...cites });
      taken.push(
        await app.get(Returns).take({ raw, source: 'webhook', sender: anna, recipient: 'office@elsewhere.test' }),
      );
    }
    expect([taken[0], taken[19], taken[20]]).toEqual(['recorded', 'recorded', 'known']);
    expect(await take(mailTo({ id: 'real@x.test' }), addressOf(mail), anna)).toBe('recorded');
  });

  test('one mail does not fill the table', async () => {
    const mail = await sent();
    for (let n = 0; n < 25; n += 1) await take(mailTo({ id: `m${n}@x.test` }), addressOf(mail), anna);
    expect(await facts()).toHaveLength(20);
    expect(await take(dsn(postfixFailed(), { to: addressOf(mail) }), addressOf(mail))).toBe('recorded');
    expect((await facts()).map(({ kind }) => kind)).toContain('bounced');
  });

  test('the address in the head will do where the feed knows no envelope', async () => {
    const mail = await sent();
    expect(await take(mailTo({ to: `Olga <${addressOf(mail)}>` }), undefined, anna)).toBe('recorded');
    const other = await sent();
    const delivered = mailTo({ to: 'x@y.test', id: 'm2@x.test', headers: [`Delivered-To: ${addressOf(other)}`] });
    expect(await take(delivered, undefined, anna)).toBe('recorded');
    expect((await facts()).map(({ kind }) => kind)).toEqual(['replied', 'replied']);
  });

  test('of what a person wrote nothing is kept', async () => {
    const mail = await sent();
    await take(
      mailTo({ from: 'Secret Assistant <secret@parliament.test>', body: 'strictly private words' }),
      addressOf(mail),
      anna,
    );
    expect(JSON.stringify(await facts())).not.toMatch(/secret|private|Wetlands/i);
    expect(await facts()).toMatchObject([{ kind: 'replied', status: null, diagnostic: null }]);
  });

  test('the log has no word of it', async () => {
    const said = jest.spyOn(Logger.prototype, 'log');
    const cried = jest.spyOn(Logger.prototype, 'error');
    const mail = await sent();
    await take(mailTo({ from: 'secret@parliament.test', body: 'private words' }), addressOf(mail), anna);
    await take(dsn(postfixFailed(), { id: 'm2@x.test' }), addressOf(mail));
    await take(Buffer.from('rubbish of secret@parliament.test'), 'secret@parliament.test');
    const lines = JSON.stringify([...said.mock.calls, ...cried.mock.calls]);
    expect(lines).toContain('bounced by smtp: recorded');
    expect(lines).not.toMatch(/secret|private|anna|parliament|returns\+|Wetlands|rubbish/i);
    expect(lines).not.toContain(mail.id);
    jest.restoreAllMocks();
  });

  test('nothing that comes back makes us send anything', async () => {
    const mail = await sent();
    sink.mails = [];
    for (const [n, headers] of [
      ['Auto-Submitted: auto-replied'],
      ['Return-Path: <>'],
      ['Precedence: bulk'],
      [],
    ].entries()) {
      await take(mailTo({ id: `loop${n}@x.test`, headers, from: addressOf(mail) }), addressOf(mail));
    }
    await take(dsn(postfixFailed(), { id: 'loop9@x.test' }), addressOf(mail));
    expect(await facts()).toHaveLength(5);
    expect(await post.drain()).toBe(0);
    expect(sink.mails).toEqual([]);
    expect(await app.database.query('SELECT id FROM outbox')).toEqual([{ id: mail.id }]);
  });
});

describe('a forged report changes nothing', () => {
  const outcome = async (raw: Buffer, recipient?: string) => [await take(raw, recipient), await facts(), [...told]];
  const unchanged = ['nothing', [], []];

  test('to a made-up address, with everything else right', async () => {
    const mail = await sent();
    const [{ attempt_id: attemptId }] = await app.database.query('SELECT attempt_id FROM attempts');
    const forged = dsn(`Original-Envelope-Id: ${attemptId}\n${postfixFailed()}`, {
      headers: [`In-Reply-To: <${mail.id}@countersign.test>`],
    });
    const right = addressOf(mail);
    const flipped = right.replace(/.(?=@)/, (last) => (last === 'a' ? 'q' : 'a'));
    for (const to of [flipped, right.replace(/@.*/, '@evil.test'), 'returns@returns.countersign.test', '', mail.id]) {
      expect(await outcome(forged, to)).toEqual(unchanged);
    }
    expect(
      await outcome(mailTo({ to: 'mail@countersign.test', headers: [`In-Reply-To: <${mail.id}@countersign.test>`] })),
    ).toEqual(unchanged);
  });

  test('the right address in the words or in a name, not in the place of an address', async () => {
    const mail = await sent();
    expect(
      await outcome(mailTo({ to: 'x@y.test', headers: [`X-Note: ${addressOf(mail)}`], body: addressOf(mail) })),
    ).toEqual(unchanged);
    expect(await outcome(dsn(postfixFailed(), { to: addressOf(mail) }), 'someone@returns.countersign.test')).toEqual(
      unchanged,
    );
  });

  test('about another recipient than the one of that letter', async () => {
    const mail = await sent('boris@parliament.test');
    expect(await outcome(dsn(postfixFailed(anna)), addressOf(mail))).toEqual(unchanged);
  });

  test('about a mail that was never handed over, or is not there', async () => {
    const waiting = letter({ notBefore: new Date(Date.now() + 3_600_000) });
    await post.enqueue(waiting);
    expect(await outcome(dsn(postfixFailed()), addressOf(waiting))).toEqual(unchanged);
    expect(await outcome(dsn(postfixFailed()), addressOf({ id: uuidv7() }))).toEqual(unchanged);
  });

  test('about a mail of a kind that has no returns', async () => {
    app.get(MailKinds).register({ name: 'plain', inDoubt: 'hold' });
    const mail = letter({ kind: 'plain' });
    await post.enqueue(mail);
    await post.drain();
    expect(sink.mails[0]!.from).toBe('mail@countersign.test');
    expect(await outcome(dsn(postfixFailed()), addressOf(mail))).toEqual(unchanged);
  });

  test('an attempt of another mail is not believed', async () => {
    const [mail] = [await sent(), await sent('boris@parliament.test')];
    const [{ attempt_id: other }] = await app.database.query('SELECT attempt_id FROM attempts WHERE outbox_id <> $1', [
      mail.id,
    ]);
    await take(dsn(`Original-Envelope-Id: ${other}\n${postfixFailed()}`), addressOf(mail));
    expect(await facts()).toMatchObject([{ kind: 'bounced', attempt_id: null }]);
  });
});

describe('the receiver', () => {
  const client = (more: object = {}) =>
    createTransport({ host: '127.0.0.1', port, ignoreTLS: true, ...more } as object);
  const give = (raw: Buffer, to: string | string[], from = '') =>
    client().sendMail({ envelope: { from, to }, raw }) as Promise<{ response: string; rejected: string[] }>;

  test('takes a bounce from a socket, and the fact is there when it says 250', async () => {
    const mail = await sent();
    expect(await give(dsn(postfixFailed()), addressOf(mail))).toMatchObject({
      response: expect.stringContaining('250'),
    });
    expect(await facts()).toMatchObject([{ kind: 'bounced', source: 'smtp' }]);
  });

  test('takes an out-of-office note and a reply', async () => {
    const mail = await sent();
    await give(mailTo({ id: 'a@x.test', headers: ['Auto-Submitted: auto-replied'] }), addressOf(mail));
    await give(mailTo({ id: 'b@x.test' }), addressOf(mail), anna);
    expect((await facts()).map(({ kind }) => kind)).toEqual(['auto_replied', 'replied']);
  });

  test('relays nothing and knows nobody else', async () => {
    const mail = await sent();
    sink.mails = [];
    for (const to of [
      'olga@example.org',
      'returns@returns.countersign.test',
      `returns+${'a'.repeat(42)}@returns.countersign.test`,
    ]) {
      await expect(give(mailTo(), to)).rejects.toMatchObject({ responseCode: 550 });
    }
    const two = await give(mailTo(), [addressOf(mail), 'olga@example.org']);
    expect(two.rejected).toEqual(['olga@example.org']);
    expect(sink.mails).toEqual([]);
  });

  test('huge mail is refused, told or not', async () => {
    const mail = await sent();
    const huge = mailTo({ body: 'x\n'.repeat(700_000) });
    await expect(give(huge, addressOf(mail))).rejects.toMatchObject({ responseCode: 552 });
    const answer = await dialogue([
      'EHLO x.test',
      'MAIL FROM:<>',
      `RCPT TO:<${addressOf(mail)}>`,
      'DATA',
      `${huge.toString()}\r\n.`,
    ]);
    expect(answer.at(-1)).toMatch(/^552/);
    expect(await facts()).toEqual([]);
  });

  test('offers no password and no TLS of its own making', async () => {
    const [, ehlo] = await dialogue(['EHLO x.test']);
    expect(ehlo).not.toMatch(/AUTH|STARTTLS/);
    expect(ehlo).toContain('SIZE 1048576');
  });

  test('a hundred at once: some are told to come again, all that got 250 are there', async () => {
    const mails = await Promise.all(Array.from({ length: 15 }, () => sent()));
    const answers = await Promise.allSettled(
      Array.from({ length: 100 }, (_, n) => give(mailTo({ id: `c${n}@x.test` }), addressOf(mails[n % 15]!), anna)),
    );
    const taken = answers.filter(({ status }) => status === 'fulfilled').length;
    expect(await facts()).toHaveLength(taken);
    expect(taken).toBeGreaterThan(0);
    const refusals = answers.flatMap((each) => (each.status === 'rejected' ? [each.reason.responseCode] : []));
    expect(refusals.every((code) => code === 421)).toBe(true);
    expect(refusals.length).toBeGreaterThan(0);
  });

  test('when the fact cannot be written the sender is told to keep the mail', async () => {
    const mail = await sent();
    await app.database.query('ALTER TABLE mail_returns RENAME TO away');
    try {
      await expect(give(dsn(postfixFailed()), addressOf(mail))).rejects.toMatchObject({ responseCode: 451 });
    } finally {
      await app.database.query('ALTER TABLE away RENAME TO mail_returns');
    }
    await give(dsn(postfixFailed()), addressOf(mail));
    expect(await facts()).toHaveLength(1);
  });

  /** Raw lines, each after the answer to the one before. */
  function dialogue(lines: string[]): Promise<string[]> {
    return new Promise((resolve, reject) => {
      const answers: string[] = [];
      const socket = connect(port, '127.0.0.1').setEncoding('utf8').on('error', reject);
      let heard = '';
      socket.on('data', (data) => {
        heard += String(data);
        if (!/^\d{3} .*\r\n$/m.test(heard)) return;
        answers.push(heard);
        heard = '';
        const next = lines.shift();
        if (next !== undefined) return void socket.write(`${next}\r\n`);
        socket.destroy();
        resolve(answers);
      });
    });
  }
});

describe('the webhook', () => {
  const now = () => Math.floor(Date.now() / 1000);
  const call = (
    payload: Buffer,
    { time = String(now()), by = secret, proof }: { time?: string; by?: string; proof?: string } = {},
  ) =>
    app.inject({
      method: 'POST',
      url: '/api/v1/returns',
      payload,
      headers: {
        'content-type': 'message/rfc822',
        'countersign-timestamp': time,
        'countersign-signature': proof ?? createHmac('sha256', by).update(`${time}.`).update(payload).digest('hex'),
      },
    });

  test('takes a signed mail, and a replay within its time changes nothing more', async () => {
    const raw = dsn(postfixFailed(), { to: addressOf(await sent()) });
    const time = String(now());
    expect((await call(raw, { time })).json()).toEqual({ taken: 'recorded' });
    expect((await call(raw, { time })).json()).toEqual({ taken: 'known' });
    expect(await facts()).toMatchObject([{ kind: 'bounced', source: 'webhook' }]);
  });

  test('refuses what is not signed, not signed now, or signed for something else', async () => {
    const raw = dsn(postfixFailed(), { to: addressOf(await sent()) });
    const other = createHmac('sha256', secret).update(`${now()}.`).update('another').digest('hex');
    const refusals = [
      await call(raw, { by: 'another secret of more than thirty-two' }),
      await call(raw, { time: String(now() - 301) }),
      await call(raw, { time: String(now() + 301) }),
      await call(raw, { time: '' }),
      await call(raw, { time: 'NaN' }),
      await call(raw, { proof: '' }),
      await call(raw, { proof: 'ab' }),
      await call(raw, { proof: other }),
    ];
    expect(refusals.map(({ statusCode }) => statusCode)).toEqual(refusals.map(() => 401));
    expect(await facts()).toEqual([]);
  });

  test('a right signature does not make a forged address right', async () => {
    await sent();
    expect((await call(dsn(postfixFailed(), { to: 'returns@x.test' }))).json()).toEqual({ taken: 'nothing' });
  });

  test('what is too large or no mail is refused', async () => {
    expect((await call(Buffer.alloc(1024 * 1024 + 1, 'x'))).statusCode).toBe(413);
    const headers = { 'countersign-timestamp': String(now()), 'countersign-signature': 'x' };
    expect((await app.inject({ method: 'POST', url: '/api/v1/returns', payload: {}, headers })).statusCode).toBe(400);
  });
});

test('without RETURN_DOMAIN the sender stays, nothing is taken, and no door is open', async () => {
  const plain = await startMailApp(sink.url);
  try {
    const its = postOffice(plain);
    plain.get(MailKinds).register({ name: 'letter', inDoubt: 'hold', returned: async () => undefined });
    const mail = letter();
    await its.enqueue(mail);
    await its.drain();
    expect(sink.mails.map(({ from }) => from)).toEqual(['mail@countersign.test']);
    expect(plain.get(ReturnAddresses).of(mail.id)).toBeNull();
    expect(plain.get(ReturnAddresses).read(addressOf(mail).replace(/@.*/, '@undefined'))).toBeNull();
    expect((await plain.inject({ method: 'POST', url: '/api/v1/returns' })).statusCode).toBe(404);
  } finally {
    await plain.close();
  }
});
