import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { Dispatch } from '../../src/letters/dispatch.service.js';
import { LongWorks } from '../../src/progress/long-works.service.js';
import { HandIns } from '../../src/exports/hand-in.service.js';
import { problems } from '../../src/site/problem.js';
import { Switches } from '../../src/switches/switches.service.js';
import { Staff } from '../../src/staff/staff.service.js';
import { buffer } from 'node:stream/consumers';
import { cast } from '../support/cast.js';
import { approve, campaignOf, crowd, importTestland, person } from '../support/letters.js';
import { queueEntries } from '../support/log-queue.js';
import { unzip } from '../support/unzip.js';
import { launch, withChromium } from './support/chromium.js';
import { fine, look } from './support/look.js';
import { startSite, type Site, until } from './support/site.js';
import { password, signIn } from './support/sign-in.js';

withChromium('exports, the hand-in and progress', () => {
  let site: Site;
  let browser: Browser;
  let session: Awaited<ReturnType<BrowserContext['storageState']>>;
  let folder: string;
  let campaign: string;
  let endAll = () => {};

  async function signedIn(javaScriptEnabled: boolean): Promise<Page> {
    const page = await (await browser.newContext({ javaScriptEnabled })).newPage();
    page.setDefaultTimeout(20_000);
    await signIn(page, site, cast.ada);
    return page;
  }

  beforeAll(async () => {
    site = await startSite({ LIMITS: 'off' });
    for (const each of Object.values(cast)) await site.get(Staff).add(each, 'system', password);
    browser = await launch();
    const page = await signedIn(true);
    session = await page.context().storageState();
    await page.context().close();
    folder = await mkdtemp(join(tmpdir(), 'countersign-cover-'));
    const [{ id }] = await site.database.query(`SELECT id FROM petitions WHERE slug = '1988-investigation'`);
    for (const [country, n] of Object.entries({ SE: 812, DE: 2104, IR: 3, FR: 77, CA: 340 }))
      await queueEntries(site, id, n, 'sign', country);
    const counted = async () =>
      (await (await fetch(`${site.url}/api/v1/petitions/1988-investigation/count.json`)).json()) as { count: number };
    expect((await until(counted, ({ count }) => count === 3336)).count).toBe(3336);
    await site.database.query(
      `INSERT INTO paper_batches (petition_id, id, sheets, scans, country, day, folder, entered_by_name, signatures, confirmed_at)
       VALUES ($1, gen_random_uuid(), '{7}', ARRAY[repeat('0', 64)], 'SE', '2026-10-01', 'Red folder', 'Olga', 17, now())`,
      [id],
    );
    // Nothing leaves, so that there is something to look at.
    await site.get(Switches).turn('mailing', { petition: null, off: true, reason: 'for a look' }, 'system');
    const [olga, amir] = [person('Olga', 'organiser'), person('Amir', 'approver')];
    await importTestland(site, crowd(40));
    campaign = await campaignOf(site, olga);
    await approve(site, campaign, olga, amir);
    await site.get(Dispatch).start(campaign, amir);
    await site.get(Dispatch).planned(campaign);
  }, 60_000);
  afterAll(async () => {
    endAll();
    await browser?.close();
    await site?.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('a hand-in comes down, also a second time without loading the page again', async () => {
    const page = await signedIn(true);
    await page.goto(`${site.url}/en/console/exports`);
    await page.locator('#hand-in-petition').selectOption('1988-investigation');
    for (let n = 0; n < 2; n++) {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Make the hand-in' }).click(),
      ]);
      expect(download.suggestedFilename()).toBe('hand-in-1988-investigation.zip');
    }
    await page.context().close();
  });

  test('a full check shows by itself that it is done, with a script and without', async () => {
    for (const script of [true, false]) {
      const page = await signedIn(script);
      // The worker is kept busy, so that there is something to wait for.
      const works = site.get(LongWorks);
      const tick = jest.spyOn(works, 'tick').mockResolvedValue();
      await page.goto(`${site.url}/en/console/petitions/1988-investigation`);
      await page.getByRole('button', { name: 'Check all of it now' }).click();
      await page.getByText('Waiting for its turn').first().waitFor();
      tick.mockRestore();
      await works.tick();
      await page.getByText('All as it must be: 3,337 entries').first().waitFor({ timeout: 15_000 });
      expect(await page.locator('progress').count()).toBe(0);
      await page.context().close();
    }
  });

  test('the numbers of a letter campaign change on an open page', async () => {
    const page = await signedIn(true);
    await page.goto(`${site.url}/en/console/letters/${campaign}`);
    await page.getByText('0 of 40').waitFor();
    await site.database.query(
      `UPDATE letters SET state = 'done', done_at = now(), raw_sha256 = NULL WHERE campaign_id = $1 AND id IN (SELECT id FROM letters WHERE campaign_id = $1 LIMIT 1)`,
      [campaign],
    );
    await page.getByText('1 of 40').waitFor({ timeout: 15_000 });
    expect(await page.getByText('0 of 40').count()).toBe(0);
    await page.context().close();
  });

  test('so does the table of letters that have not left, but not under a box that is ticked', async () => {
    const page = await signedIn(true);
    await page.goto(`${site.url}/en/console/letters/${campaign}`);
    const leave = () =>
      site.database.query(
        `UPDATE outbox SET state = 'cancelled', payload = NULL WHERE id = (
           SELECT o.id FROM outbox o JOIN letters l ON l.id = o.id AND l.state <> 'done'
           WHERE o.campaign_id = $1 AND o.state = 'queued' LIMIT 1)`,
        [campaign],
      );
    const waiting = page.locator('#parts td[data-label=Waiting]');
    const before = Number(await waiting.innerText());
    await leave();
    await page.locator(`#parts td[data-label=Waiting]:text-is("${before - 1}")`).waitFor({ timeout: 15_000 });
    await page.locator('#parts input[name=sure]').check();
    await page.locator('#parts input[name=sure]').blur();
    await leave();
    await page.locator('.stat', { hasText: 'Cancelled' }).getByText('2', { exact: true }).waitFor({ timeout: 15_000 });
    expect(await page.locator('#parts input[name=sure]').isChecked()).toBe(true);
    expect(Number(await waiting.innerText())).toBe(before - 1);
    await page.context().close();
  });

  test('and the lines on the pace', async () => {
    const page = await signedIn(true);
    await page.goto(`${site.url}/en/console/letters/${campaign}`);
    const lines = page.locator('[data-part=pace]');
    await lines.getByText('Mailing is switched off for everything').waitFor();
    // Still nothing leaves when the switch is on again.
    await site.database.query(
      `UPDATE mail_streams SET open_from = now() + interval '1 day', open_until = now() + interval '2 days'
       WHERE campaign_id = $1`,
      [campaign],
    );
    const turn = (off: boolean) =>
      site.get(Switches).turn('mailing', { petition: null, off, reason: 'for a look' }, 'system');
    await turn(false);
    await lines.getByText('Waits for office hours.').waitFor({ timeout: 15_000 });
    await lines.getByText('the last one leaves about').waitFor();
    expect(await lines.getByText('switched off').count()).toBe(0);
    await turn(true);
    await lines.getByText('Mailing is switched off for everything').waitFor({ timeout: 15_000 });
    await page.context().close();
  });

  async function paths(locale: string): Promise<[name: string, path: string][]> {
    const works = site.get(LongWorks);
    const actor = person('Ada', 'admin');
    const list = await works.list('log-check', actor.rights, { most: 1 });
    endAll();
    const running = await works.run(
      { kind: 'import-preview', subject: crypto.randomUUID(), needs: 'lawmakers:write', actor },
      async (tell) => {
        tell('stored', 2000, 6200);
        await new Promise<void>((done) => (endAll = done));
        return {};
      },
    );
    const failed = await works.run(
      {
        kind: 'import-preview',
        subject: crypto.randomUUID(),
        needs: 'lawmakers:write',
        detail: { file: 'old.csv' },
        actor,
      },
      () => Promise.reject(problems.refusal('import-outdated')),
    );
    await until(
      () => works.find(failed, actor.rights),
      ({ state }) => state === 'failed',
    );
    return [
      ['progress-failed', `/${locale}/console/progress/${failed}`],
      ['imports-failed', `/${locale}/console/lawmakers/imports`],
      ['overview-failed', `/${locale}/console`],
      ['audit-words', `/${locale}/console/audit`],
      ['account-scopes', `/${locale}/console/account`],
      ['exports', `/${locale}/console/exports`],
      ['petition-log', `/${locale}/console/petitions/1988-investigation`],
      ['progress-running', `/${locale}/console/progress/${running}`],
      ['progress-done', `/${locale}/console/progress/${list[0]!.id}`],
      ['letters-live', `/${locale}/console/letters/${campaign}`],
      ['letters-progress', `/${locale}/console/progress/letters/${campaign}`],
    ];
  }

  const parts: Record<string, Record<string, string>> = {
    exports: { 'hand-in': 'section:has(#hand-in-petition)' },
    'letters-live': { progress: '.card:has([data-part=bar])' },
  };

  test.each(['en', 'fa'])(
    'nothing is wrong with the pages in %s',
    async (locale) => {
      for (const [name, path] of await paths(locale)) {
        expect({
          name,
          ...(await look(browser, site.url + path, `${name}-${locale}`, { session, parts: parts[name] })),
        }).toEqual({
          name,
          ...fine(),
        });
      }
    },
    180_000,
  );

  test.each(['en', 'fa'] as const)(
    'nor with the cover sheet in %s, opened from a folder',
    async (locale) => {
      const content = await site.get(HandIns).open({ petition: '1988-investigation', locale }, 'system');
      const files = unzip(await buffer(content));
      const file = join(folder, `cover-${locale}.html`);
      await writeFile(file, files.get('hand-in-1988-investigation/cover-sheet.html')!);
      const looked = await look(browser, `file://${file}`, `hand-in-cover-${locale}`, { parts: { count: '.count' } });
      expect({ ...looked, status: 200, strangers: [] }).toEqual(fine());
      expect(looked.strangers.filter((each) => !each.startsWith('file:'))).toEqual([]);
    },
    60_000,
  );
});
