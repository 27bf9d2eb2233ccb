import { letterDigest } from '../src/letters/digest.js';
import { Dispatch } from '../src/letters/dispatch.service.js';
import { LetterPreviews } from '../src/letters/letter-previews.service.js';
import { LetterReports } from '../src/letters/letter-report.service.js';
import { ObjectionsService } from '../src/lawmakers/objections.service.js';
import { LetterTasks } from '../src/letters/letter-tasks.service.js';
import { LettersRunner } from '../src/letters/letters.runner.js';
import { startApp, type TestApp } from './support/app.js';
import { type SignedIn, signIn } from './support/cast.js';
import { approve, campaignOf, importTestland, person } from './support/letters.js';
import { inbox } from './support/petitions.js';

let app: TestApp;
let olga: SignedIn;
let id: string;
const tasks: Record<string, string> = {};
beforeAll(async () => {
  app = await startApp({ LIMITS: 'off' });
  await importTestland(app);
  olga = await signIn(app, 'olga');
});
beforeEach(async () => {
  const writer = person('Olga', 'organiser');
  id = await campaignOf(app, writer);
  await approve(app, id, writer, person('Amir', 'approver'));
  await app.get(Dispatch).start(id, writer);
  await app.get(Dispatch).planned(id);
  const { letters } = await app.get(LetterReports).letters(id, { status: 'task', limit: 100 });
  for (const letter of letters) tasks[letter.channel!] = letter.id;
});
afterAll(() => app.close());

const done = (channel: string, fields: object) =>
  olga.api('PUT', `/api/v1/letter-campaigns/${id}/letters/${tasks[channel]}/completion`, fields);
const pageOf = (channel: string) => `/en/console/letters/${id}/letters/${tasks[channel]}`;
const row = async (channel: string) => {
  const { status, outcome, tries, proof, note } = await app.get(LetterReports).one(id, tasks[channel]!);
  return { status, outcome, tries, proof, note };
};

test('a call that nobody answers is made again, one that reaches somebody is done', async () => {
  for (let n = 0; n < 2; n++)
    expect((await done('phone', { outcome: 'no-answer', note: 'engaged' })).statusCode).toBe(204);
  expect(await row('phone')).toEqual({ status: 'task', outcome: 'no-answer', tries: 2, proof: null, note: 'engaged' });
  expect((await olga.get(pageOf('phone'))).body).toContain('Called in vain');
  expect((await done('phone', { outcome: 'message' })).statusCode).toBe(204);
  expect(await row('phone')).toMatchObject({ status: 'done', outcome: 'message', tries: 2 });
  const { byOutcome, byChannel, total } = await app.get(LetterReports).report(id);
  expect(byOutcome).toEqual([{ name: 'message', letters: 1 }]);
  expect(byChannel).toContainEqual({ name: 'phone', letters: 1, open: 0, reached: 1 });
  expect(byChannel).toContainEqual({ name: 'post', letters: 1, open: 1, reached: 0 });
  expect(byChannel.reduce((sum, { letters }) => sum + letters, 0)).toBe(total);
  const audit = await app.database.query(
    `SELECT action, detail->>'outcome' AS outcome FROM audit_entries WHERE subject = $1 AND action LIKE 'letter.%' ORDER BY id`,
    [id],
  );
  expect(audit).toEqual([
    { action: 'letter.tried', outcome: 'no-answer' },
    { action: 'letter.tried', outcome: 'no-answer' },
    { action: 'letter.done', outcome: 'message' },
  ]);
});

test('a wrong number is marked for an editor and called again; one that reaches somebody loses the mark', async () => {
  const marks = async () =>
    app.database.query<{ name: string }[]>(
      `SELECT l.name, c.channel FROM contact_points c JOIN lawmakers l ON l.id = c.lawmaker_id WHERE bounced_at IS NOT NULL`,
    );
  expect((await done('phone', { outcome: 'no-answer' })).statusCode).toBe(204);
  expect(await marks()).toEqual([]);
  expect((await done('phone', { outcome: 'wrong-number', note: 'a bakery' })).statusCode).toBe(204);
  expect(await row('phone')).toMatchObject({ status: 'task', outcome: 'wrong-number', tries: 2, note: 'a bakery' });
  expect(await marks()).toEqual([{ name: 'Phil Bell', channel: 'phone' }]);
  const [phil] = await app.database.query(`SELECT id FROM lawmakers WHERE name = 'Phil Bell'`);
  const page = (await olga.get(`/en/console/lawmakers/${phil.id}`)).body;
  expect(page).toContain('somebody else answered this number');
  expect(page).not.toContain('A letter to this address came back');
  expect((await olga.get(`/fa/console/lawmakers/${phil.id}`)).body).toContain('شمارهٔ نادرست');
  const [audited] = await app.database.query(
    `SELECT action FROM audit_entries WHERE subject = $1 AND detail->>'outcome' = 'wrong-number'`,
    [id],
  );
  expect(audited).toEqual({ action: 'letter.tried' });
  expect((await done('phone', { outcome: 'reached' })).statusCode).toBe(204);
  expect(await marks()).toEqual([]);
});

test.each([
  ['a call without an outcome', 'phone', {}, 'outcome', 'required'],
  ['an unknown outcome', 'phone', { outcome: 'loved it' }, 'outcome', 'required'],
  ['an outcome of a form', 'form', { outcome: 'reached' }, 'outcome', 'invalid'],
  ['a proof of two lines', 'form', { proof: 'a\nb' }, 'proof', 'one-line'],
  ['a proof without end', 'post', { proof: 'x'.repeat(501) }, 'proof', 'too-long'],
])('%s is refused beside its field, and nothing is noted', async (_, channel, fields, field, code) => {
  const answer = await done(channel, fields);
  expect(answer.statusCode).toBe(422);
  expect(answer.json().errors).toEqual([expect.objectContaining({ field, code })]);
  const form = await olga.post(`${pageOf(channel)}/completion`, { note: 'my words', ...fields } as Record<
    string,
    string
  >);
  expect(form.statusCode).toBe(422);
  if (channel === 'phone' || field === 'proof') expect(form.body).toContain(`id="${field}-error"`);
  expect(form.body).toContain('my words');
  expect(await row(channel)).toMatchObject({ status: 'task', tries: 0, note: null });
});

test('a proof is shown as text, a link only where it is one, and never as a formula', async () => {
  await done('form', { proof: 'https://lower.testland.example/tickets/42?a=<b>' });
  const { body } = await olga.get(pageOf('form'));
  expect(body).toContain('<a href="https://lower.testland.example/tickets/42?a=&lt;b&gt;" rel="noreferrer noopener"');
  await done('post', { proof: 'javascript:alert(1)' });
  expect((await olga.get(pageOf('post'))).body).not.toContain('href="javascript:');
  await app.database.query(`UPDATE letters SET proof = '=HYPERLINK("x")' WHERE id = $1`, [tasks.post]);
  const csv = (await olga.get(`/en/console/letters/${id}/letters.csv`)).body;
  expect(csv).toContain(`'=HYPERLINK`);
  expect(csv.split('\r\n')[0]).toContain('proof,outcome,tries');
});

test('what is taken back has neither outcome nor proof, and is finished only when all is done', async () => {
  await done('phone', { outcome: 'refused' });
  const reopen = (channel: string) => olga.post(`${pageOf(channel)}/reopening`, { reason: 'another office' });
  expect((await reopen('phone')).statusCode).toBe(303);
  expect(await row('phone')).toEqual({ status: 'task', outcome: null, tries: 0, proof: null, note: null });
  await app.get(LettersRunner).tick();
  const [{ state }] = await app.database.query(`SELECT state FROM letter_campaigns WHERE id = $1`, [id]);
  expect(state).toBe('dispatching');
});

test('the call sheet has every open call with a number to dial, and no working objection link for a viewer', async () => {
  // As calls were written that had a footer.
  await app.database.query(`UPDATE letters SET contact = $2, body = body || $3 WHERE id = $1`, [
    ...[tasks.phone, '+99 (1) 234 ext. 5 <b>'],
    'http://localhost/en/o/ABCDEFGH23456789',
  ]);
  const { body } = await olga.get(`/en/console/letters/${id}/calls`);
  expect(body).toContain('<a href="tel:+991234" dir="ltr">+99 (1) 234 ext. 5 &lt;b&gt;</a>');
  expect(body).toContain('please protect the wetlands of');
  expect(body).toMatch(/\/o\/[0-9A-Z]{16}/);
  const vera = await signIn(app, 'vera');
  const seen = (await vera.get(`/en/console/letters/${id}/calls`)).body;
  expect(seen).toContain('please protect the wetlands of');
  expect(seen).not.toMatch(/\/o\/[0-9A-Z]{16}/);
  await done('phone', { outcome: 'reached' });
  expect((await olga.get(`/en/console/letters/${id}/calls`)).body).toContain('No call is left to be made.');
});

test('a call has the words of the letter without the footer: they are previewed, approved and read alike', async () => {
  const call = await app.get(LetterTasks).find(id, tasks.phone!);
  expect(call.body).toBe('Dear Mr Bell,\n\nplease protect the wetlands of West.\n\nOlga Lind\n');
  expect((await olga.get(`/en/console/letters/${id}/calls`)).body).not.toContain('Sent by River Friends');
  const preview = await app.get(LetterPreviews).show(id, call.lawmakerId, person('Olga', 'organiser'));
  expect(preview.text).toBe(call.body);
  const [approval] = await app.database.query(
    `SELECT letter_digests AS digests FROM approvals WHERE campaign_id = $1`,
    [id],
  );
  const to = { name: call.lawmakerName, contact: call.contact! };
  expect(approval.digests).toContain(letterDigest(to, { subject: call.subject!, text: call.body! }));
  for (const channel of ['post', 'form']) {
    const { body } = await app.get(LetterTasks).find(id, tasks[channel]!);
    expect(body).toMatch(/Olga Lind\n\n-- \nSent by River Friends\.[\s\S]*\/o\/[0-9A-Z]{16}/);
  }
});

test('what stands for all letters, on the page and in a test, is a mail with its footer, not the call before it', async () => {
  const csv = `id,name,family_name,gender,area,language,email,phone
1,Abe Ring,Ring,M,North,en,,+99 1 555
2,Zoe Young,Young,F,South,en,zoe@mixed.example,
`;
  await importTestland(app, csv, 'mixed');
  const mixed = await campaignOf(app, person('Olga', 'organiser'), { more: { audience: { legislatures: ['mixed'] } } });
  const { body } = await olga.get(`/en/console/letters/${mixed}`);
  expect(body).toMatch(/please protect the wetlands of South\.[\s\S]*Sent by River Friends/);
  expect(body).not.toContain('please protect the wetlands of North.');
  expect((await olga.api('POST', `/api/v1/letter-campaigns/${mixed}/tests`, {})).statusCode).toBeLessThan(300);
  const sent = (await inbox(app)).find(({ subject }) => subject === '[TEST] Wetlands in South');
  expect(sent?.text).toContain('Sent by River Friends');
});

test('envelopes: a row for each sheet, a column for each line, nothing of a long address lost, no formulas', async () => {
  const address = ['=1+1', 'Senate', 'Room 1', '', '1 Assembly Square', 'Meridia', 'MX 10000', 'Far away'].join('\n');
  await app.database.query(`UPDATE letters SET contact = $2 WHERE id = $1`, [tasks.post, address]);
  const url = `/api/v1/letter-campaigns/${id}/envelopes.csv`;
  const [head, row, ...more] = (await olga.api('GET', url)).body.trim().split('\r\n');
  expect(head).toBe('name,line1,line2,line3,line4,line5,line6,locale,id');
  expect(row).toMatch(/^[^,]+,'=1\+1,Senate,Room 1,1 Assembly Square,Meridia,"MX 10000, Far away",en,/);
  expect(more).toEqual([]);
  expect((await olga.get(`/en/console/letters/${id}/envelopes.csv`)).body).toContain('Assembly Square');
  await done('post', {});
  expect((await olga.api('GET', url)).body.trim().split('\r\n')).toHaveLength(1);
});

test('an office that objects after a delivery gets no second one by a mistake taken back', async () => {
  await done('post', {});
  const letter = await app.get(LetterTasks).find(id, tasks.post!);
  await app.get(ObjectionsService).recordByOffice(letter.lawmakerId);
  const answer = await olga.post(`${pageOf('post')}/reopening`, { reason: 'it came back' });
  expect(answer.statusCode).toBe(409);
  expect(await row('post')).toMatchObject({ status: 'done' });
});
