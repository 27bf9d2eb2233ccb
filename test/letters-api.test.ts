import PostalMime from 'postal-mime';
import { ObjectionsService } from '../src/lawmakers/objections.service.js';
import { Dispatch } from '../src/letters/dispatch.service.js';
import { LetterCampaigns } from '../src/letters/letter-campaigns.service.js';
import { MailWorker } from '../src/mail/mail.worker.js';
import { startApp, type TestApp } from './support/app.js';
import { type SignedIn, signIn } from './support/cast.js';
import { importTestland, lawmakerId, words } from './support/letters.js';
import { inbox, openPetition } from './support/petitions.js';

let app: TestApp;
let olga: SignedIn;
let amir: SignedIn;
let ada: SignedIn;
let vera: SignedIn;
beforeAll(async () => {
  app = await startApp({ LIMITS: 'off' });
  await openPetition(app);
  await importTestland(app);
  olga = await signIn(app, 'olga');
  amir = await signIn(app, 'amir');
  ada = await signIn(app, 'ada');
  vera = await signIn(app, 'vera');
});
afterAll(() => app.close());

const root = '/api/v1/letter-campaigns';
const fields = {
  title: 'Wetlands',
  petition: 'wetlands',
  defaultLocale: 'en',
  senderName: 'Olga Lind',
  organisation: 'River Friends',
  replyTo: 'olga@river.example',
  audience: { legislatures: ['testland'] },
};

interface Campaign {
  id: string;
  state: string;
  version: number;
}

async function campaign(by: SignedIn = olga, more: object = {}, text: object = words): Promise<string> {
  const made = await by.api('POST', root, { ...fields, ...more });
  expect(made.statusCode).toBe(201);
  const { id } = made.json<Campaign>();
  expect((await by.api('PUT', `${root}/${id}/texts/en`, text)).statusCode).toBe(200);
  return id;
}

/** What an approver is shown; before anybody asks there is no list. */
const shownOf = async (id: string) => {
  const { sha256, listSha256 } = (await vera.api('GET', `${root}/${id}/approval`)).json();
  return { sha256, listSha256: listSha256 ?? '0'.repeat(64) };
};
const stateOf = async (id: string) => (await vera.api('GET', `${root}/${id}`)).json<Campaign>().state;
const ask = (id: string, by = olga) => by.api('POST', `${root}/${id}/review`);
const approve = async (id: string, by = amir) => by.api('POST', `${root}/${id}/approval`, await shownOf(id));

async function dispatched(id: string): Promise<void> {
  expect((await ask(id)).statusCode).toBe(200);
  expect((await approve(id)).statusCode).toBe(200);
  expect((await amir.api('POST', `${root}/${id}/dispatch`)).statusCode).toBe(202);
  await app.get(Dispatch).planned(id);
}

describe('the JSON door', () => {
  it('goes the whole way from a draft to letters that arrived', async () => {
    const id = await campaign();
    const { counts, lawmakers } = (await olga.api('GET', `${root}/${id}/audience`)).json();
    expect(counts).toMatchObject({
      lawmakers: 10,
      included: 8,
      byChannel: [
        { name: 'email', n: 5 },
        { name: 'form', n: 1 },
        { name: 'phone', n: 1 },
        { name: 'post', n: 1 },
      ],
      byReason: [
        { name: 'missing:lawmaker.area', n: 1 },
        { name: 'no-contact-point-for-channel', n: 1 },
      ],
    });
    expect(lawmakers).toHaveLength(10);
    await dispatched(id);
    const anna = await lawmakerId(app, 'Anna Berg');
    const preview = (await vera.api('GET', `${root}/${id}/previews/${anna}`)).json();
    expect((await vera.api('GET', `${root}/${id}/previews/${anna}/letter.eml`)).statusCode).toBe(403);
    const eml = await amir.api('GET', `${root}/${id}/previews/${anna}/letter.eml`);
    await app.get(MailWorker).drain();
    const { letters } = (await vera.api('GET', `${root}/${id}/letters?status=accepted`)).json();
    expect(letters).toHaveLength(5);
    expect(letters[0]).toMatchObject({ lawmakerName: 'Anna Berg', replyCode: 250, rawSha256: preview.sha256 });
    const [{ raw }] = await app.database.query(`SELECT raw FROM outbox WHERE campaign_id = $1 AND ref = $2`, [
      id,
      letters[0].id,
    ]);
    expect(Buffer.compare(raw as Buffer, eml.rawPayload)).toBe(0);
    const report = (await vera.api('GET', `${root}/${id}/report`)).json();
    expect(report.byStatus).toEqual([
      { name: 'accepted', letters: 5 },
      { name: 'task', letters: 3 },
      { name: 'excluded', letters: 2 },
    ]);
    const actions = await app.database.query(`SELECT action FROM audit_entries WHERE subject = $1 ORDER BY id`, [id]);
    expect(actions.map(({ action }: { action: string }) => action.replace('letter-campaign.', ''))).toEqual([
      ...['created', 'text-written', 'approval-asked', 'approved', 'dispatched', 'planned'],
    ]);
  });

  it('gives letters in pages that neither overlap nor leave a gap', async () => {
    const id = await campaign();
    await dispatched(id);
    const seen: string[] = [];
    for (let after = ''; ;) {
      const page = (await vera.api('GET', `${root}/${id}/letters?limit=3&after=${after}`)).json();
      seen.push(...page.letters.map((letter: { id: string }) => letter.id));
      if (!page.next) break;
      after = page.next;
    }
    expect(seen).toHaveLength(10);
    expect(new Set(seen).size).toBe(10);
  });

  it('pauses, resumes and cancels', async () => {
    const id = await campaign();
    await dispatched(id);
    expect((await amir.api('PUT', `${root}/${id}/pause`)).json()).toMatchObject({ state: 'paused' });
    expect((await amir.api('PUT', `${root}/${id}/pause`)).statusCode).toBe(409);
    expect((await amir.api('DELETE', `${root}/${id}/pause`)).json()).toMatchObject({ state: 'dispatching' });
    expect((await amir.api('DELETE', `${root}/${id}/dispatch`)).json()).toMatchObject({ state: 'cancelled' });
    for (const [method, path] of [
      ['POST', 'dispatch'],
      ['POST', 'approval'],
      ['DELETE', 'approval'],
      ['PUT', 'pause'],
      ['DELETE', 'pause'],
      ['DELETE', 'dispatch'],
    ] as const) {
      const payload = path === 'approval' && method === 'POST' ? await shownOf(id) : undefined;
      expect((await amir.api(method, `${root}/${id}/${path}`, payload)).statusCode).toBe(409);
    }
    expect((await olga.api('PATCH', `${root}/${id}`, { title: 'x' })).statusCode).toBe(409);
    expect((await olga.api('PUT', `${root}/${id}/texts/en`, words)).statusCode).toBe(409);
    expect((await olga.api('POST', `${root}/${id}/tests`)).statusCode).toBe(409);
    expect((await olga.api('POST', `${root}/${id}/review`)).statusCode).toBe(409);
  });

  it.each([
    ['no title', { title: ' ' }, 'title'],
    ['a title of two lines', { title: 'a\nBcc: x@y.example' }, 'title'],
    ['a sender with a line break', { senderName: 'Olga\r\nBcc: evil@evil.example' }, 'senderName'],
    ['a sender with a hidden override', { senderName: 'Olga\u202e' }, 'senderName'],
    ['an organisation with a line separator', { organisation: 'Org\u2028Bcc: x' }, 'organisation'],
    ['an answer address that is none', { replyTo: 'olga' }, 'replyTo'],
    ['two answer addresses', { replyTo: 'a@b.example, c@d.example' }, 'replyTo'],
    ['a language that is none', { defaultLocale: 'english' }, 'defaultLocale'],
    ['a petition that is none', { petition: 'nothing' }, 'petition'],
    ['a channel that is none', { audience: { channels: ['fax'] } }, 'audience.channels.0'],
    ['no channel', { audience: { channels: [] } }, 'audience.channels'],
    ['a start that is no time', { notBefore: 'tomorrow' }, 'notBefore'],
    ['an end before the start', { notBefore: '2027-01-02T00:00:00Z', notAfter: '2027-01-01T00:00:00Z' }, 'notAfter'],
    ['a number for a name', { senderName: 7 }, 'senderName'],
  ])('refuses %s, beside its field', async (_, change, field) => {
    const made = await olga.api('POST', root, { ...fields, ...change });
    expect(made.statusCode).toBe(422);
    expect(made.json<{ errors: { field: string }[] }>().errors.map((error) => error.field)).toContain(field);
    const id = await campaign();
    expect((await olga.api('PATCH', `${root}/${id}`, change)).statusCode).toBe(422);
    expect((await olga.api('GET', `${root}/${id}`)).json()).toMatchObject({ ...fields, audience: expect.anything() });
  });

  it.each([
    ['include', { body: '{% include "../../.env" %}' }, 'body', 'unknown-tag'],
    ['render', { body: 'x\n{% render "layouts/console" %}' }, 'body', 'unknown-tag'],
    ['layout', { subject: '{% layout "x" %}' }, 'subject', 'unknown-tag'],
    ['a constructor', { body: '{{ lawmaker.constructor.constructor }}' }, 'body', 'unknown-placeholder'],
    ['a prototype', { body: '{{ __proto__ }}' }, 'body', 'unknown-placeholder'],
    ['a loop', { body: '{% for i in (1..1000000) %}x{% endfor %}' }, 'body', 'unknown-tag'],
    ['settings', { subject: '{{ settings.SMTP_URL }}' }, 'subject', 'unknown-placeholder'],
    ['no subject', { subject: '' }, 'subject', 'required'],
    ['a subject of two lines', { subject: 'a\r\nBcc: evil@evil.example' }, 'subject', 'one-line'],
    ['no body', { body: '  ' }, 'body', 'required'],
    ['a novel', { body: 'x'.repeat(8001) }, 'body', 'too-long'],
  ])('refuses words with %s', async (_, change, field, code) => {
    const id = await campaign();
    const before = (await shownOf(id)).sha256;
    const answer = await olga.api('PUT', `${root}/${id}/texts/en`, { ...words, ...change });
    expect(answer.statusCode).toBe(422);
    expect(answer.json<{ errors: object[] }>().errors[0]).toMatchObject({ field, code });
    expect((await shownOf(id)).sha256).toBe(before);
  });

  it('stops a template that grows without end before it reaches anybody', async () => {
    const body = `{% assign a = "xxxxxxxxxx" %}${'{% assign a = a | append: a %}'.repeat(40)}{{ a }}`;
    const id = await campaign();
    const answer = await olga.api('PUT', `${root}/${id}/texts/en`, { ...words, body });
    expect(answer.statusCode).toBe(422);
    expect(answer.json<{ errors: object[] }>().errors[0]).toMatchObject({ field: 'body', code: 'template-too-large' });
  });

  it('answers 404 for what is not there and for what is no id', async () => {
    const id = await campaign();
    for (const wrong of ['0190b2f2-0000-7000-8000-000000000000', 'nothing', "'%20OR%201=1"]) {
      expect((await vera.api('GET', `${root}/${wrong}`)).statusCode).toBe(404);
      expect((await vera.api('GET', `${root}/${wrong}/letters.csv`)).statusCode).toBe(404);
      expect((await vera.api('GET', `${root}/${id}/previews/${wrong}`)).statusCode).toBe(404);
      expect((await olga.api('PUT', `${root}/${id}/letters/${wrong}/completion`, {})).statusCode).toBe(404);
    }
    expect((await olga.api('PUT', `${root}/${id}/texts/english`, words)).statusCode).toBe(404);
    expect((await olga.api('DELETE', `${root}/${id}/texts/fr`)).statusCode).toBe(404);
    expect((await vera.api('GET', `${root}/${id}/letters?after=nonsense`)).statusCode).toBe(422);
  });
});

describe('what a mail cannot be made to do', () => {
  it('takes no header from a name, however it came into the database', async () => {
    const csv = `id,name,family_name,area,language,email\n1,Eve Tail,Tail,North,en,eve@evil.testland.example\n`;
    await importTestland(app, csv, 'evil');
    const name = 'Eve\r\nBcc: everybody@evil.example\r\n\r\n<script>alert(1)</script> "Tail" <other@evil.example>';
    await app.database.query(`UPDATE lawmakers SET name = $1 WHERE name = 'Eve Tail'`, [name]);
    const audience = { legislatures: ['evil'] };
    const id = await campaign(olga, { audience }, { subject: 'To {{ lawmaker.name }}', body: '{{ lawmaker.name }}' });
    await dispatched(id);
    const [{ raw }] = await app.database.query(`SELECT raw FROM outbox WHERE campaign_id = $1`, [id]);
    const mail = await PostalMime.parse(raw as Buffer);
    expect(mail.headers.map(({ key }) => key)).not.toContain('bcc');
    expect(mail.to).toHaveLength(1);
    expect(mail.to![0]!.address).toBe('eve@evil.testland.example');
    expect(mail.subject).toMatch(/^To Eve Bcc: everybody@evil.example <script>/);
    expect(mail.html).toBeUndefined();
    const page = await olga.get(`/en/console/letters/${id}/letters`);
    expect(page.body).not.toContain('<script>alert');
  });

  it('sends a test to nobody but the signed-in person, also when she is a lawmaker of the audience', async () => {
    const id = await campaign();
    const before = (await inbox(app)).length;
    const tested = await olga.api('POST', `${root}/${id}/tests`);
    expect(tested.json()).toEqual({ to: olga.email });
    const mails = await inbox(app);
    expect(mails).toHaveLength(before + 1);
    expect(mails[0]).toMatchObject({ to: olga.email, subject: expect.stringMatching(/^\[TEST\] /) });
    expect((await vera.api('GET', `${root}/${id}/report`)).json()).toMatchObject({ total: 0 });
    await app.database.query(`UPDATE contact_points SET value = upper($1) WHERE value LIKE 'anna@%'`, [olga.email]);
    expect((await olga.api('POST', `${root}/${id}/tests`)).statusCode).toBe(403);
    await app.database.query(
      `UPDATE contact_points SET value = 'anna@upper.testland.example' WHERE value = upper($1)`,
      [olga.email],
    );
    expect(await inbox(app)).toHaveLength(before + 1);
  });
});

describe('approval', () => {
  it('is refused to the author, to who changed it last and to who submitted it, also with all rights', async () => {
    const own = await campaign(ada);
    await ask(own, ada);
    expect((await approve(own, ada)).statusCode).toBe(403);
    const edited = await campaign(olga);
    await ada.api('PATCH', `${root}/${edited}`, { title: 'Better' });
    await ask(edited, olga);
    expect((await approve(edited, ada)).statusCode).toBe(403);
    const submitted = await campaign(olga);
    await ask(submitted, ada);
    expect((await approve(submitted, ada)).statusCode).toBe(403);
    const worded = await campaign(olga);
    await ada.api('PUT', `${root}/${worded}/texts/fr`, words);
    await olga.api('PATCH', `${root}/${worded}`, { title: 'Later' });
    await ask(worded, olga);
    expect((await approve(worded, ada)).statusCode).toBe(403);
    for (const id of [own, edited, submitted, worded]) expect((await approve(id, amir)).statusCode).toBe(200);
  });

  it('knows the person behind page and token', async () => {
    const id = await campaign(ada);
    await ask(id, ada);
    const answer = await ada.post(`/en/console/letters/${id}/approval`, await shownOf(id));
    expect(answer.statusCode).toBe(403);
  });

  it('needs the right, a request, and the hash of what is written now', async () => {
    const id = await campaign();
    expect((await approve(id)).statusCode).toBe(409);
    await ask(id);
    expect((await approve(id, olga)).statusCode).toBe(403);
    expect((await approve(id, vera)).statusCode).toBe(403);
    const wrong = await amir.api('POST', `${root}/${id}/approval`, { ...(await shownOf(id)), sha256: '0'.repeat(64) });
    expect(wrong.statusCode).toBe(409);
    expect((await amir.api('POST', `${root}/${id}/approval`, { sha256: 'x' })).statusCode).toBe(422);
    expect(await stateOf(id)).toBe('in_review');
    expect((await amir.api('POST', `${root}/${id}/dispatch`)).statusCode).toBe(409);
  });

  it('is not asked for an incomplete letter', async () => {
    const id = await campaign(olga, { defaultLocale: 'fr', audience: { legislatures: [] } });
    const answer = await ask(id);
    expect(answer.statusCode).toBe(422);
    expect(answer.json<{ errors: { code: string }[] }>().errors.map(({ code }) => code)).toEqual([
      'no-default-text',
      'no-recipients',
    ]);
    const late = await campaign(olga, { notAfter: '2020-01-01T00:00:00Z' });
    expect((await ask(late)).json<{ errors: object[] }>().errors[0]).toMatchObject({ code: 'deadline-past' });
  });

  const changes: [string, (id: string) => ReturnType<SignedIn['api']>][] = [
    ['words', (id) => olga.api('PUT', `${root}/${id}/texts/en`, { ...words, body: `${words.body}!` })],
    ['subject', (id) => olga.api('PUT', `${root}/${id}/texts/en`, { ...words, subject: 'Other' })],
    ['one more language', (id) => olga.api('PUT', `${root}/${id}/texts/fa`, words)],
    ['one language fewer', (id) => olga.api('DELETE', `${root}/${id}/texts/fr`)],
    ['title', (id) => olga.api('PATCH', `${root}/${id}`, { title: 'Other' })],
    [
      'audience',
      (id) => olga.api('PATCH', `${root}/${id}`, { audience: { legislatures: ['testland'], parties: ['Reds'] } }),
    ],
    ['schedule', (id) => olga.api('PATCH', `${root}/${id}`, { notBefore: '2030-01-01T09:00' })],
    ['deadline', (id) => olga.api('PATCH', `${root}/${id}`, { notAfter: '2030-01-01T09:00:00+02:00' })],
    ['sender', (id) => olga.api('PATCH', `${root}/${id}`, { senderName: 'Other' })],
    ['answer address', (id) => olga.api('PATCH', `${root}/${id}`, { replyTo: 'other@river.example' })],
    ['petition', (id) => olga.api('PATCH', `${root}/${id}`, { petition: null })],
    ['default language', (id) => olga.api('PATCH', `${root}/${id}`, { defaultLocale: 'fr' })],
  ];

  it.each(changes)('is void after a change of %s, and so is a request', async (_, change) => {
    const id = await campaign();
    await olga.api('PUT', `${root}/${id}/texts/fr`, words);
    await ask(id);
    const asked = await shownOf(id);
    expect((await change(id)).statusCode).toBeLessThan(300);
    expect(await stateOf(id)).toBe('draft');
    expect((await amir.api('POST', `${root}/${id}/approval`, asked)).statusCode).toBe(409);

    const other = await campaign();
    await olga.api('PUT', `${root}/${other}/texts/fr`, words);
    await ask(other);
    expect((await approve(other)).statusCode).toBe(200);
    expect((await change(other)).statusCode).toBeLessThan(300);
    expect(await stateOf(other)).toBe('draft');
    expect((await amir.api('POST', `${root}/${other}/dispatch`)).statusCode).toBe(409);
    const [{ standing }] = await app.database.query(
      `SELECT count(*)::int AS standing FROM approvals WHERE campaign_id = $1 AND voided_at IS NULL`,
      [other],
    );
    expect(standing).toBe(0);
  });

  it('stays when the same is saved again', async () => {
    const id = await campaign();
    await ask(id);
    await approve(id);
    await olga.api('PUT', `${root}/${id}/texts/en`, words);
    await olga.api('PATCH', `${root}/${id}`, { title: fields.title });
    expect(await stateOf(id)).toBe('approved');
  });

  it('never survives a change that happens at the same moment', async () => {
    for (let round = 0; round < 8; round += 1) {
      const id = await campaign();
      await ask(id);
      const shown = await shownOf(id);
      const [approved] = await Promise.all([
        amir.api('POST', `${root}/${id}/approval`, shown),
        olga.api('PUT', `${root}/${id}/texts/en`, { ...words, body: `${words.body} ${round}` }),
      ]);
      expect([200, 409]).toContain(approved.statusCode);
      expect(await stateOf(id)).toBe('draft');
      const sent = await amir.api('POST', `${root}/${id}/dispatch`);
      expect(sent.statusCode).toBe(409);
    }
  });

  it('sends what was approved or nothing when a change and a dispatch happen at the same moment', async () => {
    for (let round = 0; round < 5; round += 1) {
      const id = await campaign();
      await ask(id);
      await approve(id);
      const [sent, changed] = await Promise.all([
        amir.api('POST', `${root}/${id}/dispatch`),
        olga.api('PUT', `${root}/${id}/texts/en`, { ...words, body: 'SWAPPED' }),
      ]);
      await app.get(Dispatch).planned(id);
      expect([sent.statusCode, changed.statusCode].sort()).toEqual(sent.statusCode === 202 ? [202, 409] : [200, 409]);
      const mails: { raw: Buffer }[] = await app.database.query(`SELECT raw FROM outbox WHERE campaign_id = $1`, [id]);
      expect(mails.length).toBe(sent.statusCode === 202 ? 5 : 0);
      for (const { raw } of mails) expect(raw.toString()).not.toContain('SWAPPED');
    }
  });

  it('is caught when the words were changed behind the application', async () => {
    const id = await campaign();
    await ask(id);
    await approve(id);
    await app.database.query(`UPDATE letter_texts SET body = 'SWAPPED' WHERE campaign_id = $1`, [id]);
    expect((await amir.api('POST', `${root}/${id}/dispatch`)).statusCode).toBe(409);
  });

  it('can be taken back and given back', async () => {
    const id = await campaign();
    await ask(id);
    expect((await olga.api('DELETE', `${root}/${id}/review`)).json()).toMatchObject({ state: 'draft' });
    await ask(id);
    expect((await amir.api('DELETE', `${root}/${id}/approval`, { reason: 'too long' })).statusCode).toBe(200);
    await ask(id);
    await approve(id);
    expect((await amir.api('DELETE', `${root}/${id}/approval`)).json()).toMatchObject({
      state: 'draft',
      datedAt: null,
    });
  });

  it('refuses a form that was opened before somebody else changed the letter', async () => {
    const id = await campaign();
    const { version } = (await olga.api('GET', `${root}/${id}`)).json<Campaign>();
    expect((await ada.api('PATCH', `${root}/${id}`, { title: 'Hers', version })).statusCode).toBe(200);
    expect((await olga.api('PATCH', `${root}/${id}`, { title: 'Mine', version })).statusCode).toBe(409);
    expect((await app.get(LetterCampaigns).find(id)).title).toBe('Hers');
  });
});

describe('objections', () => {
  it('keep a lawmaker out of the dry run and out of the dispatch', async () => {
    const actor = { kind: 'staff' as const, id: olga.id, name: 'Olga', rights: [] };
    const otto = await lawmakerId(app, 'Otto Stopp');
    const id = await campaign();
    await ask(id);
    await approve(id);
    await app.get(ObjectionsService).record(otto, 'asked us to stop', actor);
    await amir.api('POST', `${root}/${id}/dispatch`);
    await app.get(Dispatch).planned(id);
    const { letters } = (await vera.api('GET', `${root}/${id}/letters?status=excluded`)).json();
    expect(letters).toContainEqual(expect.objectContaining({ lawmakerName: 'Otto Stopp', reason: 'objection' }));
    const preview = (await vera.api('GET', `${root}/${id}/previews/${otto}`)).json();
    expect(preview).toMatchObject({ excluded: 'objection', text: null });
    await app.get(ObjectionsService).lift(otto, 'he asked for it', actor);
  });
});
