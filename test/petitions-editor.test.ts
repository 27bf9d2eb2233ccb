import { formatDate, translate } from '../src/site/languages.js';
import { sourcesReferredTo } from '../src/site/markdown.js';
import { wordDiff } from '../src/petitions/word-diff.js';
import { startApp, type TestApp } from './support/app.js';
import { formBody, type SignedIn, signIn } from './support/cast.js';
import { reviewed } from './support/petitions.js';

let app: TestApp;
let olga: SignedIn;
let amir: SignedIn;
let ada: SignedIn;
let vera: SignedIn;
beforeAll(async () => {
  app = await startApp({ LIMITS: 'off' });
  [olga, amir] = [await signIn(app, 'olga'), await signIn(app, 'amir')];
  [ada, vera] = [await signIn(app, 'ada'), await signIn(app, 'vera')];
});
afterAll(() => app.close());

const console = '/en/console/petitions';
const api = '/api/v1/petitions';
const words = (more: object = {}) => ({
  ...{ title: 'Reopen the library', ask: 'Reopen it.', addressee: 'the Town Council', body: 'Closed in spring [1].' },
  ...{ sources: [{ title: 'Minutes' }], persons: [], timeline: [] },
  ...more,
});
const persian = words({ title: 'کتابخانه را باز کنید', body: 'در بهار بسته شد [1].' });
interface PetitionRecord {
  state: string;
  originalLocale: string;
  textsSha256: string;
  factCheckedOn: string | null;
  facts: { needCheck: boolean; stale: boolean; persons: { name: string; state: string }[] };
  texts: { locale: string; version: number; sha256: string; olderThanOriginal: boolean }[];
}
const record = async (slug: string) => (await olga.api('GET', `${api}/${slug}/record`)).json<PetitionRecord>();
const shaOf = async (slug: string, locale: string) =>
  (await record(slug)).texts.find((text) => text.locale === locale)!.sha256;
async function draft(slug: string, texts: object = { en: words() }, more: object = {}, who = olga): Promise<void> {
  const made = await who.api('POST', api, { slug, startedBy: 'Readers', texts, ...more });
  expect({ status: made.statusCode, body: made.body.slice(0, 300) }).toMatchObject({ status: 201 });
}
async function open(slug: string): Promise<void> {
  await olga.api('POST', `${api}/${slug}/review`);
  const { textsSha256 } = await record(slug);
  expect((await amir.api('POST', `${api}/${slug}/opening`, reviewed(textsSha256))).statusCode).toBe(200);
}
const put = async (slug: string, locale: string, text: object, more: object = {}) =>
  olga.api('PUT', `${api}/${slug}/texts/${locale}`, {
    ...{ previousSha256: await shaOf(slug, locale).catch(() => null), reason: 'Clearer.' },
    ...text,
    ...more,
  });
const audited = async (action: string) =>
  (await ada.api('GET', `/api/v1/audit?action=${action}`)).json<{
    entries: { actor: string; subject: string; detail: Record<string, unknown> }[];
  }>().entries;
const valueOf = (html: string, name: string) => new RegExp(`name="${name}"[^>]* value="([^"]*)"`).exec(html)?.[1];
const form = (more: Record<string, string> = {}): Record<string, string> => ({
  ...{ language: 'en', title: 'A title', ask: 'An ask', addressee: 'Someone', body: 'See [1] and [3].' },
  ...{ 'sources-0-title': 'First', 'sources-0-url': 'https://one.example/', 'sources-0-date': '' },
  ...{ 'sources-1-title': 'Second', 'sources-1-url': '', 'sources-1-date': '' },
  ...{ 'sources-2-title': 'Third', 'sources-2-url': '', 'sources-2-date': '' },
  ...more,
});

describe('rows of a list, with buttons and no script', () => {
  beforeAll(() => draft('rows'));
  const press = (step: string, more: Record<string, string> = {}) =>
    olga.post(`${console}/rows/texts/en`, form({ step, ...more }));

  test('one more is added, and nothing that was typed is lost', async () => {
    const { body, statusCode } = await press('add-persons', { 'persons-0-name': 'Nora', reason: 'kept <b>' });
    expect(statusCode).toBe(200);
    expect([valueOf(body, 'persons-0-name'), valueOf(body, 'persons-1-name')]).toEqual(['Nora', '']);
    expect([valueOf(body, 'title'), valueOf(body, 'sources-2-title')]).toEqual(['A title', 'Third']);
    expect(body).toMatch(/formaction="[^"]*texts\/en#persons-2"/);
    expect((await press('add-sources')).body).toContain('id="sources-3-title"');
    expect(await shaOf('rows', 'en')).toMatch(/^[0-9a-f]{64}$/);
  });

  test('a source that goes takes its number along; one that the text refers to stays', async () => {
    const { body } = await press('remove-sources-1');
    expect([valueOf(body, 'sources-0-title'), valueOf(body, 'sources-1-title')]).toEqual(['First', 'Third']);
    expect(body).toMatch(/See \[1\] and \[2\]\./);
    expect(body).not.toContain('sources-2-title');
    const refused = (await press('remove-sources-0')).body;
    expect(refused).toMatch(/id="sources-error"[^]*still refers to this source[^]*\[1\]/);
    expect(valueOf(refused, 'sources-0-title')).toBe('First');
  });

  test('an empty row between has no number, so its removal renumbers nothing', async () => {
    const { body } = await press('remove-sources-1', { 'sources-1-title': ' ', body: 'See [1] and [2].' });
    expect(body).toMatch(/See \[1\] and \[2\]\./);
    expect(valueOf(body, 'sources-1-title')).toBe('Third');
  });

  test.each(['add-nothing', 'remove-sources-999', 'remove-sources-1x', 'remove-persons', '__proto__'])(
    'a step that there is not does no harm: %s',
    async (step) => expect((await press(step, { body: 'x' })).statusCode).toBeLessThan(500),
  );

  test('what Enter presses shows the preview: it publishes nothing', async () => {
    const { body } = await olga.get(`${console}/rows/texts/en`);
    expect(/<form[^>]*data-preview[^]*?<button ([^>]*)>/.exec(body)![1]).toContain('value="preview"');
  });
});

describe('a reference to a source', () => {
  test('that is missing is an error beside the text, with its number', async () => {
    await draft('references');
    const answer = await olga.post(
      `${console}/references/texts/en`,
      form({ step: 'save', body: 'See [4], [1] and [0].', previousSha256: await shaOf('references', 'en') }),
    );
    expect(answer.statusCode).toBe(422);
    expect(answer.body).toMatch(/id="body-error"[^]*not in the list[^]*\[0\][^]*not in the list[^]*\[4\]/);
    const refused = await put('references', 'en', words({ body: 'See [2].' }));
    expect(refused.json()).toMatchObject({ errors: [{ field: 'body', code: 'no-such-source', found: '[2]' }] });
  });

  test('is one only where readers see one', () => {
    expect(sourcesReferredTo('[2] and **[1]**, not [9](https://x.example), `[8]` or\n\n    [7]\n\n> [3]')).toEqual([
      1, 2, 3,
    ]);
  });
});

describe('the preview', () => {
  const preview = (fields: Record<string, string>) => olga.post(`${console}/preview`, form(fields));

  test('shows what is typed, also unfinished, and saves nothing', async () => {
    const { body, statusCode, headers } = await preview({
      ...{ body: '## Heading\n\n*so* [1]', 'persons-0-name': 'Nora', 'persons-0-state': 'dead' },
      ...{ 'persons-0-asOf': '2026-13-45', 'timeline-0-text': 'closed' },
    });
    expect([statusCode, headers['cache-control']]).toEqual([200, 'no-store']);
    expect(body).toMatch(/<h2>Heading<\/h2>[^]*href="#preview-1"[^]*id="preview-1"[^]*Nora[^]*\(dead\)[^]*closed/);
    expect(body).not.toContain('<html');
  });

  test('has its headings and dates in the language of the words, as their readers will', async () => {
    const person = { 'persons-0-name': 'نورا', 'persons-0-asOf': '2026-10-01', 'persons-0-source': 'رای' };
    const { body } = await preview({ language: 'fa', body: 'نزدیک‌ترین', ...person });
    expect(body).toMatch(/^<div lang="fa" dir="rtl">[^]*<\/div>\s*$/);
    for (const key of ['petition.why', 'petition.persons']) expect(body).toContain(`<h2>${translate('fa', key)}</h2>`);
    expect(body).toContain(translate('fa', 'petition.checked', { date: formatDate('fa', '2026-10-01') }));
  });

  test('has no heading over nothing', async () => {
    expect((await preview({ body: 'x' })).body).toContain(translate('en', 'petition.why'));
    expect((await preview({ body: ' ' })).body).not.toContain(translate('en', 'petition.why'));
  });

  test.each([
    ['javascript:alert(1)', 'a'],
    ['JaVaScRiPt:alert(1)', 'b'],
    [' javascript:alert(1)', 'c'],
    ['java\tscript:alert(1)', 'd'],
    ['data:text/html,<script>alert(1)</script>', 'e'],
    ['vbscript:x', 'f'],
    ['//evil.example', 'g'],
    ['https://x.example/"onmouseover="alert(1)', 'h'],
  ])('makes nothing harmful of %s', async (url) => {
    const hostile = `"><img src=x onerror=alert(1)>${url}`;
    const { body } = await preview({
      ...{ 'sources-0-url': url, 'sources-0-title': hostile, title: hostile, ask: hostile, addressee: hostile },
      ...{ body: `[x](${url}) ![x](https://tracker.example/x.png) <script>alert(1)</script> ${hostile}` },
      ...{
        'persons-0-name': hostile,
        'persons-0-state': hostile,
        'persons-0-source': hostile,
        'timeline-0-date': hostile,
      },
    });
    expect(body).not.toMatch(/<script|<img|href="\s*(java|data|vb)|<[^>]*\son\w+=/i);
    expect(/<li id="preview-1"><bdi[^>]*>(.{3})/.exec(body)![1]).toBe(url.startsWith('https:') ? '<a ' : '&#3');
    expect(body).toContain('&lt;img');
  });

  test.each(['[x](https://x.example "see [1]")', '[1] ![ [2] ](https://x.example/[3])'])(
    'no reference opens an attribute: %s',
    async (body) => {
      const page = (await preview({ body })).body;
      expect(page).not.toMatch(/="[^"<>]*<(sup|bdi|a)/);
    },
  );

  test('answers only to forms of this very session, and to those who may write', async () => {
    const send = (headers: object, fields: Record<string, string>, cookie = olga.cookie) => {
      const { payload, headers: type } = formBody({ ...form(), ...fields });
      return app.inject({
        method: 'POST',
        url: `${console}/preview`,
        payload,
        headers: { ...type, cookie, ...headers },
      });
    };
    expect((await send({}, {})).statusCode).toBe(403);
    expect((await send({}, { _csrf: amir.csrf })).statusCode).toBe(403);
    expect((await send({ origin: 'https://evil.example' }, { _csrf: olga.csrf })).statusCode).toBe(403);
    expect((await send({ 'sec-fetch-site': 'cross-site' }, { _csrf: olga.csrf })).statusCode).toBe(403);
    expect((await send({}, { _csrf: vera.csrf }, vera.cookie)).statusCode).toBe(403);
    expect((await send({}, {}, '')).headers.location).toContain('sign-in');
    expect((await send({}, { _csrf: olga.csrf })).statusCode).toBe(200);
  });
});

test('a whole text in Persian fits into the form, and one that is too long keeps its error', async () => {
  await draft('long');
  const save = async (body: string) =>
    olga.post(`${console}/long/texts/en`, form({ step: 'save', body, previousSha256: await shaOf('long', 'en') }));
  expect((await save('آ'.repeat(50_000))).statusCode).toBe(303);
  expect((await save('آ'.repeat(50_001))).body).toMatch(/id="body-error"[^]*too long/);
});

describe('translations', () => {
  beforeAll(() => draft('two', { en: words(), fa: persian }, { originalLocale: 'en' }));
  const older = async () =>
    (await record('two')).texts.map(({ locale, olderThanOriginal }) => [locale, olderThanOriginal]);

  test('stand side by side, and say which is older than the original', async () => {
    expect(await older()).toEqual([
      ['en', false],
      ['fa', false],
    ]);
    await put('two', 'en', words({ title: 'Reopen the library now' }));
    expect(await older()).toEqual([
      ['en', false],
      ['fa', true],
    ]);
    const { body } = await olga.get(`${console}/two/translations`);
    expect(body).toMatch(/Reopen the library now[^]*has changed since this translation[^]*کتابخانه را باز کنید/);
    expect((await olga.get(console)).body).toContain('One translation is older');
    expect((await olga.get(`${console}/two/texts/fa`)).body).toMatch(
      /has changed since[^]*class="beside"[^]*Reopen the library now/,
    );
  });

  test('are compared by a person, with the original that she has seen', async () => {
    const original = await shaOf('two', 'en');
    const compare = (who: SignedIn, originalSha256: string) =>
      who.post(`${console}/two/texts/fa/comparison`, { originalSha256 });
    expect((await compare(vera, original)).statusCode).toBe(403);
    expect((await compare(olga, '0'.repeat(64))).statusCode).toBe(409);
    expect((await compare(olga, original)).statusCode).toBe(303);
    expect((await older())[1]).toEqual(['fa', false]);
    expect((await audited('petition.translation-checked'))[0]).toMatchObject({ actor: 'Olga', subject: 'two' });
    expect((await olga.api('POST', `${api}/two/texts/en/comparison`, { originalSha256: original })).statusCode).toBe(
      409,
    );
  });

  test('that were written from an older original are older', async () => {
    const seen = await shaOf('two', 'en');
    await put('two', 'en', words({ title: 'Reopen it at once' }));
    await put('two', 'fa', { ...persian, ask: 'بازش کنید.' }, { originalSha256: seen });
    expect((await older())[1]).toEqual(['fa', true]);
    await put('two', 'fa', persian);
    expect((await older())[1]).toEqual(['fa', false]);
  });

  test('leave a draft again; the original and what was open stay', async () => {
    const remove = (who: SignedIn, locale: string, previousSha256: string) =>
      who.post(`${console}/two/texts/${locale}/removal`, { previousSha256 });
    const [en, fa] = [await shaOf('two', 'en'), await shaOf('two', 'fa')];
    expect((await remove(vera, 'fa', fa)).statusCode).toBe(403);
    expect((await remove(olga, 'en', en)).statusCode).toBe(409);
    expect((await remove(olga, 'fa', en)).statusCode).toBe(409);
    await olga.api('POST', `${api}/two/review`);
    expect((await remove(olga, 'fa', fa)).statusCode).toBe(303);
    expect(await record('two')).toMatchObject({ state: 'draft', texts: [{ locale: 'en' }] });
    expect((await remove(olga, 'fa', fa)).statusCode).toBe(404);
    expect((await audited('petition.text-removed'))[0]).toMatchObject({ subject: 'two', detail: { locale: 'fa' } });
    await put('two', 'fa', persian);
    await open('two');
    const gone = await olga.api('DELETE', `${api}/two/texts/fa?previousSha256=${await shaOf('two', 'fa')}`);
    expect(gone.json()).toMatchObject({ code: 'wrong-state' });
  });

  test('the original can be another, if it is written', async () => {
    expect((await olga.api('PATCH', `${api}/two`, { originalLocale: 'fa' })).json()).toMatchObject({
      originalLocale: 'fa',
    });
    expect((await older())[0]).toEqual(['en', true]);
    await draft('one');
    const refused = await olga.api('PATCH', `${api}/one`, { originalLocale: 'fa' });
    expect(refused.json()).toMatchObject({ errors: [{ field: 'originalLocale', code: 'not-written' }] });
    expect(
      (await olga.api('POST', api, { slug: 'x-y', startedBy: 'R', originalLocale: 'fa', texts: { en: words() } }))
        .statusCode,
    ).toBe(422);
    await draft('persian-first', { fa: persian });
    expect((await record('persian-first')).originalLocale).toBe('fa');
  });
});

describe('versions', () => {
  test('say who, when, why, and show what changed word by word', async () => {
    await draft('versioned');
    expect((await olga.get(`${console}/versioned/texts/en/versions`)).body).toContain('A draft is replaced');
    await open('versioned');
    await put(
      'versioned',
      'en',
      words({ body: 'Closed in <i>winter</i> [1].', sources: [{ title: 'Minutes', date: '2026' }] }),
    );
    await put('versioned', 'en', words({ title: 'Reopen both' }), { reason: 'There are two.' });
    const { body } = await vera.get(`${console}/versioned/texts/en/versions`);
    expect(body).toMatch(/Version 3[^]*Olga[^]*There are two\.[^]*Version 1/);
    expect(body).toMatch(/From version 2 to version 3/);
    const first = (await vera.get(`${console}/versioned/texts/en/versions?from=1&to=2`)).body;
    expect(first).toMatch(/Closed in <del>spring<\/del><ins>&lt;i&gt;winter&lt;\/i&gt;<\/ins> \[1\]/);
    expect(first).toMatch(/\[1\] Minutes<ins> · 2026<\/ins>/);
    for (const odd of ['from=9&to=x', 'from=1&from=2', 'to=1', 'from=3&to=3']) {
      expect((await vera.get(`${console}/versioned/texts/en/versions?${odd}`)).statusCode).toBe(200);
    }
    expect((await vera.get(`${console}/versioned/texts/fa/versions`)).statusCode).toBe(404);
  });

  test('words are parted with what belongs to them, and long texts do not keep the server', () => {
    expect(
      wordDiff('کتابخانه را می‌بندند', 'کتابخانه را امروز می‌بندند').filter(({ kind }) => kind !== 'same'),
    ).toEqual([{ kind: 'added', text: 'امروز ' }]);
    const long = Array.from({ length: 8000 }, (_, n) => `a${n}`).join(' ');
    const started = Date.now();
    expect(wordDiff(long, long.replaceAll('a', 'b')).map(({ kind }) => kind)).toEqual(['removed', 'added']);
    expect(wordDiff(`${long} end`, `${long} stop`).map(({ kind }) => kind)).toEqual([
      'gap',
      'same',
      'removed',
      'added',
    ]);
    expect(Date.now() - started).toBeLessThan(5000);
  });
});

describe('facts', () => {
  const person = (state: string | undefined, name = 'Nora Example') => ({
    ...{ name, state, status: 's', asOf: '2026-10-01', source: 's' },
  });
  const today = new Date().toISOString().slice(0, 10);
  beforeAll(async () => {
    await draft('facts', { en: words({ persons: [person('alive')] }) }, { factCheckedOn: today });
    await open('facts');
  });
  const warned = async () => ({
    list: (await olga.get(console)).body.split('/facts"')[1]!.split('</tr>')[0]!.includes('Check the facts'),
    page: (await olga.get(`${console}/facts`)).body.includes('I have checked the facts today'),
    overview: (await olga.get('/en/console')).body.includes('/console/petitions/facts"'),
  });
  const check = async (who: SignedIn, textsSha256?: string) =>
    who.post(`${console}/facts/fact-check`, { textsSha256: textsSha256 ?? (await record('facts')).textsSha256 });

  test('that were checked lately warn of nothing', async () => {
    const overview = (await olga.get('/en/console')).body.split('<h2>Petitions</h2>')[0]!;
    expect(overview).not.toContain('/console/petitions/facts"');
    expect((await record('facts')).facts).toEqual({ needCheck: false, stale: false, persons: [] });
  });

  test.each(['dead', 'reported-dead', 'already-listed'])(
    'warn of somebody %s until a person has looked',
    async (state) => {
      await put('facts', 'en', words({ persons: [person(state), person('alive', 'Other')] }));
      expect((await record('facts')).facts).toEqual({
        ...{ needCheck: true, stale: false },
        persons: [{ name: 'Nora Example', state }],
      });
      expect(await warned()).toEqual({ list: true, page: true, overview: true });
      expect((await check(vera)).statusCode).toBe(403);
      expect((await check(olga, '0'.repeat(64))).statusCode).toBe(409);
      expect((await check(olga)).statusCode).toBe(303);
      expect((await audited('petition.facts-checked'))[0]).toMatchObject({ actor: 'Olga', subject: 'facts' });
      expect(await record('facts')).toMatchObject({ factCheckedOn: today, facts: { needCheck: false, stale: false } });
      expect((await olga.get(`${console}/facts`)).body).toMatch(/that was seen at the last check[^]*Nora Example/);
    },
  );

  test('warn when their days have passed, and not a day before', async () => {
    const ago = (days: number) => new Date(Date.now() - days * 24 * 3600_000).toISOString().slice(0, 10);
    await olga.api('PATCH', `${api}/facts`, { factCheckedOn: ago(29), reviewAfterDays: 30 });
    expect((await record('facts')).facts.stale).toBe(false);
    await olga.api('PATCH', `${api}/facts`, { factCheckedOn: ago(31) });
    expect((await record('facts')).facts).toMatchObject({ needCheck: true, stale: true });
    expect(await warned()).toEqual({ list: true, page: true, overview: true });
  });

  test('of a closed petition are history', async () => {
    await amir.api('POST', `${api}/facts/closing`);
    expect((await record('facts')).facts).toEqual({ needCheck: false, stale: false, persons: [] });
    expect((await check(olga)).statusCode).toBe(409);
  });

  test('name a person once in each language that spells the name', async () => {
    const texts = { en: words({ persons: [person('dead')] }), fa: { ...persian, persons: [person('dead', 'نورا')] } };
    await draft('facts-spelled', texts);
    const page = (await olga.get(`${console}/facts-spelled`)).body;
    expect(page).toMatch(/<dt>English<\/dt><dd><bdi>Nora Example<\/bdi>: dead<\/dd>/);
    expect(page).toMatch(/<dt>Persian<\/dt><dd><bdi>نورا<\/bdi>: dead<\/dd>/);
  });

  test('the public reads the state of a person', async () => {
    await draft('public-person', { en: words({ persons: [person('reported-dead')] }) });
    await open('public-person');
    expect((await app.inject({ url: '/en/p/public-person' })).body).toMatch(/Nora Example[^]*\(reported dead\)/);
    const detail = (await app.inject({ url: `${api}/public-person` })).json<{ persons: object[] }>();
    expect(detail.persons[0]).toMatchObject({ state: 'reported-dead' });
  });
});

describe('the standards of a review', () => {
  test('are said one by one by somebody who wrote nothing of it, and audited', async () => {
    await draft('standards', undefined, {}, ada);
    await ada.api('POST', `${api}/standards/review`);
    const { textsSha256 } = await record('standards');
    const opening = (who: SignedIn, body: object) => who.api('POST', `${api}/standards/opening`, body);
    expect((await opening(ada, reviewed(textsSha256))).statusCode).toBe(403);
    expect((await ada.get(`${console}/standards/review`)).body).toContain('somebody else has to open it');
    const some = reviewed(textsSha256).standards.filter((each) => each !== 'harm');
    for (const standards of [undefined, [], some, [...some, 'ask']]) {
      const refused = await opening(amir, { textsSha256, standards });
      expect(refused.json<{ errors: object[] }>().errors.at(-1)).toMatchObject({
        field: 'standard-harm',
        code: 'not-ticked',
      });
    }
    expect((await opening(amir, { textsSha256, standards: ['nonsense'] })).statusCode).toBe(422);
    expect((await record('standards')).state).toBe('in_review');
    expect((await opening(amir, reviewed(textsSha256))).statusCode).toBe(200);
    expect((await audited('petition.open'))[0]).toMatchObject({
      ...{ actor: 'Amir (test)', subject: 'standards' },
      detail: reviewed(textsSha256),
    });
  });

  test('whoever changed one language is an author too, also with a token', async () => {
    await draft('shared');
    const previousSha256 = await shaOf('shared', 'en');
    await ada.api('PUT', `${api}/shared/texts/en`, { ...words({ title: 'Changed' }), previousSha256 });
    await olga.api('POST', `${api}/shared/review`);
    const { textsSha256 } = await record('shared');
    const fields = { textsSha256, standards: reviewed(textsSha256).standards as string[] };
    expect((await ada.post(`${console}/shared/opening`, fields)).statusCode).toBe(403);
    expect((await amir.post(`${console}/shared/opening`, fields)).statusCode).toBe(303);
  });
});
