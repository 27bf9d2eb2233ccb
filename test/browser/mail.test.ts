import type { Browser, BrowserContext, Page } from 'playwright-core';
import { OutboxService } from '../../src/mail/outbox.service.js';
import { Staff } from '../../src/staff/staff.service.js';
import { cast } from '../support/cast.js';
import { letter } from '../support/mails.js';
import { launch, withChromium } from './support/chromium.js';
import { fine, look } from './support/look.js';
import { startSite, type Site, until } from './support/site.js';
import { password, signIn } from './support/sign-in.js';

type Mails = { to: string; links: string[] }[];

withChromium('mail', () => {
  let site: Site;
  let browser: Browser;
  let session: Awaited<ReturnType<BrowserContext['storageState']>>;

  beforeAll(async () => {
    site = await startSite({ LIMITS: 'off' });
    await site.get(Staff).add(cast.ada, 'system', password);
    for (const locale of ['en', 'fa']) {
      await fetch(`${site.url}/api/v1/petitions/1988-investigation/signatures`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          ...{ name: 'Sara', email: `sara-${locale}@example.org`, country: 'SE', locale },
          consents: { sign: true },
        }),
      });
    }
    await until(
      async () => (await (await fetch(`${site.url}/dev/inbox.json`)).json()) as Mails,
      (mails) => mails.length === 2,
    );
    // Rows as a live server would leave them: the built-in inbox never refuses nor falls silent.
    const notBefore = new Date(Date.now() + 3_600_000);
    const letters = ['in_doubt', 'held', 'held', 'deferred', 'refused'].map((state) => ({
      ...letter({ notBefore }),
      state,
    }));
    await site.database.transaction((tx) => site.get(OutboxService).enqueue(tx, letters));
    for (const [index, { id, campaignId, state }] of letters.entries()) {
      const byMode = state === 'held' && index === 1;
      const stop = state === 'held' && !byMode ? 'pause' : null;
      const reply =
        {
          in_doubt: 'no answer after the hand-over (ECONNECTION)',
          deferred: '450 4.2.0 greylisted',
          refused: '550 5.1.1 no such mailbox',
        }[state] ?? null;
      await site.database.query('UPDATE outbox SET state = $2, stop = $3, reply = $4, mode_held = $5 WHERE id = $1', [
        id,
        state,
        stop,
        reply,
        byMode,
      ]);
      if (!reply) continue;
      await site.database.query(
        `INSERT INTO attempts (campaign_id, outbox_id, attempt_id, worker, started_at, handed_over_at, outcome, reply)
         VALUES ($1, $2, $2, 'w', now(), now(), $3, $4)`,
        [campaignId, id, state, reply],
      );
    }
    browser = await launch();
    const page = await (await browser.newContext()).newPage();
    await signIn(page, site, cast.ada);
    session = await page.context().storageState();
    await page.context().close();
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  for (const locale of ['en', 'fa']) {
    test.each(['in_doubt', 'held', 'deferred', 'refused'])(
      `${locale}: the desk with mails that are %s`,
      async (state) => {
        const url = `${site.url}/${locale}/console/mail?state=${state}`;
        expect(
          await look(browser, url, `console-mail-${state}-${locale}`, { session, parts: { mail: 'article' } }),
        ).toEqual(fine());
      },
    );
  }

  test.each(['en', 'fa'])('%s: the inbox and a mail in it', async (locale) => {
    // It has no address for each language: it goes by what the browser asks for.
    const context = await browser.newContext({ reducedMotion: 'reduce', locale });
    expect(await look(browser, `${site.url}/dev/inbox`, `inbox-${locale}`, { context })).toEqual(fine());
    const act = async (page: Page) => {
      await page
        .locator('main tbody a')
        .nth(locale === 'fa' ? 0 : 1)
        .click();
      await page.waitForLoadState();
    };
    expect(await look(browser, `${site.url}/dev/inbox`, `inbox-mail-${locale}`, { act, context })).toEqual(fine());
    await context.close();
  });

  test('from the inbox, without JavaScript, to the confirmation page', async () => {
    const page = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
    await page.goto(`${site.url}/dev/inbox`);
    await page.locator('main tbody a').last().click();
    await page.locator('.mail-preview a').first().click();
    expect(page.url()).toContain('/en/confirm/');
    await page.context().close();
  });

  test('an admin counts a doubtful letter as sent', async () => {
    const page = await (await browser.newContext({ javaScriptEnabled: false, storageState: session })).newPage();
    await page.goto(`${site.url}/en/console/mail`);
    await page.getByRole('button', { name: 'Count as sent' }).click();
    expect(await page.locator('main').innerText()).toContain('No mail is in this state.');
    await page.context().close();
  });
});
