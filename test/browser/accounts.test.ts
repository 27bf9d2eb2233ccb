import type { Browser, BrowserContext, Page } from 'playwright-core';
import { Staff } from '../../src/staff/staff.service.js';
import { cast } from '../support/cast.js';
import { App } from '../support/second-factor.js';
import { launch, withChromium } from './support/chromium.js';
import { fine, look } from './support/look.js';
import { startSite, type Site, until } from './support/site.js';
import { password } from './support/sign-in.js';

type Session = Awaited<ReturnType<BrowserContext['storageState']>>;

withChromium('accounts', () => {
  let site: Site;
  let browser: Browser;
  let session: Session;

  const open = async (path: string, how: Parameters<Browser['newContext']>[0] = {}) => {
    const page = await (await browser.newContext(how)).newPage();
    page.setDefaultTimeout(20_000);
    await page.goto(`${site.url}${path}`);
    return page;
  };
  const enter = async (page: Page, email: string) => {
    await page.locator('input[name=email]:visible').fill(email);
    await page.locator('input[name=password]').fill(password);
    await page.locator('form[action$="/sign-in"] button').click();
  };
  const withoutScript = { javaScriptEnabled: false };

  beforeAll(async () => {
    // Passkeys need a name: browsers know none for an address in numbers.
    site = await startSite({ LIMITS: 'off' }, 'localhost');
    for (const person of Object.values(cast)) await site.get(Staff).add(person, 'system', password);
    browser = await launch();
    const page = await open('/en/console', withoutScript);
    await enter(page, cast.ada.email);
    await page.locator('.rail').waitFor();
    session = await page.context().storageState();
    await page.context().close();
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  test('a passkey is added, signs in by itself without a name or password, and proves again who she is', async () => {
    const page = await open('/en/console');
    const device = await page.context().newCDPSession(page);
    await device.send('WebAuthn.enable');
    await device.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        ...{ protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true },
        ...{ isUserVerified: true, automaticPresenceSimulation: true },
      },
    });
    const errors: string[] = [];
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
    page.on('pageerror', (error) => errors.push(error.message));
    await enter(page, cast.olga.email);
    await page.goto(`${site.url}/en/console/account/second-factor`);
    await page.locator('#passkeyName').fill('My computer');
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await page.locator('.codes li').first().waitFor();
    expect(await page.locator('.codes li').count()).toBe(10);
    expect(await page.locator('tbody').innerText()).toContain('My computer');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await page.locator('.rail').waitFor();
    await site.database.query(`UPDATE sessions SET reauthenticated_at = now() - interval '11 minutes'`);
    await page.goto(`${site.url}/en/console/account/second-factor`);
    await page.getByRole('button', { name: 'Make new codes' }).click();
    await page.getByRole('button', { name: 'Use a passkey' }).click();
    await page.locator('.codes li').first().waitFor();
    expect(errors.filter((error) => !error.includes('Failed to load resource'))).toEqual([]);
    await page.context().close();
  });

  test('without a passkey on the device she is told, and the other ways stay', async () => {
    const page = await open('/en/console/sign-in');
    const device = await page.context().newCDPSession(page);
    await device.send('WebAuthn.enable');
    await device.send('WebAuthn.addVirtualAuthenticator', {
      options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true },
    });
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await page.locator('[data-refused]').waitFor({ state: 'visible' });
    const button = page.locator('form[data-passkey] button');
    expect(await until(() => button.isEnabled(), Boolean)).toBe(true);
    await page.context().close();
  });

  test('without scripts: an app is set up from the letters, and its code is asked for after the password', async () => {
    const page = await open('/fa/console', withoutScript);
    await enter(page, cast.amir.email);
    await page.goto(`${site.url}/fa/console/account/second-factor`);
    expect(await page.locator('form[data-passkey]').isVisible()).toBe(false);
    await page.locator('form[action$="/authenticator"] button').click();
    const letters = (await page.locator('#enrolment ~ ol bdi').innerText()).replaceAll(' ', '');
    const phone = new App(letters);
    await page.locator('#code').fill(phone.code(-1));
    await page.locator('form[action$="/confirmation"] button').click();
    await page.locator('.codes').waitFor();
    await page.locator('form[action$="/sign-out"] button').click();
    await enter(page, cast.amir.email);
    await page.locator('#code').fill(phone.code());
    await page.locator('form[action$="/code"] button').click();
    await page.locator('.rail').waitFor();
    await page.context().close();
  });

  const submit = (selector: string) => async (page: Page) => {
    await page.locator(selector).first().click();
    await page.waitForLoadState();
  };
  const states: {
    name: string;
    path: string;
    status?: number;
    stranger?: boolean;
    act?: (page: Page) => Promise<void>;
  }[] = [
    { name: 'sign-in', path: '/sign-in', stranger: true },
    {
      ...{ name: 'sign-in-step', path: '/sign-in', stranger: true },
      act: async (page) => {
        await enter(page, cast.amir.email);
        await page.locator('#code').waitFor();
      },
    },
    {
      ...{ name: 'second-factor-begun', path: '/account/second-factor' },
      // Who has begun finds it begun.
      act: async (page) => {
        if ((await page.locator('#code').count()) === 0) await submit('form[action$="/authenticator"] button')(page);
      },
    },
    {
      ...{ name: 'second-factor-wrong', path: '/account/second-factor', status: 422 },
      act: async (page) => {
        await page.locator('#code').fill('000000');
        await submit('form[action$="/confirmation"] button')(page);
      },
    },
    { name: 'staff', path: '/staff' },
    { name: 'account', path: '/account' },
    { name: 'audit-filtered', path: '/audit?who=a&from=2020-01-01' },
    { name: 'audit-wrong', path: '/audit?from=yesterday', status: 422 },
    {
      ...{ name: 'settings-refused', path: '/settings', status: 422 },
      act: async (page) => {
        await page.locator('#colour').fill('#ffcc00');
        await submit('form[action$="/settings"] button')(page);
      },
    },
    {
      ...{ name: 'settings', path: '/settings' },
      act: async (page) => {
        await page.locator('#colour').fill('#7a1f5c');
        await page.locator('#names-en').fill('Voices for the Silenced');
        await page.locator('#names-fa').fill('صدای خاموشان');
        await page.locator('#imprint-en').fill('**Voices for the Silenced**\n\nExample Street 1, 10115 Berlin');
        await page.locator('#imprint-fa').fill('**صدای خاموشان**\n\nخیابان نمونه، شمارهٔ ۱');
        await submit('form[action$="/settings"] button')(page);
      },
    },
  ];

  for (const locale of ['en', 'fa']) {
    test.each(states)(`${locale}: $name can be used by everybody`, async ({ name, path, status, stranger, act }) => {
      await site.database.query(`UPDATE sessions SET reauthenticated_at = now()`);
      const url = `${site.url}/${locale}/console${path}`;
      const seen = await look(browser, url, `account-${name}-${locale}`, {
        act,
        session: stranger ? undefined : session,
      });
      // The browser's own note about a status that is meant does not count.
      const errors = seen.errors.filter((error) => !error.includes('Failed to load resource'));
      expect({ ...seen, errors }).toEqual(fine(status));
    });

    test.each(['', '/imprint', '/p/1988-investigation'])(
      `${locale}: %s can be read in the colour that was chosen`,
      async (path) => {
        const name = `dressed${path.replaceAll('/', '-')}-${locale}`;
        expect(await look(browser, `${site.url}/${locale}${path}`, name)).toEqual(fine());
      },
    );
  }
});
