import type { Browser } from 'playwright-core';
import { launch, withChromium } from './support/chromium.js';
import { fine, look } from './support/look.js';
import { startSite, type Site } from './support/site.js';

const slug = '1988-investigation';

withChromium('a petition under pressure', () => {
  let site: Site;
  let browser: Browser;
  beforeAll(async () => {
    site = await startSite({ PRESSURE_PER_MINUTE: '0' });
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  async function fillIn(javaScriptEnabled: boolean) {
    const context = await browser.newContext({ javaScriptEnabled });
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    const strangers: string[] = [];
    page.on('request', (request) => {
      if (!request.url().startsWith(site.url)) strangers.push(request.url());
    });
    await page.goto(`${site.url}/en/p/${slug}`);
    await page.locator('#name').fill('Sara Signer');
    await page.locator('#email').fill('sara@example.org');
    await page.locator('#country').selectOption('SE');
    await page.locator('#consentSign').check();
    // The form takes nothing that comes back within two seconds.
    await page.waitForTimeout(2200);
    return { page, strangers, send: () => page.locator('.petition-side .button.wide').click() };
  }

  test('the browser does the work by itself, and asks nobody else', async () => {
    const { page, strangers, send } = await fillIn(true);
    await send();
    await page.waitForURL('**/look-in-your-mailbox');
    expect(strangers).toEqual([]);
    await page.context().close();
  });

  test('without JavaScript she is told to wait, and loses nothing', async () => {
    const { page, send } = await fillIn(false);
    await send();
    await page.getByText('Everything you filled in is still here').waitFor();
    expect(await page.locator('#email').inputValue()).toBe('sara@example.org');
    expect(await page.locator('#consentSign').isChecked()).toBe(true);
    await page.context().close();
  });

  test.each(['en', 'fa'])('%s: the page can be used by everybody', async (locale) => {
    expect(await look(browser, `${site.url}/${locale}/p/${slug}`, `pressure-${locale}`)).toEqual(fine());
  });
});
