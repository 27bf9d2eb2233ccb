import type { Browser, Page } from 'playwright-core';
import { DataSource } from 'typeorm';
import { Dispatch } from '../../src/letters/dispatch.service.js';
import { Staff } from '../../src/staff/staff.service.js';
import { cast } from '../support/cast.js';
import { approve, campaignOf, importTestland, person } from '../support/letters.js';
import { launch, withChromium } from './support/chromium.js';
import { fine, look } from './support/look.js';
import { startSite, type Site, until } from './support/site.js';
import { password, signIn } from './support/sign-in.js';

const slug = '1988-investigation';

withChromium('writing to representatives', () => {
  let site: Site;
  let browser: Browser;
  let campaign: string;
  let thanks: string;
  const mails = async () =>
    (await (await fetch(`${site.url}/dev/inbox.json`)).json()) as { to: string; links: string[]; text: string }[];

  beforeAll(async () => {
    site = await startSite({ LIMITS: 'off' });
    await site.get(Staff).add(cast.ada, 'system', password);
    browser = await launch();
    await importTestland(site);
    const [olga, amir] = [person('Olga', 'organiser'), person('Amir', 'approver')];
    const more = { mode: 'supporters', petition: slug, notAfter: '2099-01-01T00:00' };
    campaign = await campaignOf(site, olga, { more });
    await approve(site, campaign, olga, amir);
    await site.get(Dispatch).start(campaign, amir);
    await fetch(`${site.url}/api/v1/petitions/${slug}/signatures`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        ...{ name: 'Sara Mohammadi', email: 'sara@example.org', country: 'SE', locale: 'en' },
        consents: { sign: true },
      }),
    });
    const [mail] = await until(mails, (found) => found.length === 1);
    const link = new URL(mail!.links[0]!).pathname.replace(/^\/\w+/, '');
    await fetch(`${site.url}/api/v1/confirmations/${link.split('/').pop()}`, { method: 'PUT' });
    thanks = `${link}/thank-you`;
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  const chosen = async (page: Page) => {
    await page.locator('#area').selectOption('SE North');
    await page.locator('form[method=get] button').click();
    await page.locator('#lawmakers').waitFor();
  };
  const previewed = async (page: Page) => {
    await chosen(page);
    await page.locator('#words').fill('My grandfather was among them.\n\nپدربزرگم یکی از آنان بود.');
    await page.locator('form[method=post] button').first().click();
    await page.locator('pre').first().waitFor();
  };

  test('the whole way without JavaScript: petition, thank-you, area, words, preview, change, send', async () => {
    const page = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
    page.setDefaultTimeout(20_000);
    await page.goto(`${site.url}/en${thanks}`);
    await page.getByRole('button', { name: 'Write to them' }).click();
    await previewed(page);
    expect(await page.locator('pre').count()).toBe(2);
    await page.getByRole('button', { name: 'Change something' }).click();
    expect(await page.locator('#words').inputValue()).toContain('My grandfather');
    await page.getByRole('checkbox', { name: /فاطمه/ }).uncheck();
    await page.getByRole('button', { name: 'Look at the letters' }).click();
    expect(await page.locator('pre').count()).toBe(1);
    await page.getByRole('button', { name: 'Send the letter' }).click();
    await page.getByRole('heading', { name: 'Thank you for writing' }).waitFor();
    const [sent] = (await until(mails, (found) => found.some(({ to }) => to.includes('anna@')))).filter(({ to }) =>
      to.includes('anna@'),
    );
    expect(sent!.text.replaceAll('\r\n', '\n')).toContain(
      'My grandfather was among them.\n\nپدربزرگم یکی از آنان بود.',
    );
    await page.context().close();
  });

  test.each(['en', 'fa'])('%s: every page can be used by everybody', async (locale) => {
    const at = (path: string) => `${site.url}/${locale}${path}`;
    expect(await look(browser, at(`/p/${slug}/write`), `write-ask-${locale}`)).toEqual(fine());
    expect(await look(browser, at(`/p/${slug}/write-asked`), `write-asked-${locale}`)).toEqual(fine());
    expect(await look(browser, at(thanks), `write-thanks-${locale}`)).toEqual(fine());
    const start = async (page: Page) => {
      await page.locator('form[action$="/write"] button').click();
      await page.locator('#area').waitFor();
    };
    const on = (step: (page: Page) => Promise<void>) => async (page: Page) => {
      await start(page);
      await step(page);
    };
    const east = async (page: Page) => {
      await page.locator('#area').selectOption('SE East');
      await page.locator('form[method=get] button').click();
      await page.locator('#by-hand').waitFor();
      await page.locator('details summary').first().click();
    };
    const nobody = async (page: Page) => {
      await chosen(page);
      for (const box of await page.locator('#lawmakers input:not([disabled])').all()) await box.uncheck();
      await page.locator('form[method=post] button').first().click();
      await page.locator('#errors').waitFor();
    };
    const sent = async (page: Page) => {
      await start(page);
      await page.goto(`${page.url()}/sent`);
    };
    for (const [name, act, status] of [
      ['write', on(chosen), 200],
      ['write-by-hand', on(east), 200],
      ['write-errors', on(nobody), 422],
      ['write-preview', on(previewed), 200],
      ['write-sent', sent, 200],
    ] as const) {
      expect([name, await look(browser, at(thanks), `${name}-${locale}`, { act })]).toEqual([name, fine(status)]);
    }
  });

  test.each(['en', 'fa'])('%s: the organiser sees numbers', async (locale) => {
    const session = await sessionOfAda();
    for (const [name, path] of [
      ['supporters', `/console/letters/${campaign}/supporters`],
      ['supporters-campaign', `/console/letters/${campaign}`],
      ['supporters-settings', '/console/letters/new'],
    ] as const) {
      expect([name, await look(browser, `${site.url}/${locale}${path}`, `${name}-${locale}`, { session })]).toEqual([
        name,
        fine(),
      ]);
    }
  });

  test.each(['en', 'fa'])('%s: where letters go together in one mail a day', async (locale) => {
    await site.get(DataSource).query(`UPDATE letter_campaigns SET digest = true WHERE id = $1`, [campaign]);
    const agreed = async (page: Page) => {
      await page.locator('form[action$="/write"] button').click();
      await page.locator('#area').waitFor();
      await page.locator('#area').selectOption('SE South');
      await page.locator('form[method=get] button').click();
      await page.locator('#passWords').waitFor();
      await page.locator('#words').fill('My grandfather was among them.\n\nپدربزرگم یکی از آنان بود.');
    };
    const previewedAll = async (page: Page) => {
      await agreed(page);
      for (const box of await page.locator('#passWords input').all()) await box.check();
      await page.locator('form[method=post] button').first().click();
      await page.locator('pre').first().waitFor();
    };
    const refused = async (page: Page) => {
      await agreed(page);
      await page.locator('form[method=post] button').first().click();
      await page.locator('#errors').waitFor();
    };
    for (const [name, act, status] of [
      ['digest-write', agreed, 200],
      ['digest-errors', refused, 422],
      ['digest-preview', previewedAll, 200],
    ] as const) {
      const seen = await look(browser, `${site.url}/${locale}${thanks}`, `${name}-${locale}`, { act });
      expect([name, seen]).toEqual([name, fine(status)]);
    }
    const session = await sessionOfAda();
    const draft = await campaignOf(site, person('Olga', 'organiser'), {
      more: { mode: 'supporters', digest: true, petition: slug, notAfter: '2099-01-01T00:00' },
    });
    // There is another of this name in the parliament that comes with the server.
    const [{ id: anna }] = await site
      .get(DataSource)
      .query(
        `SELECT l.id FROM lawmakers l JOIN legislatures g ON g.id = l.legislature_id WHERE g.slug = 'testland' AND l.name = 'Anna Berg'`,
      );
    for (const [name, path] of [
      ['digest-supporters', `/console/letters/${campaign}/supporters`],
      ['digest-campaign', `/console/letters/${draft}`],
      ['digest-settings', `/console/letters/${draft}/settings`],
      ['digest-sample', `/console/letters/${draft}/previews/${anna}`],
    ] as const) {
      const seen = await look(browser, `${site.url}/${locale}${path}`, `${name}-${locale}`, { session });
      expect([name, seen]).toEqual([name, fine()]);
    }
    await site.get(DataSource).query(`UPDATE letter_campaigns SET digest = false WHERE id = $1`, [campaign]);
  });

  const sessionOfAda = async () => {
    const page = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
    await signIn(page, site, cast.ada);
    const state = await page.context().storageState();
    await page.context().close();
    return state;
  };
});
