import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { projectRoot } from '../../src/config/root.js';
import { nobody, ObjectionLinks } from '../../src/lawmakers/objection-links.service.js';
import { launch, withChromium } from './support/chromium.js';
import { fine, look } from './support/look.js';
import { startSite, type Site, until } from './support/site.js';

const slug = '1988-investigation';

withChromium('every public page', () => {
  let site: Site;
  let browser: Browser;
  const links: Record<string, string> = {};

  const ask = async (path: string, body: object) =>
    fetch(`${site.url}/api/v1/petitions/${slug}/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const mails = async () =>
    (await (await fetch(`${site.url}/dev/inbox.json`)).json()) as { to: string; links: string[] }[];
  const pathOf = (link: string) => new URL(link).pathname.replace(/^\/\w+/, '');

  beforeAll(async () => {
    site = await startSite({ LIMITS: 'off' });
    browser = await launch();
    const people = [
      { name: 'Sara Mohammadi', email: 'sara@example.org' },
      { name: 'Jean-Baptiste Oumar', email: 'jean@example.org' },
    ];
    for (const person of people)
      await ask('signatures', { ...person, country: 'SE', locale: 'en', consents: { sign: true } });
    const [jean, sara] = await until(mails, (found) => found.length === 2);
    links.confirm = pathOf(jean!.links[0]!);
    links.thanks = `${pathOf(sara!.links[0]!)}/thank-you`;
    await fetch(`${site.url}/api/v1/confirmations/${pathOf(sara!.links[0]!).split('/').pop()}`, { method: 'PUT' });
    await ask('withdrawals', { email: sara!.to, locale: 'en' });
    links.withdraw = pathOf((await until(mails, (found) => found.length === 3))[0]!.links[0]!);
    await fetch(`${site.url}/api/v1/my-data`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: sara!.to, locale: 'en' }),
    });
    const [lawmaker, other] = await site.database.query(`SELECT id FROM lawmakers ORDER BY name LIMIT 2`);
    links.objection = pathOf(site.get(ObjectionLinks).url(lawmaker.id, 'en'));
    links.objected = pathOf(site.get(ObjectionLinks).url(other.id, 'en'));
    await fetch(`${site.url}/en${links.objected}`, { method: 'POST' });
    links.objectionTest = pathOf(site.get(ObjectionLinks).url(nobody, 'en'));
    links.data = pathOf((await until(mails, (found) => found.length === 4))[0]!.links[0]!);
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  const withErrors = async (page: Page) => {
    await page.locator('#email').fill('sara@');
    await page.locator('.petition-side .button.wide').click();
    await page.locator('#errors').waitFor();
    await page.waitForLoadState();
  };
  const wrongCode = async (page: Page) => {
    await page.locator('#code').fill('ABC');
    await page.locator('section .button-danger').click();
    await page.locator('#errors').waitFor();
  };
  interface PublicPage {
    name: string;
    path: () => string;
    status?: number;
    act?: (page: Page) => Promise<void>;
  }
  const pages: PublicPage[] = [
    { name: 'home', path: () => '' },
    { name: 'petition', path: () => `/p/${slug}` },
    { name: 'petition-errors', path: () => `/p/${slug}`, act: withErrors, status: 422 },
    { name: 'petition-sanctions', path: () => '/p/magnitsky-sanctions' },
    { name: 'look-in-mailbox', path: () => `/p/${slug}/look-in-your-mailbox` },
    { name: 'confirm', path: () => links.confirm! },
    { name: 'confirmed', path: () => links.thanks! },
    { name: 'withdraw', path: () => `/p/${slug}/withdraw` },
    { name: 'withdraw-asked', path: () => `/p/${slug}/withdraw-asked` },
    { name: 'withdraw-confirm', path: () => links.withdraw! },
    { name: 'withdraw-errors', path: () => `/p/${slug}/withdraw`, act: wrongCode, status: 422 },
    { name: 'erased', path: () => `/p/${slug}/erased` },
    { name: 'my-data-ask', path: () => '/my-data' },
    { name: 'my-data-asked', path: () => '/my-data/asked' },
    { name: 'my-data', path: () => links.data! },
    { name: 'withdrawn', path: () => `/p/${slug}/withdrawn` },
    { name: 'objection', path: () => links.objection! },
    { name: 'objection-done', path: () => links.objected! },
    { name: 'objection-test', path: () => links.objectionTest! },
    { name: 'method', path: () => '/method' },
    { name: 'privacy', path: () => '/privacy' },
    { name: 'problem', path: () => '/p/nothing-here', status: 404 },
    { name: 'problem-link', path: () => '/confirm/abc', status: 410 },
  ];

  for (const locale of ['en', 'fa']) {
    test.each(pages)(`${locale}: $name can be used by everybody`, async ({ name, path, act, status = 200 }) => {
      const seen = await look(browser, `${site.url}/${locale}${path()}`, `${name}-${locale}`, { act });
      expect(seen).toEqual(fine(status));
    });
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
      expect(html).not.toMatch(/\sstyle=|<style|<script(?![^>]*\ssrc=)|\son\w+=/);
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
