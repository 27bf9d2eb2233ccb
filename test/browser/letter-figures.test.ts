import type { Browser, BrowserContext, Page } from 'playwright-core';
import { Dispatch } from '../../src/letters/dispatch.service.js';
import { MailWorker } from '../../src/mail/mail.worker.js';
import { Staff } from '../../src/staff/staff.service.js';
import { cast } from '../support/cast.js';
import { approve, campaignOf, crowd, importTestland, person } from '../support/letters.js';
import { launch, withChromium } from './support/chromium.js';
import { fine, look } from './support/look.js';
import { startSite, type Site } from './support/site.js';
import { password, signIn } from './support/sign-in.js';

withChromium('what became of letters, and what is missing before them', () => {
  let site: Site;
  let browser: Browser;
  let session: Awaited<ReturnType<BrowserContext['storageState']>>;
  let sent: string;
  let draft: string;

  beforeAll(async () => {
    site = await startSite({ LIMITS: 'off' });
    await site.get(Staff).add(cast.ada, 'system', password);
    await importTestland(site);
    await importTestland(site, crowd(60), 'crowd');
    const writer = person('Olga', 'organiser');
    const approver = person('Amir', 'approver');
    const audience = { legislatures: ['testland', 'crowd'] };
    draft = await campaignOf(site, writer, { more: { audience } });
    sent = await campaignOf(site, writer, { more: { audience } });
    await approve(site, sent, writer, approver);
    await site.get(Dispatch).start(sent, approver);
    await site.get(Dispatch).planned(sent);
    await site.get(MailWorker).drain();
    // Over some days, so that there is something to draw; two of them in doubt.
    await site.database.query(
      `UPDATE outbox SET state_at = now() - (('x' || right(id::text, 2))::bit(8)::int % 9) * interval '1 day',
         state = CASE WHEN recipient LIKE 'm1_@%' THEN 'refused' WHEN recipient LIKE 'm2_@%' THEN 'in_doubt' ELSE state END
       WHERE campaign_id = $1`,
      [sent],
    );
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

  const wrong = async (page: Page) => {
    await page.fill('#timeZone', 'Mars/Base');
    await page.locator('.narrow-form .button').click();
    await page.waitForLoadState();
  };
  const pages: {
    name: string;
    path: () => string;
    act?: (page: Page) => Promise<void>;
    status?: number;
    parts?: Record<string, string>;
  }[] = [
    { name: 'report', path: () => `/letters/${sent}/report`, parts: { timeline: '#timeline' } },
    { name: 'office', path: () => `/letters/${sent}/office?legislature=Parliament+of+Testland` },
    { name: 'plan', path: () => `/letters/${draft}`, parts: { pace: '#pace' } },
    { name: 'checklist', path: () => `/letters/${draft}/checklist`, parts: { list: 'main' } },
    { name: 'office-hours', path: () => '/legislatures/crowd/office-hours' },
    { name: 'office-hours-errors', path: () => '/legislatures/crowd/office-hours', act: wrong, status: 422 },
    { name: 'several-in-doubt', path: () => '/mail' },
  ];
  for (const locale of ['en', 'fa']) {
    test.each(pages)(`${locale}: $name can be used by everybody`, async ({ name, path, act, status, parts }) => {
      const url = `${site.url}/${locale}/console${path()}`;
      expect(await look(browser, url, `figures-${name}-${locale}`, { session, act, parts })).toEqual(fine(status));
    });
  }

  test('several doubts are decided about without JavaScript', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false, storageState: session });
    const page = await context.newPage();
    await page.goto(`${site.url}/en/console/mail`);
    const boxes = page.locator('input[name=mails]');
    await boxes.nth(0).check();
    await boxes.nth(1).check();
    await page.locator('#several button[value=sent]').click();
    await page.waitForURL(/decided=2&skipped=0/);
    expect(await page.locator('main [role=status]').count()).toBeGreaterThan(0);
    await context.close();
  });
});
