import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContext } from 'playwright-core';
import { Sequencer } from '../../src/countlog/sequencer.js';
import { Funnel } from '../../src/signatures/funnel.service.js';
import { Staff } from '../../src/staff/staff.service.js';
import { cast } from '../support/cast.js';
import { queueEntries } from '../support/log-queue.js';
import { openPetition } from '../support/petitions.js';
import { launch, withChromium } from './support/chromium.js';
import { fine, look } from './support/look.js';
import { startSite, type Site } from './support/site.js';
import { password, signIn } from './support/sign-in.js';

const countries = ['SE', 'IR', 'DE', 'GB', 'US', 'CA', 'FR', 'NL', 'CD', 'VC', 'AT', 'CH', 'NO', 'DK', 'FI'];

withChromium('figures of a petition', () => {
  let site: Site;
  let browser: Browser;
  let session: Awaited<ReturnType<BrowserContext['storageState']>>;

  beforeAll(async () => {
    site = await startSite({ LIMITS: 'off' });
    await site.get(Staff).add(cast.vera, 'system', password);
    const id = await openPetition(site);
    for (const [n, country] of countries.entries())
      await queueEntries(site, id, Math.round(90 / (n + 1)), 'sign', country);
    // Over a month: two waves of it, the second higher.
    await site.database.query(
      `UPDATE log_queue SET day = (now() AT TIME ZONE 'UTC')::date
         - (ARRAY[1, 2, 3, 3, 4, 4, 4, 5, 5, 6, 8, 11, 14, 16, 17, 18, 19, 19, 20, 21, 22, 22, 23, 24, 26, 29])
           [1 + ('x' || right(signature_id::text, 4))::bit(16)::int % 26]
       WHERE petition_id = $1 AND day IS NOT NULL`,
      [id],
    );
    await site.get(Sequencer).drain();
    await queueEntries(site, id, 6, 'withdraw');
    await site.get(Sequencer).drain();
    const one = await openPetition(site, 'one-day');
    await queueEntries(site, one, 1);
    await openPetition(site, 'empty');
    await openPetition(site, 'huge');
    await site.get(Sequencer).drain();
    // A crowd that no log of a test can have: tallies alone.
    await site.database.query(
      `INSERT INTO tallies (petition_id, day, country, source, signed)
       SELECT p.id, (now() AT TIME ZONE 'UTC')::date - n, 'IR', 'web', 900000 + 800000 * sin(n / 20.0)
       FROM petitions p, generate_series(0, 500) AS n WHERE slug = 'huge'`,
    );
    const funnel = site.get(Funnel);
    for (const [stage, people] of [
      ['asked', 412],
      ['mailed', 398],
      ['confirmed', 301],
    ] as const)
      funnel.count(id, stage, people);
    await funnel.save();
    browser = await launch();
    const page = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
    await signIn(page, site, cast.vera);
    session = await page.context().storageState();
    await page.context().close();
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  for (const locale of ['en', 'fa']) {
    test.each(['wetlands', 'one-day', 'empty', 'huge'])(`${locale}: %s can be used by everybody`, async (slug) => {
      const url = `${site.url}/${locale}/console/petitions/${slug}/figures`;
      expect(await look(browser, url, `figures-${slug}-${locale}`, { session })).toEqual(fine());
    });
  }

  test.each(['en', 'fa'])('%s: tables open, and stay in their place at 320 px', async (locale) => {
    const url = `${site.url}/${locale}/console/petitions/wetlands/figures`;
    const act = async (page: { evaluate: (script: string) => Promise<unknown> }) => {
      await page.evaluate(`document.querySelectorAll('.figure-table').forEach((each) => (each.open = true))`);
    };
    expect(await look(browser, url, `figures-open-${locale}`, { session, act })).toEqual(fine());
  });

  test.each(['en', 'fa'])('%s: no word of a plot lies on another or leaves the page', async (locale) => {
    const context = await browser.newContext({ storageState: session });
    const page = await context.newPage();
    for (const slug of ['wetlands', 'huge']) {
      await page.goto(`${site.url}/${locale}/console/petitions/${slug}/figures`);
      for (const width of [320, 1280]) {
        await page.setViewportSize({ width, height: 800 });
        const wrong = await page.evaluate<string[]>(`[...document.querySelectorAll('.plot')].flatMap((plot) => {
          const texts = [...plot.querySelectorAll('text:not(.plot-peak)')].map((text) => [text.textContent, text.getBoundingClientRect()]);
          const card = plot.closest('.card').getBoundingClientRect();
          return texts.flatMap(([words, box], n) => [
            ...(box.left < card.left || box.right > card.right ? ['outside: ' + words] : []),
            ...texts.slice(n + 1).filter(([, other]) => box.left < other.right && other.left < box.right && box.top + 3 < other.bottom && other.top + 3 < box.bottom)
              .map(([more]) => words + ' on ' + more),
          ]);
        })`);
        expect({ slug, width, wrong }).toEqual({ slug, width, wrong: [] });
      }
    }
    await context.close();
  });

  test.each(['en', 'fa'])('%s: on paper everything is black on white, with its tables', async (locale) => {
    const context = await browser.newContext({ storageState: session, viewport: { width: 794, height: 1123 } });
    const page = await context.newPage();
    await page.goto(`${site.url}/${locale}/console/petitions/wetlands/figures`);
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    const styles = (selector: string, property: string) =>
      page.evaluate<string>(`getComputedStyle(document.querySelector('${selector}')).${property}`);
    expect(await styles('.plot-bar', 'fill')).toBe('rgb(0, 0, 0)');
    expect(await styles('.card', 'backgroundColor')).toBe('rgb(255, 255, 255)');
    for (const text of ['.plot-label', '.plot-title', '.plot-peak'])
      expect(await styles(text, 'fill')).toBe('rgb(0, 0, 0)');
    const rows = await page.evaluate<number>(
      `[...document.querySelectorAll('.figure-table tbody tr')].filter((row) => row.checkVisibility({ contentVisibilityAuto: true }) && row.getBoundingClientRect().height > 0).length`,
    );
    expect(rows).toBe(await page.locator('.figure-table tbody tr').count());
    expect(rows).toBeGreaterThan(40);
    const clipped = await page.evaluate<number>(
      `[...document.querySelectorAll('.figure-table .table-wrap')].filter((each) => each.scrollHeight > each.clientHeight + 1).length`,
    );
    expect(clipped).toBe(0);
    expect(await page.locator('.rail, .actions').filter({ visible: true }).count()).toBe(0);
    if (process.env.SCREENSHOTS) {
      mkdirSync(process.env.SCREENSHOTS, { recursive: true });
      await page.screenshot({ path: join(process.env.SCREENSHOTS, `figures-print-${locale}.png`), fullPage: true });
    }
    await context.close();
  });
});
