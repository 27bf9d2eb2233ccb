import { generateKeyPairSync } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Dkim } from '../src/mail/dkim.js';
import { MailSender } from '../src/mail/mail.sender.js';
import { ErasureJournal } from '../src/signatures/erasure-journal.js';
import { Rights } from '../src/signatures/rights.service.js';
import { UnsubscribeLinks } from '../src/updates/unsubscribe-links.js';
import { planBatch, UpdateSending } from '../src/updates/update-sending.service.js';
import { UpdatesRunner } from '../src/updates/updates.runner.js';
import { MailWorker } from '../src/mail/mail.worker.js';
import { startApp, type TestApp } from './support/app.js';
import { formBody, type SignedIn, signIn } from './support/cast.js';
import { askForLink, confirm, inbox, type Mail, openPetition, sara } from './support/petitions.js';
import { multipart } from './support/multipart.js';

let app: TestApp;
let petition: string;
let olga: SignedIn;
let amir: SignedIn;

beforeEach(async () => {
  app = await startApp({ LIMITS: 'off' });
  petition = await openPetition(app);
  [olga, amir] = [await signIn(app, 'olga'), await signIn(app, 'amir')];
});
afterEach(() => app.close());

const api = '/api/v1/petitions/wetlands/updates';
const words = { title: 'The permit is suspended', body: 'Thanks to **you**.\n\n![pixel](https://spy.example/x.png)' };
const consents = { sign: true, news: true };

/** @returns the link that confirmed */
async function signs(email: string, more: object = {}): Promise<string> {
  const link = await askForLink(app, { email, name: `Name of ${email}`, consents, ...more });
  expect((await confirm(app, link)).statusCode).toBe(200);
  return link;
}
async function written(texts: object = { en: words }): Promise<string> {
  const answer = await olga.api('POST', api, { texts });
  expect(answer.statusCode).toBe(201);
  return answer.json<{ id: string }>().id;
}
async function approved(id: string): Promise<string> {
  const asked = await olga.api('POST', `${api}/${id}/review`);
  expect(asked.statusCode).toBe(200);
  const { sha256 } = asked.json<{ sha256: string }>();
  const answer = await amir.api('POST', `${api}/${id}/approval`, { sha256 });
  expect(answer.statusCode).toBe(200);
  return id;
}
const sent = async (texts?: object) => {
  const id = await approved(await written(texts));
  await app.get(UpdatesRunner).tick();
  return id;
};
const record = async (id: string) =>
  (await olga.api('GET', `${api}/${id}`)).json<{ state: string; audience: number; figures: Record<string, number> }>();
const mailsOf = async (subject = words.title): Promise<Mail[]> =>
  (await inbox(app)).filter((mail) => mail.subject === subject);
const stopLink = (mail: Mail): string => mail.links.find((link) => link.includes('/unsubscribe/'))!;
const path = (link: string) => new URL(link).pathname;
const oneClick = (link: string) =>
  app.inject({ method: 'POST', url: path(link), ...formBody({ 'List-Unsubscribe': 'One-Click' }) });
const signatures = () => app.database.query(`SELECT id, consents FROM signatures ORDER BY id`);

test('an update goes once to each signer who asked for news, and to nobody else', async () => {
  await signs('sara@example.org');
  await signs('no-news@example.org', { consents: { sign: true } });
  const gone = await signs('withdrawn@example.org');
  const erased = await signs('erased@example.org');
  await signs('invalid@example.org', { country: 'TV' });
  await app.get(Rights).withdraw('confirm', gone);
  await app.get(Rights).erase('confirm', erased);
  const out = await (
    await signIn(app, 'ada')
  ).api('POST', '/api/v1/petitions/wetlands/invalidations', {
    ...{ rule: { country: 'TV' }, reason: 'fraud', note: 'made up' },
  });
  expect(out.statusCode).toBeLessThan(300);

  const id = await written();
  expect(await record(id)).toMatchObject({ state: 'draft', audience: 1 });
  await approved(id);
  await app.get(UpdatesRunner).tick();
  await app.get(UpdatesRunner).tick();
  const mails = await mailsOf();
  expect(mails.map(({ to }) => to)).toEqual(['sara@example.org']);
  expect(mails[0]!.text).toContain('you signed the petition “Keep the wetlands wet”');
  expect(mails[0]!.text).toContain('Send me news of this campaign by e‑mail (optional)');
  await app.get(UpdatesRunner).tick();
  expect(await record(id)).toMatchObject({
    state: 'sent',
    figures: { queued: 0, accepted: 1, failed: 0, leftOut: 0, unsubscribed: 0 },
  });
});

test('the words are read and approved by a second person, and what changes meanwhile is not sent', async () => {
  await signs('sara@example.org');
  const id = await written();
  expect((await amir.api('POST', `${api}/${id}/approval`, { sha256: '0'.repeat(64) })).statusCode).toBe(409);
  const { sha256 } = (await olga.api('POST', `${api}/${id}/review`)).json<{ sha256: string }>();
  expect((await olga.api('POST', `${api}/${id}/approval`, { sha256 })).statusCode).toBe(403);
  // Whoever wrote it cannot approve it, whatever her role.
  const ada = await signIn(app, 'ada');
  expect((await ada.api('PUT', `${api}/${id}/texts/fa`, { title: 'خبر', body: 'متن' })).json()).toMatchObject({
    state: 'draft',
  });
  const again = (await ada.api('POST', `${api}/${id}/review`)).json<{ sha256: string }>();
  expect((await ada.api('POST', `${api}/${id}/approval`, { sha256: again.sha256 })).statusCode).toBe(403);
  expect((await amir.api('POST', `${api}/${id}/approval`, { sha256 })).statusCode).toBe(409);
  expect((await amir.api('POST', `${api}/${id}/rejection`, { reason: 'The date is wrong' })).json()).toMatchObject({
    ...{ state: 'draft', returnReason: 'The date is wrong' },
  });
  expect((await olga.api('PUT', `${api}/${id}/texts/en`, { title: '', body: 'x' })).statusCode).toBe(422);
  await approved(id);
  expect((await olga.api('PUT', `${api}/${id}/texts/en`, words)).statusCode).toBe(409);
  const twice = await amir.api('POST', `${api}/${id}/approval`, { sha256: again.sha256 });
  expect(twice.statusCode).toBe(409);
  const [entry] = await app.database.query(`SELECT detail FROM audit_entries WHERE action = 'update.approval'`);
  expect(entry.detail).toEqual({ id, sha256: again.sha256 });
});

test('one click ends the news at once, without a page, and also for what waits already', async () => {
  await signs('sara@example.org');
  await signs('stays@example.org');
  const first = await sent();
  const mails = await mailsOf();
  const link = stopLink(mails.find(({ to }) => to === 'sara@example.org')!);
  const second = await sent({ en: { ...words, title: 'Second news' } });

  // Opening the link, as scanners do, changes nothing.
  const page = await app.inject({ url: path(link) });
  expect(page.statusCode).toBe(200);
  expect(page.body).toContain('<button');
  expect(await record(first)).toMatchObject({ figures: { unsubscribed: 0 } });

  const answer = await oneClick(link);
  expect(answer.statusCode).toBe(200);
  expect(answer.headers.location).toBeUndefined();
  expect(answer.headers['set-cookie']).toBeUndefined();
  expect(answer.headers['content-type']).toContain('text/plain');
  expect((await oneClick(link)).statusCode).toBe(200);
  expect((await mailsOf('Second news')).map(({ to }) => to)).toEqual(['stays@example.org']);
  expect(await record(first)).toMatchObject({ figures: { unsubscribed: 1 } });
  expect(await record(second)).toMatchObject({ figures: { accepted: 1, leftOut: 1, unsubscribed: 0 } });
  // She is still a signer.
  expect(await signatures()).toHaveLength(2);
  const [kept] = await app.database.query(
    `SELECT count(*)::int AS n FROM signatures s JOIN consents c ON c.id = ANY (s.consents) WHERE c.purpose = 'sign'`,
  );
  expect(kept.n).toBe(2);
});

test('the one click may come as multipart/form-data, and with a body that says something else', async () => {
  await signs('sara@example.org');
  const id = await sent();
  const [mail] = await mailsOf();
  const { payload, headers } = await multipart({ 'List-Unsubscribe': 'One-Click' }, []);
  const answer = await app.inject({ method: 'POST', url: path(stopLink(mail!)), payload, headers });
  expect(answer.statusCode).toBe(200);
  expect(await record(id)).toMatchObject({ figures: { unsubscribed: 1 } });
});

test('the button of the page leads to a page that says it is done', async () => {
  await signs('sara@example.org', { locale: 'fa' });
  await sent({ en: words, fa: { title: 'مجوز معلق شد', body: 'سپاس' } });
  const [mail] = await mailsOf('مجوز معلق شد');
  const link = path(stopLink(mail!));
  expect(link).toMatch(/^\/fa\/unsubscribe\//);
  const answer = await app.inject({ method: 'POST', url: link, ...formBody({ page: 'yes' }) });
  expect(answer.statusCode).toBe(303);
  expect((await app.inject({ url: answer.headers.location! })).body).toContain('دیگر خبری برایتان نمی‌آید');
});

test('nobody can end the news of somebody else, or learn anything by trying', async () => {
  await signs('sara@example.org');
  await signs('victim@example.org');
  const id = await sent();
  const mails = await mailsOf();
  const token = /unsubscribe\/([\w-]+)$/.exec(stopLink(mails.find(({ to }) => to === 'sara@example.org')!))![1]!;
  const mine = app.get(UnsubscribeLinks).read(token)!;
  const other = (await signatures()).find((row: { id: string }) => row.id !== mine.signatureId)!;
  // Her own tag under the victim's id; every byte of her link changed; cut, longer, another alphabet.
  const bytes = Buffer.from(token, 'base64url');
  const swapped = Buffer.from(bytes);
  Buffer.from(other.id.replaceAll('-', ''), 'hex').copy(swapped, 32);
  const forged = [
    swapped.toString('base64url'),
    ...Array.from(bytes, (_, at) => {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1;
      return changed.toString('base64url');
    }),
    ...[token.slice(0, -1), `${token}A`, token.slice(1), 'x', '0'.repeat(78), `${token}=`],
  ].filter((each) => each !== token);
  expect(forged.length).toBeGreaterThan(60);
  for (const each of forged) {
    const answer = await oneClick(`http://x/en/unsubscribe/${each}`);
    expect({ each, status: answer.statusCode }).toEqual({ each, status: 410 });
    expect((await app.inject({ url: `/en/unsubscribe/${each}` })).statusCode).toBe(410);
  }
  expect(await record(id)).toMatchObject({ figures: { unsubscribed: 0 } });
  // A good link for somebody who never was, or has gone, says the same as for anybody.
  const nobody = app.get(UnsubscribeLinks).token({ ...mine, signatureId: '01900000-0000-7000-8000-000000000000' });
  expect((await oneClick(`http://x/en/unsubscribe/${nobody}`)).statusCode).toBe(200);
  expect(await record(id)).toMatchObject({ figures: { unsubscribed: 0 } });
});

/** Signers who want news, without the way there. */
const crowd = (many: number) =>
  app.database.query(
    `INSERT INTO signatures (petition_id, id, identity, normal_form, box, country, locale, text_version, source, consents)
     SELECT $1, gen_random_uuid(), sha256(n::text::bytea), 1, 'x', 'SE', 'en', 1, 'page',
       (SELECT array_agg(id) FROM consents WHERE purpose IN ('sign', 'news') AND locale = 'en')
     FROM generate_series(1, $2::int) n`,
    [petition, many],
  );
const planned = async (): Promise<{ n: number; different: number }> =>
  (
    await app.database.query(
      `SELECT count(*)::int AS n, count(DISTINCT ref)::int AS different FROM outbox WHERE kind = 'update'`,
    )
  )[0];

test('planning that is killed between batches goes on where it was: nobody twice, nobody lost', async () => {
  await crowd(2 * planBatch + 17);
  const id = await approved(await written());
  const sending = app.get(UpdateSending);
  expect(await sending.planNext()).toBe(true);
  expect(await planned()).toEqual({ n: planBatch, different: planBatch });
  // A batch that dies before its commit leaves no mail and no mark.
  const [enqueue, outbox] = [Reflect.get(sending, 'outbox').enqueue, Reflect.get(sending, 'outbox')];
  outbox.enqueue = async (...args: unknown[]) => {
    await enqueue.apply(outbox, args);
    throw new Error('killed');
  };
  await expect(sending.planNext()).rejects.toThrow('killed');
  delete outbox.enqueue;
  expect(await planned()).toEqual({ n: planBatch, different: planBatch });
  await app.get(UpdatesRunner).tick();
  expect(await planned()).toEqual({ n: 2 * planBatch + 17, different: 2 * planBatch + 17 });
  // The mark lost, as after a restored backup: the unique index stands.
  await app.database.query(`UPDATE updates SET planned_to = NULL, planned_at = NULL`);
  await app.get(UpdatesRunner).tick();
  expect(await planned()).toEqual({ n: 2 * planBatch + 17, different: 2 * planBatch + 17 });
  expect(await sending.planNext()).toBe(false);
  // Stopped: what waits is taken back.
  expect((await amir.api('POST', `${api}/${id}/stop`)).json()).toMatchObject({
    ...{ state: 'stopped', figures: { queued: 0, leftOut: 2 * planBatch + 17 } },
  });
  expect((await app.inject({ url: `/en/p/wetlands/updates/${id}` })).statusCode).toBe(404);
});

test('a queue of updates does not keep a confirmation waiting', async () => {
  await crowd(300);
  await sent();
  // So that nothing is left to write: only the order is looked at.
  await app.database.query(`UPDATE signatures SET consents = '{}'`);
  const order: string[] = [];
  const delivery = Reflect.get(app.get(MailWorker), 'sender');
  const send = delivery.send.bind(delivery);
  delivery.send = (mail: { lane: string }, ...more: unknown[]) => {
    order.push(mail.lane);
    return send(mail, ...more);
  };
  await app.inject({ method: 'POST', url: '/api/v1/petitions/wetlands/signatures', payload: sara });
  await app.get(MailWorker).drain();
  expect(order).toHaveLength(301);
  expect(order.indexOf('confirmations')).toBeLessThan(10);
});

test('who withdraws or is erased gets nothing that waits, and the queue forgets whose mail it was', async () => {
  const withdrawn = await signs('withdrawn@example.org');
  const erased = await signs('erased@example.org');
  await signs('stays@example.org');
  const id = await sent();
  const before: { id: string }[] = await signatures();
  await app.get(Rights).withdraw('confirm', withdrawn);
  await app.get(Rights).erase('confirm', erased);
  expect((await mailsOf()).map(({ to }) => to)).toEqual(['stays@example.org']);
  const refs = (await app.database.query(`SELECT ref FROM outbox WHERE kind = 'update'`)).map(
    ({ ref }: { ref: string }) => ref,
  );
  const known = before.filter((row) => refs.includes(row.id));
  expect(known).toHaveLength(1);
  expect(await record(id)).toMatchObject({ figures: { accepted: 1, leftOut: 2 } });
});

test('a restored backup does not bring back what was taken back', async () => {
  await signs('sara@example.org', { consents: { ...consents, showName: true } });
  await sent();
  const [mail] = await mailsOf();
  const backup = await signatures();
  await oneClick(stopLink(mail!));
  const after = await signatures();
  expect(after[0].consents).toHaveLength(2);
  await app.database.query(`UPDATE signatures SET consents = $1`, [backup[0].consents]);
  expect(await app.get(ErasureJournal).replay()).toBe(1);
  expect(await signatures()).toEqual(after);
  expect(await app.get(ErasureJournal).replay()).toBe(0);
});

test('one agreement alone can be taken back from my-data, by page and API; forging the topic gets nowhere', async () => {
  await signs('sara@example.org', { consents: { ...consents, showName: true } });
  await sent();
  await inbox(app);
  await app.inject({ method: 'POST', url: '/en/my-data', ...formBody({ email: 'sara@example.org' }) });
  const link = (await inbox(app))[0]!.links.find((each) => each.includes('/my-data/'))!;
  const token = link.split('/').at(-1)!;
  const page = await app.inject({ url: path(link) });
  expect(page.body).toContain('News sent to you');
  expect(page.body).toContain(`/my-data/${token}/wetlands/agreements/news/withdrawal`);
  expect(page.body).not.toContain('/agreements/sign/');
  const api = `/api/v1/my-data/${token}/wetlands/agreements`;
  expect((await app.inject({ method: 'DELETE', url: `${api}/sign` })).statusCode).toBe(404);
  expect((await app.inject({ method: 'DELETE', url: `${api}/showName` })).statusCode).toBe(204);
  const url = `/en/my-data/${token}/wetlands/agreements/news/withdrawal`;
  expect((await app.inject({ method: 'POST', url })).headers.location).toBe(`/en/my-data/${token}?done=taken-back`);
  const held = (await app.inject({ url: `/api/v1/my-data/${token}` })).json();
  expect(held.signatures[0].consents.map(({ purpose }: { purpose: string }) => purpose)).toEqual(['sign']);
  expect(held.signatures[0].kept.updates).toMatchObject([{ state: 'accepted' }]);
});

test('the public reads what is out, without pictures of others, and nothing that is not approved', async () => {
  const draft = await written();
  expect((await app.inject({ url: '/en/p/wetlands/updates' })).body).not.toContain(words.title);
  expect((await app.inject({ url: `/en/p/wetlands/updates/${draft}` })).statusCode).toBe(404);
  expect((await app.inject({ url: '/en/p/wetlands' })).body).not.toContain('/p/wetlands/updates');
  const feed = async () => (await app.inject({ url: '/en/p/wetlands/feed.atom' })).body;
  expect(await feed()).not.toContain(words.title);
  const id = await sent();
  expect(await feed()).toContain(`<title>${words.title}</title>`);
  expect(await feed()).toMatch(new RegExp(`href="[^"]*/en/p/wetlands/updates/${id}"/>\\n<author>`));
  await new Promise((done) => setTimeout(done, 1100));
  expect((await app.inject({ url: '/en/p/wetlands' })).body).toContain('/en/p/wetlands/updates');
  expect((await app.inject({ url: '/en/p/wetlands/updates' })).body).toContain(words.title);
  const page = (await app.inject({ url: `/en/p/wetlands/updates/${id}` })).body;
  expect(page).toContain('<strong>you</strong>');
  expect(page).not.toContain('<img src="https://spy');
  expect((await app.inject({ url: '/api/v1/petitions/wetlands/news' })).json()).toMatchObject({
    ...{ petition: 'wetlands', updates: [{ id, title: words.title, locale: 'en' }] },
  });
});

test('a test goes to whoever asks, is marked, counts nowhere, and its link ends nothing', async () => {
  await signs('sara@example.org');
  const id = await written();
  const answer = await olga.api('POST', `${api}/${id}/test`, { locale: 'en' });
  expect(answer.json()).toEqual({ sentTo: 'olga@example.org' });
  const [mail] = await mailsOf(`[TEST] ${words.title}`);
  expect(mail!.to).toBe('olga@example.org');
  expect((await oneClick(stopLink(mail!))).statusCode).toBe(200);
  expect(await record(id)).toMatchObject({ state: 'draft', audience: 1, figures: { accepted: 0, unsubscribed: 0 } });
});

test('in hold mode nothing leaves before a person lets it', async () => {
  await signs('sara@example.org');
  await app.database.query(`UPDATE outbox SET state = 'accepted', payload = NULL`);
  Object.assign(app.settings, { MAIL_MODE: 'hold' });
  const id = await sent();
  await app.get(MailWorker).drain();
  const rows = await app.database.query(`SELECT state, mode_held FROM outbox WHERE kind = 'update'`);
  expect(rows).toEqual([{ state: 'held', mode_held: true }]);
  expect(await record(id)).toMatchObject({ state: 'sending', figures: { queued: 1, accepted: 0 } });
});

test('while mailing of the petition is off, updates wait and go later', async () => {
  await signs('sara@example.org');
  const turn = (off: boolean) =>
    amir.api('PUT', '/api/v1/switches/mailing', { petition: 'wetlands', off, reason: 'x' });
  expect((await turn(true)).statusCode).toBeLessThan(300);
  await new Promise((done) => setTimeout(done, 1100));
  const id = await sent();
  expect(await mailsOf()).toEqual([]);
  expect(await record(id)).toMatchObject({ figures: { queued: 1, leftOut: 0 } });
  await turn(false);
  await app.database.query(`UPDATE outbox SET next_attempt_at = now() WHERE kind = 'update'`);
  await new Promise((done) => setTimeout(done, 1100));
  expect(await mailsOf()).toHaveLength(1);
});

test('whose mail it was is forgotten after a month, the figures stay', async () => {
  await signs('sara@example.org');
  const id = await sent();
  await mailsOf();
  await app.get(UpdatesRunner).tick();
  await app.database.query(`UPDATE updates SET approved_at = now() - interval '36 days'`);
  await app.get(UpdatesRunner).tick();
  expect(await planned()).toEqual({ n: 0, different: 0 });
  expect(await record(id)).toMatchObject({ state: 'sent', figures: { accepted: 1 } });
});

test('the bytes: both headers of RFC 8058 under the DKIM signature, and the list headers', async () => {
  const folder = app.settings.DATA_DIR;
  await mkdir(join(folder, 'keys'), { recursive: true });
  const pem = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' });
  await writeFile(join(folder, 'keys', 'dkim-now.pem'), pem, { mode: 0o600 });
  Reflect.set(app.get(MailSender), 'dkim', new Dkim({ ...app.settings, DKIM_SELECTOR: 'now' }));
  await signs('sara@example.org');
  const id = await sent();
  await mailsOf();
  const files = await readdir(join(folder, 'inbox'));
  const raws = await Promise.all(files.map((name) => readFile(join(folder, 'inbox', name), 'latin1')));
  const raw = raws.find((each) => each.includes('List-Unsubscribe'))!.replaceAll(/\r\n[ \t]+/g, ' ');
  const header = (name: string) => new RegExp(`^${name}: (.*)$`, 'mi').exec(raw.split('\r\n\r\n')[0]!)?.[1]?.trim();
  expect(header('List-Unsubscribe')).toMatch(/^<http:\/\/[^ ]+\/en\/unsubscribe\/[\w-]{78}>$/);
  expect(header('List-Unsubscribe-Post')).toBe('List-Unsubscribe=One-Click');
  expect(header('List-Id')).toMatch(/^<news\.wetlands\.updates\..+>$/);
  expect(header('Feedback-ID')).toBe(`${id}:wetlands:update:countersign`);
  expect(header('From')).toContain('River Friends');
  expect(header('To')).toBe('sara@example.org');
  const signedNames = /h=([^;]+);/.exec(header('DKIM-Signature')!)![1]!.split(/[:\s]+/);
  expect(signedNames).toEqual(
    expect.arrayContaining(['list-unsubscribe', 'list-unsubscribe-post', 'list-id', 'feedback-id', 'from']),
  );
});
