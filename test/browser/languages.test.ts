import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { Dispatch } from '../../src/letters/dispatch.service.js';
import { countryName, direction, languageName, type Locale, locales, translate } from '../../src/site/languages.js';
import { englishFinder } from '../support/english.js';
import { approve, campaignOf, importTestland, person } from '../support/letters.js';
import { launch, withChromium } from './support/chromium.js';
import { fine, look } from './support/look.js';
import { startSite, type Site, until } from './support/site.js';
import { type Links, linksOf, slug, type SupporterPage, supporterPages } from './support/supporter-pages.js';

const texts = readFileSync(join(__dirname, 'support/texts.js'), 'utf8');

const start = async (page: Page) => {
  await page.locator('form[action$="/write"] button').click();
  await page.locator('#area').selectOption('SE North');
  await page.locator('form[method=get] button').click();
  await page.locator('#lawmakers').waitFor();
};
const preview = async (page: Page) => {
  await start(page);
  await page.locator('form[method=post] button').first().click();
  await page.locator('pre').first().waitFor();
};
const more: SupporterPage[] = [
  { name: 'history', path: () => `/p/${slug}/history` },
  { name: 'version', path: () => `/p/${slug}/versions/1` },
  { name: 'verify', path: () => `/p/${slug}/verify` },
  { name: 'verify-list', path: () => '/verify' },
  { name: 'write-ask', path: () => `/p/${slug}/write` },
  { name: 'write-asked', path: () => `/p/${slug}/write-asked` },
  { name: 'write', path: ({ thanks }) => thanks, act: start },
  { name: 'write-preview', path: ({ thanks }) => thanks, act: preview },
];

withChromium('the pages of supporters in every language', () => {
  let site: Site;
  let browser: Browser;
  let links: Links;

  beforeAll(async () => {
    site = await startSite({ LIMITS: 'off' });
    browser = await launch();
    links = await linksOf(site);
    await importTestland(site);
    const [olga, amir] = [person('Olga', 'organiser'), person('Amir', 'approver')];
    const campaign = await campaignOf(site, olga, {
      more: { mode: 'supporters', petition: slug, notAfter: '2099-01-01T00:00' },
    });
    await approve(site, campaign, olga, amir);
    await site.get(Dispatch).start(campaign, amir);
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  describe.each(locales)('%s', (locale) => {
    const english = englishFinder(locale);
    let own: Browser;
    beforeAll(async () => (own = await launch()));
    afterAll(() => own?.close());
    // The tests of each page look at English and Persian, in both schemes.
    const schemes: 'light'[] = locale === 'en' || locale === 'fa' ? [] : ['light'];
    test.each([...supporterPages, ...more])('$name', async ({ name, path, act, status = 200 }) => {
      let root = {};
      let written: string[] = [];
      const read = async (page: Page) => {
        await act?.(page);
        root = await page.evaluate('({ lang: document.documentElement.lang, dir: document.documentElement.dir })');
        written = await page.evaluate<string[]>(texts);
      };
      const url = `${site.url}/${locale}${path(links)}`;
      const seen = await look(own, url, `languages-${name}-${locale}`, { act: read, schemes });
      expect(seen).toEqual(fine(status));
      expect(root).toEqual({ lang: locale, dir: direction(locale) });
      expect(written.length).toBeGreaterThan(5);
      expect(locale === 'en' ? [] : english(written)).toEqual([]);
    });
  });

  test.each([320, 1280])(
    'at %i px the languages open without script, and each leads to the same page',
    async (width) => {
      const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width, height: 640 } });
      const page = await context.newPage();
      page.setDefaultTimeout(20_000);
      await page.goto(`${site.url}/en/p/${slug}`);
      for (const locale of [...locales.slice(1), 'en'] as Locale[]) {
        await page.locator('.languages summary').click();
        for (const link of await page.locator('.languages a').all()) {
          const box = (await link.boundingBox())!;
          expect([box.x >= 0, box.x + box.width <= width, box.height >= 43.5]).toEqual([true, true, true]);
        }
        if (process.env.SCREENSHOTS)
          await page.screenshot({
            path: join(process.env.SCREENSHOTS, `languages-chooser-${width}-before-${locale}.png`),
          });
        await page
          .locator('.languages')
          .getByRole('link', { name: languageName(locale), exact: true })
          .click();
        await page.waitForURL(`${site.url}/${locale}/p/${slug}`);
        expect(await page.locator('.languages summary').innerText()).toBe(languageName(locale));
      }
      await context.close();
    },
  );

  test.each<Locale>(['ar', 'de'])('%s: the whole way without JavaScript, and no English on it', async (locale) => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    const say = (key: string, values = {}) => translate(locale, key, values);
    const english = englishFinder(locale);
    const arrived = async (heading: string) => {
      await page.getByRole('heading', { level: 1, name: say(heading), exact: true }).waitFor();
      expect(english(await page.evaluate<string[]>(texts))).toEqual([]);
    };
    const press = (key: string) => page.getByRole('button', { name: say(key), exact: true }).click();
    const email = `${locale}@example.org`;
    const mailed = async (subject: string) => {
      const mails = async () =>
        (await (await fetch(`${site.url}/dev/inbox.json`)).json()) as {
          to: string;
          subject: string;
          text: string;
          links: string[];
        }[];
      const find = (found: Awaited<ReturnType<typeof mails>>) =>
        found.find((mail) => mail.to === email && mail.subject === say(subject));
      const mail = find(await until(mails, (found) => find(found) !== undefined))!;
      expect(english(mail.text.split('\n'))).toEqual([]);
      expect(mail.links[0]).toContain(`${site.url}/${locale}/`);
      await page.goto(mail.links[0]!);
    };

    await page.goto(`${site.url}/${locale}`);
    await page.locator('a[href$="/p/magnitsky-sanctions"]').click();
    await page.getByLabel(say('sign.name')).fill('Sara Mohammadi');
    await page.getByLabel(say('sign.email'), { exact: true }).fill(email);
    await page.getByLabel(say('sign.country')).selectOption({ label: countryName(locale, 'SE')! });
    await page.waitForTimeout(2100);
    await press('sign.button');
    const summary = page.getByRole('alert');
    expect(await summary.locator('li').allInnerTexts()).toEqual([
      `${say('sign.consentSign')}: ${say('error.consent-needed')}`,
    ]);
    await page.getByLabel(say('consent.sign')).check();
    await page.waitForTimeout(2100);
    await press('sign.button');
    await arrived('mailbox.title');
    await mailed('mail.confirm-signature.subject');
    await arrived('confirm.title');
    await press('confirm.button');
    await arrived('confirmed.title');
    await page.goto(`${site.url}/${locale}/p/magnitsky-sanctions/withdraw`);
    await arrived('withdraw.title');
    await page.getByLabel(say('withdraw.email')).fill(email);
    await press('withdraw.button');
    await arrived('withdraw.asked-title');
    await mailed('mail.withdraw-signature.subject');
    await arrived('withdraw.choose-title');
    await press('withdraw.confirm-button');
    await arrived('withdraw.done-title');
    await context.close();
  });
});
