import type { Browser, BrowserContext, Page } from 'playwright-core';
import { SignIns } from '../../src/staff/sign-ins.service.js';
import { Staff } from '../../src/staff/staff.service.js';
import { cast } from '../support/cast.js';
import { launch, withChromium } from './support/chromium.js';
import { fine, look } from './support/look.js';
import { startSite, type Site } from './support/site.js';
import { password } from './support/sign-in.js';

type Session = Awaited<ReturnType<BrowserContext['storageState']>>;

withChromium('staff', () => {
  let site: Site;
  let browser: Browser;
  let session: Session;

  const open = async (path: string) => {
    const page = await (await browser.newContext({ javaScriptEnabled: false, storageState: session })).newPage();
    page.setDefaultTimeout(20_000);
    await page.goto(`${site.url}${path}`);
    return page;
  };
  /** When passwords were asked for the last time. */
  const asked = (minutes: number): Promise<unknown> =>
    site.database.query(`UPDATE sessions SET reauthenticated_at = now() - make_interval(mins => $1)`, [minutes]);

  beforeAll(async () => {
    site = await startSite({ LIMITS: 'off' });
    for (const person of [cast.ada, cast.olga]) await site.get(Staff).add(person, 'system', password);
    browser = await launch();
    const page = await open('/en/console');
    await page.locator('input[name=email]').fill(cast.ada.email);
    await page.locator('input[name=password]').fill(password);
    await page.locator('main form button').click();
    await page.locator('.rail').waitFor();
    session = await page.context().storageState();
    await page.context().close();
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  test('an admin adds somebody: her own password is asked first, and what she entered is kept', async () => {
    await asked(11);
    const page = await open('/en/console/staff');
    await page.locator('#name').fill('Amir');
    await page.locator('#email').fill(cast.amir.email);
    await page.locator('#role').selectOption('approver');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.locator('input[name=_password]').fill(password);
    await page.getByRole('button', { name: 'Continue' }).click();
    const first = await page.locator('.notice .mono').innerText();
    expect(await page.locator('main').innerText()).toContain('Amir');
    await page.context().close();
    expect((await site.get(SignIns).byPassword(cast.amir.email, first)).session).not.toBeNull();
  });

  test('a chosen language is the one after the next sign-in', async () => {
    const page = await open('/en/console/account');
    await page.locator('#locale').selectOption('fa');
    await page.getByRole('button', { name: 'Save' }).click();
    expect(new URL(page.url()).pathname).toBe('/fa/console/account');
    await page.context().close();
    expect((await site.get(SignIns).byPassword(cast.ada.email, password)).session).toMatchObject({ locale: 'fa' });
  });

  const press = (selector: string) => async (page: Page) => {
    await page.locator(selector).first().click();
    await page.waitForLoadState();
  };
  const states: { name: string; path: string; status?: number; stale?: boolean; act: (page: Page) => Promise<void> }[] =
    [
      { name: 'audit-checked', path: '/audit', act: press('main a[href="?check=yes"]') },
      {
        ...{ name: 'staff-refused', path: '/staff', status: 422 },
        act: async (page) => {
          await page.locator('#name').fill('Amir');
          await page.locator('#email').fill(cast.olga.email);
          await press('form[action$="/console/staff"] button')(page);
        },
      },
      {
        ...{ name: 'staff-last-admin', path: '/staff', status: 409 },
        act: press('tr:has-text("ada@example.org") form[action$="/disabling"] button'),
      },
      {
        ...{ name: 'token-made', path: '/account', status: 201 },
        act: async (page) => {
          await page.locator('#name').fill('Counting script');
          await page.locator('input[value="exports:counts"]').check();
          await press('form[action$="/account/tokens"] button')(page);
        },
      },
      {
        ...{ name: 'password-again', path: '/staff', status: 403, stale: true },
        act: press('form[action$="/password"] button'),
      },
    ];

  for (const locale of ['en', 'fa']) {
    test.each(states)(`${locale}: $name can be used by everybody`, async ({ name, path, status, stale, act }) => {
      await asked(stale ? 11 : 0);
      const url = `${site.url}/${locale}/console${path}`;
      const seen = await look(browser, url, `console-${name}-${locale}`, { act, session });
      // The browser's own note about a status that is meant does not count.
      const errors = seen.errors.filter((error) => !error.includes('Failed to load resource'));
      expect({ ...seen, errors }).toEqual(fine(status));
    });
  }
});
