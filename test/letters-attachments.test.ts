import { v7 as uuidv7 } from 'uuid';
import { attachmentName, attachmentType } from '../src/letters/attachment-file.js';
import { Approvals } from '../src/letters/approvals.service.js';
import { Dispatch } from '../src/letters/dispatch.service.js';
import { LetterAttachments } from '../src/letters/letter-attachments.service.js';
import { LetterCampaigns } from '../src/letters/letter-campaigns.service.js';
import { renderMail } from '../src/mail/compose.js';
import { Dkim } from '../src/mail/dkim.js';
import { composeTail } from '../src/mail/mail-tail.js';
import { MailWorker } from '../src/mail/mail.worker.js';
import { readMail } from '../src/mail/read-mail.js';
import { startApp, type TestApp } from './support/app.js';
import { type SignedIn, signIn } from './support/cast.js';
import { approve, campaignOf, importTestland, lawmakerId, person, seenNow } from './support/letters.js';
import { multipart } from './support/multipart.js';
import { inbox } from './support/petitions.js';

const pdf = Buffer.from('%PDF-1.4\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n');
const png = Buffer.concat([
  Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
  Buffer.from('\0\0\0\rIHDR'),
  Buffer.alloc(21, 7),
  Buffer.from('\0\0\0\0IEND\xaeB`\x82', 'latin1'),
]);
const jpeg = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(40, 9), Buffer.from([0xff, 0xd9])]);
const html = Buffer.from('<!doctype html><script>alert(1)</script>');
const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>');

let app: TestApp;
let olga: SignedIn;
let amir: SignedIn;
let vera: SignedIn;
const author = person('Olga', 'organiser');
const approver = person('Amir', 'approver');
beforeAll(async () => {
  app = await startApp({ LIMITS: 'off', ATTACHMENT_KB: '64', ATTACHMENTS_KB: '100', DKIM_SELECTOR: 'cs1' });
  await importTestland(app);
  [olga, amir, vera] = [await signIn(app, 'olga'), await signIn(app, 'amir'), await signIn(app, 'vera')];
});
afterAll(() => app.close());

const letter = () => campaignOf(app, author, { body: 'Dear you,\n\nplease read the report.' });
const at = (id: string) => `/api/v1/letter-campaigns/${id}/attachments`;
const find = (id: string) => app.get(LetterCampaigns).find(id);
const put = (id: string, name: string, content: Buffer, who = olga) =>
  app.inject({
    method: 'POST',
    url: `${at(id)}?filename=${encodeURIComponent(name)}`,
    headers: { authorization: `Bearer ${who.token}`, 'content-type': 'application/octet-stream' },
    payload: content,
  });
const preview = async (id: string, name: string) =>
  (await olga.api('GET', `/api/v1/letter-campaigns/${id}/previews/${await lawmakerId(app, name)}`)).json();

test.each([
  ['pdf', pdf, 'application/pdf'],
  ['png', png, 'image/png'],
  ['jpeg', jpeg, 'image/jpeg'],
  ['text', Buffer.from('چهل سال\n'), 'text/plain'],
  ['a cut PDF', pdf.subarray(0, 12), null],
  ['a cut PNG', png.subarray(0, 20), null],
  ['a cut JPEG', jpeg.subarray(0, 20), null],
  ['PDF behind something else', Buffer.concat([Buffer.from('x'), png]), null],
  ['HTML', html, null],
  ['SVG', svg, null],
  ['HTML behind spaces', Buffer.from('\n  <HTML>'), null],
  ['text in latin1', Buffer.from('Malm\xf6', 'latin1'), null],
  ['a program', Buffer.from('MZ\x90\0\x03'), null],
  ['nothing', Buffer.alloc(0), null],
])('%s is told by its bytes', (_, bytes, type) => expect(attachmentType(bytes)).toBe(type));

test.each([
  ['report.pdf', 'report.pdf'],
  ['../../etc/passwd.txt', 'passwd.txt'],
  ['C:\\Users\\olga\\a.pdf', 'a.pdf'],
  ['a\r\nBcc: x@evil.example\r\n.pdf', 'a Bcc- x@evil.example.pdf'],
  ['annexe\u202efdp.exe.pdf', 'annexe fdp.exe.pdf'],
  ['..pdf', 'pdf'],
  ['گزارش ۱۳۶۷.pdf', 'گزارش ۱۳۶۷.pdf'],
  [`${'x'.repeat(300)}.pdf`, `${'x'.repeat(90)}.pdf`],
  ['a";filename="b.exe.pdf', 'a--filename=-b.exe.pdf'],
])('the name %j becomes %j', (written, name) => expect(attachmentName(written)).toBe(name));

test('a file is taken by its content, and refused where it is not what its name says', async () => {
  const id = await letter();
  for (const [name, content, code] of [
    ['a.pdf', html, 'not-an-attachment'],
    ['a.pdf', svg, 'not-an-attachment'],
    ['a.svg', svg, 'not-an-attachment'],
    ['a.pdf', png, 'ending-not-of-type'],
    ['a.html', Buffer.from('harmless'), 'ending-not-of-type'],
    ['a.pdf.exe', pdf, 'ending-not-of-type'],
    ['pdf', pdf, 'ending-not-of-type'],
    ['a.txt', Buffer.alloc(0), 'required'],
  ] as const) {
    const answer = await put(id, name, content);
    expect([name, answer.statusCode, answer.json().errors?.[0]?.code]).toEqual([name, 422, code]);
  }
  expect((await put(id, 'big.txt', Buffer.alloc(64 * 1024 + 1, 'a'))).statusCode).toBe(413);
  expect((await find(id)).attachments).toEqual([]);
  expect((await put(id, 'a\r\nBcc: x@evil.example.txt', Buffer.alloc(64 * 1024, 'a'))).statusCode).toBe(201);
  expect((await put(id, 'B.TXT', Buffer.alloc(36 * 1024 + 1, 'a'))).json().errors[0].code).toBe('files-too-large');
  expect((await put(id, 'b.txt', Buffer.from('b'))).statusCode).toBe(201);
  expect((await put(id, 'B.txt', Buffer.from('c'))).json().errors[0].code).toBe('name-taken');
});

test('two who add files at once do not pass the limit together', async () => {
  const id = await letter();
  const answers = await Promise.all(
    ['a.txt', 'b.txt', 'c.txt'].map((name) => put(id, name, Buffer.alloc(49_000, 'a'))),
  );
  expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([201, 201, 422]);
});

test('is downloaded by staff alone, as a file that nothing runs', async () => {
  const id = await letter();
  const { attachments } = (await put(id, 'گزارش.pdf', pdf)).json();
  const url = `/en/console/letters/${id}/attachments/${attachments[0].id}`;
  const { headers, rawPayload, statusCode } = await vera.get(url);
  expect(statusCode).toBe(200);
  expect(rawPayload.equals(pdf)).toBe(true);
  expect(headers).toMatchObject({
    'content-type': 'application/pdf',
    'content-disposition': `attachment; filename="_____.pdf"; filename*=UTF-8''${encodeURIComponent('گزارش')}.pdf`,
    'content-security-policy': "default-src 'none'; sandbox",
    'x-content-type-options': 'nosniff',
  });
  expect((await app.inject({ url })).statusCode).not.toBe(200);
  expect((await app.inject({ url: `${at(id)}/${attachments[0].id}` })).statusCode).toBe(401);
  expect((await olga.api('GET', `${at(id)}/${attachments[0].id}`)).rawPayload.equals(pdf)).toBe(true);
  const other = await letter();
  expect((await olga.api('GET', `${at(other)}/${attachments[0].id}`)).statusCode).toBe(404);
  expect((await olga.api('DELETE', `${at(other)}/${attachments[0].id}`)).statusCode).toBe(404);
  expect((await olga.get(url.replace(id, other))).statusCode).toBe(404);
  expect((await olga.get(url.replace(attachments[0].id, uuidv7()))).statusCode).toBe(404);
  for (const who of [vera, amir]) {
    expect((await put(id, 'b.pdf', pdf, who)).statusCode).toBe(403);
    expect((await who.api('DELETE', `${at(id)}/${attachments[0].id}`)).statusCode).toBe(403);
    expect((await who.post(`${url}/removal`)).statusCode).toBe(403);
  }
});

test('every change voids an approval, and whoever added a file cannot approve', async () => {
  const id = await letter();
  await approve(app, id, author, approver);
  const { attachments } = (await put(id, 'a.pdf', pdf)).json();
  expect((await find(id)).state).toBe('draft');
  await app.get(LetterCampaigns).change(id, { title: 'Other' }, author);
  await app.get(Approvals).ask(id, author);
  const shown = await seenNow(app, id);
  const same = { ...approver, id: olga.id };
  await expect(app.get(Approvals).approve(id, shown, same)).rejects.toMatchObject({ code: 'forbidden' });
  await app.get(Approvals).approve(id, shown, approver);
  // Changed behind the application's back.
  await app.database.query(`UPDATE letter_attachments SET sha256 = sha256('x') WHERE campaign_id = $1`, [id]);
  await expect(app.get(Dispatch).start(id, approver)).rejects.toMatchObject({ code: 'conflict' });
  await app.database.query(`UPDATE letter_attachments SET sha256 = sha256(content) WHERE campaign_id = $1`, [id]);
  expect((await olga.api('DELETE', `${at(id)}/${attachments[0].id}`)).statusCode).toBe(204);
  expect((await find(id)).state).toBe('draft');
});

test('a mail is its beginning and the tail that all share, as one composed in one piece', async () => {
  const files = [
    { name: 'گزارش.pdf', type: 'application/pdf', content: pdf },
    { name: 'note.txt', type: 'text/plain', content: Buffer.from('سلام') },
  ];
  const key = 'ab'.repeat(16);
  const bytes = await composeTail(key, files);
  const tail = { key, bytes, sha256: Buffer.alloc(32) };
  const mail = { to: 'Anna <anna@parl.example>', subject: 'Wetlands', text: 'Dear Anna,\n\nتالاب\n' };
  const fixed = { id: uuidv7(), date: new Date(0), from: 'Us <us@river.example>', tail };
  const head = await renderMail(mail, fixed);
  const whole = await readMail(Buffer.concat([head, bytes]));
  expect(whole.text.trim()).toBe(mail.text.trim());
  expect(whole.attachments).toEqual([
    { name: 'گزارش.pdf', type: 'application/pdf', size: pdf.length },
    { name: 'note.txt', type: 'text/plain', size: 8 },
  ]);
  expect(await renderMail(mail, fixed)).toEqual(head);
  const boundary = /boundary="([^"]+)"/.exec(head.toString())![1]!;
  await expect(renderMail({ ...mail, text: `a\n--${boundary}\nb` }, fixed)).rejects.toThrow('its own boundary');
  expect(head.length).toBeLessThan(2000);
  // The signature over both parts is the one over the whole.
  const dkim = app.get(Dkim);
  const signed = await dkim.sign(head, tail);
  expect(Buffer.concat([signed, bytes]).equals(await dkim.sign(Buffer.concat([head, bytes])))).toBe(true);
});

test('what was previewed is what leaves: signed, with the files, which are kept once', async () => {
  const id = await letter();
  await put(id, 'report.pdf', Buffer.concat([pdf.subarray(0, 20), Buffer.alloc(40_000, 0xe1), pdf]));
  await put(id, 'map.png', png);
  await approve(app, id, author, approver);
  const before = await preview(id, 'Anna Berg');
  expect(before.attachments).toEqual([
    { name: 'report.pdf', type: 'application/pdf', size: 40_020 + pdf.length },
    { name: 'map.png', type: 'image/png', size: png.length },
  ]);
  expect(before.size).toBeGreaterThan(54_000);
  const anna = await lawmakerId(app, 'Anna Berg');
  const eml = (await olga.get(`/en/console/letters/${id}/previews/${anna}/letter.eml`)).rawPayload;
  await app.get(Dispatch).start(id, approver);
  await app.get(Dispatch).planned(id);
  const [kept] = await app.database.query(
    `SELECT (SELECT count(*)::int FROM mail_tails WHERE campaign_id = $1) AS tails, count(*)::int AS mails,
       max(octet_length(raw))::int AS raw FROM outbox WHERE campaign_id = $1`,
    [id],
  );
  expect(kept).toMatchObject({ tails: 1, mails: 5 });
  expect(kept.raw).toBeLessThan(6000);
  await app.get(MailWorker).drain();
  const { letters } = (await olga.api('GET', `/api/v1/letter-campaigns/${id}/letters`)).json();
  const sent = letters.find((each: { lawmakerName: string }) => each.lawmakerName === 'Anna Berg');
  expect(sent).toMatchObject({ status: 'accepted', rawSha256: before.sha256 });
  const mail = (await inbox(app)).find(({ to }) => to.includes('anna@upper'));
  expect(mail?.text).toContain('please read the report');
  expect(eml.toString('latin1')).toContain('DKIM-Signature');
  // Letters by hand name what goes with them.
  const print = (await olga.get(`/en/console/letters/${id}/print`)).body;
  expect(print).toContain('Enclosures: <bdi>report.pdf</bdi>, <bdi>map.png</bdi>');
  const form = letters.find((each: { channel: string }) => each.channel === 'form');
  expect((await olga.get(`/fa/console/letters/${id}/letters/${form.id}`)).body).toContain('report.pdf');
  expect((await put(id, 'late.pdf', pdf)).statusCode).toBe(409);
});

test('a mail whose shared bytes were changed is not sent', async () => {
  const id = await letter();
  await put(id, 'report.pdf', pdf);
  await approve(app, id, author, approver);
  await app.get(Dispatch).start(id, approver);
  await app.get(Dispatch).planned(id);
  await app.database.query(`ALTER TABLE mail_tails DROP CONSTRAINT mail_tails_check`);
  await app.database.query(`UPDATE mail_tails SET bytes = bytes || 'x' WHERE campaign_id = $1`, [id]);
  await app.get(MailWorker).drain();
  const states = await app.database.query(`SELECT DISTINCT state, reply FROM outbox WHERE campaign_id = $1`, [id]);
  expect(states).toEqual([{ state: 'refused', reply: 'the stored bytes are not those that were approved' }]);
});

test('in the console: added with a form, shown, tested, and taken away', async () => {
  const id = await letter();
  const page = `/en/console/letters/${id}`;
  const upload = async (name: string, bytes: Buffer, who = olga) => {
    const { payload, headers } = await multipart({ _csrf: who.csrf }, [{ name, bytes }]);
    const url = `${page}/attachments`;
    return app.inject({ method: 'POST', url, payload, headers: { ...headers, cookie: who.cookie } });
  };
  expect((await upload('report.pdf', pdf)).statusCode).toBe(303);
  const refused = await upload('evil.pdf', html);
  expect(refused.statusCode).toBe(422);
  expect(refused.body).toContain('id="file-error"');
  expect((await upload('big.txt', Buffer.alloc(70_000, 'a'))).statusCode).toBe(422);
  expect((await upload('mine.pdf', pdf, vera)).statusCode).toBe(403);
  const anna = await lawmakerId(app, 'Anna Berg');
  for (const locale of ['en', 'fa']) {
    const here = page.replace('/en/', `/${locale}/`);
    expect((await olga.get(here)).body).toContain('report.pdf');
    expect((await olga.get(`${here}/previews/${anna}`)).body).toContain('report.pdf');
  }
  expect((await olga.get(`${page}/previews/${anna}`)).body).toMatch(/The whole mail has \d KB/);
  await olga.post(`${page}/tests`, { lawmakerId: anna });
  await app.get(MailWorker).drain();
  const states = await app.database.query(
    `SELECT state, tail_sha256 IS NOT NULL AS tail FROM outbox WHERE campaign_id = $1 AND kind = 'letter-test'`,
    [id],
  );
  expect(states).toEqual([{ state: 'accepted', tail: true }]);
  const [file] = (await find(id)).attachments;
  await olga.post(`${page}/attachments/${file!.id}/removal`);
  expect(await app.get(LetterAttachments).tail(await find(id))).toBeNull();
});
