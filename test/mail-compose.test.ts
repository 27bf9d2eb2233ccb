import * as fc from 'fast-check';
import PostalMime from 'postal-mime';
import { backOff, hintedMinutes, mostDeferrals, relayPause } from '../src/mail/back-off.js';
import { mailbox, renderMail } from '../src/mail/compose.js';
import { linksIn } from '../src/mail/inbox.js';
import { withoutAddresses } from '../src/mail/settlement.js';

const fixed = {
  id: '01980000-0000-7000-8000-000000000001',
  date: new Date('2026-11-22T10:00:00Z'),
  from: 'Countersign <mail@countersign.test>',
};
const plain = {
  to: 'Anna Berg <anna@parliament.test>',
  subject: 'سلام',
  text: 'Dear Anna\n',
  html: '<p>Dear Anna</p>',
};

test('the same mail has the same bytes', async () => {
  const first = await renderMail(plain, fixed);
  expect(await renderMail(plain, fixed)).toEqual(first);
  expect(first.toString()).toContain('Message-ID: <01980000-0000-7000-8000-000000000001@countersign.test>\r\n');
  expect(first.toString()).toContain('Date: Sun, 22 Nov 2026 10:00:00 +0000\r\n');
  expect(first.toString()).toContain('To: Anna Berg <anna@parliament.test>\r\n');
  expect(first.toString()).not.toMatch(/[^\r]\n/);
});

test('text stands before HTML, and subject and words survive', async () => {
  const raw = (await renderMail(plain, fixed)).toString();
  expect(raw.indexOf('text/plain')).toBeLessThan(raw.indexOf('text/html'));
  const parsed = await PostalMime.parse(raw);
  expect(parsed).toMatchObject({
    subject: 'سلام',
    text: 'Dear Anna\n\n',
    from: { address: 'mail@countersign.test', name: 'Countersign' },
  });
});

test('a confirmation says that a machine sent it, a letter does not', async () => {
  const confirmation = (await renderMail(plain, { ...fixed, lane: 'confirmations' })).toString();
  expect(confirmation).toContain('Auto-Submitted: auto-generated\r\n');
  const letter = (await renderMail({ ...plain, replyTo: 'olga@ngo.test' }, fixed)).toString();
  expect(letter).toContain('Reply-To: olga@ngo.test\r\n');
  expect(letter).not.toMatch(/^(Auto-Submitted|Precedence|List-|X-Mailer)/im);
});

test.each([
  'Precedence',
  'List-Unsubscribe',
  'Auto-Submitted',
  'Bcc',
  'From',
  'Content-Type',
  'DKIM-Signature',
  'X Y',
  'X-A:',
])('a letter may not set %s', (name) =>
  expect(renderMail({ ...plain, headers: { [name]: 'x' } }, fixed)).rejects.toThrow('header'),
);

const breaks = [
  '\r\nBcc: evil@evil.test',
  '\nBcc: evil@evil.test',
  '\rBcc: x',
  '\u0000',
  '\u2028x',
  '\u0085x',
  '\u001b[0m',
];
test.each(breaks)('a line break or control character (%j) is refused in every header', async (smuggled) => {
  for (const mail of [
    { ...plain, subject: `Hello${smuggled}` },
    { ...plain, to: `anna@parliament.test${smuggled}` },
    { ...plain, to: `"Anna${smuggled}" <anna@parliament.test>` },
    { ...plain, replyTo: `olga@ngo.test${smuggled}` },
    { ...plain, headers: { 'X-Campaign': `x${smuggled}` } },
  ]) {
    await expect(renderMail(mail, fixed)).rejects.toThrow('may not hold');
  }
});

test.each([
  '',
  'anna',
  'a@b.test, c@d.test',
  'a@b.test; c@d.test',
  'Group: a@b.test;',
  'a@b.test> <c@d.test',
  '<a@b@c.test>',
  'a b@c.test',
])('%j is not one mailbox', (to) => expect(() => mailbox(to)).toThrow('exactly one mailbox'));

test('whatever the subject and the name, there is one recipient and one subject', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string(), fc.string({ unit: 'grapheme' }), async (name, subject) => {
      const quoted = `"${name.replaceAll(/["\\]/g, '')}" <anna@parliament.test>`;
      const raw = await renderMail({ ...plain, to: quoted, subject }, fixed).catch(() => null);
      if (!raw) return;
      const head = raw
        .toString()
        .split('\r\n\r\n')[0]!
        .replaceAll(/\r\n[ \t]+/g, ' ')
        .split('\r\n');
      expect(head.filter((line) => /^(to|cc|bcc):/i.test(line))).toHaveLength(1);
      expect(head.filter((line) => /^subject:/i.test(line)).length).toBeLessThanOrEqual(1);
      expect((await PostalMime.parse(raw)).to).toMatchObject([{ address: 'anna@parliament.test' }]);
    }),
    { numRuns: 200 },
  );
});

test('back-off: 5, 7, 8, 25, 75, 120 minutes, then every four hours until 48 hours are over', () => {
  const minutes = Array.from({ length: 19 }, (_, n) => backOff(n + 1, '', () => 0)).map((s) =>
    s === null ? null : s / 60,
  );
  expect(minutes).toEqual([5, 7, 8, 25, 75, 120, ...Array.from({ length: 11 }, () => 240), null, null]);
  expect(mostDeferrals).toBe(17);
  expect(backOff(1, '', () => 1)).toBe(330);
  expect(backOff(1, '450 greylisted, try again in 600 seconds', () => 0)).toBe(600);
  expect(backOff(5, '450 try again in 10 seconds', () => 0)).toBe(75 * 60);
});

test.each([
  ['450 4.7.1 Greylisted for 5 minutes', 5],
  ['451 try again in 300 seconds', 5],
  ['451 retry after 2 hours', 120],
  ['451 retry in 99999 hours', 240],
  ['451 4.3.0 later', 0],
])('%s', (reply, minutes) => expect(hintedMinutes(reply)).toBe(minutes));

test('a relay that stays away is asked less and less often', () => {
  expect([1, 2, 3, 7, 50].map((failures) => relayPause(failures))).toEqual([5, 10, 20, 300, 300]);
});

test.each([
  ['550 5.1.1 <Sara@example.org>: unknown', 'sara@example.org', '550 5.1.1 <…>: unknown'],
  ['550 mailbox of sara is full', 'sara@example.org', '550 mailbox of … is full'],
  ['550 rewritten to other@host.test, sorry', 'sara@example.org', '550 rewritten to …, sorry'],
  ['550 سارا@مثال.test unknown', 'سارا@مثال.test', '550 … unknown'],
])('%s', (reply, to, expected) => expect(withoutAddresses(reply, to)).toBe(expected));

test.each([
  ['see http://a.test/x.', ['http://a.test/x']],
  [
    '(https://a.test/x?y=1&z=2) «http://b.test/» http://c.test/a_b-c؟',
    ['https://a.test/x?y=1&z=2', 'http://b.test/', 'http://c.test/a_b-c'],
  ],
  ['no link', []],
])('links in %j', (text, links) => expect(linksIn(text)).toEqual(links));
