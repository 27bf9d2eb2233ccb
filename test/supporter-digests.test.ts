import { v7 as uuidv7 } from 'uuid';
import { ContactPointsService } from '../src/lawmakers/contact-points.service.js';
import { ObjectionsService } from '../src/lawmakers/objections.service.js';
import { Dispatch } from '../src/letters/dispatch.service.js';
import { LetterCampaigns } from '../src/letters/letter-campaigns.service.js';
import { LetterFailures } from '../src/letters/letter-failures.service.js';
import { LetterPreviews } from '../src/letters/letter-previews.service.js';
import { LettersRunner } from '../src/letters/letters.runner.js';
import { MailReturns } from '../src/mail/mail-returns.service.js';
import { PacedClaims } from '../src/mail/paced-claims.js';
import { Rights } from '../src/signatures/rights.service.js';
import { DigestEnds } from '../src/supporters/digest-ends.service.js';
import { DigestMails } from '../src/supporters/digest.mails.js';
import { Digests } from '../src/supporters/digests.service.js';
import { SupporterLetters } from '../src/supporters/supporter-letters.service.js';
import { SupportersMails } from '../src/supporters/supporters.mails.js';
import { startApp, type TestApp } from './support/app.js';
import { signIn } from './support/cast.js';
import { approve, campaignOf, importTestland, lawmakerId, person } from './support/letters.js';
import { oneRelay } from './support/mails.js';
import { inbox, sara } from './support/petitions.js';
import { amir, everything, north, olga, openCampaign, post, send, writer } from './support/supporters.js';

let app: TestApp;
let campaign: string;
let petition: string;

beforeEach(async () => {
  today = 0;
  app = await startApp({ LIMITS: 'off' });
  ({ campaign, petition } = await openCampaign(app, { digest: true }));
});
afterEach(() => app.close());

const anna = () => lawmakerId(app, 'Anna Berg');
const fatemeh = () => lawmakerId(app, 'فاطمه رضایی');
const mailsTo = async (address: string) => (await inbox(app)).filter(({ to }) => to.includes(address));
const told = async (email: string) =>
  (await mailsTo(email)).filter(({ subject }) => subject === 'A letter of yours did not arrive');
const day = 86_400_000;
/** The clock of those who make digests, in days from now. */
let today = 0;
const aDayGoesBy = () => (today += 1);
const round = () => app.get(DigestMails).round(Date.now() + today * day);
const digests = (): Promise<{ name: string; sender: string; supporters: number; state: string; id: string }[]> =>
  app.database.query(
    `SELECT l.id, l.lawmaker_name AS name, l.sender, l.supporters, o.state FROM letters l
     JOIN outbox o ON o.campaign_id = l.campaign_id AND o.id = l.id WHERE l.campaign_id = $1 ORDER BY l.sender, name`,
    [campaign],
  );
const waits = async () =>
  (
    await app.database.query(
      `SELECT count(*) FILTER (WHERE digest_id IS NULL AND failed_at IS NULL)::int AS waiting,
         count(*) FILTER (WHERE box IS NOT NULL)::int AS boxes FROM digest_supporters`,
    )
  )[0] as { waiting: number; boxes: number };
const endAs = (state: string) =>
  app.database.query(`UPDATE outbox SET state = $1, payload = NULL WHERE kind = 'supporter-digest'`, [state]);
/** Somebody who writes to Anna Berg, without words unless they are given. */
async function wrote(n: number, form: object = {}, name = `Signer ${n}`): Promise<string> {
  const token = await writer(app, { email: `s${n}@example.org`, name });
  expect((await send(app, token, { lawmakers: [await anna()], ...form })).statusCode).toBe(303);
  return token;
}
const long = 'The wells of our village ran dry in spring and nobody from the ministry came to look at them at all';

test('one mail a day: how many, the words of those who agreed, like words once, the letter once', async () => {
  const token = await writer(app);
  const wanted = { lawmakers: [await anna(), await fatemeh()], words: long, passWords: 'on', passName: 'on' };
  const form = (await app.inject({ url: `/en/write/${token}?area=${encodeURIComponent(north)}` })).body;
  expect(form).toContain('goes together with what others write');
  expect(form).not.toMatch(/name="pass\w+" value="on" checked/);
  const preview = (await post(app, `/en/write/${token}/preview`, { area: north, ...wanted })).body;
  expect(preview).toContain('The office gets this together with what others wrote, in one mail a day');
  expect(preview).toContain('Olga Lind via River Friends');
  expect(preview).toContain(`&gt; ${long}`);
  expect(preview).not.toMatch(/\/o\/[0-9A-Z]{16}/);
  expect((await send(app, token, wanted)).headers.location).toBe(`/en/write/${token}/sent`);
  await send(app, token, wanted);
  await wrote(1, { words: `${long}!`, passWords: 'on', passArea: 'on' });
  await wrote(2, {
    words: 'Something else entirely,\n-- \nSent by Nobody.',
    passWords: 'on',
    passName: 'on',
    passArea: 'on',
  });
  await wrote(3, { passName: 'on' });
  await wrote(4);
  const [copy] = (await mailsTo(sara.email)).filter(({ subject }) => subject === 'A copy of your letters');
  expect(copy!.text.replaceAll(/\s+/g, ' ')).toContain('together with what others write, in one mail a day at most');
  expect(copy!.text).not.toMatch(/\/o\/[0-9A-Z]{16}/);

  // Today's words are for tomorrow.
  await round();
  expect(await digests()).toEqual([]);
  aDayGoesBy();
  await Promise.all([round(), round(), app.get(Digests).make(Date.now() + day)]);
  await round();
  expect(await digests()).toMatchObject([
    { name: 'Anna Berg', supporters: 5, state: 'queued' },
    { name: 'فاطمه رضایی', supporters: 1, state: 'queued' },
  ]);
  const [mail, ...more] = await mailsTo('anna@upper');
  expect(more).toEqual([]);
  expect(mail!.subject).toBe('Wetlands in North (5)');
  const text = mail!.text.replaceAll('\r\n', '\n');
  expect(text).toMatch(/^5 people whom you represent have written to you through River Friends; each of them signed/);
  expect(text.match(/please protect the wetlands/g)).toHaveLength(1);
  expect(text).toContain(`> ${long}\n\n— Sara Ahmadi\nOne other wrote nearly the same words.\n`);
  expect(text).toContain('> Something else entirely,\n> --\n> Sent by Nobody.\n\n— Signer 2 (North)\n');
  expect(text).toContain('Without words of their own: Signer 3, and 1 who is not named.');
  expect(text).not.toMatch(/Signer 1|Signer 4|@example\.org|^-- $[\s\S]*^-- $/m);
  expect(text).toMatch(
    /-- \nSent by River Friends\. Responsible: Olga Lind\.\nYou receive this letter as a member[\s\S]*\/o\/[0-9A-Z]{16}/,
  );
  expect(text).toContain('and check its count: http');
  // The language of the text that the lawmaker gets; it has only English words here.
  expect((await mailsTo('fatemeh@'))[0]!.text).toMatch(/^One more person whom you represent has/);
  await app.get(DigestEnds).letGoOfWords();
  expect(await waits()).toEqual({ waiting: 0, boxes: 0 });

  // The next day: only who wrote since.
  await wrote(6);
  await round();
  expect(await digests()).toHaveLength(2);
  aDayGoesBy();
  await round();
  expect(await mailsTo('anna@upper')).toHaveLength(2);
  expect((await mailsTo('anna@upper'))[0]!.text).toMatch(
    /^One more person whom you represent has written[^;]* since our mail of /,
  );

  const vera = await signIn(app, 'vera');
  const figures = await vera.api('GET', `/api/v1/letter-campaigns/${campaign}/supporters`);
  expect(figures.json()).toMatchObject({
    ...{ letters: 7, supporters: 6, withOwnWords: 3, alike: 2, unapproved: 0 },
    digests: { letters: 3, supporters: 7, reached: 3, supportersReached: 7, waiting: 0, failed: 0 },
  });
  expect((await vera.get(`/en/console/letters/${campaign}/report`)).body).toContain(
    'Mails: 3. Supporters they speak for, each counted for every lawmaker she wrote to: 7. ',
  );
  const { id } = (await digests())[0]!;
  expect((await vera.get(`/en/console/letters/${campaign}/letters/${id}`)).body).toMatch(
    /Speaks for supporters<\/dt><dd>5</,
  );
  for (const page of ['', '/supporters', '/letters', '/report', '/letters.csv'])
    expect((await vera.get(`/en/console/letters/${campaign}${page}`)).body).not.toMatch(/Signer|@example\.org|village/);
});

test('her words go on only if she ticked it, whatever the API or an old page posts', async () => {
  const token = await writer(app);
  const lawmakers = [await anna()];
  const refused = await send(app, token, { lawmakers, words: 'Canary' });
  expect([refused.statusCode, refused.body.includes('id="passWords-error"')]).toEqual([422, true]);
  // Agreed without words: nothing is kept of it.
  await send(app, token, { lawmakers, passWords: 'on' });
  const [{ consents, box }] = await app.database.query('SELECT consents, box FROM digest_supporters');
  expect([consents, box]).toEqual([[], null]);
  await send(app, token, { lawmakers: [await fatemeh()], words: 'x', passWords: 'on', passArea: 'on' });
  const kept = await app.database.query(
    `SELECT c.purpose, c.wording FROM digest_supporters d JOIN consents c ON c.id = ANY (d.consents) ORDER BY 1`,
  );
  expect(kept).toEqual([
    { purpose: 'passArea', wording: 'Pass on the area that I chose above, too.' },
    { purpose: 'passWords', wording: 'Pass on my own words to these offices, in the one mail of a day.' },
  ]);
});

describe('while it waits', () => {
  const canary = 'Zirkonquelle';
  const waiting = async () => {
    const token = await writer(app, { name: `${canary} Ahmadi` });
    const wanted = { words: `${canary} speaks`, passWords: 'on', passName: 'on' };
    await send(app, token, { lawmakers: [await anna(), await fatemeh()], ...wanted });
    // Her copy has left.
    await inbox(app);
    return token;
  };
  const signatureId = async () =>
    (await app.database.query('SELECT signature_id AS id FROM digest_supporters LIMIT 1'))[0].id as string;
  const rightsLink = async () => {
    await post(app, '/en/p/wetlands/withdraw', { email: sara.email });
    const links = (await mailsTo(sara.email)).flatMap((mail) => mail.links);
    return /\/withdraw\/([\w-]{60,})$/.exec(links.find((each) => /\/withdraw\/[\w-]{60,}$/.test(each))!)![1]!;
  };

  test('nothing of hers stands open in the database: not before the mail is made, nor after', async () => {
    await waiting();
    const hidden = async () => {
      const dump = await everything(app);
      for (const form of ['utf8', 'hex', 'base64'] as const)
        expect(dump).not.toContain(Buffer.from(canary).toString(form).replace(/=+$/, '').slice(0, -1));
      expect(dump).not.toContain(sara.email);
    };
    expect(await waits()).toEqual({ waiting: 2, boxes: 2 });
    await hidden();
    aDayGoesBy();
    await round();
    expect((await digests()).map(({ state }) => state)).toEqual(['queued', 'queued']);
    await hidden();
    const [mail] = await mailsTo('anna@upper');
    expect(mail!.text).toContain(
      `> ${canary} speaks\r\n\r\n— ${canary} Ahmadi`.replaceAll('\r\n', mail!.text.includes('\r\n') ? '\r\n' : '\n'),
    );
    await app.get(DigestEnds).letGoOfWords();
    expect(await waits()).toEqual({ waiting: 0, boxes: 0 });
    const blank = await app.database.query(`SELECT FROM outbox WHERE kind LIKE '%digest%' AND payload IS NOT NULL`);
    expect(blank).toEqual([]);
  });

  test.each(['withdraw', 'erase'] as const)('%s before the mail is made: she is not in it', async (right) => {
    await waiting();
    await wrote(1);
    await app.get(Rights)[right]('withdraw', await rightsLink());
    aDayGoesBy();
    await round();
    expect(await digests()).toMatchObject([{ name: 'Anna Berg', supporters: 1 }]);
    const [mail] = await mailsTo('anna@upper');
    expect(mail!.text).not.toContain(canary);
    expect(await mailsTo('fatemeh@')).toEqual([]);
  });

  test.each(['withdraw', 'erase'] as const)(
    '%s after it was made, while a worker has it: it is written again without her',
    async (right) => {
      await waiting();
      await wrote(1);
      const link = await rightsLink();
      aDayGoesBy();
      await round();
      const claimed = await new PacedClaims(app.database).claim('w', [uuidv7(), uuidv7()], oneRelay(), {
        off: [],
        at: Date.now(),
      });
      expect(claimed).toHaveLength(2);
      await app.get(Rights)[right]('withdraw', link);
      expect(await digests()).toMatchObject([
        { name: 'Anna Berg', supporters: 1, state: 'queued' },
        { name: 'فاطمه رضایی', supporters: 0, state: 'suppressed' },
      ]);
      const [mail] = await mailsTo('anna@upper');
      expect(mail!.text).toMatch(/^One more person/);
      expect(mail!.text).not.toContain(canary);
      expect(await mailsTo('fatemeh@')).toEqual([]);
      expect(await everything(app)).not.toContain(canary);
      await round();
      expect(await told(sara.email)).toEqual([]);
    },
  );

  test('a signature that is taken out of the count is not spoken for', async () => {
    await waiting();
    aDayGoesBy();
    const [made] = await app.database.query(
      `INSERT INTO invalidations (petition_id, id, rule, reason, note, signatures, by_name)
       VALUES ($1, gen_random_uuid(), '{}', 3, 'x', 1, 'x') RETURNING id`,
      [petition],
    );
    await app.database.query(
      `INSERT INTO invalidated (petition_id, signature_id, invalidation_id, index) VALUES ($1, $2, $3, 0)`,
      [petition, await signatureId(), made.id],
    );
    await round();
    expect(await digests()).toEqual([]);
  });

  test('my data shows what waits, with her words', async () => {
    await waiting();
    const [letter] = await app.get(SupporterLetters).held(petition, await signatureId());
    expect(letter).toMatchObject({ state: 'queued', words: `${canary} speaks`, nameGiven: `${canary} Ahmadi` });
    expect(letter).toMatchObject({ areaGiven: null });
  });
});

describe('nobody is lost', () => {
  test('what breaks off between the mail and the commit leaves nothing half; the next round makes it once', async () => {
    await wrote(1);
    await wrote(2);
    aDayGoesBy();
    await app.database.query(
      `CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'the server died'; END $$`,
    );
    await app.database.query(
      `CREATE TRIGGER broken BEFORE INSERT ON outbox FOR EACH ROW WHEN (NEW.kind = 'supporter-digest') EXECUTE FUNCTION broken()`,
    );
    await expect(round()).rejects.toThrow('the server died');
    expect(await digests()).toEqual([]);
    expect(await waits()).toMatchObject({ waiting: 2 });
    await app.database.query('DROP TRIGGER broken ON outbox');
    await Promise.all([round(), round()]);
    expect(await digests()).toMatchObject([{ supporters: 2 }]);
    expect(await mailsTo('anna@upper')).toHaveLength(1);
  });

  test('an objection between planning and sending beats it; all of them are told, once', async () => {
    await wrote(1, { words: 'x', passWords: 'on' });
    await wrote(2);
    aDayGoesBy();
    await round();
    await app.get(ObjectionsService).record(await anna(), 'by telephone', olga);
    expect(await mailsTo('anna@upper')).toEqual([]);
    await round();
    await round();
    expect([(await told('s1@')).length, (await told('s2@')).length]).toEqual([1, 1]);
    expect((await told('s1@'))[0]!.text).toContain('Anna Berg');
    expect(await waits()).toEqual({ waiting: 0, boxes: 0 });
    expect(await app.get(SupportersMails).round()).toBe(0);
  });

  test('refused for good: her supporters are told once, and the organiser', async () => {
    await wrote(1, { words: 'x', passWords: 'on' });
    aDayGoesBy();
    await round();
    await app.database.query(
      `UPDATE outbox SET state = 'refused', state_at = now() - interval '2 minutes', payload = NULL WHERE kind = 'supporter-digest'`,
    );
    await Promise.all([round(), round()]);
    expect(await told('s1@')).toHaveLength(1);
    expect(await waits()).toEqual({ waiting: 0, boxes: 0 });
    expect(await app.get(LetterFailures).tell()).toBe(1);
    const [mail] = await mailsTo('olga@river.example');
    expect(mail!.text).toContain('Anna Berg');
    const vera = await signIn(app, 'vera');
    const url = `/api/v1/letter-campaigns/${campaign}/supporters`;
    expect((await vera.api('GET', url)).json()).toMatchObject({ digests: { failed: 1, supportersReached: 0 } });
  });

  test('out of time before any server had it: they are in the next one', async () => {
    await wrote(1, { words: 'My own words', passWords: 'on' });
    aDayGoesBy();
    await round();
    await endAs('expired');
    await round();
    // Not a second one on the same day.
    expect(await digests()).toHaveLength(1);
    expect(await waits()).toEqual({ waiting: 1, boxes: 1 });
    aDayGoesBy();
    await round();
    expect(await digests()).toHaveLength(2);
    expect((await mailsTo('anna@upper'))[0]!.text).toContain('> My own words');
    expect(await told('s1@')).toEqual([]);
  });

  test('out of time after a doubt: a server may have it, so it does not go again, and she is told', async () => {
    await wrote(1);
    aDayGoesBy();
    await round();
    const { id } = (await digests())[0]!;
    await app.database.query(
      `INSERT INTO attempts (campaign_id, outbox_id, attempt_id, worker, started_at, outcome) VALUES ($1, $2, $3, 'w', now(), 'in_doubt')`,
      [campaign, id, uuidv7()],
    );
    await endAs('expired');
    await round();
    expect(await waits()).toMatchObject({ waiting: 0 });
    expect(await told('s1@')).toHaveLength(1);
  });

  test('one that comes back is told too, and the address is marked', async () => {
    await wrote(1);
    aDayGoesBy();
    await round();
    await inbox(app);
    const { id } = (await digests())[0]!;
    const fact = {
      kind: 'bounced' as const,
      status: '5.1.1',
      diagnostic: null,
      attemptId: null,
      source: 'smtp' as const,
    };
    const mail = (await app.get(MailReturns).find(id))!;
    await app.get(MailReturns).record(mail, { ...fact, cites: false, addressed: true }, 'x', Buffer.from(''));
    await round();
    expect(await told('s1@')).toHaveLength(1);
    const marked = await app.database.query(`SELECT FROM contact_points WHERE bounced_status = '5.1.1'`);
    expect(marked).toHaveLength(1);
  });

  test('the end comes first: who still waits is told, and the campaign ends', async () => {
    await wrote(1);
    await app.database.query(`UPDATE letter_campaigns SET not_after = now() - interval '1 second'`);
    await app.get(LettersRunner).tick();
    await round();
    expect(await told('s1@')).toHaveLength(1);
    const [{ state }] = await app.database.query(`SELECT state FROM letter_campaigns WHERE id = $1`, [campaign]);
    expect(state).toBe('finished');
    await app.database.query(`UPDATE letter_campaigns SET state_at = now() - interval '91 days'`);
    await app.get(SupportersMails).round();
    expect(await app.database.query('SELECT FROM digest_supporters')).toEqual([]);
  });

  test('a pause makes no mails; a mail on its way is the only one', async () => {
    await wrote(1);
    aDayGoesBy();
    await app.get(Dispatch).pause(campaign, amir);
    await round();
    expect(await digests()).toEqual([]);
    await app.get(Dispatch).resume(campaign, amir);
    await round();
    await wrote(2);
    await endAs('deferred');
    aDayGoesBy();
    await round();
    expect(await digests()).toHaveLength(1);
  });

  test('no mail goes to an address that only one person has put there', async () => {
    await wrote(1, { words: 'x', passWords: 'on' });
    aDayGoesBy();
    const point = { channel: 'email' as const, value: 'collector@elsewhere.example', label: undefined };
    await app.get(ContactPointsService).add(await anna(), point, olga);
    await round();
    expect(await mailsTo('elsewhere.example')).toEqual([]);
    expect(await waits()).toEqual({ waiting: 1, boxes: 1 });
  });
});

test('over simulated days: one a day in office hours, the weekend in that of Monday, each supporter once', async () => {
  const pace = { timeZone: 'Europe/Berlin', days: [1, 2, 3, 4, 5], hours: [{ from: '09:00', to: '17:00' }] };
  await app.database.query(`UPDATE letter_campaigns SET pace = pace || $2::jsonb WHERE id = $1`, [
    campaign,
    JSON.stringify(pace),
  ]);
  const [{ id: lawmaker }] = await app.database.query(`SELECT id FROM lawmakers WHERE name = 'Anna Berg'`);
  await wrote(0);
  const [first] = await app.database.query('SELECT * FROM digest_supporters');
  await app.database.query('DELETE FROM digest_supporters');
  // Tuesday to Thursday of the next week in a year without surprises, and a clock that is put forward on Sunday 28.
  const from = Date.parse('2027-03-23T00:00:00Z');
  const claims = new PacedClaims(app.database);
  const left: { at: string; supporters: number }[] = [];
  let written = 0;
  const hours = [0, 6, 7, 8, 9, 15, 16, 23];
  for (let n = 0; n < 10 * hours.length; n += 1) {
    const hour = hours[n % hours.length]!;
    const at = from + Math.floor(n / hours.length) * day + hour * 3600_000;
    if (hour === 7 || hour === 15) {
      written += 1;
      const signature = uuidv7();
      await app.database.query(
        `INSERT INTO signatures (petition_id, id, identity, normal_form, box, country, locale, text_version, source, consents, confirmed_hour)
         SELECT petition_id, $1, sha256($2::text::bytea), normal_form, box, country, locale, text_version, source, consents, confirmed_hour
         FROM signatures LIMIT 1`,
        [signature, signature],
      );
      await app.database.query(
        `INSERT INTO digest_supporters (campaign_id, id, lawmaker_id, lawmaker_name, petition_id, signature_id, copy_id, consents, written_at)
         VALUES ($1, $2, $3, 'Anna Berg', $4, $5, $2, '{}', $6)`,
        [campaign, uuidv7(), lawmaker, petition, signature, new Date(at)],
      );
    }
    await Promise.all([app.get(Digests).make(at), app.get(Digests).make(at + 1)]);
    for (const mail of await claims.claim('w', [uuidv7(), uuidv7()], oneRelay(), { off: [], at })) {
      const [{ supporters }] = await app.database.query('SELECT supporters FROM letters WHERE id = $1', [mail.id]);
      left.push({ at: new Date(at).toISOString().slice(0, 13), supporters });
      await app.database.query(
        `UPDATE outbox SET state = 'accepted', attempts = 1, payload = NULL, attempt_id = NULL, worker = NULL, lease_until = NULL
         WHERE id = $1`,
        [mail.id],
      );
    }
  }
  expect(first.lawmaker_id).toBe(lawmaker);
  expect(written).toBe(20);
  expect(left).toEqual([
    { at: '2027-03-24T08', supporters: 2 },
    { at: '2027-03-25T08', supporters: 2 },
    { at: '2027-03-26T08', supporters: 2 },
    { at: '2027-03-29T07', supporters: 6 },
    { at: '2027-03-30T07', supporters: 2 },
    { at: '2027-03-31T07', supporters: 2 },
    { at: '2027-04-01T07', supporters: 2 },
  ]);
});

test('where no mail can follow before the deadline, nothing is taken, and the page says so', async () => {
  const token = await writer(app);
  const soon = new Date(Date.now() + 3600_000);
  const midnight = new Date(Math.ceil(Date.now() / day) * day);
  await app.database.query(`UPDATE letter_campaigns SET not_after = $1`, [soon < midnight ? soon : midnight]);
  const form = (await app.inject({ url: `/en/write/${token}?area=${encodeURIComponent(north)}` })).body;
  expect(form).toContain('no more letters are sent there');
  expect((await send(app, token, { lawmakers: [await anna()] })).statusCode).toBe(422);
  expect(await waits()).toMatchObject({ waiting: 0 });
});

test('the organiser chooses it, sees what it looks like, and a change voids the approval', async () => {
  const ada = await signIn(app, 'ada');
  const made = await campaignOf(app, olga, { more: { petition: 'wetlands', notAfter: '2099-01-01T00:00' } });
  const settings = await ada.get(`/en/console/letters/${made}/settings`);
  expect(settings.body).toMatch(/name="digest" value="on"/);
  const url = `/api/v1/letter-campaigns/${made}`;
  const refused = await ada.api('PATCH', url, { digest: true });
  expect([refused.statusCode, refused.body]).toEqual([422, expect.stringContaining('digest-of-supporters')]);
  const form = {
    ...{ title: 'Wetlands', defaultLocale: 'en', senderName: 'Olga Lind', organisation: 'River Friends' },
    ...{ replyTo: 'olga@river.example', legislatures: 'testland', channels: ['email'], petition: 'wetlands' },
    ...{ notAfter: '2099-01-01T00:00', timeZone: 'UTC', days: ['1', '2'], hoursFrom: '09:00', hoursTo: '17:00' },
    ...{ digest: 'on', supporterPerDay: '3', supporterTotal: '5' },
  };
  const beside = await ada.post(`/en/console/letters/${made}/settings`, { ...form, mode: 'organisation' });
  expect([beside.statusCode, beside.body.includes('id="digest-error"')]).toEqual([422, true]);
  const high = await ada.post(`/en/console/letters/${made}/settings`, {
    ...form,
    mode: 'supporters',
    supporterTotal: '101',
  });
  expect([high.statusCode, high.body.includes('id="supporterTotal-error"')]).toEqual([422, true]);
  const saved = await ada.post(`/en/console/letters/${made}/settings`, { ...form, mode: 'supporters' });
  expect(saved.statusCode).toBe(303);
  expect((await ada.api('GET', url)).json()).toMatchObject({ digest: true, supporterPerDay: 3, supporterTotal: 5 });

  const page = (await ada.get(`/en/console/letters/${made}`)).body;
  expect(page).toContain('3 a day, 5 in all');
  expect(page).toContain('Here stand the own words of a supporter');
  const preview = await app.get(LetterPreviews).show(made, await anna(), person('Ada', 'admin'));
  expect(preview.text).toMatch(/^4 people whom you represent/);
  expect(preview.text).toContain('> Here stand the own words of a supporter');
  expect(preview.subject).toBe('Wetlands in North (4)');

  for (const change of [{ digest: false }, { supporterPerDay: 4 }, { supporterTotal: 6 }]) {
    await approve(app, made, olga, amir);
    await app.get(LetterCampaigns).change(made, change, olga);
    expect((await app.get(LetterCampaigns).find(made)).state).toBe('draft');
  }
});

test('lawmakers who come after the approval wait for the next one, and the page counts them', async () => {
  const ada = await signIn(app, 'ada');
  const page = async () => (await ada.get(`/en/console/letters/${campaign}/supporters`)).body;
  expect(await page()).not.toContain('after the approval');
  const file = `id,name,area,language,email
1,Anna Berg,North,en,anna@upper.testland.example
11,Nora New,North,en,nora@upper.testland.example
12,Nils New,North,en,nils@upper.testland.example
`;
  await importTestland(app, file);
  expect(await page()).toContain('or who have another name or address since: 2.');
});

describe('letters to a lawmaker are stopped', () => {
  const stop = async (verb: 'pause' | 'resume' | 'cancel') =>
    app.get(Dispatch).stopPart(campaign, { lawmakerId: await anna() } as never, verb, amir);
  const firstDay = async () => {
    await wrote(1);
    aDayGoesBy();
    await round();
    await inbox(app);
    expect(await digests()).toMatchObject([{ state: 'accepted', supporters: 1 }]);
  };

  test('paused: those who write later wait for one mail after it is resumed', async () => {
    await firstDay();
    await stop('pause');
    await wrote(2);
    await wrote(3);
    aDayGoesBy();
    await round();
    expect(await digests()).toHaveLength(1);
    expect(await waits()).toMatchObject({ waiting: 2 });
    await stop('resume');
    await round();
    await inbox(app);
    expect((await digests())[1]).toMatchObject({ state: 'accepted', supporters: 2 });
  });

  test('cancelled: those who wait are told, and nobody else can write there', async () => {
    await firstDay();
    await wrote(2, { words: long, passWords: 'on' });
    await stop('cancel');
    aDayGoesBy();
    await round();
    await round();
    expect(await digests()).toHaveLength(1);
    expect(await waits()).toEqual({ waiting: 0, boxes: 0 });
    expect(await told('s2@example.org')).toHaveLength(1);
    const late = await send(app, await writer(app, { email: 's3@example.org' }), { lawmakers: [await anna()] });
    expect(late.statusCode).toBe(422);
    expect(late.body).toContain('No more letters are sent to one of the lawmakers');
  });
});
