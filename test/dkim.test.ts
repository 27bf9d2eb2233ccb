import fc from 'fast-check';
import { createHash, createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSettings } from '../src/config/settings.js';
import { renderMail } from '../src/mail/compose.js';
import { Dkim } from '../src/mail/dkim.js';
import type { TestApp } from './support/app.js';
import { confirmation, postOffice, startMailApp } from './support/mails.js';
import { type Sink, startSink } from './support/sink.js';

const folders: string[] = [];
const folder = () => {
  folders.push(mkdtempSync(join(tmpdir(), 'countersign-test-')));
  mkdirSync(join(folders.at(-1)!, 'keys'));
  return folders.at(-1)!;
};
afterAll(() => folders.forEach((each) => rmSync(each, { recursive: true })));

const dkimIn = (DATA_DIR: string, more: Record<string, string> = {}) =>
  new Dkim(loadSettings({ DATA_DIR, DKIM_SELECTOR: 'cs1', MAIL_FROM: 'Us <mail@Countersign.test>', ...more }));

const mail = (subject = 'Über Zäune') =>
  renderMail(
    {
      to: 'anna@parliament.test',
      subject,
      text: 'Dear Anna,\r\n\r\n\tone  two \r\n\r\n\r\n',
      replyTo: 'org@countersign.test',
    },
    { id: '01900000-0000-7000-8000-000000000000', date: new Date(0), from: 'Us <mail@countersign.test>' },
  );

/** By RFC 6376, 3.4.2, 3.4.4 and 3.7, and with no line of the library that signs. @returns the tags, or null if it is not genuine */
function check(signed: Buffer, publicKey: string): Map<string, string> | null {
  const text = signed.toString('latin1');
  const end = text.indexOf('\r\n\r\n');
  const fields = text
    .slice(0, end + 2)
    .split(/\r\n(?![ \t])/)
    .filter(Boolean);
  const relaxed = (field: string) => {
    const at = field.indexOf(':');
    const value = field
      .slice(at + 1)
      .replaceAll('\r\n', '')
      .replaceAll(/[ \t]+/g, ' ')
      .trim();
    return `${field.slice(0, at).trim().toLowerCase()}:${value}`;
  };
  const own = fields.find((field) => /^dkim-signature:/i.test(field))!;
  const tags = new Map(
    own
      .slice(own.indexOf(':') + 1)
      .split(';')
      .map((tag) => {
        const at = tag.indexOf('=');
        return [tag.slice(0, at).trim(), tag.slice(at + 1).replaceAll(/\s/g, '')];
      }),
  );
  const lines = text
    .slice(end + 4)
    .split('\r\n')
    .map((line) => line.replaceAll(/[ \t]+/g, ' ').replace(/ $/, ''));
  while (lines.at(-1) === '') lines.pop();
  const body = lines.length > 0 ? `${lines.join('\r\n')}\r\n` : '';
  if (createHash('sha256').update(body, 'latin1').digest('base64') !== tags.get('bh')) return null;
  const rest = [...fields];
  const heads = tags
    .get('h')!
    .split(':')
    .flatMap((name) => {
      const at = rest.findLastIndex((field) => field.toLowerCase().startsWith(`${name.toLowerCase()}:`));
      return at < 0 ? [] : [`${relaxed(rest.splice(at, 1)[0]!)}\r\n`];
    });
  const input = heads.join('') + relaxed(own.replace(/([;\s]b=)[^;]*/, '$1'));
  const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
  return verify('sha256', Buffer.from(input, 'latin1'), key, Buffer.from(tags.get('b')!, 'base64')) ? tags : null;
}

describe('the signature of a mail', () => {
  test('is genuine, names our domain and key, and is over every header that a receiver shows', async () => {
    const dkim = dkimIn(folder());
    const signed = await dkim.sign(await mail());
    const tags = check(signed, dkim.published!.publicKey)!;
    expect(Object.fromEntries(tags)).toMatchObject({ v: '1', a: 'rsa-sha256', d: 'countersign.test', s: 'cs1' });
    expect(tags.get('h')!.toLowerCase().split(':')).toEqual(
      expect.arrayContaining(['from', 'to', 'subject', 'date', 'message-id', 'reply-to']),
    );
    expect(tags.has('l')).toBe(false);
    expect(dkim.published!.name).toBe('cs1._domainkey.countersign.test');
    expect(signed.subarray(-(await mail()).length)).toEqual(await mail());
  });

  test.each([
    ['the text', (text: string) => text.replace('Anna,', 'Anno,')],
    ['the subject', (text: string) => text.replace(/Subject: .*/, 'Subject: Another')],
    ['who answers are for', (text: string) => text.replace('org@', 'evil@')],
  ])('does not hold when %s is changed', async (_, change) => {
    const dkim = dkimIn(folder());
    const signed = await dkim.sign(await mail());
    const changed = Buffer.from(change(signed.toString('latin1')), 'latin1');
    expect(changed.equals(signed)).toBe(false);
    expect(check(changed, dkim.published!.publicKey)).toBeNull();
  });

  test('holds for any text', async () => {
    const dkim = dkimIn(folder());
    const piece = fc.constantFrom(' ', '\t', '\r\n', '\r\n\r\n', 'a', 'سلام', '.', '=20');
    await fc.assert(
      fc.asyncProperty(fc.array(piece), fc.array(piece), async (body, subject) => {
        const raw = `Subject:${subject.join('').replaceAll(/(\r\n)+/g, '\r\n ')}x\r\nFrom: a@b.example\r\n\r\n${body.join('')}`;
        const signed = await dkim.sign(Buffer.from(raw));
        expect(check(signed, dkim.published!.publicKey)).not.toBeNull();
      }),
      { numRuns: 150 },
    );
  });

  test('does not hold when a second subject is put in', async () => {
    const dkim = dkimIn(folder());
    const signed = (await dkim.sign(await mail())).toString('latin1');
    const at = signed.indexOf('From:');
    const changed = Buffer.from(`${signed.slice(0, at)}Subject: Another\r\n${signed.slice(at)}`, 'latin1');
    expect(check(changed, dkim.published!.publicKey)).toBeNull();
  });

  test('is the same for the same mail, also from another process, and the key is for the owner only', async () => {
    const where = folder();
    const [one, two] = [dkimIn(where), dkimIn(where)];
    expect(await one.sign(await mail())).toEqual(await two.sign(await mail()));
    expect(statSync(join(where, 'keys/dkim-cs1.pem')).mode & 0o777).toBe(0o600);
  });

  test('is left out without a selector', async () => {
    const dkim = dkimIn(folder(), { DKIM_SELECTOR: '' });
    expect(await dkim.sign(await mail())).toEqual(await mail());
    expect(dkim.published).toBeNull();
  });

  test.each([
    ['too short', () => generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey],
    ['of another kind', () => generateKeyPairSync('ed25519').privateKey],
  ])('is not made with a key that is %s', (_, make) => {
    const where = folder();
    writeFileSync(join(where, 'keys/dkim-cs1.pem'), make().export({ type: 'pkcs8', format: 'pem' }));
    expect(() => dkimIn(where)).toThrow(/DKIM_SELECTOR: .*RSA key of at least 2048 bits/);
  });

  test('is not made with a file that is no key, and says which file', () => {
    const where = folder();
    writeFileSync(join(where, 'keys/dkim-cs1.pem'), 'no key');
    expect(() => dkimIn(where)).toThrow(/DKIM_SELECTOR: .*dkim-cs1\.pem is no private key/);
  });

  test.each(['../x', 'a.b', '-a', 'A', 'a b'])('refuses %j as a selector', (DKIM_SELECTOR) => {
    expect(() => loadSettings({ DKIM_SELECTOR })).toThrow(/DKIM_SELECTOR/);
  });
});

describe('over the wire', () => {
  let sink: Sink;
  let app: TestApp;
  beforeAll(async () => {
    sink = await startSink();
    app = await startMailApp(sink.url, { DKIM_SELECTOR: 'cs1' });
  });
  afterAll(async () => {
    await app.close();
    await sink.close();
  });

  test('a confirmation arrives signed, and a resend is the same bytes', async () => {
    const post = postOffice(app);
    sink.mishap = () => ({ at: 'end', code: 451 });
    await post.enqueue(confirmation());
    await post.drain();
    sink.mishap = () => undefined;
    await app.database.query(`UPDATE outbox SET next_attempt_at = now()`);
    await post.drain();
    const [first, second] = sink.mails;
    expect(second!.raw).toEqual(first!.raw);
    expect(check(first!.raw, app.get(Dkim).published!.publicKey)).not.toBeNull();
    expect(readFileSync(join(app.settings.DATA_DIR, 'keys/dkim-cs1.pem'), 'utf8')).toContain('PRIVATE KEY');
  });
});
