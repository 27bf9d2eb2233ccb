import { LettersRunner } from '../src/letters/letters.runner.js';
import { Dispatch } from '../src/letters/dispatch.service.js';
import { MailWorker } from '../src/mail/mail.worker.js';
import { locales, translate } from '../src/site/languages.js';
import { startApp, type TestApp } from './support/app.js';
import { type SignedIn, signIn } from './support/cast.js';
import { importTestland, lawmakerId, words } from './support/letters.js';
import { inbox, openPetition } from './support/petitions.js';

let app: TestApp;
let olga: SignedIn;
let amir: SignedIn;
let vera: SignedIn;
beforeAll(async () => {
  app = await startApp({ LIMITS: 'off' });
  await openPetition(app);
  await importTestland(app);
  [olga, amir, vera] = [await signIn(app, 'olga'), await signIn(app, 'amir'), await signIn(app, 'vera')];
});
afterAll(() => app.close());

const console_ = '/en/console/letters';
const settings = {
  title: 'Wetlands',
  petition: 'wetlands',
  defaultLocale: 'en',
  senderName: 'Olga Lind',
  organisation: 'River Friends',
  replyTo: 'olga@river.example',
  legislatures: 'testland',
  channels: ['email', 'form', 'post', 'phone'],
};
const seen = (page: string) => ({ sha256: hidden(page, 'sha256'), listSha256: hidden(page, 'listSha256') });
const hidden = (page: string, name: string) => new RegExp(`name="${name}" value="([^"]*)"`).exec(page)?.[1] ?? '';

describe('an organiser and an approver, page by page', () => {
  let page: string;

  it('counts the audience while it is chosen, and saves it', async () => {
    expect((await olga.get(`${console_}/new`)).statusCode).toBe(200);
    const counted = await olga.post(console_, { ...settings, parties: 'Reds', action: 'count' });
    expect(counted.statusCode).toBe(200);
    // A number of the rules alone: there are no words yet, and nobody would get a letter.
    expect(counted.body).toContain('The rules find 4 lawmakers');
    expect(counted.body).toContain('Whose letter cannot be written is left out later, in “Who gets what”');
    expect(counted.body).toContain('value="Blues"');
    const made = await olga.post(console_, settings);
    expect(made.statusCode).toBe(303);
    page = String(made.headers.location);
    expect((await olga.get(page)).body).toContain('Nobody would get this letter yet');
  });

  it('refuses a placeholder that does not exist beside the field, with its name and line, and keeps what was typed', async () => {
    const body = '{{ salutation }},\n\nin {{ lawmaker.constituency }} and {{ petition.count }}';
    const refused = await olga.post(`${page}/text?language=en`, { subject: 'Wetlands', body });
    expect(refused.statusCode).toBe(422);
    expect(refused.body).toContain('Line 3, column 7: there is no placeholder “lawmaker.constituency”');
    expect(refused.body).toContain('aria-describedby="body-error"');
    expect(refused.body).toContain('in {{ lawmaker.constituency }} and');
    expect((await olga.get(page)).body).toContain('Nothing is written yet');
  });

  it('says in the reader’s language what the parser does not like, never in the parser’s', async () => {
    const bodies = [
      '{% for x in y %}',
      '{% endif %}',
      '{% if salutation %}',
      '{{ salutation',
      '{{ salutation | json }}',
    ];
    for (const body of [...bodies, '{{ }}', '{{ salutation | append }}']) {
      for (const locale of locales) {
        const refused = await olga.post(`${page.replace('/en/', `/${locale}/`)}/text?language=en`, {
          subject: 'x',
          body,
        });
        const said = /id="body-error"><ul>(.*?)<\/ul>/.exec(refused.body)![1]!;
        const start = translate(locale, 'letters.fault-at', { line: 1, column: 1, what: '' }).slice(0, 5);
        expect(said).toContain(`<li>${start}`);
        expect({ locale, body, said }).not.toMatchObject({
          said: expect.stringMatching(/not (found|closed)|undefined|invalid|expect|line:|col:/),
        });
      }
      const api = await olga.api(
        'PUT',
        `${page.replace('/en/console', '/api/v1').replace('letters', 'letter-campaigns')}/texts/en`,
        {
          subject: 'x',
          body,
        },
      );
      expect(api.json().errors).toMatchObject([
        {
          field: 'body',
          line: 1,
          message: expect.stringMatching(/^Line 1, column \d: (?!.*(not closed|undefined|invalid|expect))/),
        },
      ]);
    }
    const persian = await olga.post(`${page.replace('/en/', '/fa/')}/text?language=fa`, {
      subject: 'x',
      body: 'a\n{% if date %}',
    });
    expect(persian.body.replaceAll(/[\u2066-\u2069\u200e]/g, '')).toContain(
      'سطر ۲، ستون ۱: آنچه اینجا آغاز می‌شود پایان ندارد: «endif» کم است',
    );
  });

  it('saves words in three languages', async () => {
    const body = `${words.body}\n\n{{ petition.count }} people signed "{{ petition.title }}".`;
    for (const language of ['en', 'fr', 'fa']) {
      const subject =
        language === 'fa' ? 'تالاب‌های {{ lawmaker.area }}' : `[${language}] Wetlands in {{ lawmaker.area }}`;
      const saved = await olga.post(`${page}/text?language=${language}`, { subject, body });
      expect(saved.statusCode).toBe(303);
    }
  });

  it('shows for every lawmaker what she gets or why not', async () => {
    // Where a long address may break is no part of it.
    const shown = async (path: string) => (await olga.get(`${page}/${path}`)).body.replaceAll('<wbr>', '');
    const body = await shown('audience');
    expect(body).toContain('anna@upper.testland.example');
    expect(body).toContain('no value for lawmaker.area, which the letter needs');
    expect(body).toContain('https://lower.testland.example/write/6');
    expect(await shown('audience?show=excluded')).not.toContain('anna@upper.testland.example');
    const out = await olga.post(`${page}/exclusions`, {
      lawmakerId: await lawmakerId(app, 'Kim Lund'),
      reason: 'on leave',
    });
    expect(out.statusCode).toBe(303);
    expect((await olga.get(`${page}/audience?show=excluded`)).body).toContain('Kim Lund');
  });

  it('previews headers and text in the language of the lawmaker, and hands out the bytes', async () => {
    const fatemeh = await lawmakerId(app, 'فاطمه رضایی');
    const preview = await olga.get(`${page}/previews/${fatemeh}`);
    expect(preview.body).toContain('سرکار خانم رضایی');
    expect(preview.body).toContain('Olga Lind via River Friends');
    expect(preview.body).toContain('۰ people signed');
    const eml = await olga.get(`${page}/previews/${fatemeh}/letter.eml`);
    expect(eml.headers).toMatchObject({ 'content-type': 'message/rfc822' });
    expect(eml.rawPayload.toString('latin1')).toMatch(/^(From|To|Subject|Message-ID|Date):/m);
  });

  it('sends a test to herself and to nobody else', async () => {
    const tested = await olga.post(`${page}/tests`, { lawmakerId: await lawmakerId(app, 'Anna Berg') });
    expect(tested.headers.location).toContain('done=tested');
    const [mail] = await inbox(app);
    expect(mail).toMatchObject({ to: olga.email, subject: '[TEST] [en] Wetlands in North' });
    expect(JSON.stringify(await inbox(app))).not.toContain('testland.example');
    expect((await olga.get(page)).body).toContain('Ask for approval');
  });

  it('is not approved by its author, and by the approver only as shown', async () => {
    expect((await olga.post(`${page}/review`)).headers.location).toContain('done=asked');
    const shown = await amir.get(page);
    expect((await olga.post(`${page}/approval`, seen(shown.body))).statusCode).toBe(403);
    await olga.post(`${page}/text?language=en`, { subject: 'Other', body: 'Other words' });
    expect((await amir.post(`${page}/approval`, seen(shown.body))).statusCode).toBe(409);
    await olga.post(`${page}/text?language=en`, { subject: '[en] Wetlands in {{ lawmaker.area }}', body: words.body });
    await olga.post(`${page}/review`);
    const again = await amir.get(page);
    const approved = await amir.post(`${page}/approval`, { ...seen(again.body), read: 'on' });
    expect(approved.headers.location).toContain('done=approved');
    expect((await amir.get(page)).body).toContain('Amir approved it for 7 lawmakers');
  });

  it('goes out, and shows each letter with the answer of the server', async () => {
    const id = page.split('/').at(-1)!;
    expect((await vera.post(`${page}/dispatch`)).statusCode).toBe(403);
    expect((await olga.post(`${page}/dispatch`)).statusCode).toBe(403);
    await app.database.query(`UPDATE sessions SET reauthenticated_at = now() - interval '1 hour' WHERE staff_id = $1`, [
      amir.id,
    ]);
    expect((await amir.post(`${page}/dispatch`)).statusCode).toBe(403);
    const dispatched = await amir.post(`${page}/dispatch`, { _password: amir.password });
    expect(dispatched.headers.location).toContain('done=dispatched');
    await app.get(Dispatch).planned(id);
    await app.get(MailWorker).drain();
    const letters = await vera.get(`${page}/letters?status=accepted`);
    expect(letters.body).toContain('Anna Berg');
    expect(letters.body).toContain('kept in the built-in inbox');
    expect(letters.body).not.toContain('Kim Lund');
    expect(
      (await inbox(app))
        .map(({ to }) => to)
        .filter((to) => to.includes('testland'))
        .sort(),
    ).toEqual(['anna@upper', 'daniel@upper', 'fatemeh@lower', 'otto@lower'].map((each) => `${each}.testland.example`));
    for (const path of ['', '/report', '/letters', '/letters?status=task', '/print']) {
      expect((await vera.get(page + path)).statusCode).toBe(200);
      expect((await vera.get((page + path).replace('/en/', '/fa/'))).statusCode).toBe(200);
    }
  });

  it('prints each line of a hostile address in the window, and nothing of it as markup', async () => {
    const [{ contact }] = await app.database.query(`SELECT contact FROM letters WHERE lawmaker_name = 'Pia Stamp'`);
    const hostile = '1 Assembly Square\r\n<script>alert(1)</script>\n‏۱ خیابان مجلس';
    await app.database.query(`UPDATE letters SET contact = $1 WHERE lawmaker_name = 'Pia Stamp'`, [hostile]);
    const { body } = await olga.get(`${page}/print`);
    await app.database.query(`UPDATE letters SET contact = $1 WHERE lawmaker_name = 'Pia Stamp'`, [contact]);
    expect(body).toContain('<div class="window" dir="ltr">');
    expect(body).toContain('<span><bdi>1 Assembly Square</bdi></span><span><bdi>&lt;script&gt;');
    expect(body).toContain('<span><bdi>‏۱ خیابان مجلس</bdi></span></address>');
    expect(body).not.toMatch(/<script>alert|&lt;br/);
  });

  it('hands tasks to a person, and is finished when they are done', async () => {
    const list = await olga.get(`${page}/letters?status=task`);
    const tasks = [...list.body.matchAll(/\/letters\/[0-9a-f-]{36}\/letters\/([0-9a-f-]{36})">/g)].map(
      (match) => match[1]!,
    );
    expect(tasks).toHaveLength(3);
    for (const task of tasks) {
      const shown = await olga.get(`${page}/letters/${task}`);
      expect(shown.body).toContain('please protect the wetlands of');
      const isForm = shown.body.includes('href="https://lower.testland.example/write/6" rel="noreferrer noopener"');
      for (const value of ['Noor Field', 'River Friends', 'olga@river.example']) {
        expect(new RegExp(`<input id="copy-\\w+" dir="auto" readonly value="${value}">`).test(shown.body)).toBe(isForm);
      }
      expect((await vera.post(`${page}/letters/${task}/completion`)).statusCode).toBe(403);
      const outcome = shown.body.includes('name="outcome"') && { outcome: 'reached' };
      expect(
        (await olga.post(`${page}/letters/${task}/completion`, { note: 'ticket 42', ...outcome })).statusCode,
      ).toBe(303);
    }
    expect((await olga.get(`${page}/letters/${tasks[0]}`)).body).toContain('ticket 42');
    const reopen = (who: SignedIn, fields: Record<string, string>) =>
      who.post(`${page}/letters/${tasks[0]}/reopening`, fields);
    expect((await reopen(vera, { reason: 'x' })).statusCode).toBe(403);
    expect((await reopen(olga, { reason: ' ' })).statusCode).toBe(422);
    expect((await olga.get(`${page}/letters/${tasks[0]}`)).body).toContain('ticket 42');
    for (let twice = 0; twice < 2; twice++) {
      expect((await reopen(olga, { reason: 'the form gave an error' })).statusCode).toBe(303);
    }
    expect((await olga.get(`${page}/letters/${tasks[0]}`)).body).not.toContain('ticket 42');
    expect((await olga.get(`${page}/letters?status=task`)).body).toContain(tasks[0]);
    const reopened = await app.database.query(`SELECT detail FROM audit_entries WHERE action = 'letter.reopened'`);
    expect(reopened).toEqual([{ detail: expect.objectContaining({ reason: 'the form gave an error' }) }]);
    await app.get(LettersRunner).tick();
    expect((await olga.get(page)).body).not.toContain('Finished');
    expect((await olga.post(`${page}/letters/${tasks[0]}/completion`, { note: 'ticket 43' })).statusCode).toBe(303);
    await app.get(LettersRunner).tick();
    expect((await olga.get(page)).body).toContain('Finished');
    expect((await reopen(olga, { reason: 'too late' })).statusCode).toBe(409);
  });

  it('exports every letter as CSV without formulas', async () => {
    await app.database.query(`UPDATE letters SET note = '=HYPERLINK("x")' WHERE state = 'done'`);
    const csv = await vera.get(`${page}/letters.csv`);
    expect(csv.headers['content-type']).toBe('text/csv; charset=utf-8');
    expect(csv.body.trim().split('\r\n')).toHaveLength(11);
    expect(csv.body).toContain(`'=HYPERLINK`);
    expect(csv.body).toContain(`'+99 1 234`);
  });
});
