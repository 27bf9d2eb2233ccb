import { readFile } from 'node:fs/promises';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { Duplicates } from '../../src/lawmakers/duplicates.service.js';
import { ImportPreviewsService } from '../../src/lawmakers/import-previews.service.js';
import { ImportsService } from '../../src/lawmakers/imports.service.js';
import { ImportRequest } from '../../src/lawmakers/lawmakers.schema.js';
import { PersonDecisions } from '../../src/lawmakers/person-decisions.service.js';
import { Switches } from '../../src/switches/switches.service.js';
import { Staff } from '../../src/staff/staff.service.js';
import { cast } from '../support/cast.js';
import { type NameServer, startNameServer } from '../support/dns.js';
import { launch, withChromium } from './support/chromium.js';
import { fine, look } from './support/look.js';
import { startSite, type Site, until } from './support/site.js';
import { password, signIn } from './support/sign-in.js';

withChromium('the console', () => {
  let site: Site;
  let dns: NameServer;
  let browser: Browser;
  let session: Awaited<ReturnType<BrowserContext['storageState']>>;

  /** A browser of her own, signed in through the page. */
  async function signedIn(who: keyof typeof cast, locale = 'en'): Promise<Page> {
    const page = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
    page.setDefaultTimeout(20_000);
    await signIn(page, site, cast[who], locale);
    return page;
  }

  beforeAll(async () => {
    dns = await startNameServer();
    site = await startSite({ LIMITS: 'off', DNS_SERVER: dns.address, DKIM_SELECTOR: 'cs1' });
    for (const person of Object.values(cast)) await site.get(Staff).add(person, 'system', password);
    browser = await launch();
    const page = await signedIn('ada');
    session = await page.context().storageState();
    await page.context().close();
    const countries = ['SE', 'SE', 'DE', 'IR', 'FR'];
    for (const [index, country] of countries.entries()) {
      await fetch(`${site.url}/api/v1/petitions/1988-investigation/signatures`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          ...{ name: `Signer ${index}`, email: `signer${index}@example.org`, country, locale: 'en' },
          consents: { sign: true },
        }),
      });
    }
    const mails = async () => (await (await fetch(`${site.url}/dev/inbox.json`)).json()) as { links: string[] }[];
    for (const { links } of await until(mails, (found) => found.length === countries.length)) {
      const token = links[0]!.split('/').pop();
      await fetch(`${site.url}/api/v1/confirmations/${token}`, { method: 'PUT' });
    }
    // Two that wait for a person, and something turned off.
    await site.database.query(
      `INSERT INTO flags SELECT petition_id, id, '{disposable-domain,network-burst}' FROM signatures ORDER BY id LIMIT 2`,
    );
    await site
      .get(Switches)
      .turn('mailing', { petition: 'magnitsky-sanctions', off: true, reason: 'relay is full' }, 'system');
    const twice =
      'Id,Name,Area,Email\n1,Anna Berg,Harbour,a@parl.example\n2,Anna BERG,Mill,b@parl.example\n3,نرگس بهرامی,شرق,n@parl.example\n4,Narges Bahrami,East,n@parl.example\n';
    const request = ImportRequest.parse({ legislature: 'x-twice', name: 'Parliament of Twins', country: 'NL' });
    const source = { name: 'twins.csv', bytes: Buffer.from(twice) };
    const { id } = await site.get(ImportPreviewsService).preview([source], request, 'system');
    await site.get(ImportsService).apply(id, 'system');
    const [pair] = (await site.get(Duplicates).list()).pairs;
    const two = { first: pair!.first.id, second: pair!.second.id };
    const ada = { kind: 'staff' as const, id, name: 'Ada', rights: [] };
    const told = await site.get(PersonDecisions).decide({ ...two, decision: 'different' }, ada);
    await site.get(PersonDecisions).undo(told, ada);
    const count = async () =>
      (await (await fetch(`${site.url}/api/v1/petitions/1988-investigation/count.json`)).json()) as { count: number };
    await until(count, (answer) => answer.count === countries.length);
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
    dns?.close();
  });

  test('an admin exports the counts of a petition, without JavaScript', async () => {
    const page = await signedIn('ada');
    await page.getByRole('link', { name: 'Exports' }).click();
    const section = page.locator('section', { hasText: 'confirmed e-mail addresses' }).first();
    await section.locator('select[name=petition]').selectOption('1988-investigation');
    await section.locator('select[name=by]').selectOption('country');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      section.getByRole('button', { name: /CSV/ }).click(),
    ]);
    const csv = await readFile(await download.path(), 'utf8');
    expect(csv).toContain('Confirmed e-mail addresses');
    expect(csv).toMatch(/SE\b.*\b2\b/);
    expect(csv).toMatch(/IR\b.*\b1\b/);
    await page.context().close();
  });

  test('a viewer is shown no door she may not open, and refused behind it', async () => {
    const page = await signedIn('vera');
    const names = await page.locator('.rail a').allInnerTexts();
    expect(names).toEqual(['Overview', 'Petitions', 'Letters', 'Lawmakers', 'Exports']);
    const answer = await page.goto(`${site.url}/en/console/staff`);
    expect(answer!.status()).toBe(403);
    await page.context().close();
  });

  interface ConsolePage {
    name: string;
    path: string;
    act?: (page: Page) => Promise<void>;
    status?: number;
    parts?: Record<string, string>;
  }
  const tooMany = async (page: Page) => {
    await page.fill('#perHour', 'many');
    await page.click('.narrow-form .button');
  };
  const first = (selector: string) => async (page: Page) => {
    await page.locator(selector).first().click();
    await page.waitForLoadState();
  };
  const preview = async (page: Page) => {
    await page.locator('#domain').fill('example.org');
    await first('button[value=preview]')(page);
    await page.locator('button[value=apply]').waitFor();
  };
  const pages: ConsolePage[] = [
    { name: 'overview', path: '' },
    { name: 'petitions', path: '/petitions' },
    { name: 'petition', path: '/petitions/1988-investigation' },
    { name: 'signatures', path: '/signatures' },
    { name: 'signatures-errors', path: '/signatures', act: first('main form .button'), status: 422 },
    { name: 'moderation', path: '/petitions/1988-investigation/signatures' },
    { name: 'moderation-preview', path: '/petitions/1988-investigation/signatures', act: preview },
    {
      name: 'moderation-errors',
      path: '/petitions/1988-investigation/signatures',
      act: first('button[value=preview]'),
      status: 422,
    },
    { name: 'switches', path: '/switches' },
    { name: 'switches-errors', path: '/switches', act: first('main form .button-danger'), status: 422 },
    { name: 'letters', path: '/letters' },
    { name: 'letters-new', path: '/letters/new' },
    { name: 'lawmakers', path: '/lawmakers' },
    { name: 'lawmaker', path: '/lawmakers', act: first('main tbody a') },
    { name: 'duplicates', path: '/lawmakers/duplicates' },
    { name: 'imports', path: '/lawmakers/imports' },
    { name: 'import', path: '/lawmakers/imports', act: first('main tbody a') },
    { name: 'import-new', path: '/lawmakers/imports/new' },
    { name: 'exports', path: '/exports' },
    { name: 'mail', path: '/mail' },
    { name: 'mail-doctor', path: '/mail/doctor', parts: { dkim: 'section:has(#dkim)' } },
    { name: 'mail-limits', path: '/mail/limits?scope=domain&key=' },
    { name: 'mail-limits-errors', path: '/mail/limits?scope=relay&key=', act: tooMany, status: 422 },
    { name: 'staff', path: '/staff' },
    { name: 'account', path: '/account' },
    { name: 'audit', path: '/audit' },
  ];

  for (const locale of ['en', 'fa']) {
    test(`${locale}: sign-in can be used by everybody`, async () => {
      const seen = await look(browser, `${site.url}/${locale}/console/sign-in`, `console-sign-in-${locale}`);
      expect(seen).toEqual(fine());
    });

    test.each(pages)(`${locale}: $name can be used by everybody`, async ({ name, path, act, status, parts }) => {
      const url = `${site.url}/${locale}/console${path}`;
      expect(await look(browser, url, `console-${name}-${locale}`, { act, session, parts })).toEqual(fine(status));
    });
  }
});
