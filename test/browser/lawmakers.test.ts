import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { projectRoot } from '../../src/config/root.js';
import { Staff } from '../../src/staff/staff.service.js';
import { cast } from '../support/cast.js';
import { launch, withChromium } from './support/chromium.js';
import { fine, look } from './support/look.js';
import { startSite, type Site } from './support/site.js';
import { password, signIn } from './support/sign-in.js';

const file = (name: string) => join(projectRoot, 'test/fixtures/lawmakers', name);

withChromium('importing lawmakers', () => {
  let site: Site;
  let browser: Browser;
  let page: Page;
  let session: Awaited<ReturnType<BrowserContext['storageState']>>;
  const places: Record<string, string> = {};

  beforeAll(async () => {
    site = await startSite({ LIMITS: 'off' });
    await site.get(Staff).add(cast.olga, 'system', password);
    browser = await launch();
    page = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
    page.setDefaultTimeout(20_000);
    await signIn(page, site, cast.olga);
    session = await page.context().storageState();
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  const upload = async (name: string, legislature = '') => {
    await page.goto(`${site.url}/en/console/lawmakers/imports/new`);
    await page.locator('#legislature').fill(legislature);
    await page.locator('#file').setInputFiles(file(name));
    await page.getByRole('button', { name: 'Show what would change' }).click();
  };
  const path = () => new URL(page.url()).pathname.replace(/^\/en/, '');

  test('a CSV file becomes lawmakers by upload, columns, look and apply, without JavaScript', async () => {
    await upload('hostile.csv', 'nl-wizard');
    expect(await page.locator('#map-name').inputValue()).toBe('Full name');
    places.columns = path();
    await page.locator('#map-honorific').selectOption('Title');
    await page.getByRole('button', { name: 'Show what would change' }).click();
    places.preview = path();
    expect(await page.locator('.stats').innerText()).toMatch(/New\s+23/);
    expect(await page.locator('main').innerText()).toContain('hostile.csv, line 27');
    await page.getByRole('button', { name: 'Apply these changes' }).click();
    expect(await page.locator('main').innerText()).toContain('Farid Gul');

    await upload('congress.csv');
    await page.getByRole('button', { name: 'Apply these changes' }).click();
    await upload('congress.json');
    places.changed = path();
    const row = (change: string) => page.locator('[aria-labelledby=changes] tbody tr', { hasText: change });
    expect(await row('Changed').count()).toBeGreaterThan(0);
    expect(await row('Gone').count()).toBe(1);
    // The badge says it in words; nothing beside it says it again by colour.
    const bar = await page.evaluate<string>(
      `getComputedStyle(document.querySelector('[aria-labelledby=changes] tbody td')).borderInlineStartWidth`,
    );
    expect(bar).toBe('0px');
    await upload('hostile.csv', 'nl-wizard');
    places.columns = path();
  });

  test('what cannot be read is said beside the file, with the line', async () => {
    await upload('openstates/Cora-Heath.yml');
    expect(await page.locator('[role=alert]').innerText()).toContain('Nobody in this file can be imported.');
  });

  const withErrors = async (view: Page) => {
    await view.locator('#file').setInputFiles(file('openstates/Cora-Heath.yml'));
    await view.locator('main form button').click();
    await view.locator('#errors').waitFor();
    await view.waitForLoadState();
  };

  for (const locale of ['en', 'fa']) {
    test.each(['columns', 'preview', 'changed'])(`${locale}: the page of %s can be used by everybody`, async (name) => {
      const seen = await look(browser, `${site.url}/${locale}${places[name]}`, `console-import-${name}-${locale}`, {
        session,
        parts: name === 'changed' ? { changes: 'section:has(#changes)' } : {},
      });
      expect(seen).toEqual(fine());
    });
    test(`${locale}: the form with an error can be used by everybody`, async () => {
      const url = `${site.url}/${locale}/console/lawmakers/imports/new`;
      const seen = await look(browser, url, `console-import-errors-${locale}`, { session, act: withErrors });
      expect(seen).toEqual(fine(422));
    });
  }
});
