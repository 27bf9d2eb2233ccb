import type { Browser, BrowserContext, Page } from 'playwright-core';
import { cast } from '../support/cast.js';
import { launch, withChromium } from './support/chromium.js';
import { fine, look } from './support/look.js';
import { startSite, type Site } from './support/site.js';
import { signIn } from './support/sign-in.js';
import { slug } from './support/supporter-pages.js';
import { fill, type WholeSite } from './support/whole-site.js';

/** Fills in a form and sends it, past what the browser itself would refuse; returns when the page says what is wrong. */
const send =
  (form: string, values: Record<string, string> = {}, button = 'button:not([hidden])') =>
  async (page: Page) => {
    const [selector, fields, pressed] = [form, values, button].map((each) => JSON.stringify(each));
    await page.evaluate(`(() => {
      const form = document.querySelector(${selector});
      form.noValidate = true;
      for (const [name, value] of Object.entries(${fields})) form.elements[name].value = value;
      form.requestSubmit(form.querySelector(${pressed}));
    })()`);
    await page.locator('.error-summary').waitFor();
    await page.waitForLoadState();
  };

withChromium('pages that say what is wrong', () => {
  let site: Site;
  let browser: Browser;
  let context: BrowserContext;
  let all: WholeSite;

  beforeAll(async () => {
    site = await startSite({ LIMITS: 'off' });
    all = await fill(site);
    browser = await launch();
    context = await browser.newContext({ reducedMotion: 'reduce' });
    const page = await context.newPage();
    await signIn(page, site, cast.ada);
    await page.close();
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });
  beforeEach(() => site.database.query('UPDATE sessions SET reauthenticated_at = now()'));

  const wrongPassword = async (page: Page) => {
    await site.database.query(`UPDATE sessions SET reauthenticated_at = now() - interval '11 minutes'`);
    await page.locator('form[action$="/password"] button').first().click();
    await page.locator('input[name=_password]').fill('wrong');
    await page.locator('main form .button').last().click();
    await page.locator('.error-summary').waitFor();
    await page.waitForLoadState();
  };
  interface Wrong {
    name: string;
    path: () => string;
    act: (page: Page) => Promise<void>;
    status?: number;
    stranger?: boolean;
  }
  const inConsole: Wrong[] = [
    {
      ...{ name: 'sign-in', path: () => '/sign-in', stranger: true },
      act: send('.sign-in form', { email: cast.ada.email, password: 'wrong' }),
    },
    { name: 'reauthenticate', path: () => '/staff', act: wrongPassword, status: 403 },
    {
      ...{ name: 'account-password', path: () => '/account' },
      act: send('form[action$="/password"]', { oldPassword: 'wrong', newPassword: 'short' }),
    },
    { name: 'account-token', path: () => '/account', act: send('form[action$="/tokens"]', { days: '0' }) },
    { name: 'petition-new', path: () => '/petitions/new', act: send('.editor form', {}, '[value=save]') },
    {
      ...{ name: 'petition-text', path: () => '/petitions/library/texts/en' },
      act: send('.editor form', { title: '', ask: '' }, '[value=save]'),
    },
    { name: 'petition-review', path: () => '/petitions/library/review', act: send('form[action$="/opening"]') },
    { name: 'petition-reject', path: () => '/petitions/library/review', act: send('form[action$="/rejection"]') },
    {
      ...{ name: 'petition-settings', path: () => '/petitions/library/settings' },
      act: send('form[action$="/settings"]', { startedBy: '', goal: 'many' }),
    },
    { name: 'petition-picture', path: () => '/petitions/library/picture', act: send('form[action$="/picture"]') },
    {
      ...{ name: 'letter-text', path: () => `/letters/${all.draft}/text?language=en` },
      act: send('#words', { subject: '', body: '{{ nobody }}' }, '.button'),
    },
    {
      ...{ name: 'letter-text-faults', path: () => `/letters/${all.draft}/text?language=fa` },
      act: send('#words', { subject: 'Hello', body: '{{ nobody }}\n{% if %}' }, '.button'),
    },
    {
      ...{ name: 'letter-settings', path: () => `/letters/${all.draft}/settings` },
      act: send(
        'main form[action$="/settings"]',
        { title: '', replyTo: 'olga@', perHour: 'many' },
        '.button:not(.button-quiet)',
      ),
    },
    {
      ...{ name: 'letter-campaign', path: () => `/letters/${all.draft}` },
      act: send('form[action$="/audience-name"]'),
    },
    {
      ...{ name: 'letter-call', path: () => `/letters/${all.sent}/letters/${all.call}` },
      act: send('form[action$="/completion"]'),
    },
    {
      ...{ name: 'letter-answer', path: () => `/letters/${all.sent}/letters/${all.call}` },
      act: send('form[action$="/answer"]', { answeredOn: '' }),
    },
    {
      ...{ name: 'letter-postscript', path: () => `/letters/${all.draft}/previews/${all.anna}` },
      act: send('#postscript', { text: 'x'.repeat(1001) }),
    },
    {
      ...{ name: 'letter-audience', path: () => `/letters/audiences/${all.audience}` },
      act: send('form:has(#name)', { name: '' }, '.button:not(.button-quiet)'),
    },
    {
      ...{ name: 'lawmaker', path: () => `/lawmakers/${all.anna}` },
      act: send('form[action$="/contact-points"]', { value: 'nowhere' }),
    },
    { name: 'lawmaker-objection', path: () => `/lawmakers/${all.anna}`, act: send('form[action$="/objection"]') },
    {
      name: 'import-columns',
      path: () => `/lawmakers/imports/${all.columns}/columns`,
      act: send('#file', { 'map-name': '' }),
    },
    {
      ...{ name: 'organisations', path: () => `/petitions/${slug}/organisations` },
      act: send('form[action$="/organisations"]', { url: 'nowhere' }),
    },
    {
      ...{ name: 'organisation', path: () => `/petitions/${slug}/organisations/${all.organisation}` },
      act: send('form:has([name=url])', { url: 'nowhere' }),
    },
    {
      name: 'paper',
      path: () => `/petitions/${slug}/paper`,
      act: send(`form[action$="${slug}/paper"]`, { sheets: 'all' }),
    },
    {
      ...{ name: 'paper-count', path: () => `/petitions/${slug}/paper/${all.batch}` },
      act: send('form[action$="/counts"]'),
    },
    { name: 'updates', path: () => `/petitions/${slug}/updates`, act: send('main form.card', {}, '[value=save]') },
    {
      ...{ name: 'update', path: () => `/petitions/${slug}/updates/${all.update}` },
      act: send('form[action$="/rejection"]'),
    },
    {
      ...{ name: 'update-text', path: () => `/petitions/${slug}/updates/${all.update}/texts/fa` },
      act: send('main form.card', {}, '[value=save]'),
    },
    { name: 'exports', path: () => '/exports', act: send('form[action$="/persons"]', { recipient: 'nobody' }) },
  ];
  const ofSupporters: Wrong[] = [
    {
      ...{ name: 'own-words', path: () => all.links.thanks, stranger: true },
      act: send('#own-words form', { words: 'x'.repeat(1001) }),
    },
    { name: 'my-data-ask', path: () => '/my-data', stranger: true, act: send('main form', { email: 'sara@' }) },
    { name: 'write-ask', path: () => `/p/${slug}/write`, stranger: true, act: send('main form', { email: 'sara@' }) },
  ];
  const pages = [...ofSupporters, ...inConsole.map((one) => ({ ...one, path: () => `/console${one.path()}` }))];

  for (const locale of ['en', 'fa']) {
    test.each(pages)(`${locale}: $name`, async ({ name, path, act, status = 422, stranger }) => {
      const how = { act, schemes: ['light'] as const, ...(!stranger && { context }) };
      const seen = await look(browser, `${site.url}/${locale}${path()}`, `errors-${name}-${locale}`, how);
      // Of a page on the way there, which was refused as well.
      const errors = seen.errors.filter((error) => !error.includes('Failed to load resource'));
      expect({ ...seen, errors }).toEqual(fine(status));
    });
  }
});
