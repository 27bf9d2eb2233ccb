import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { projectRoot } from '../../src/config/root.js';
import { launch, withChromium } from './support/chromium.js';
import { fine, look } from './support/look.js';
import { startSite, type Site } from './support/site.js';
import { type Links, linksOf, slug, supporterPages } from './support/supporter-pages.js';

withChromium('every public page', () => {
  let site: Site;
  let browser: Browser;
  let links: Links;

  beforeAll(async () => {
    site = await startSite({ LIMITS: 'off' });
    browser = await launch();
    links = await linksOf(site);
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  for (const locale of ['en', 'fa']) {
    test.each(supporterPages)(
      `${locale}: $name can be used by everybody`,
      async ({ name, path, act, parts, status = 200 }) => {
        const seen = await look(browser, `${site.url}/${locale}${path(links)}`, `${name}-${locale}`, { act, parts });
        expect(seen).toEqual(fine(status));
      },
    );
  }

  test('the built-in inbox can be used by everybody', async () => {
    expect(await look(browser, `${site.url}/dev/inbox`, 'inbox')).toEqual(fine());
    const open = (page: Page) => page.locator('tbody a').first().click();
    expect(await look(browser, `${site.url}/dev/inbox`, 'inbox-mail', { act: open })).toEqual(fine());
  });

  test.each(['en', 'fa'])(
    'the %s petition page is light: HTML and style at most 14 KB, script 3 KB',
    async (locale) => {
      const html = await (await fetch(`${site.url}/${locale}/p/${slug}`)).text();
      const size = (content: string | Buffer) => gzipSync(content, { level: 6 }).length;
      const file = (name: string) => size(readFileSync(join(projectRoot, 'public', name)));
      const sheets = [...html.matchAll(/<link rel="stylesheet" href="\/assets\/([^?"]+)/g)].map(([, name]) => name!);
      const scripts = [...html.matchAll(/<script[^>]+src="\/assets\/([^?"]+)/g)].map(([, name]) => name!);
      expect(sheets).toEqual(['app.css']);
      expect(size(html) + file('app.css')).toBeLessThanOrEqual(14 * 1024);
      expect(scripts).toEqual(['app.js']);
      expect(file('app.js')).toBeLessThanOrEqual(3 * 1024);
      expect(html).not.toMatch(/\sstyle=|<style|<script(?![^>]*\s(src=|type="application\/ld\+json"))|\son\w+=/);
    },
  );

  test('public pages set no cookie, and only pages from right to left load the Persian font', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    const fonts: string[] = [];
    page.on('request', (request) => {
      if (request.resourceType() === 'font') fonts.push(new URL(request.url()).pathname);
    });
    for (const path of ['', `/p/${slug}`, '/privacy'])
      await page.goto(`${site.url}/en${path}`, { waitUntil: 'networkidle' });
    expect(fonts).toEqual([]);
    await page.goto(`${site.url}/fa/p/${slug}`, { waitUntil: 'networkidle' });
    expect(fonts).toEqual(['/assets/fonts/vazirmatn-arabic.woff2']);
    expect(await context.cookies()).toEqual([]);
    await context.close();
  });

  test('with JavaScript a likely typing error becomes a question', async () => {
    const page = await browser.newPage();
    await page.goto(`${site.url}/fa/p/${slug}`);
    await page.locator('#email').fill('Lina@gmial.com');
    await page.locator('#name').focus();
    const question = page.getByRole('button', { name: /lina@gmail\.com/ });
    await question.click();
    expect(await page.locator('#email').inputValue()).toBe('Lina@gmail.com');
    expect(await question.count()).toBe(0);
    await page.close();
  });
});
