import { markdownToHtml } from '../src/site/markdown.js';
import { startApp, type TestApp } from './support/app.js';
import { type SignedIn, signIn } from './support/cast.js';
import { openPetition, reviewed } from './support/petitions.js';

let app: TestApp;
let olga: SignedIn;
let amir: SignedIn;
let vera: SignedIn;
beforeAll(async () => {
  app = await startApp({ LIMITS: 'off' });
  [olga, amir, vera] = [await signIn(app, 'olga'), await signIn(app, 'amir'), await signIn(app, 'vera')];
});
afterAll(() => app.close());

const console = '/en/console/petitions';
const hostile = `"><script>alert(1)</script><img src=x onerror=alert(1)>{{ settings }}{% include 'x' %}`;
const body = [
  hostile,
  '[click](javascript:alert(1)) [click](JaVaScRiPt&colon;alert(1)) [click](data:text/html;base64,PHNjcmlwdD4=)',
  '![x](javascript:alert(1)) <javascript:alert(1)> [fine](https://town.example/)',
  'See [1](https://town.example/a) and [1].',
].join('\n\n');
const form = (more: Record<string, string> = {}): Record<string, string> => ({
  ...{ language: 'en', slug: 'library', startedBy: 'Readers', goal: '', factCheckedOn: '', publication: 'ordinary' },
  ...{ holdMinutes: '', title: 'Reopen the library', ask: 'Reopen it.', addressee: 'the Town Council' },
  ...{ body: 'It was closed [1].', 'sources-0-title': 'Minutes', step: 'save' },
  ...more,
});
const lists = {
  ...{ 'sources-0-title': 'Minutes | part 2', 'sources-0-url': 'https://town.example/minutes' },
  ...{ 'sources-0-date': '3 May 2026', 'sources-1-title': ' ', 'sources-1-url': '', 'sources-3-title': 'A book' },
  ...{ 'persons-0-name': 'Nora Example', 'persons-0-state': 'alive', 'persons-0-status': 'mayor' },
  ...{ 'persons-0-asOf': '2026-10-01', 'persons-0-source': 'the town’s own page' },
  ...{ 'timeline-0-date': '2026', 'timeline-0-text': 'closed' },
};
const stored = async (slug: string, locale = 'en') =>
  (
    await app.database.query(
      `SELECT t.* FROM petition_texts t JOIN petitions p ON p.id = t.petition_id
       WHERE p.slug = $1 AND locale = $2 ORDER BY version DESC`,
      [slug, locale],
    )
  )[0];
const valueOf = (html: string, name: string) =>
  new RegExp(`<(?:textarea|input)[^>]* name="${name}"[^>]*?(?: value="([^"]*)"[^>]*>|>\\n([^<]*)</textarea>)`)
    .exec(html)
    ?.slice(1)
    .find((found) => found !== undefined)
    ?.replaceAll('&#34;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
const hidden = (html: string, name: string) => new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1] ?? '';

describe('the form for a new petition', () => {
  test('shows what is wrong beside the field and in its line, and loses nothing', async () => {
    const wrong = form({
      ...{ slug: 'Not A Slug', title: '', goal: 'many', body: '  kept\r\n\r\nwords ' },
      ...{ 'sources-0-title': 'Fine', 'sources-0-url': 'https://town.example', 'sources-1-title': '' },
      ...{ 'sources-2-title': 'Bad', 'sources-2-url': 'javascript:alert(1)', 'sources-3-date': 'only a date' },
    });
    const answer = await olga.post(console, wrong);
    expect(answer.statusCode).toBe(422);
    for (const [field, words] of [
      ['slug', 'Use 3 to 80 lower-case letters'],
      ['title', 'Please fill this in'],
      ['goal', 'Please give a whole number'],
      ['sources-2-url', 'Please give a web address'],
      ['sources-3-title', 'Please fill this in'],
    ]) {
      expect(answer.body).toMatch(new RegExp(`id="${field}-error"[^]*?${words}`));
    }
    expect(valueOf(answer.body, 'body')).toBe(wrong.body);
    expect(answer.body).toContain('<a href="#sources-2-url">Sources 3, Web address: Please give a web address');
    for (const name of ['sources-0-title', 'sources-2-title', 'sources-2-url', 'sources-3-date'] as const) {
      expect({ name, value: valueOf(answer.body, name) }).toEqual({ name, value: wrong[name] });
    }
    expect(valueOf(answer.body, 'slug')).toBe('Not A Slug');
    expect(await stored('library')).toBeUndefined();
  });

  test('shows a preview without saving', async () => {
    const answer = await olga.post(console, form({ step: 'preview', body: '## Heading\n\n<b>x</b>' }));
    expect(answer.body).toMatch(/id="preview"[^]*<h2>Heading<\/h2>[^]*&lt;b&gt;x/);
    expect(await stored('library')).toBeUndefined();
  });

  test('writes a draft, whose lists come back as they were typed', async () => {
    const answer = await olga.post(console, form(lists));
    expect([answer.statusCode, answer.headers.location]).toEqual([303, `${console}/library`]);
    expect(await stored('library')).toMatchObject({
      sources: [
        { title: 'Minutes | part 2', url: 'https://town.example/minutes', date: '3 May 2026' },
        { title: 'A book' },
      ],
      persons: [
        { name: 'Nora Example', state: 'alive', status: 'mayor', asOf: '2026-10-01', source: 'the town’s own page' },
      ],
      timeline: [{ date: '2026', text: 'closed' }],
    });
    const again = (await olga.get(`${console}/library/texts/en`)).body;
    expect(valueOf(again, 'sources-1-title')).toBe('A book');
    const before = (await stored('library')).sha256;
    await olga.post(`${console}/library/texts/en`, { ...form(lists), previousSha256: hidden(again, 'previousSha256') });
    expect((await stored('library')).sha256).toEqual(before);
    expect((await olga.post(console, form())).body).toContain('There is a petition of this name already');
  });

  test('of a viewer or a stranger does nothing', async () => {
    expect((await vera.post(console, form({ slug: 'by-vera' }))).statusCode).toBe(403);
    expect((await vera.get(`${console}/new`)).statusCode).toBe(403);
    expect((await vera.post(`${console}/library/review`)).statusCode).toBe(403);
    expect((await app.inject({ url: `${console}/library` })).statusCode).toBe(303);
    expect(await stored('by-vera')).toBeUndefined();
  });
});

describe('a petition with HTML in every field', () => {
  beforeAll(async () => {
    const fields = { title: hostile, ask: hostile, addressee: hostile, startedBy: hostile, body };
    const lines = {
      ...{ 'sources-0-title': hostile, 'persons-0-name': hostile, 'persons-0-status': hostile },
      ...{ 'persons-0-asOf': '2026-10-01', 'persons-0-source': hostile, 'timeline-0-date': hostile },
      ...{ 'timeline-0-text': hostile },
    };
    const made = await olga.post(console, form({ ...fields, ...lines, slug: 'hostile' }));
    expect(made.statusCode).toBe(303);
  });

  const harmless = (page: string) => {
    const html = page.replace(/<script type="application\/ld\+json">[^<]*<\/script>/, '');
    expect(html).not.toMatch(
      /<script(?! type="module" src="\/assets)|<img (?!src="\/(assets|en\/p\/hostile)\/)|\son\w+=["']?alert[^&]*<\//i,
    );
    expect(html).not.toMatch(/href="\s*(javascript|data|vbscript):/i);
    expect(html).toContain('&lt;script&gt;');
  };

  test('is shown as text to the reviewer, in the form, its preview and to the public', async () => {
    for (const path of ['', '/review', '/texts/en', '/texts/en/versions', '/translations'].map(
      (each) => `/hostile${each}`,
    )) {
      harmless((await olga.get(`${console}${path}`)).body);
    }
    harmless((await olga.post(`${console}/hostile/texts/en`, form({ title: hostile, body, step: 'preview' }))).body);
    await olga.post(`${console}/hostile/review`);
    const textsSha256 = hidden((await amir.get(`${console}/hostile/review`)).body, 'textsSha256');
    expect((await amir.post(`${console}/hostile/opening`, reviewed(textsSha256))).statusCode).toBe(303);
    await new Promise((done) => setTimeout(done, 1100));
    for (const path of ['', '/history', '/versions/1'])
      harmless((await app.inject({ url: `/en/p/hostile${path}` })).body);
    harmless((await app.inject({ url: '/en' })).body);
  });

  test('keeps its harmless links', () => {
    expect(markdownToHtml(body, 'en')).toContain('<a href="https://town.example/">fine</a>');
    expect(markdownToHtml(body, 'en')).not.toMatch(/(href|src)="(javascript|data):/i);
  });
});

describe('the way of a petition through the console', () => {
  const slug = 'library';
  const page = async (who: SignedIn, path = '') => (await who.get(`${console}/${slug}${path}`)).body;

  test('from draft to review, back with a reason, and open', async () => {
    expect(await page(olga)).toContain('Submit for review');
    expect((await olga.post(`${console}/${slug}/opening`, {})).statusCode).toBe(403);
    expect((await olga.post(`${console}/${slug}/review`)).statusCode).toBe(303);
    expect((await amir.get('/en/console')).body).toContain(`/en/console/petitions/${slug}/review`);
    expect(await page(olga, '/review')).not.toContain(`${slug}/opening`);

    const review = await page(amir, '/review');
    expect(review).toMatch(/The facts of this text were not checked lately[^]*What to look for/);
    expect(review).toMatch(/It was closed[^]*Minutes \| part 2/);
    const empty = await amir.post(`${console}/${slug}/rejection`, { reason: ' ' });
    expect([empty.statusCode, /id="reason-error"/.test(empty.body)]).toEqual([422, true]);
    await amir.post(`${console}/${slug}/rejection`, { reason: 'Source 2 needs <b>pages</b>.' });
    expect(await page(olga)).toContain('Source 2 needs &lt;b&gt;pages&lt;/b&gt;.');

    await olga.post(`${console}/${slug}/review`);
    expect((await amir.post(`${console}/${slug}/opening`, reviewed('0'.repeat(64)))).statusCode).toBe(409);
    const textsSha256 = hidden(await page(amir, '/review'), 'textsSha256');
    const some = await amir.post(`${console}/${slug}/opening`, { textsSha256, standards: ['ask', 'harm'] });
    expect([some.statusCode, /id="standard-ask"[^>]* checked/.test(some.body)]).toEqual([422, true]);
    expect(some.body).toMatch(/href="#standard-sources">Every claim has a source[^<]*: Please tick this/);
    expect((await amir.post(`${console}/${slug}/opening`, reviewed(textsSha256))).statusCode).toBe(303);
    expect((await app.inject({ url: `/en/p/${slug}` })).statusCode).toBe(200);
  });

  test('of two editors who amend: the second keeps her words and sees the other’s', async () => {
    const [hers, his] = [await page(olga, '/texts/en'), await page(olga, '/texts/en')];
    const save = (html: string, title: string) =>
      olga.post(`${console}/${slug}/texts/en`, {
        ...form({ title, reason: 'Clearer.' }),
        previousSha256: hidden(html, 'previousSha256'),
      });
    expect((await save(hers, 'Hers')).statusCode).toBe(303);
    const conflict = await save(his, 'His');
    expect(conflict.statusCode).toBe(409);
    expect(conflict.body).toMatch(/Somebody else has changed these words[^]*Hers/);
    expect(valueOf(conflict.body, 'title')).toBe('His');
    expect((await stored(slug)).title).toBe('Hers');
    expect((await save(conflict.body, 'His')).statusCode).toBe(303);
    expect(await stored(slug)).toMatchObject({ title: 'His', version: 3 });
    const missing = await olga.post(`${console}/${slug}/texts/en`, {
      ...form({ title: 'Without' }),
      previousSha256: hidden(await page(olga, '/texts/en'), 'previousSha256'),
    });
    expect([missing.statusCode, /id="reason-error"/.test(missing.body)]).toEqual([422, true]);
  });

  test('tells the public what was amended, and keeps every version', async () => {
    await new Promise((done) => setTimeout(done, 1100));
    const get = async (path: string) => app.inject({ url: `/en/p/${slug}${path}` });
    expect((await get('')).body).toMatch(/Amended on[^]*version 3 of this text/);
    const history = (await get('/history')).body;
    expect(history).toMatch(/Version 3[^]*Current[^]*Clearer\.[^]*Version 1[^]*with which the petition was opened/);
    for (const version of [1, 2, 3]) expect(history).toContain(`/en/p/${slug}/versions/${version}`);
    expect((await get('/versions/1')).body).toMatch(/This is an earlier version[^]*Reopen the library/);
    expect((await get('/versions/3')).body).toMatch(/This is version 3[^]*His/);
    for (const none of ['0', '4', '01', '1.0', '-1', 'x', '99999999999999999999', "1'--"]) {
      expect({ none, status: (await get(`/versions/${none}`)).statusCode }).toEqual({ none, status: 404 });
    }
    expect((await app.inject({ url: `/fa/p/${slug}/versions/1` })).statusCode).toBe(404);
  });

  test('to the end, which needs a tick', async () => {
    expect((await olga.post(`${console}/${slug}/closing`)).statusCode).toBe(403);
    expect((await amir.post(`${console}/${slug}/closing`)).statusCode).toBe(303);
    expect(await page(amir)).toContain('this cannot be undone');
    expect((await amir.post(`${console}/${slug}/archiving`)).statusCode).toBe(422);
    expect((await amir.post(`${console}/${slug}/archiving`, { forEver: 'on' })).statusCode).toBe(303);
    expect((await amir.post(`${console}/${slug}/opening`)).statusCode).toBe(409);
    expect(await page(amir)).toContain('This petition is archived');
  });
});

test('the settings are changed in a form, which keeps what was typed', async () => {
  await openPetition(app, 'set');
  const settings = { goal: '500', factCheckedOn: '2026-11-20', reviewAfterDays: '30', publication: 'protected' };
  const wrong = await olga.post(`${console}/set/settings`, { ...settings, holdMinutes: '20000' });
  expect([wrong.statusCode, valueOf(wrong.body, 'goal')]).toEqual([422, '500']);
  expect(wrong.body).toMatch(/id="holdMinutes-error"/);
  expect((await olga.post(`${console}/set/settings`, { ...settings, holdMinutes: '30' })).statusCode).toBe(303);
  const [row] = await app.database.query(
    `SELECT goal, hold_minutes, publication FROM petitions JOIN logs ON petition_id = id WHERE slug = 'set'`,
  );
  expect(row).toEqual({ goal: 500, hold_minutes: 30, publication: 'protected' });
  expect((await vera.post(`${console}/set/settings`, settings)).statusCode).toBe(403);
});
