import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import PostalMime from 'postal-mime';
import { Dispatch } from '../src/letters/dispatch.service.js';
import { LetterReports } from '../src/letters/letter-report.service.js';
import { MailWorker } from '../src/mail/mail.worker.js';
import { ReturnAddresses } from '../src/mail/return-addresses.js';
import { Returns } from '../src/returns/returns.service.js';
import { startApp, type TestApp } from './support/app.js';
import { signIn, type SignedIn } from './support/cast.js';
import { approve, campaignOf, importTestland, lawmakerId, person, words } from './support/letters.js';
import { openPetition } from './support/petitions.js';
import { dsn, mailTo, postfixFailed } from './support/returned-mails.js';

let app: TestApp;
const olga = person('Olga', 'organiser');
const amir = person('Amir', 'approver');
const people: Record<string, SignedIn> = {};
const annas = 'anna@upper.testland.example';

beforeAll(async () => {
  app = await startApp({ RETURN_DOMAIN: 'returns.countersign.test', LIMITS: 'off' });
  await importTestland(app);
  for (const who of ['olga', 'amir', 'ada', 'vera'] as const) people[who] = await signIn(app, who);
});
afterAll(() => app.close());

async function sent(more: object = {}): Promise<string> {
  const id = await campaignOf(app, olga, { more, body: `${words.body}\n${Math.random()}` });
  await approve(app, id, olga, amir);
  await app.get(Dispatch).start(id, amir);
  await app.get(Dispatch).planned(id);
  await app.get(MailWorker).drain();
  return id;
}
const letterTo = async (campaign: string, name: string) => {
  const [row] = await app.database.query(`SELECT id FROM letters WHERE campaign_id = $1 AND lawmaker_name = $2`, [
    campaign,
    name,
  ]);
  return row.id as string;
};
let reports = 0;
async function comesBack(campaign: string, name: string, raw: (parts: { id: string }) => Buffer, sender = '') {
  const recipient = app.get(ReturnAddresses).of(await letterTo(campaign, name))!;
  return app.get(Returns).take({ raw: raw({ id: `r${(reports += 1)}@x.test` }), source: 'smtp', sender, recipient });
}
const bounced = (campaign: string, name = 'Anna Berg', address = annas) =>
  comesBack(campaign, name, (parts) => dsn(postfixFailed(address), parts));
const point = async (value = annas) => {
  const [row] = await app.database.query(`SELECT * FROM contact_points WHERE value = $1`, [value]);
  return row as { id: string; bounced_at: Date | null; bounced_status: string | null };
};

describe('a letter that came back', () => {
  let id: string;
  beforeAll(async () => {
    id = await sent();
    await bounced(id);
    await comesBack(id, 'Kim Lund', (parts) => mailTo({ ...parts, headers: ['Auto-Submitted: auto-replied'] }));
    await comesBack(id, 'Kim Lund', mailTo, 'kim@lower.testland.example');
    await comesBack(id, 'Kim Lund', mailTo, 'kim@lower.testland.example');
  });

  test('shows it everywhere: list, letter, report, campaign, overview', async () => {
    const base = `/en/console/letters/${id}`;
    const anna = await letterTo(id, 'Anna Berg');
    const page = (await people.vera!.get(`${base}/letters/${anna}`)).body;
    expect(page).toContain('Came back');
    expect(page).toContain('5.1.1');
    expect(page).toContain('Recipient address rejected');
    const list = (await people.vera!.get(`${base}/letters?returned=bounced`)).body;
    expect(list).toContain('Anna Berg');
    expect(list).not.toContain('Kim Lund');
    expect((await people.vera!.get(base)).body).toContain('One letter came back.');
    expect((await people.vera!.get(`${base}/report`)).body).toContain(`letters?returned=replied`);
    const report = await app.get(LetterReports).report(id);
    expect(report.byReturn).toEqual([
      { name: 'bounced', letters: 1 },
      { name: 'replied', letters: 1 },
    ]);
    expect(report.reached).toBe(4);
    expect((await app.get(LetterReports).progress()).get(id)).toMatchObject({ reached: 4, troubled: 1 });
  });

  test('is in the API and in the file', async () => {
    const { letters } = (await people.vera!.api('GET', `/api/v1/letter-campaigns/${id}/letters`)).json();
    const of = (name: string) => letters.find((each: { lawmakerName: string }) => each.lawmakerName === name);
    expect(of('Anna Berg')).toMatchObject({
      status: 'accepted',
      returned: 'bounced',
      returnedStatus: '5.1.1',
      replies: 0,
    });
    expect(of('Kim Lund')).toMatchObject({ returned: 'replied', replies: 2 });
    expect(of('Daniel Okafor')).toMatchObject({ returned: null, returnedAt: null, replies: 0, answer: null });
    const csv = (await people.vera!.get(`/en/console/letters/${id}/letters.csv`)).body.split('\r\n');
    expect(csv[0]).toContain('returned,returnedStatus,returnedDetail,returnedAt,replies,answer,answeredOn');
    expect(csv.find((line) => line.includes('Anna Berg'))).toContain(',bounced,5.1.1,');
  });

  test('speaks Persian', async () => {
    const page = await people.vera!.get(`/fa/console/letters/${id}/letters/${await letterTo(id, 'Anna Berg')}`);
    expect(page.body).toContain('برگشت خورده');
  });
});

describe('what a person writes to the return address', () => {
  const forwarded = async (id: string) => {
    await app.get(MailWorker).drain();
    const folder = join(app.settings.DATA_DIR, 'inbox');
    const mails = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name))));
    const read = await Promise.all(mails.map((raw) => PostalMime.parse(raw)));
    const [{ title }] = await app.database.query(`SELECT title FROM letter_campaigns WHERE id = $1`, [id]);
    return read.filter(
      ({ subject, text }) => subject?.startsWith('Somebody answered') && text?.includes(title as string),
    );
  };
  const answer = (parts: object) => mailTo({ ...parts, body: 'Dank für Ihren Brief.' });

  test('goes on to the address for answers as it came, once, and is kept nowhere here', async () => {
    const id = await sent({ title: 'Forwarded wetlands', forwardReplies: true });
    const recipient = app.get(ReturnAddresses).of(await letterTo(id, 'Anna Berg'))!;
    const raw = answer({ id: 'forward@x.test' });
    for (const source of ['smtp', 'webhook', 'imap'] as const) {
      await app.get(Returns).take({ raw, source, sender: annas, recipient });
    }
    const [row] = await app.database.query(`SELECT payload FROM outbox WHERE kind = 'reply-forwarded'`);
    expect(row.payload.includes('Ihren Brief')).toBe(false);
    const [mail, ...more] = await forwarded(id);
    expect(more).toEqual([]);
    expect(mail!.to).toEqual([{ address: 'olga@river.example', name: '' }]);
    expect(mail!.subject).toBe('Somebody answered the letter to Anna Berg');
    expect(mail!.headers.find(({ key }) => key === 'auto-submitted')?.value).toBe('auto-generated');
    const [file] = mail!.attachments;
    expect([file!.filename, file!.mimeType]).toEqual(['reply.eml', 'application/octet-stream']);
    expect(Buffer.from(file!.content as ArrayBuffer).equals(raw)).toBe(true);
    const [after] = await app.database.query(`SELECT payload, raw FROM outbox WHERE kind = 'reply-forwarded'`);
    expect(after).toEqual({ payload: null, raw: null });
  });

  test('an automatic answer, a bounce, and what comes to a campaign that wants none go nowhere', async () => {
    const id = await sent({ title: 'Quiet wetlands', forwardReplies: true });
    await comesBack(id, 'Kim Lund', (parts) => mailTo({ ...parts, headers: ['Auto-Submitted: auto-replied'] }));
    await bounced(id);
    const other = await sent({ title: 'Unasked wetlands' });
    await comesBack(other, 'Anna Berg', answer, annas);
    expect([await forwarded(id), await forwarded(other)]).toEqual([[], []]);
  });

  test('an organiser chooses it in the settings, and it is part of what is approved', async () => {
    const id = await campaignOf(app, olga, { more: { title: 'Chosen wetlands' } });
    await approve(app, id, olga, amir);
    await people.ada!.api('PATCH', `/api/v1/letter-campaigns/${id}`, { forwardReplies: true });
    expect((await people.ada!.api('GET', `/api/v1/letter-campaigns/${id}`)).json()).toMatchObject({
      ...{ state: 'draft', forwardReplies: true },
    });
    const form = (await people.ada!.get(`/en/console/letters/${id}/settings`)).body;
    expect(form).toMatch(/name="forwardReplies" value="on" checked/);
  });
});

describe('the contact point', () => {
  const lawmakerPage = async () => `/en/console/lawmakers/${await lawmakerId(app, 'Anna Berg')}`;
  beforeEach(() => app.database.query('UPDATE contact_points SET bounced_at = NULL, bounced_status = NULL'));

  test('is marked for an editor, and still gets letters', async () => {
    await bounced(await sent());
    expect(await point()).toMatchObject({ bounced_at: expect.any(Date), bounced_status: '5.1.1' });
    expect((await point('kim@lower.testland.example')).bounced_at).toBeNull();
    expect((await people.vera!.get(await lawmakerPage())).body).toContain('A letter to this address came back on');
    const next = await sent();
    const [row] = await app.database.query(`SELECT o.state FROM outbox o WHERE campaign_id = $1 AND recipient = $2`, [
      next,
      annas,
    ]);
    expect(row).toEqual({ state: 'accepted' });
  });

  test('is not marked when the delivery was only given up, or delayed', async () => {
    const id = await sent();
    const soft = postfixFailed(annas).replace('Status: 5.1.1', 'Status: 4.4.1');
    await comesBack(id, 'Anna Berg', (parts) => dsn(soft, parts));
    await comesBack(id, 'Anna Berg', (parts) => dsn(soft.replace('failed', 'delayed'), parts));
    expect((await point()).bounced_at).toBeNull();
  });

  test('loses the mark when a person answers a later letter; an automatic answer is no proof', async () => {
    await bounced(await sent());
    await comesBack(await sent(), 'Anna Berg', (parts) =>
      mailTo({ ...parts, headers: ['Auto-Submitted: auto-replied'] }),
    );
    expect((await point()).bounced_at).not.toBeNull();
    await comesBack(await sent(), 'Anna Berg', (parts) => mailTo({ ...parts, body: 'Thank you.' }), annas);
    expect(await point()).toMatchObject({ bounced_at: null, bounced_status: null });
  });

  test('loses it when an editor says that it is right, or enters it again; not by a viewer', async () => {
    await bounced(await sent());
    const { id } = await point();
    const confirmation = `${await lawmakerPage()}/contact-points/${id}/confirmation`;
    expect((await people.vera!.post(confirmation)).statusCode).toBe(403);
    expect((await point()).bounced_at).not.toBeNull();
    expect((await people.olga!.post(confirmation)).statusCode).toBe(303);
    expect((await point()).bounced_at).toBeNull();
    expect((await people.olga!.post(confirmation)).statusCode).toBe(404);
    await bounced(await sent());
    await people.olga!.post(`${await lawmakerPage()}/contact-points`, { channel: 'email', value: annas, label: '' });
    expect((await point()).bounced_at).toBeNull();
  });
});

describe('an answer', () => {
  let id: string;
  let letter: string;
  let slug: string;
  const answer = { stance: 'supports', answeredOn: '2026-01-15', words: 'She will vote for the wetlands.' };
  const api = () => `/api/v1/letter-campaigns/${id}/letters/${letter}/answer`;
  const petitionPage = async () => (await app.inject({ url: `/en/p/${slug}` })).body;
  const publicPage = () => app.inject({ url: `/en/p/${slug}/answers` });

  beforeAll(async () => {
    slug = 'wetlands';
    await openPetition(app, slug);
    id = await sent({ petition: slug });
    letter = await letterTo(id, 'Anna Berg');
  });
  beforeEach(() => app.database.query('DELETE FROM letter_answers'));

  test('is recorded on the letter, counted, and shown to the public only by a second person', async () => {
    const page = `/en/console/letters/${id}/letters/${letter}`;
    expect((await people.olga!.post(`${page}/answer`, answer)).statusCode).toBe(303);
    expect((await people.vera!.get(page)).body).toContain('She will vote for the wetlands.');
    expect((await app.get(LetterReports).report(id)).byAnswer).toEqual([{ name: 'supports', letters: 1 }]);
    const before = (await publicPage()).body;
    expect(before).toContain('No answer to 5 letters has been published yet.');
    expect(await petitionPage()).not.toContain(`/en/p/${slug}/answers`);
    expect(before).not.toContain('She will vote');
    const { recordedAt } = (await people.amir!.api('GET', api())).json();
    expect((await people.amir!.post(`${page}/answer/publication`, { recordedAt })).statusCode).toBe(303);
    const shown = (await publicPage()).body;
    expect(shown).toContain('She will vote for the wetlands.');
    expect(await petitionPage()).toContain(`/en/p/${slug}/answers`);
    expect(shown).toContain('Anna Berg');
    expect(shown).toContain('1 of 5 letters answered.');
    expect(shown).not.toMatch(/anna@upper|Olga|Amir/);
    await people.amir!.post(`${page}/answer/publication/end`);
    expect((await publicPage()).body).not.toContain('She will vote');
    expect(await petitionPage()).not.toContain(`/en/p/${slug}/answers`);
  });

  test('is linked from the petition by a page that is kept for all, within seconds', async () => {
    await people.olga!.api('PUT', api(), answer);
    const { recordedAt } = (await people.amir!.api('GET', api())).json();
    await app.nest.listen(0, '127.0.0.1');
    const url = `${await app.nest.getUrl()}/fa/p/${slug}`;
    const shown = async () => (await (await fetch(url)).text()).includes(`/fa/p/${slug}/answers`);
    expect(await shown()).toBe(false);
    await people.amir!.api('PUT', `${api()}/publication`, { recordedAt });
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await shown();
    expect(await shown()).toBe(true);
  });

  test('changed after it was shown, it is hidden again; a stale yes shows nothing', async () => {
    expect((await people.olga!.api('PUT', api(), answer)).statusCode).toBe(204);
    const { recordedAt } = (await people.amir!.api('GET', api())).json();
    expect((await people.amir!.api('PUT', `${api()}/publication`, { recordedAt })).statusCode).toBe(204);
    await people.olga!.api('PUT', api(), { ...answer, words: 'Something else entirely.' });
    expect((await people.amir!.api('GET', api())).json()).toMatchObject({
      publishedAt: null,
      words: 'Something else entirely.',
    });
    expect((await people.amir!.api('PUT', `${api()}/publication`, { recordedAt })).statusCode).toBe(409);
    expect((await publicPage()).body).not.toContain('Something else');
  });

  test('nobody shows her own', async () => {
    await people.ada!.api('PUT', api(), answer);
    const { recordedAt } = (await people.ada!.api('GET', api())).json();
    expect((await people.ada!.api('PUT', `${api()}/publication`, { recordedAt })).statusCode).toBe(403);
    expect((await people.olga!.api('PUT', `${api()}/publication`, { recordedAt })).statusCode).toBe(403);
    expect((await people.ada!.api('GET', api())).json().publishedAt).toBeNull();
  });

  test('a viewer reads and changes nothing, a stranger sees nothing', async () => {
    await people.olga!.api('PUT', api(), answer);
    expect((await people.vera!.api('GET', api())).statusCode).toBe(200);
    expect((await people.vera!.api('PUT', api(), answer)).statusCode).toBe(403);
    expect((await people.vera!.api('DELETE', api())).statusCode).toBe(403);
    expect((await app.inject({ url: api() })).statusCode).toBe(401);
    expect((await people.olga!.api('DELETE', api())).statusCode).toBe(204);
    expect((await people.vera!.api('GET', api())).statusCode).toBe(404);
  });

  test.each([
    [{ stance: 'loves' }],
    [{ answeredOn: '2999-01-01' }],
    [{ answeredOn: 'yesterday' }],
    [{ words: 'x'.repeat(1001) }],
    [{ words: 'turned \u202e round' }],
  ])('an answer with something wrong is refused beside the field: %#', async (wrong) => {
    expect((await people.olga!.api('PUT', api(), { ...answer, ...wrong })).statusCode).toBe(422);
    const page = await people.olga!.post(`/en/console/letters/${id}/letters/${letter}/answer`, { ...answer, ...wrong });
    expect(page.statusCode).toBe(422);
    expect(page.body).toContain('aria-invalid');
  });

  test('to a letter that nobody got cannot be', async () => {
    const nina = await letterTo(id, 'Nina Null');
    const url = `/api/v1/letter-campaigns/${id}/letters/${nina}/answer`;
    expect((await people.olga!.api('PUT', url, answer)).statusCode).toBe(409);
  });

  test('to a letter that has not left cannot be, by mail or by hand', async () => {
    const waits = await app.database.query(
      `UPDATE outbox SET state = 'deferred' WHERE campaign_id = $1 AND id = $2 RETURNING id`,
      [id, letter],
    );
    expect(waits[1]).toBe(1);
    expect((await people.olga!.api('PUT', api(), answer)).statusCode).toBe(409);
    await app.database.query(`UPDATE outbox SET state = 'in_doubt' WHERE campaign_id = $1 AND id = $2`, [id, letter]);
    expect((await people.olga!.api('PUT', api(), answer)).statusCode).toBe(204);
    await app.database.query(`UPDATE outbox SET state = 'accepted' WHERE campaign_id = $1 AND id = $2`, [id, letter]);
    const [task] = await app.database.query(`SELECT id FROM letters WHERE campaign_id = $1 AND state = 'task'`, [id]);
    const url = `/api/v1/letter-campaigns/${id}/letters/${task.id}/answer`;
    expect((await people.olga!.api('PUT', url, answer)).statusCode).toBe(409);
  });

  test('the link by which the office objects does not get to the public with its words', async () => {
    const words = 'Thank you.\n> To stop them: https://x.example/en/o/0123456789ABCDEF';
    await people.olga!.api('PUT', api(), { ...answer, words });
    expect((await people.amir!.api('GET', api())).json().words).toBe(
      'Thank you.\n> To stop them: https://x.example/en/o/…',
    );
  });

  test('words are words: markup is shown, not run', async () => {
    await people.olga!.api('PUT', api(), { ...answer, words: '<script>x</script>' });
    const { recordedAt } = (await people.amir!.api('GET', api())).json();
    await people.amir!.api('PUT', `${api()}/publication`, { recordedAt });
    expect((await publicPage()).body).toContain('&lt;script&gt;x&lt;/script&gt;');
  });
});
