import type { Browser, BrowserContext, Page } from 'playwright-core';
import { LetterCampaigns } from '../../src/letters/letter-campaigns.service.js';
import { NewSavedAudience } from '../../src/letters/saved-audience.schema.js';
import { SavedAudiences } from '../../src/letters/saved-audiences.service.js';
import { LetterAttachments } from '../../src/letters/letter-attachments.service.js';
import { LetterPostscripts } from '../../src/letters/letter-postscripts.service.js';
import { Staff } from '../../src/staff/staff.service.js';
import { cast } from '../support/cast.js';
import { campaignOf, importTestland, person } from '../support/letters.js';
import { launch, withChromium } from './support/chromium.js';
import { fine, look } from './support/look.js';
import { startSite, type Site } from './support/site.js';
import { password, signIn } from './support/sign-in.js';

withChromium('other words for some, files, and audiences with a name', () => {
  let site: Site;
  let browser: Browser;
  let session: Awaited<ReturnType<BrowserContext['storageState']>>;
  let campaign: string;
  let anna: string;
  let audience: string;

  beforeAll(async () => {
    site = await startSite({ LIMITS: 'off' });
    await site.get(Staff).add(cast.ada, 'system', password);
    await importTestland(site);
    const olga = person('Olga', 'organiser');
    campaign = await campaignOf(site, olga);
    [{ id: anna }] = await site.database.query(
      `SELECT lawmaker_id AS id FROM contact_points WHERE value = 'anna@upper.testland.example'`,
    );
    await site.get(LetterPostscripts).write(campaign, anna, { text: 'We met at the harbour in May.' }, olga);
    await site.get(LetterAttachments).add(campaign, 'facts.txt', Buffer.from('Eleven wells ran dry.\n'), olga);
    const rules = { legislatures: ['testland'], parties: ['Reds'] };
    audience = await site.get(SavedAudiences).create(NewSavedAudience.parse({ name: 'Reds of Testland', rules }), olga);
    browser = await launch();
    const page = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
    await signIn(page, site, cast.ada);
    session = await page.context().storageState();
    await page.context().close();
  });
  afterAll(async () => {
    await browser?.close();
    await site.close();
  });

  test('a variant is written, found in the preview and moved, without JavaScript', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false, storageState: session });
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    await page.goto(`${site.url}/en/console/letters/${campaign}/variants/new?language=en`);
    await page.locator('#name').fill('Reds');
    await page.locator('#subject').fill('To the Reds');
    await page.locator('#body').fill('{{ salutation }},\n\nyour party promised it.\n\n{{ sender.name }}');
    await page
      .locator('details', { has: page.locator('input[name=parties]') })
      .locator('summary')
      .click();
    await page.locator('input[name=parties][value=Reds]').check();
    await page.locator('main form .button').first().click();
    await page.waitForURL(new RegExp(`/letters/${campaign}(\\?.*)?(#.*)?$`));
    await page.goto(`${site.url}/en/console/letters/${campaign}/previews/${anna}`);
    const text = await page.locator('main').innerText();
    expect(text).toContain('your party promised it');
    expect(text).toContain('We met at the harbour in May.');
    expect(text).toContain('facts.txt');
    await context.close();
  });

  test.each([
    { kind: 'text', path: 'text?language=en' },
    { kind: 'variant', path: 'variants/new?language=en' },
  ])('where scripts run, the preview follows what is typed in a $kind, for whom she chooses', async ({ path }) => {
    const context = await browser.newContext({ storageState: session });
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    const errors: string[] = [];
    page.on('console', (message) => void (message.type() === 'error' && errors.push(message.text())));
    page.on('pageerror', (error) => errors.push(error.message));
    const before = await site.get(LetterCampaigns).find(campaign);
    await page.goto(`${site.url}/en/console/letters/${campaign}/${path}`);
    const letter = page.locator('#preview .mail-preview');
    await page.locator('#subject').fill('Typed in {{ lawmaker.area }}');
    await page.locator('#body').fill('Typed now. <img src=x onerror=alert(1)> {{ lawmaker.area }}');
    await letter.filter({ hasText: /Typed now\. <img src=x onerror=alert\(1\)> South/ }).waitFor();
    expect(await page.locator('#preview img').count()).toBe(0);
    await page.locator('#lawmakerId').focus();
    await page.locator('#lawmakerId').selectOption({ label: 'Pia Stamp' });
    await letter.filter({ hasText: '> East' }).waitFor();
    expect(await page.locator('#preview dd').innerText()).toBe('Typed in East');
    expect(await page.evaluate('document.activeElement.id')).toBe('lawmakerId');
    await page.locator('#search').fill('kim');
    await letter.filter({ hasText: '> South' }).waitFor();
    expect(await page.locator('#lawmakerId option').allInnerTexts()).toEqual(['Kim Lund']);
    await page.locator('#body').fill('Dear all,\n\n{{ lawmaker.shoe_size }}');
    await page.getByText(/Letter: Line 3, column \d+: there is no placeholder/).waitFor();
    expect(await letter.count()).toBe(0);
    expect(await site.get(LetterCampaigns).find(campaign)).toEqual(before);
    expect(errors).toEqual([]);
    await context.close();
  });

  test('without JavaScript a button shows the preview, and what was typed stays', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false, storageState: session });
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    await page.goto(`${site.url}/fa/console/letters/${campaign}/text?language=en`);
    await page.locator('#body').fill('Only typed in {{ lawmaker.area }}.');
    await page.locator('#search').fill('Pia');
    await page.locator('.beside button').click();
    expect(await page.locator('#preview .mail-preview').innerText()).toMatch(/^Only typed in East\./);
    expect(await page.locator('#body').inputValue()).toBe('Only typed in {{ lawmaker.area }}.');
    expect(new URL(page.url()).hash).toBe('#preview');
    // Enter in a field shows the preview too; it saves nothing.
    await page.locator('#subject').fill('Typed as well');
    await page.locator('#subject').press('Enter');
    await page.locator('#preview dd', { hasText: 'Typed as well' }).waitFor();
    expect((await site.get(LetterCampaigns).find(campaign)).texts[0]!.body).not.toContain('Only typed');
    await context.close();
  });

  const wrong = async (page: Page) => {
    await page.locator('#name').fill('Nobody');
    await page.locator('#subject').fill('Hello');
    await page.locator('#body').fill('{{ lawmaker.shoe_size }}');
    await page.locator('main form .button').first().click();
    await page.locator('[role=alert]').waitFor();
  };
  const pages: {
    name: string;
    path: () => string;
    act?: (page: Page) => Promise<void>;
    status?: number;
    parts?: Record<string, string>;
  }[] = [
    { name: 'campaign', path: () => `/${campaign}` },
    { name: 'preview', path: () => `/${campaign}/previews/${anna}`, parts: { letter: '.mail-preview' } },
    { name: 'dry-run', path: () => `/${campaign}/audience` },
    { name: 'settings', path: () => `/${campaign}/settings` },
    { name: 'variant-new', path: () => `/${campaign}/variants/new?language=en` },
    { name: 'variant-errors', path: () => `/${campaign}/variants/new?language=en`, act: wrong, status: 422 },
    { name: 'audiences', path: () => '/audiences' },
    { name: 'audience', path: () => `/audiences/${audience}` },
    { name: 'text', path: () => `/${campaign}/text?language=en`, parts: { beside: '.beside' } },
    {
      name: 'text-placeholders',
      path: () => `/${campaign}/text?language=fa`,
      act: (page) => page.locator('.beside summary').first().click(),
    },
  ];
  for (const locale of ['en', 'fa']) {
    test.each(pages)(`${locale}: $name can be used by everybody`, async ({ name, path, act, status, parts }) => {
      const url = `${site.url}/${locale}/console/letters${path()}`;
      expect(
        await look(browser, url, `wording-${name}-${locale}`, {
          session,
          act,
          parts,
          choices: 'select:not(#petition)',
        }),
      ).toEqual(fine(status));
    });
  }
});
