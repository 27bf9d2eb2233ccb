import { LetterCampaigns } from '../src/letters/letter-campaigns.service.js';
import { LetterPreviews } from '../src/letters/letter-previews.service.js';
import { startApp, type TestApp } from './support/app.js';
import { type SignedIn, signIn } from './support/cast.js';
import { campaignOf, crowd, importTestland, lawmakerId, person } from './support/letters.js';
import { inbox } from './support/petitions.js';

let app: TestApp;
let olga: SignedIn;
let vera: SignedIn;
let anna: string;
let campaign: string;
const author = person('Olga', 'organiser');
beforeAll(async () => {
  app = await startApp({ LIMITS: 'off' });
  await importTestland(app);
  anna = await lawmakerId(app, 'Anna Berg');
  [olga, vera] = [await signIn(app, 'olga'), await signIn(app, 'vera')];
  campaign = await campaignOf(app, author);
});
afterAll(() => app.close());

const at = (path: string, id = campaign) => `/en/console/letters/${id}/${path}`;
const words = {
  subject: 'Wells in {{ lawmaker.area }}',
  body: '{{ salutation }},\r\n\r\nthe wells of {{ lawmaker.area }}.',
};
const unescaped = (html: string) =>
  html.replaceAll('&#39;', "'").replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&amp;', '&');
const letterIn = (html: string) => unescaped(/<pre class="mail-preview"[^>]*>([\s\S]*?)<\/pre>/.exec(html)?.[1] ?? '');
const offered = (html: string) =>
  [...html.matchAll(/<option value="[0-9a-f-]{36}"[^>]*>([^<]*)</g)].map(([, name]) => name);
const preview = async (more: object = {}, language = 'en', id = campaign) =>
  (await olga.post(at(`text/preview?language=${language}`, id), { ...words, ...more })).body;

describe('what is being written', () => {
  it('is shown word for word as the lawmaker would get it, and nothing of it is kept', async () => {
    const before = await app.get(LetterCampaigns).find(campaign);
    const shown = letterIn(await preview({ lawmakerId: anna }));
    expect(shown).toMatch(/^Dear /);
    expect(shown).toContain('the wells of North.');
    expect(await app.get(LetterCampaigns).find(campaign)).toEqual(before);
    expect(await inbox(app)).toEqual([]);

    await olga.post(at('text?language=en'), words);
    const { text, subject } = await app.get(LetterPreviews).show(campaign, anna, author);
    // A mail goes without the last line end, which a reader does not see.
    expect(shown.trim()).toBe(text!.trim());
    expect(subject).toBe('Wells in North');
  });

  it('names each fault with its line, keeps the lawmaker that was chosen, and calls nothing empty a fault', async () => {
    const faulty = await preview({ lawmakerId: anna, body: 'Dear all,\n\n{{ lawmaker.shoe_size }}\n{% if %}' });
    expect(faulty).toMatch(/<li>Letter: Line \d/);
    expect(await preview({ body: 'a\n\n{{ lawmaker.shoe_size }}' })).toMatch(
      /Letter: Line 3, column \d: there is no placeholder “lawmaker\.shoe_size”/,
    );
    expect(await preview({ subject: '{{ nobody }}' })).toMatch(/Subject: Line 1, column \d: there is no placeholder/);
    expect(await preview({ body: 'x'.repeat(8001) })).toContain('Letter: This is too long: please use at most 8,000');
    expect(faulty).toMatch(new RegExp(`value="${anna}" selected`));
    const blank = await preview({ subject: '' });
    expect(blank).toContain('it appears here');
    expect(blank).not.toContain('class="error"');
  });

  it('is offered for those who would get it, by language, and found by name', async () => {
    expect(offered(await preview())).toContain('Anna Berg');
    expect(offered(await preview())).not.toContain('Nina Null');
    expect(offered(await preview({}, 'fr'))).toEqual(['Daniel Okafor']);
    expect(offered(await preview({ search: 'berg ANNA' }))).toEqual(['Anna Berg']);
    expect(await preview({ search: '<b>nobody' })).toContain('&lt;b&gt;nobody');
    expect(await preview({}, 'sv')).toContain('no lawmaker would get these words');
    // Somebody without an area: why she gets none is said.
    expect(await preview({ search: 'Nadia' })).toContain('Left out');
  });

  it('offers the first fifty of a large parliament, and the chosen one among them', async () => {
    await importTestland(app, crowd(60), 'crowd');
    const id = await campaignOf(app, author, { more: { audience: { legislatures: ['crowd'] } } });
    const last = await lawmakerId(app, 'Member 59');
    const html = await preview({ lawmakerId: last }, 'en', id);
    expect(offered(html)).toHaveLength(51);
    expect(html).toContain('51 of 60');
    expect(letterIn(html)).toContain('the wells of Area 59.');
  });

  it('of a variant goes to those whom its rules find, and takes its place among the others', async () => {
    const draft = async (more: object, variant = '') =>
      (await olga.post(at(`variant-preview${variant && `?variant=${variant}`}`), { ...words, locale: 'en', ...more }))
        .body;
    const reds = await draft({ parties: 'Reds' });
    expect(offered(reds)).toEqual(expect.arrayContaining(['Anna Berg', 'Noor Field']));
    expect(offered(reds)).not.toContain('Pia Stamp');
    const variant = { name: 'Reds', locale: 'en', ...words, rules: { parties: ['Reds'] } };
    const made = await olga.api('POST', `/api/v1/letter-campaigns/${campaign}/variants`, variant);
    const { id } = made.json<{ variants: { id: string }[] }>().variants[0]!;
    expect(offered(await draft({ parties: 'Reds', chambers: 'Upper' }))).toEqual([]);
    expect(offered(await draft({ parties: 'Reds', chambers: 'Upper' }, id))).toContain('Anna Berg');
    expect(letterIn(await draft({ parties: 'Reds', lawmakerId: anna, body: 'New words.' }, id))).toMatch(
      /^New words\./,
    );
    expect(await draft({ locale: 'nonsense' })).toContain('class="error"');
    const unknown = await olga.post(at(`variant-preview?variant=${anna}`), { ...words, locale: 'en' });
    expect(unknown.statusCode).toBe(404);
  });
});

describe('the button beside the form, for whoever runs no script', () => {
  it('shows the same page with the preview, keeps what was typed, and saves nothing', async () => {
    const before = await app.get(LetterCampaigns).find(campaign);
    const more = { step: 'preview', lawmakerId: anna, subject: 'Typed', body: 'Just typed.' };
    for (const path of ['text?language=en', 'variants', `variants/${before.variants[0]!.id}`]) {
      const { statusCode, body } = await olga.post(at(path), { ...more, locale: 'en', name: 'Kept', parties: 'Reds' });
      expect([path, statusCode]).toEqual([path, 200]);
      expect(body).toMatch(/name="subject"[^>]* value="Typed"/);
      expect(body).toMatch(/<textarea id="body"[^>]*>\s*Just typed\./);
      expect(body).not.toContain('id="errors"');
      // The new one comes after the variant that finds her first.
      if (path !== 'variants') expect(letterIn(body.slice(body.indexOf('id="preview"')))).toMatch(/^Just typed\./);
    }
    expect(await app.get(LetterCampaigns).find(campaign)).toEqual(before);
  });
});

test('who may not compose, or brings no token of the session, is shown nothing', async () => {
  for (const path of ['text/preview?language=en', 'variant-preview']) {
    expect((await vera.post(at(path), { ...words, locale: 'en' })).statusCode).toBe(403);
    expect((await olga.post(at(path), { ...words, locale: 'en', _csrf: 'forged' })).statusCode).toBe(403);
  }
});
