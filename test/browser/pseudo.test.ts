import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { Dispatch } from '../../src/letters/dispatch.service.js';
import { languageName, languageNameIn, locales, translate } from '../../src/site/languages.js';
import { Staff } from '../../src/staff/staff.service.js';
import { cast } from '../support/cast.js';
import { approve, campaignOf, importTestland, person } from '../support/letters.js';
import { pseudo } from '../support/pseudo.js';
import { launch, withChromium } from './support/chromium.js';
import { startSite, type Site } from './support/site.js';
import { type Links, linksOf, slug, type SupporterPage, supporterPages } from './support/supporter-pages.js';
import { password, signIn } from './support/sign-in.js';

// The language exists in this file alone: the English messages are changed while the application reads them.
jest.mock('node:fs', () => {
  const fs = jest.requireActual<typeof import('node:fs')>('node:fs');
  const made = jest.requireActual<typeof import('../support/pseudo.js')>('../support/pseudo');
  const readFileSync = (path: string, ...more: [BufferEncoding]) => {
    const content = fs.readFileSync(path, ...more);
    if (!/templates.messages.en\.json$/.test(path)) return content;
    const english = Object.entries(JSON.parse(content) as Record<string, string>);
    return JSON.stringify(Object.fromEntries(english.map(([key, text]) => [key, made.pseudo(text)])));
  };
  return { ...fs, readFileSync };
});

const cut = readFileSync(join(__dirname, 'support/cut.js'), 'utf8');
const unmarked = readFileSync(join(__dirname, 'support/unmarked.js'), 'utf8');
/** Names, days, codes and what programs call a thing are the same in every language. */
const day = /\d+ \w+ \d{4}(, \d\d:\d\d UTC)?/.source;
const known = new RegExp(
  `^(${[
    'SHA-256|JSON|CSV|WhatsApp|Telegram|Signal|Mastodon|Countersign|,? ?Sweden|X[A-Z]|[a-z]{2}(, [a-z]{2})*',
    locales.flatMap((code) => [languageName(code), languageNameIn('en', code)]).join('|'),
    '(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day',
    `${day}( – ${day})?(: \\d+)?`,
  ].join('|')})$`,
);

const first = (selector: string) => async (page: Page) => {
  await page.locator(selector).first().click();
  await page.waitForLoadState();
};
const chooser = (page: Page) => page.locator('.languages summary').click();

withChromium('a language that needs two fifths more room', () => {
  let site: Site;
  let browser: Browser;
  let context: BrowserContext;
  let links: Links;
  let campaign: string;

  beforeAll(async () => {
    site = await startSite({ LIMITS: 'off' });
    browser = await launch();
    links = await linksOf(site);
    await site.get(Staff).add(cast.ada, 'system', password);
    await importTestland(site);
    const [olga, amir] = [person('Olga', 'organiser'), person('Amir', 'approver')];
    campaign = await campaignOf(site, olga, { more: { petition: slug } });
    await approve(site, campaign, olga, amir);
    await site.get(Dispatch).start(campaign, amir);
    await campaignOf(site, olga, { more: { title: 'Not yet' } });
    await site.database.query(`INSERT INTO flags SELECT petition_id, id, '{network-burst}' FROM signatures`);
    context = await browser.newContext({ reducedMotion: 'reduce' });
    const page = await context.newPage();
    await signIn(page, site, cast.ada);
    await page.close();
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  const consolePages: SupporterPage[] = [
    { name: 'overview', path: () => '' },
    { name: 'petitions', path: () => '/petitions' },
    { name: 'petition', path: () => `/petitions/${slug}` },
    { name: 'petition-new', path: () => '/petitions/new' },
    { name: 'petition-text', path: () => `/petitions/${slug}/texts/en` },
    { name: 'petition-settings', path: () => `/petitions/${slug}/settings` },
    { name: 'moderation', path: () => `/petitions/${slug}/signatures` },
    { name: 'moderation-errors', path: () => `/petitions/${slug}/signatures`, act: first('button[value=preview]') },
    { name: 'switches', path: () => '/switches' },
    { name: 'letters', path: () => '/letters' },
    { name: 'letters-new', path: () => '/letters/new' },
    { name: 'campaign', path: () => `/letters/${campaign}` },
    { name: 'campaign-letters', path: () => `/letters/${campaign}/letters` },
    { name: 'campaign-letter', path: () => `/letters/${campaign}/letters`, act: first('main tbody a') },
    { name: 'campaign-report', path: () => `/letters/${campaign}/report` },
    { name: 'draft', path: () => '/letters', act: (page) => page.getByRole('link', { name: 'Not yet' }).click() },
    { name: 'audiences', path: () => '/letters/audiences' },
    { name: 'lawmakers', path: () => '/lawmakers' },
    { name: 'lawmaker', path: () => '/lawmakers', act: first('main tbody a') },
    { name: 'duplicates', path: () => '/lawmakers/duplicates' },
    { name: 'imports', path: () => '/lawmakers/imports' },
    { name: 'import', path: () => '/lawmakers/imports', act: first('main tbody a') },
    { name: 'import-new', path: () => '/lawmakers/imports/new' },
    { name: 'exports', path: () => '/exports' },
    { name: 'mail', path: () => '/mail' },
    { name: 'mail-limits', path: () => '/mail/limits?scope=domain&key=' },
    { name: 'staff', path: () => '/staff' },
    { name: 'account', path: () => '/account' },
    { name: 'audit', path: () => '/audit' },
  ];
  const others: SupporterPage[] = [
    { name: 'chooser', path: () => '', act: chooser },
    { name: 'history', path: () => `/p/${slug}/history` },
    { name: 'verify', path: () => `/p/${slug}/verify` },
    { name: 'console-sign-in', path: () => '/console/sign-in' },
    ...consolePages.map(({ name, path, act }) => ({
      ...{ name: `console-${name}`, path: (all: Links) => `/console${path(all)}`, act },
    })),
  ];

  test.each([...supporterPages, ...others])(
    '$name: no text is cut, and none was written into the page',
    async (one) => {
      const page = await context.newPage();
      page.setDefaultTimeout(20_000);
      await page.goto(`${site.url}/en${one.path(links)}`);
      await one.act?.(page);
      await page.waitForLoadState();
      expect(await page.locator('body').innerText()).toContain('⟧');
      const seen: string[] = [];
      for (const width of [320, 390, 1280]) {
        await page.setViewportSize({ width, height: 844 });
        if (process.env.SCREENSHOTS)
          await page.screenshot({
            path: join(process.env.SCREENSHOTS, `pseudo-${one.name}-${width}.png`),
            fullPage: true,
          });
        seen.push(...(await page.evaluate<string[]>(cut)).map((what) => `${width} ${what}`));
      }
      const written = await page.evaluate<string[]>(unmarked);
      expect(seen).toEqual([]);
      expect(written.filter((text) => !known.test(text.trim()))).toEqual([]);
      await page.close();
    },
  );
});

test('the words of a message are longer and marked, what ICU reads is not', () => {
  expect(pseudo('Sign {name}, {n, plural, one {# time} other {# times}}')).toBe(
    '⟦Šíígñ {name}, {n, plural, one {# tííméé} other {# tíímééš}}⟧',
  );
  expect(translate('en', 'count.people', { n: 2 })).toMatch(/^⟦.*⟧$/);
});
