import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser } from 'playwright-core';
import { launch, withChromium } from './support/chromium.js';
import { startSite, type Site } from './support/site.js';

withChromium('a petition on the site of somebody else', () => {
  let site: Site;
  let browser: Browser;
  let others: Server;
  let otherSite: string;

  beforeAll(async () => {
    site = await startSite({ LIMITS: 'off' });
    browser = await launch();
    const petition = `${site.url}/en/p/1988-investigation`;
    const element = `<script type="module" src="${site.url}/assets/embed.js"></script>
      <countersign-petition><a href="${petition}">Investigate</a></countersign-petition>
      <countersign-petition id="foreign"><a href="https://evil.example/en/p/x">Elsewhere</a></countersign-petition>`;
    others = createServer((request, response) => {
      response.setHeader('content-type', 'text/html; charset=utf-8');
      response.end(request.url === '/framed' ? `<iframe src="${petition}"></iframe>` : element);
    });
    await new Promise<void>((done) => others.listen(0, '127.0.0.1', done));
    otherSite = `http://localhost:${(others.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
    await new Promise((done) => (others ? others.close(done) : done(null)));
  });

  test('stands in a frame, with its style, and a click opens the petition in a window of its own', async () => {
    const page = await browser.newPage();
    page.setDefaultTimeout(20_000);
    const errors: string[] = [];
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
    await page.goto(`${otherSite}/`);
    const frame = page.frameLocator('countersign-petition iframe');
    expect(await frame.locator('h1').innerText()).toContain('investigation');
    const button = frame.locator('a.button');
    const inside = page.frames()[1]!;
    const colour = `getComputedStyle(document.querySelector('a.button')).backgroundColor`;
    expect(await inside.evaluate(colour)).toBe('rgb(11, 92, 83)');
    // All of it fits into the frame.
    expect(await inside.evaluate('document.documentElement.scrollHeight <= innerHeight')).toBe(true);
    const [opened] = await Promise.all([page.waitForEvent('popup'), button.click()]);
    await opened.waitForLoadState();
    expect(opened.url()).toBe(`${site.url}/en/p/1988-investigation#sign`);
    expect(await opened.evaluate('window.opener === null')).toBe(true);
    expect(await page.locator('#foreign a').count()).toBe(1);
    expect(errors.filter((text) => !text.includes('favicon'))).toEqual([]);
    await page.close();
  });

  test('is a plain link without script', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(`${otherSite}/`);
    expect(await page.getByRole('link', { name: 'Investigate' }).getAttribute('href')).toContain('/en/p/1988');
    await context.close();
  });

  test('cannot be framed where its form is', async () => {
    const page = await browser.newPage();
    await page.goto(`${otherSite}/framed`);
    await page.waitForTimeout(500);
    const [, inner] = page.frames();
    expect(await inner!.locator('form').count()).toBe(0);
    await page.close();
  });
});
