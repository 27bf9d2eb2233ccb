import type { Browser, BrowserContext } from 'playwright-core';
import { Dispatch } from '../../src/letters/dispatch.service.js';
import { Staff } from '../../src/staff/staff.service.js';
import { cast } from '../support/cast.js';
import { approve, campaignOf, crowd, importTestland, person } from '../support/letters.js';
import { launch, withChromium } from './support/chromium.js';
import { fine, look } from './support/look.js';
import { startSite, type Site } from './support/site.js';
import { password, signIn } from './support/sign-in.js';

withChromium('stopping some letters of a campaign', () => {
  let site: Site;
  let browser: Browser;
  let session: Awaited<ReturnType<BrowserContext['storageState']>>;
  let campaign: string;
  let letter: string;
  let lawmaker: string;
  let task: string;
  let phone: string;

  beforeAll(async () => {
    site = await startSite({ LIMITS: 'off' });
    await site.get(Staff).add(cast.amir, 'system', password);
    await importTestland(site);
    await importTestland(site, crowd(5), 'crowd');
    const writer = person('Olga', 'organiser');
    const approver = person('Amir', 'approver');
    // Nothing leaves while the pages are looked at.
    const notBefore = new Date(Date.now() + 86_400_000).toISOString();
    const more = { audience: { legislatures: ['testland', 'crowd'] }, notBefore };
    campaign = await campaignOf(site, writer, { more });
    await approve(site, campaign, writer, approver);
    await site.get(Dispatch).start(campaign, approver);
    await site.get(Dispatch).planned(campaign);
    [{ id: letter, lawmaker }] = await site.database.query(
      `SELECT id, lawmaker_id AS lawmaker FROM letters WHERE campaign_id = $1 AND state = 'mail' ORDER BY lawmaker_name LIMIT 1`,
      [campaign],
    );
    [{ id: task, phone }] = await site.database.query(
      `SELECT id, lawmaker_id AS phone FROM letters WHERE campaign_id = $1 AND channel = 'phone'`,
      [campaign],
    );
    await site.get(Dispatch).stopPart(campaign, { lawmakerId: phone }, 'pause', approver);
    browser = await launch();
    const page = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
    await signIn(page, site, cast.amir);
    await page.goto(`${site.url}/en/console/letters/${campaign}`);
    const row = page.locator('#parts tr', { has: page.locator('input[value=crowd]') });
    await row.locator('button[value=cancel]').click();
    // The box is not ticked: the browser keeps her on the page.
    expect(page.url()).not.toContain('done=');
    await row.locator('button[value=pause]').click();
    await page.waitForURL(/done=part-pause$/);
    session = await page.context().storageState();
    await page.context().close();
  });
  afterAll(async () => {
    await browser?.close();
    await site.close();
  });

  test.each(['en', 'fa'])('%s: the pages can be used by everybody', async (locale) => {
    const root = `${site.url}/${locale}/console/letters/${campaign}`;
    expect(await look(browser, `${root}?done=part-pause`, `letter-parts-${locale}`, { session })).toEqual(fine());
    const own = `${root}/letters/${letter}`;
    expect(await look(browser, own, `letter-part-${locale}`, { session })).toEqual(fine());
    const held = `${root}/letters/${task}`;
    expect(await look(browser, held, `letter-part-held-${locale}`, { session })).toEqual(fine());
    const preview = `${root}/previews/${lawmaker}`;
    expect(await look(browser, preview, `letter-part-preview-${locale}`, { session })).toEqual(fine());
  });
});
