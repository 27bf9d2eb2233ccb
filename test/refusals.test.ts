import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../src/config/root.js';
import { errorInWords } from '../src/site/error-words.js';
import { type Locale, locales, translate, translateIsolated } from '../src/site/languages.js';
import { FormTokens } from '../src/site/form-token.service.js';
import { fieldErrors } from '../src/site/pipes.js';
import { backInConsole } from '../src/site/problem-page.js';
import { problemCodes, problems } from '../src/site/problem.js';
import { type Refusal, refusals } from '../src/site/refusals.js';
import { NewSignature } from '../src/signatures/signatures.schema.js';
import { startApp, type TestApp } from './support/app.js';
import { formBody, type SignedIn, signIn } from './support/cast.js';
import { englishFinder } from './support/english.js';
import { askForLink, openPetition, sara } from './support/petitions.js';
import { allRoutes } from './support/routes.js';

let app: TestApp;
let olga: SignedIn;
let amir: SignedIn;
let vera: SignedIn;
beforeAll(async () => {
  app = await startApp({ LIMITS: 'off' });
  [olga, amir, vera] = [await signIn(app, 'olga'), await signIn(app, 'amir'), await signIn(app, 'vera')];
  await openPetition(app);
});
afterAll(() => app.close());

const messages = JSON.parse(readFileSync(join(projectRoot, 'templates/messages/en.json'), 'utf8')) as object;
const said = (locale: Locale, key: Refusal, values = {}) => translateIsolated(locale, `refusal.${key}`, values);
const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('"', '&#34;').replaceAll("'", '&#39;');
const lede = (html: string) => /<p class="lede">([^<]*)<\/p>/.exec(html)?.[1];
const back = (html: string) => /<p><a class="button" href="([^"]*)">([^<]*)<\/a><\/p>/.exec(html)?.slice(1);
const textsOf = (html: string) => html.split(/<[^>]*>/);
const post = (url: string, fields: Record<string, string>) => app.inject({ method: 'POST', url, ...formBody(fields) });

test('every refusal has a sentence, every sentence is one of a refusal, and each problem says what to do', () => {
  const written = Object.keys(messages).filter((key) => key.startsWith('refusal.'));
  expect(written.sort()).toEqual(
    Object.keys(refusals)
      .map((key) => `refusal.${key}`)
      .sort(),
  );
  for (const code of problemCodes) {
    expect(messages).toHaveProperty([`problem.${code}`]);
    // With these comes a reason, always.
    if (!['wrong-state', 'conflict', 'gone', 'forbidden', 'paused'].includes(code))
      expect(messages).toHaveProperty([`problem.${code}-text`]);
  }
});

test.each(locales)('%s says more than one thing in each: what has happened, and what to do', (locale) => {
  const short = (Object.keys(refusals) as Refusal[]).filter((key) => {
    const sentence = said(locale, key, { state: 'closed', n: 3, most: 5 });
    return sentence.split(/[.!?؟:;،؛,]\s/).length < 2;
  });
  expect(short).toEqual([]);
});

test('a program gets the sentence in English, the code and nothing else', () => {
  const { details } = problems.refusal('full-already', { most: 20 });
  expect(details).toEqual({
    ...{ type: 'about:blank', status: 409, code: 'wrong-state', title: 'This is not possible in the present state' },
    detail: 'There can be at most 20, and so many there are. Take one away before you add another.',
  });
});

describe('supporters', () => {
  const filled = () => ({
    ...{ name: sara.name, email: 'late@example.org', country: 'DE', consentSign: 'on', website: '' },
    t: app.get(FormTokens).issue(Date.now() - 5000),
  });

  test('read on a closed petition that it is closed, in signing and in confirming, and find its page', async () => {
    await openPetition(app, 'over');
    const link = await askForLink(app, { email: 'slow@example.org' }, 'over');
    expect((await amir.api('POST', '/api/v1/petitions/over/closing', {})).statusCode).toBe(200);
    await new Promise((done) => setTimeout(done, 1100));
    const refused = await post('/en/p/over/signatures', filled());
    expect(refused.statusCode).toBe(409);
    expect(lede(refused.body)).toBe(escaped(said('en', 'petition-not-open')));
    expect(back(refused.body)).toEqual(['/en/p/over', translate('en', 'problem.back-petition')]);
    const late = await post(`/de/confirm/${link.split('/').at(-1)}`, {});
    expect([late.statusCode, lede(late.body)]).toEqual([409, escaped(said('de', 'petition-not-open'))]);
  });

  test.each(['fa', 'ar'] as const)('find no English on the page in %s', async (locale) => {
    const pages = [
      await post(`/${locale}/p/over/signatures`, filled()),
      await app.inject({ url: `/${locale}/p/nothing` }),
      await app.inject({ url: `/${locale}/confirm/x` }),
      await app.inject({ url: `/${locale}/withdraw/x` }),
    ];
    expect(pages.map(({ statusCode }) => statusCode)).toEqual([409, 404, 410, 410]);
    const found = englishFinder(locale)(pages.flatMap(({ body }) => textsOf(body)));
    expect(found).toEqual([]);
  });
});

describe('staff', () => {
  const rail = '<nav class="rail"';

  test('stay in the console, read why, and go back to the page the form stands on', async () => {
    const refused = await amir.post('/en/console/petitions/wetlands/rejection', { reason: 'Not yet.' });
    expect(refused.statusCode).toBe(409);
    expect(refused.body).toContain(rail);
    expect(refused.body).toContain('aria-current="page">Petitions');
    expect(lede(refused.body)).toContain('The state of this petition is “Open”');
    expect(back(refused.body)).toEqual(['/en/console/petitions/wetlands', translate('en', 'problem.open-again')]);
    expect((await amir.get(back(refused.body)![0]!)).statusCode).toBe(200);
  });

  test('read why a petition cannot be handed in yet, also in Persian without a word of English', async () => {
    await openPetition(app, 'empty');
    const handIn = (locale: string) =>
      olga.post(`/${locale}/console/exports/hand-in`, { petition: 'empty', language: 'en', password: olga.password });
    const refused = await handIn('en');
    expect([refused.statusCode, refused.headers['content-type']]).toEqual([409, 'text/html; charset=utf-8']);
    expect(refused.body).toContain(rail);
    expect(lede(refused.body)).toContain('The log of this petition cannot be handed in');
    expect(back(refused.body)).toEqual(['/en/console/exports', 'Back to: Exports']);
    const persian = await handIn('fa');
    expect(lede(persian.body)).toBe(said('fa', 'hand-in-not-ready'));
    expect(englishFinder('fa')(textsOf(persian.body))).toEqual([]);
  });

  test('find the list where a page is not there, with or without a route', async () => {
    for (const path of ['letters/01900000-0000-7000-8000-000000000000', 'letters/x/y/z', 'letters/%3Cb%3E']) {
      const missing = await olga.get(`/fa/console/${path}`);
      expect({ path, status: missing.statusCode }).toEqual({ path, status: 404 });
      expect(missing.body).toContain(rail);
      expect(back(missing.body)![0]).toBe('/fa/console/letters');
      expect(missing.body).toMatch(/<a[^>]* href="\/de\/console\/letters"/);
    }
  });

  test('who has not the right reads whom to ask', async () => {
    const refused = await vera.get('/en/console/audit');
    expect([refused.statusCode, lede(refused.body)]).toEqual([403, escaped(said('en', 'lacks-right'))]);
    expect(refused.body).toContain(rail);
  });

  test('a stranger sees nothing of the console, whatever she asks for', async () => {
    const cookie = `countersign-session=${'x'.repeat(43)}`;
    for (const headers of [{}, { cookie }]) {
      const missing = await app.inject({ url: '/en/console/no/such/page', headers });
      expect(missing.statusCode).toBe(404);
      expect(missing.body).not.toMatch(/class="rail"|_csrf/);
      expect(back(missing.body)![0]).toBe('/en');
    }
  });

  test('the way back never leaves the console', async () => {
    for (const url of ['/en/console//evil.example/x', '//evil.example/console/x', '/en/console/%2F%2Fevil.example']) {
      const href = back((await olga.get(url)).body)?.[0];
      expect(href).toMatch(/^\/en(\/console)?$/);
    }
  });

  test('above every form there is a page to go back to', () => {
    const routes = allRoutes(app).filter(({ url }) => url.startsWith('/:locale/console'));
    const pages = new Set(routes.filter(({ method }) => method === 'GET').map(({ url }) => url));
    const filled = (url: string) => url.replace(':locale', 'en').replaceAll(/:\w+/g, 'x');
    const addresses = new Set([...pages].map(filled));
    const forms = routes.filter(({ method }) => method === 'POST');
    expect(forms.length).toBeGreaterThan(50);
    for (const { url } of forms) {
      const asked = { url: filled(url), method: 'POST', routeOptions: { url } };
      const { href } = backInConsole('en', 'conflict', asked, (route) => pages.has(route));
      expect({ url, isPage: addresses.has(href) }).toEqual({ url, isPage: true });
      expect(filled(url).startsWith(href)).toBe(true);
    }
  });
});

describe('what is wrong with a field', () => {
  const faults = (change: object) =>
    fieldErrors(NewSignature.safeParse({ ...sara, locale: 'en', consents: { sign: true }, ...change }).error!.issues);

  test('says how much would be right, in the digits of the language', () => {
    const [fault] = faults({ name: 'x'.repeat(101) });
    expect(fault).toMatchObject({ field: 'name', code: 'too-long', limit: 100, unit: 'characters' });
    expect(errorInWords('en', fault!)).toBe('This is too long: please use at most 100 characters');
    expect(errorInWords('fa', fault!)).toContain('۱۰۰');
  });

  test('stands beside the field of the form', async () => {
    const page = await post('/en/p/wetlands/signatures', {
      ...{ name: 'x'.repeat(101), email: sara.email, country: 'DE', consentSign: 'on', website: '' },
    });
    expect(page.statusCode).toBe(422);
    expect(page.body).toContain('please use at most 100 characters');
  });
});
