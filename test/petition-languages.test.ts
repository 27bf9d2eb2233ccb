import { Petitions } from '../src/petitions/petitions.service.js';
import { NewPetition } from '../src/petitions/petitions.schema.js';
import { translate } from '../src/site/languages.js';
import { startApp, type TestApp } from './support/app.js';
import { openPetition } from './support/petitions.js';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
  await openPetition(app);
  const texts = {
    fa: {
      ...{ title: 'کتابخانه را باز کنید', ask: 'کتابخانه را باز کنید.', addressee: 'شورای شهر' },
      ...{
        body: 'متن [1]',
        sources: [{ title: 'صورت‌جلسه', date: '۱۴۰۵' }],
        timeline: [{ date: '۱۴۰۴', text: 'بسته شد' }],
      },
    },
  };
  const petition = NewPetition.parse({ slug: 'library', startedBy: 'Readers', texts });
  await app.get(Petitions).create(petition, 'open', 'system');
});
afterAll(() => app.close());

const get = async (url: string) => (await app.inject({ url })).body;
const hreflangs = (html: string) =>
  [...html.matchAll(/<link rel="alternate" hreflang="([^"]+)"/g)].map(([, tag]) => tag);
const canonical = (html: string) => /<link rel="canonical" href="[^"]*?(\/\w+\/p\/[^"]+)"/.exec(html)?.[1];

test('a petition that is not in her language: a page in her language, with words that say which they are in', async () => {
  const html = await get('/de/p/wetlands');
  expect(html).toContain('<html lang="de" dir="ltr">');
  expect(html).toContain(translate('de', 'petition.other-language', { language: 'Englisch' }));
  expect(html).toContain('<h1 lang="en" dir="ltr">Keep the wetlands wet</h1>');
  expect(html).toContain('<div class="words" lang="en" dir="ltr">');
  expect(html).toContain('<bdi lang="en" dir="ltr">the Water Committee</bdi>');
  expect(await get('/de')).toMatch(/<h2 lang="en" dir="ltr"><a href="\/de\/p\/wetlands">/);
  expect(await get('/de/p/wetlands/withdraw')).toContain(
    '<p class="eyebrow" lang="en" dir="ltr">Keep the wetlands wet</p>',
  );
});

test('words from right to left stand so on a page from left to right, and the other way round', async () => {
  const html = await get('/fr/p/library');
  expect(html).toContain(translate('fr', 'petition.other-language', { language: 'persan' }));
  for (const [tag, text] of [
    ['h1', 'کتابخانه را باز کنید'],
    ['bdi', 'صورت‌جلسه'],
    ['span', 'بسته شد'],
  ])
    expect(html).toContain(`<${tag} lang="fa" dir="rtl">${text}`);
  expect(await get('/ar/p/wetlands')).toContain('<h1 lang="en" dir="ltr">');
});

test('in her language nothing is marked, and nothing is said', async () => {
  const html = await get('/fa/p/wetlands');
  expect(html).toContain('<h1 dir="auto">تالاب‌ها را زنده نگه دارید</h1>');
  expect(html).not.toContain(translate('fa', 'petition.other-language', { language: 'انگلیسی' }));
});

test('search engines are told of the languages that there are words in, and of one page for the same words', async () => {
  const own = await get('/fa/p/wetlands');
  expect(hreflangs(own)).toEqual(['en', 'fa', 'x-default']);
  expect(canonical(own)).toBe('/fa/p/wetlands');
  expect(canonical(await get('/it/p/wetlands'))).toBe('/en/p/wetlands');
  expect(hreflangs(await get('/it/p/library'))).toEqual(['fa', 'x-default']);
  expect(canonical(await get('/it/p/library'))).toBe('/fa/p/library');
  expect(hreflangs(await get('/it'))).toEqual(['en', 'fa', 'ar', 'fr', 'de', 'es', 'it', 'x-default']);
});

test('a problem is told in the language of the address', async () => {
  const html = await get('/es/p/nothing-here');
  expect(html).toContain('<html lang="es" dir="ltr">');
  expect(html).toContain(translate('es', 'problem.not-found'));
  expect(html).not.toContain(translate('en', 'problem.not-found'));
});
