import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Approvals } from '../src/letters/approvals.service.js';
import type { Problem } from '../src/site/problem.js';
import { Rights } from '../src/signatures/rights.service.js';
import { ErasureJournal } from '../src/signatures/erasure-journal.js';
import { ContactPointsService } from '../src/lawmakers/contact-points.service.js';
import { ObjectionsService } from '../src/lawmakers/objections.service.js';
import { Dispatch } from '../src/letters/dispatch.service.js';
import { LettersRunner } from '../src/letters/letters.runner.js';
import { MailReturns } from '../src/mail/mail-returns.service.js';
import { SupporterLetters } from '../src/supporters/supporter-letters.service.js';
import { SupportersMails } from '../src/supporters/supporters.mails.js';
import { WriteDesks } from '../src/supporters/write-desks.service.js';
import { startApp, type TestApp } from './support/app.js';
import { formBody, signIn } from './support/cast.js';
import { approve, campaignOf, importTestland, lawmakerId, person } from './support/letters.js';
import { askForLink, confirm, inbox, openPetition, sara } from './support/petitions.js';

let app: TestApp;
let campaign: string;
let petition: string;
const olga = person('Olga', 'organiser');
const amir = person('Amir', 'approver');
const mode = { mode: 'supporters', petition: 'wetlands', notAfter: '2099-01-01T00:00' };

beforeEach(async () => {
  app = await startApp({ LIMITS: 'off' });
  petition = await openPetition(app);
  await importTestland(app);
  campaign = await campaignOf(app, olga, { more: mode });
  await approve(app, campaign, olga, amir);
  await app.get(Dispatch).start(campaign, amir);
});
afterEach(() => app.close());

const post = (url: string, form: Record<string, string | string[]>) =>
  app.inject({ method: 'POST', url, ...formBody(form) });
const get = (url: string) => app.inject({ url });
const north = 'SE North';

async function signed(who: object = {}): Promise<string> {
  const link = await askForLink(app, who);
  expect((await confirm(app, link)).statusCode).toBe(200);
  return link;
}
/** The link in the mail to somebody who asked to write. */
async function linkFor(email: string): Promise<string> {
  const before = (await inbox(app)).length;
  expect((await post('/en/p/wetlands/write', { email })).statusCode).toBe(303);
  const mails = await inbox(app);
  expect(mails).toHaveLength(before + 1);
  return /\/write\/([\w-]+)$/.exec(mails[0]!.links.find((each) => each.includes('/write/'))!)![1]!;
}
async function writer(who: { email?: string; name?: string } = {}): Promise<string> {
  await signed(who);
  return linkFor(who.email ?? sara.email);
}
const anna = () => lawmakerId(app, 'Anna Berg');
const fatemeh = () => lawmakerId(app, 'فاطمه رضایی');
const unescape = (html: string) =>
  html
    .replaceAll('&quot;', '"')
    .replaceAll('&#34;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');

/** Looks, then sends what was shown. */
async function send(token: string, form: { area?: string; lawmakers: string[]; words?: string }) {
  const wanted = { area: north, words: '', ...form };
  const preview = await post(`/en/write/${token}/preview`, wanted);
  const seen = /name="seen" value="([0-9a-f]{64})"/.exec(preview.body)?.[1];
  if (!seen) return preview;
  return post(`/en/write/${token}`, { ...wanted, seen });
}
const letters = () =>
  app.database.query(
    `SELECT l.lawmaker_name AS name, l.sender, o.state, o.payload IS NULL AS blank FROM letters l
     JOIN outbox o USING (campaign_id, id) WHERE l.campaign_id = $1 ORDER BY name`,
    [campaign],
  );
const mailTo = async (address: string) => (await inbox(app)).filter(({ to }) => to.includes(address));

test('a signer finds her lawmakers, sees the letters to the last character, sends them once and gets a copy', async () => {
  expect((await get('/en/p/wetlands')).body).toContain('/en/p/wetlands/write');
  const token = await writer();
  const form = (await get(`/en/write/${token}?area=${encodeURIComponent(north)}`)).body;
  expect(form).toContain('Anna Berg');
  expect(form).toContain('فاطمه رضایی');
  expect(form).not.toMatch(/Daniel Okafor|Kim Lund/);
  const words = 'My well ran dry & <b>nobody</b> came.\n\nPlease "act".';
  const wanted = { area: north, lawmakers: [await anna()], words };
  const preview = await post(`/en/write/${token}/preview`, wanted);
  const shown = unescape(/<pre[^>]*>([\s\S]*?)<\/pre>/.exec(preview.body)![1]!);
  expect(shown).toContain(`In my own words:\n\n${words}`);
  expect(shown).toContain('Sara Ahmadi, who confirmed this address to us, and handed on by River Friends');
  expect(preview.body).not.toContain('<b>nobody');
  // The link by which an office objects is nobody else's.
  expect(preview.body).not.toMatch(/\/o\/[0-9A-Z]{16}/);
  expect(await letters()).toEqual([]);
  const nobody = await post(`/en/write/${token}/preview`, { area: north, words });
  expect(nobody.statusCode).toBe(422);
  expect(nobody.body).toContain('id="lawmakers-error"');
  expect(nobody.body).not.toMatch(/name="lawmakers"[^>]* checked/);

  expect((await send(token, wanted)).headers.location).toBe(`/en/write/${token}/sent`);
  expect((await send(token, wanted)).statusCode).toBe(422);
  const [mail] = await mailTo('anna@upper.testland.example');
  expect(mail!.text.trim().replaceAll('\r\n', '\n')).toBe(shown.trim());
  expect(await mailTo('anna@upper.testland.example')).toHaveLength(1);
  const [copy] = (await mailTo(sara.email)).filter(({ subject }) => subject === 'A copy of your letters');
  expect(copy!.text.replaceAll('\r\n', '\n')).toContain(shown.trim());
  expect(mail!.text + copy!.text).not.toMatch(/\/o\/[0-9A-Z]{16}/);
  const east = (await get(`/en/write/${token}?area=SE%20East`)).body;
  expect(east).toContain('https://lower.testland.example/write/6');
  expect(east).not.toMatch(/\/o\/[0-9A-Z]{16}|handed on by/);
  // Sent: nothing of hers waits any more.
  expect(await letters()).toMatchObject([{ name: 'Anna Berg', state: 'accepted', blank: true }]);
  expect((await get(`/en/write/${token}/sent`)).body).toContain('Anna Berg');
  expect((await get(`/en/write/${token}?area=${encodeURIComponent(north)}`)).body).toContain('you have written');
});

test('the bytes: from our domain in her name, answers to her, one lawmaker, a return address of its own', async () => {
  const token = await writer({ name: 'Sara "Sa" <x@evil.example>, Ahmadi' });
  await send(token, { lawmakers: [await anna()] });
  await inbox(app);
  const folder = join(app.settings.DATA_DIR, 'inbox');
  const mails = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'latin1')));
  const raw = mails.find((each) => /^To: .*anna@upper/m.test(each))!;
  const head = raw.slice(0, raw.indexOf('\r\n\r\n')).replaceAll(/\r\n[ \t]/g, ' ');
  expect(head).toMatch(/^From: .*via River Friends.*<[^<>]*@[^<>]*>$/m);
  expect(head).not.toMatch(/^(From|Reply-To|To): .*@evil/m);
  expect(head).toMatch(/^Reply-To: .*<sara@example\.org>$/m);
  expect(head.match(/^To: /gm)).toHaveLength(1);
  expect(head).not.toMatch(/^(List-|Precedence|Auto-Submitted|Bcc|Cc)/im);
});

test('only lawmakers of the area, whatever is posted; twice at once is once; at most ten', async () => {
  const token = await writer();
  const kim = await lawmakerId(app, 'Kim Lund');
  const refused = await send(token, { lawmakers: [kim] });
  expect([refused.statusCode, refused.body.includes('href="#lawmakers"')]).toEqual([422, true]);
  const wanted = { lawmakers: [await anna(), await fatemeh(), kim] };
  await Promise.all([send(token, wanted), send(token, wanted), send(token, wanted)]);
  expect((await letters()).map(({ name }: { name: string }) => name)).toEqual(['Anna Berg', 'فاطمه رضایی']);
  // A page that was looked at before something changed sends nothing.
  const south = { area: 'SE South', lawmakers: kim, words: 'x' };
  const stale = await post(`/en/write/${token}`, { ...south, seen: '0'.repeat(64) });
  expect(stale.body).toContain('Something has changed since you looked');
  expect(await letters()).toHaveLength(2);
});

test('known and unknown addresses get one answer, and only a signer gets a mail', async () => {
  await signed();
  const [known, unknown] = [
    await post('/en/p/wetlands/write', { email: sara.email }),
    await post('/en/p/wetlands/write', { email: 'nobody@example.org' }),
  ];
  expect([known.statusCode, known.headers.location, known.body]).toEqual([
    unknown.statusCode,
    unknown.headers.location,
    unknown.body,
  ]);
  expect(await mailTo('nobody@example.org')).toEqual([]);
  expect((await post('/en/p/wetlands/write', { email: 'no address' })).statusCode).toBe(422);
  // A link for something else opens nothing here, nor does this one there.
  const token = await linkFor(sara.email);
  expect((await get(`/en/withdraw/${token}`)).statusCode).toBe(410);
  expect((await get(`/en/write/${await askForLink(app, { email: 'b@example.org' })}`)).statusCode).toBe(410);
});

test('from the thank-you page she goes on without another mail', async () => {
  const link = await signed();
  expect((await get(`/en/confirm/${link}/thank-you`)).body).toContain(`/en/confirm/${link}/write`);
  const on = await post(`/en/confirm/${link}/write`, {});
  expect((await get(String(on.headers.location))).statusCode).toBe(200);
  // One who has not signed gets a link that opens nothing.
  const other = await post(`/en/confirm/${await askForLink(app, { email: 'c@example.org' })}/write`, {});
  expect((await get(String(other.headers.location))).statusCode).toBe(410);
});

describe('what has not left goes with her', () => {
  const canary = 'Zirkonquelle';
  const holding = async () => {
    const token = await writer({ name: `${canary} Ahmadi` });
    await app.get(Dispatch).pause(campaign, amir);
    await app.get(Dispatch).resume(campaign, amir);
    await send(token, { lawmakers: [await anna(), await fatemeh()], words: `${canary} speaks` });
    return token;
  };
  const link = async (kind: 'withdraw') => {
    await post(`/en/p/wetlands/${kind}`, { email: sara.email });
    const [mail] = await mailTo(sara.email);
    return /\/withdraw\/([\w-]+)$/.exec(mail!.links.find((each) => /\/withdraw\/[\w-]{60,}/.test(each))!)![1]!;
  };
  /** Every value of every table, as text. */
  const everything = async () => {
    const tables: { name: string }[] = await app.database.query(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
    );
    const dumps = await Promise.all(
      tables.map(({ name }) =>
        app.database.query(`SELECT coalesce(string_agg(t::text, ''), '') AS rows FROM "${name}" t`),
      ),
    );
    return dumps.map(([{ rows }]) => rows as string).join('\n');
  };

  test('nothing of hers stands open in the database while it waits', async () => {
    await holding();
    expect((await letters()).map(({ state }: { state: string }) => state)).toEqual(['queued', 'queued']);
    const dump = await everything();
    expect(dump).not.toContain(canary);
    expect(dump).not.toContain(Buffer.from(canary).toString('hex'));
    expect(dump).not.toContain('sara@example.org');
  });

  test.each(['withdraw', 'erase'] as const)('%s: it is never sent, and nobody can tell whose it was', async (right) => {
    await holding();
    const [{ sender }] = await letters();
    // The link comes first: reading the inbox sends what waits.
    await app.get(Dispatch).pause(campaign, amir);
    const token = await link('withdraw');
    await app.get(Rights)[right]('withdraw', token);
    await app.get(Dispatch).resume(campaign, amir);
    expect(await mailTo('testland.example')).toEqual([]);
    expect(await letters()).toMatchObject([
      { state: 'suppressed', blank: true },
      { state: 'suppressed', blank: true },
    ]);
    expect((await letters()).map((row: { sender: string }) => row.sender)).not.toContain(sender);
    expect(await app.database.query('SELECT FROM supporter_letters')).toEqual([]);
    expect(await app.get(SupportersMails).round()).toBe(0);
  });

  test('a backup that brings her letters back loses them again at the start', async () => {
    await holding();
    const [{ signature_id }] = await app.database.query('SELECT signature_id FROM supporter_letters LIMIT 1');
    await app.get(ErasureJournal).add(petition, signature_id, 'withdrawn');
    expect(await app.get(ErasureJournal).replay()).toBe(1);
    expect(await mailTo('testland.example')).toEqual([]);
    expect(await letters()).toMatchObject([{ blank: true }, { blank: true }]);
  });

  test('a signature that is taken out of the count sends nothing more', async () => {
    await holding();
    const [{ signature_id }] = await app.database.query('SELECT signature_id FROM supporter_letters LIMIT 1');
    const [made] = await app.database.query(
      `INSERT INTO invalidations (petition_id, id, rule, reason, note, signatures, by_name)
       VALUES ($1, gen_random_uuid(), '{}', 3, 'x', 1, 'x') RETURNING id`,
      [petition],
    );
    await app.database.query(
      `INSERT INTO invalidated (petition_id, signature_id, invalidation_id, index) VALUES ($1, $2, $3, 0)`,
      [petition, signature_id, made.id],
    );
    expect(await mailTo('testland.example')).toEqual([]);
  });
});

test('an objection made after she sent beats it, and she is told, once', async () => {
  const token = await writer();
  await send(token, { lawmakers: [await anna(), await fatemeh()] });
  await app.get(ObjectionsService).record(await anna(), 'by telephone', olga);
  expect(await mailTo('anna@upper.testland.example')).toEqual([]);
  expect(await mailTo('fatemeh@')).toHaveLength(1);
  expect([await app.get(SupportersMails).round(), await app.get(SupportersMails).round()]).toEqual([1, 0]);
  const told = (await mailTo(sara.email)).filter(({ subject }) => subject === 'A letter of yours did not arrive');
  expect(told).toHaveLength(1);
  expect(told[0]!.text).toContain('Anna Berg');
});

test('her name and words go to no address that only one person has put there', async () => {
  const token = await writer();
  const point = { channel: 'email' as const, value: 'collector@elsewhere.example', label: undefined };
  await app.get(ContactPointsService).add(await anna(), point, olga);
  const form = (await get(`/en/write/${token}?area=${encodeURIComponent(north)}`)).body;
  expect(form).toContain('فاطمه رضایی');
  expect(form).not.toContain('Anna Berg');
  await send(token, { lawmakers: [await anna(), await fatemeh()] });
  expect(await mailTo('elsewhere.example')).toEqual([]);
  expect(await mailTo('fatemeh@')).toHaveLength(1);
});

test('a letter that comes back is told to her too, and marks the address', async () => {
  const token = await writer();
  await send(token, { lawmakers: [await anna()] });
  await inbox(app);
  const [{ id }] = await app.database.query(`SELECT id FROM outbox WHERE kind = 'supporter-letter'`);
  const mail = await app.get(MailReturns).find(id);
  const fact = {
    kind: 'bounced' as const,
    status: '5.1.1',
    diagnostic: null,
    attemptId: null,
    source: 'smtp' as const,
    cites: false,
    addressed: true,
  };
  expect(await app.get(MailReturns).record(mail!, fact, 'x', Buffer.from(''))).toBe(true);
  expect(await app.get(SupportersMails).round()).toBe(1);
  const [point] = await app.database.query(
    `SELECT bounced_status FROM contact_points WHERE normal_form LIKE 'anna@upper%'`,
  );
  expect(point.bounced_status).toBe('5.1.1');
});

test('a pause, the end and another campaign: nobody writes where nothing is open', async () => {
  const token = await writer();
  await app.get(Dispatch).pause(campaign, amir);
  expect((await get(`/en/write/${token}`)).statusCode).toBe(409);
  expect((await get('/en/p/wetlands/write')).statusCode).toBe(404);
  await app.get(Dispatch).resume(campaign, amir);
  const second = await campaignOf(app, olga, { more: mode });
  await approve(app, second, olga, amir);
  await expect(app.get(Dispatch).start(second, amir)).rejects.toMatchObject({ code: 'conflict' });
  await app.get(LettersRunner).tick();
  const state = async () =>
    (await app.database.query(`SELECT state FROM letter_campaigns WHERE id = $1`, [campaign]))[0].state as string;
  expect(await state()).toBe('dispatching');
  await app.database.query(`UPDATE letter_campaigns SET not_after = now() - interval '1 second' WHERE id = $1`, [
    campaign,
  ]);
  expect((await get(`/en/write/${token}`)).statusCode).toBe(409);
  await app.get(LettersRunner).tick();
  expect(await state()).toBe('finished');
});

test('such a campaign needs a petition and an end, and is not spread; who writes is part of what is approved', async () => {
  const ada = await signIn(app, 'ada');
  const made = await campaignOf(app, olga, { more: { mode: 'supporters' } });
  const fault: unknown = await app
    .get(Approvals)
    .ask(made, olga)
    .catch((error: unknown) => error);
  const codes = (fault as Problem).details.errors!.map(({ code }) => code);
  expect(codes).toEqual(expect.arrayContaining(['supporters-need-petition', 'supporters-need-end']));
  const spread = await ada.api('PATCH', `/api/v1/letter-campaigns/${made}`, {
    notAfter: '2099-01-01T00:00',
    pace: { spread: true },
  });
  expect([spread.statusCode, spread.body]).toEqual([422, expect.stringContaining('spread-of-supporters')]);
  const other = await campaignOf(app, olga, { more: { petition: 'wetlands', notAfter: '2099-01-01T00:00' } });
  await approve(app, other, olga, amir);
  await ada.api('PATCH', `/api/v1/letter-campaigns/${other}`, { mode: 'supporters' });
  expect((await ada.api('GET', `/api/v1/letter-campaigns/${other}`)).json()).toMatchObject({
    state: 'draft',
    mode: 'supporters',
  });
});

test('the organiser sees numbers and no names; nearly the same words are counted', async () => {
  const long = 'The wells of our village ran dry in spring and nobody from the ministry came to look at them at all';
  for (const [n, words] of [long, `${long}!`, 'Something else entirely, from me to you.', ''].entries()) {
    const token = await writer({ email: `s${n}@example.org`, name: `Signer ${n} Canary` });
    await send(token, { lawmakers: [await anna(), await fatemeh()], words });
  }
  const vera = await signIn(app, 'vera');
  const url = `/api/v1/letter-campaigns/${campaign}/supporters`;
  expect((await vera.api('GET', url)).json()).toEqual({
    letters: 8,
    supporters: 4,
    withOwnWords: 3,
    compared: 3,
    alike: 2,
    unapproved: 0,
    digests: null,
  });
  for (const page of ['', '/supporters', '/letters', '/report']) {
    const { statusCode, body } = await vera.get(`/en/console/letters/${campaign}${page}`);
    expect([page, statusCode]).toEqual([page, 200]);
    expect(body).not.toMatch(/Canary|@example\.org|village/);
  }
  const csv = (await vera.get(`/en/console/letters/${campaign}/letters.csv`)).body;
  expect(csv).not.toMatch(/Canary|@example\.org|village/);
  expect((await app.inject({ url })).statusCode).toBe(401);
});

test('my data shows her letters, and to whom', async () => {
  const token = await writer();
  await send(token, { lawmakers: [await anna()] });
  await app.inject({ method: 'POST', url: '/en/my-data', ...formBody({ email: sara.email }) });
  const mail = (await mailTo(sara.email)).find(({ links }) => links.some((link) => link.includes('/my-data/')))!;
  const page = new URL(mail.links.find((link) => link.includes('/my-data/'))!).pathname;
  expect((await get(page)).body).toContain('Anna Berg');
  const held = (await get(`${page}/my-data.json`)).json<{ signatures: { kept: { letters: { to: string }[] } }[] }>();
  expect(held.signatures[0]!.kept.letters).toMatchObject([{ to: 'Anna Berg', area: 'North' }]);
  expect((await app.get(SupporterLetters).held(petition, '00000000-0000-7000-8000-000000000000')).length).toBe(0);
});

test('after ninety days nobody can tell whose the letters of an ended campaign were', async () => {
  const token = await writer();
  await send(token, { lawmakers: [await anna()] });
  await app.database.query(
    `UPDATE letter_campaigns SET state = 'finished', state_at = now() - interval '91 days' WHERE id = $1`,
    [campaign],
  );
  const [{ sender }] = await letters();
  await app.get(SupportersMails).round();
  expect(await app.database.query('SELECT FROM supporter_letters')).toEqual([]);
  expect((await letters())[0].sender).not.toBe(sender);
});

describe('letters to a legislature or a lawmaker are stopped', () => {
  const stop = (verb: 'pause' | 'resume' | 'cancel', part: { legislature?: string; lawmakerId?: string }) =>
    app.get(Dispatch).stopPart(campaign, part as never, verb, amir);
  const testland = { legislature: 'testland' };
  const states = async () =>
    Object.fromEntries((await letters()).map(({ name, state }: { name: string; state: string }) => [name, state]));
  const first = async () => {
    const token = await writer();
    expect((await send(token, { lawmakers: [await anna()] })).statusCode).toBe(303);
    await inbox(app);
    expect(await states()).toEqual({ 'Anna Berg': 'accepted' });
    return token;
  };

  test('paused: what is written later waits, through a pause of the whole, until it is resumed', async () => {
    const token = await first();
    expect(await stop('pause', testland)).toEqual({ mails: 0, tasks: 0, lasting: true });
    const page = async () => (await (await signIn(app, 'amir')).get(`/en/console/letters/${campaign}`)).body;
    // Though nothing waits yet.
    expect(await page()).toContain('Paused, also letters that are still to come.');
    expect(await page()).toMatch(/part-stops[^]*value="resume"/);
    expect((await send(token, { lawmakers: [await fatemeh()] })).statusCode).toBe(303);
    await app.get(Dispatch).pause(campaign, amir);
    await app.get(Dispatch).resume(campaign, amir);
    await inbox(app);
    expect(await states()).toMatchObject({ 'فاطمه رضایی': 'held' });
    expect(await stop('resume', testland)).toEqual({ mails: 1, tasks: 0, lasting: true });
    await inbox(app);
    expect(await states()).toMatchObject({ 'فاطمه رضایی': 'accepted' });
    expect(await page()).not.toContain('Paused, also');
  });

  test('before anybody has written: a legislature by its row, a lawmaker on her preview', async () => {
    const approver = await signIn(app, 'amir');
    const page = async (path = '') => (await approver.get(`/en/console/letters/${campaign}${path}`)).body;
    const row = async () => /id="parts"[^]*<\/section>/.exec(await page())![0];
    expect(await row()).toMatch(/Parliament of Testland[^]*value="testland"[^]*value="pause"[^]*\/audience"/);
    const hers = `/previews/${await fatemeh()}`;
    expect(await page(hers)).toContain('Stop the letters to this lawmaker');
    expect((await (await signIn(app, 'olga')).get(`/en/console/letters/${campaign}${hers}`)).body).not.toContain(
      '/stop"',
    );
    const stopped = await approver.post(`/en/console/letters/${campaign}${hers}/stop`, { verb: 'cancel', sure: 'on' });
    expect(stopped.headers.location).toBe(`/en/console/letters/${campaign}${hers}?done=part-cancel`);
    expect(await page(`${hers}?done=part-cancel`)).toMatch(/These letters are cancelled[^]*no more letters go there/);
    const api = await approver.api('POST', `/api/v1/letter-campaigns/${campaign}/part-stops`, {
      ...{ verb: 'pause', part: testland },
    });
    expect(api.json()).toEqual({ mails: 0, tasks: 0 });
    expect(await row()).toMatch(/Paused, also letters that are still to come[^]*value="resume"/);
    const token = await writer();
    expect((await send(token, { lawmakers: [await anna()] })).statusCode).toBe(303);
    await inbox(app);
    expect(await states()).toEqual({ 'Anna Berg': 'held' });
    expect((await send(token, { lawmakers: [await fatemeh()] })).statusCode).toBe(422);
    await stop('resume', testland);
    await inbox(app);
    expect(await states()).toEqual({ 'Anna Berg': 'accepted' });
    // Nina has no address: no letter goes there.
    for (const part of [{ legislature: 'atlantis' }, { lawmakerId: await lawmakerId(app, 'Nina Null') }]) {
      const none = await approver.api('POST', `/api/v1/letter-campaigns/${campaign}/part-stops`, {
        verb: 'pause',
        part,
      });
      expect(none.json()).toMatchObject({ status: 404, detail: expect.stringContaining('goes there') });
    }
  });

  test('one lawmaker: paused alone, an exception of the pause of her legislature, and of the last word on it', async () => {
    const token = await first();
    const her = { lawmakerId: await anna() };
    const write = async (n: number) => {
      const other = await writer({ email: `s${n}@example.org` });
      expect((await send(other, { lawmakers: [await anna()] })).statusCode).toBe(303);
      await inbox(app);
      return (await app.database.query(`SELECT state FROM outbox WHERE kind = 'supporter-letter' ORDER BY id`)).at(-1)
        .state as string;
    };
    await stop('pause', her);
    expect(await write(1)).toBe('held');
    expect((await send(token, { lawmakers: [await fatemeh()] })).statusCode).toBe(303);
    await inbox(app);
    expect(await states()).toMatchObject({ 'فاطمه رضایی': 'accepted' });
    await stop('pause', testland);
    await stop('resume', her);
    expect(await write(2)).toBe('accepted');
    await stop('pause', testland);
    expect(await write(3)).toBe('held');
    await stop('resume', testland);
    expect(await write(4)).toBe('accepted');
    // Her own page has the buttons though nothing waits.
    const [{ id }] = await app.database.query(`SELECT id FROM letters WHERE lawmaker_id = $1 LIMIT 1`, [await anna()]);
    const own = (await (await signIn(app, 'amir')).get(`/en/console/letters/${campaign}/letters/${id}`)).body;
    expect(own).toContain('Stop the letters to this lawmaker');
    expect(own).toContain('value="pause"');
  });

  test('cancelled: a supporter sees that none goes there, and is refused beside the field, also in between', async () => {
    const token = await first();
    const wanted = { area: north, words: '', lawmakers: [await fatemeh()] };
    const preview = (await post(`/en/write/${token}/preview`, wanted)).body;
    const seen = /name="seen" value="([0-9a-f]{64})"/.exec(preview)![1]!;
    // What she would carry herself is not offered while it is paused, either.
    const byHand = async () => (await get(`/en/write/${token}?area=SE%20East`)).body;
    await stop('pause', testland);
    expect(await byHand()).not.toContain('lower.testland.example/write/6');
    await stop('resume', testland);
    expect(await byHand()).toContain('lower.testland.example/write/6');
    await stop('cancel', testland);
    await stop('resume', testland);
    for (const answer of [
      await post(`/en/write/${token}/preview`, wanted),
      await post(`/en/write/${token}`, { ...wanted, seen }),
    ]) {
      expect(answer.statusCode).toBe(422);
      expect(answer.body).toMatch(/id="lawmakers-error"[^]*No more letters are sent to one of the lawmakers/);
    }
    const form = (await get(`/en/write/${token}?area=${encodeURIComponent(north)}`)).body;
    expect(form).toMatch(/ disabled>[^]*no more letters are sent there/);
    expect(await byHand()).not.toContain('lower.testland.example/write/6');
    // Between her look and her click, under the lock.
    const desk = await app.get(WriteDesks).open(token);
    const looked = jest.spyOn(app.get(WriteDesks), 'open').mockResolvedValue({ ...desk, stopOf: () => null });
    const late = app.get(SupporterLetters).send(token, wanted as never, seen, 'en');
    await expect(late).rejects.toMatchObject({ status: 422 });
    looked.mockRestore();
    expect(await states()).toEqual({ 'Anna Berg': 'accepted' });
  });
});
