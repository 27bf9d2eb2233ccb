import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { Appearances } from '../../src/appearance/appearance.service.js';
import { HandIns } from '../../src/exports/hand-in.service.js';
import { LetterAnswers } from '../../src/letters/letter-answers.service.js';
import { LetterTasks } from '../../src/letters/letter-tasks.service.js';
import { TaskCompletion } from '../../src/letters/letters.schema.js';
import { LongWorks } from '../../src/progress/long-works.service.js';
import { languageName, languageNameIn, locales, translate } from '../../src/site/languages.js';
import { UnsubscribeLinks } from '../../src/updates/unsubscribe-links.js';
import { UpdatesRunner } from '../../src/updates/updates.runner.js';
import { digestOf, Updates } from '../../src/updates/updates.service.js';
import { cast } from '../support/cast.js';
import { type NameServer, startNameServer } from '../support/dns.js';
import { person } from '../support/letters.js';
import { pseudo } from '../support/pseudo.js';
import { unzip } from '../support/unzip.js';
import { launch, withChromium } from './support/chromium.js';
import { startSite, type Site } from './support/site.js';
import { type Links, slug, type SupporterPage, supporterPages } from './support/supporter-pages.js';
import { signIn } from './support/sign-in.js';
import { amir, fill, olga, type WholeSite } from './support/whole-site.js';

// The language exists in this file alone: the English messages are changed while the application reads them.
jest.mock('node:fs', () => {
  const fs = jest.requireActual<typeof import('node:fs')>('node:fs');
  const made = jest.requireActual<typeof import('../support/pseudo.js')>('../support/pseudo');
  const readFileSync = (path: string, ...more: [BufferEncoding]) => {
    const content = fs.readFileSync(path, ...more);
    if (!/templates.messages.en\.json$/.test(path)) return content;
    const english = Object.entries(JSON.parse(content) as Record<string, string>);
    return JSON.stringify(Object.fromEntries(english.map(([key, text]) => [key, made.pseudo(text)])));
  };
  return { ...fs, readFileSync };
});

const cut = readFileSync(join(__dirname, 'support/cut.js'), 'utf8');
const unmarked = readFileSync(join(__dirname, 'support/unmarked.js'), 'utf8');
/** Names, days, codes and what programs call a thing are the same in every language. */
const day = /\d+ \w+ \d{4}(, \d\d:\d\d UTC)?/.source;
const known = new RegExp(
  `^(${[
    'SHA-256|JSON|CSV|WhatsApp|Telegram|Signal|Mastodon|Countersign|,? ?Sweden|X[A-Z]|[a-z]{2}(, [a-z]{2})*',
    locales.flatMap((code) => [languageName(code), languageNameIn('en', code)]).join('|'),
    'Ukrainian|(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day',
    `(· )?${day}( – ${day})?(: \\d+)?`,
  ].join('|')})$`,
);

const first = (selector: string) => async (page: Page) => {
  await page.locator(selector).first().click();
  await page.waitForLoadState();
};
const chooser = (page: Page) => page.locator('.languages summary').click();

withChromium('a language that needs two fifths more room', () => {
  let site: Site;
  let dns: NameServer;
  let browser: Browser;
  let context: BrowserContext;
  let folder: string;
  let all: WholeSite;
  /** What only these pages need: news that was sent, and whoever wants no more of it; work that is done. */
  let more: { news: string; unsubscribe: string; work: string };

  /** Sent, answered, named and exported: what `fill` leaves undone. */
  async function finish(): Promise<typeof more> {
    const [{ id: posted }] = await site.database.query(
      `SELECT id FROM letters WHERE campaign_id = $1 AND channel = 'post'`,
      [all.sent],
    );
    await site.get(LetterTasks).complete(all.sent, posted, TaskCompletion.parse({}), olga);
    const answers = site.get(LetterAnswers);
    await answers.record(all.sent, posted, { stance: 'supports', answeredOn: '2026-01-20', words: 'I agree.' }, olga);
    await answers.publish(all.sent, posted, (await answers.find(all.sent, posted))!.recordedAt, amir);
    await site.get(Appearances).change({ colour: null, names: {}, imprint: { en: '**Voices**\n\nStreet 1' } }, olga);
    const updates = site.get(Updates);
    const words = { en: { title: 'A second answer', body: 'They **vote** in June.' } };
    const news = await updates.create(slug, { texts: words, organisation: null }, olga);
    await updates.submit(slug, news, olga);
    await updates.approve(slug, news, digestOf(await updates.find(slug, news)), amir);
    await site.get(UpdatesRunner).tick();
    const [{ petitionId, signatureId }] = await site.database.query(
      `SELECT petition_id AS "petitionId", id AS "signatureId" FROM signatures LIMIT 1`,
    );
    const actor = person('Ada', 'admin');
    const kind = { kind: 'import-preview' as const, subject: crypto.randomUUID(), needs: 'lawmakers:write' as const };
    return {
      news,
      unsubscribe: site.get(UnsubscribeLinks).token({ petitionId, updateId: news, signatureId }),
      work: await site.get(LongWorks).run({ ...kind, actor }, () => Promise.resolve({})),
    };
  }

  beforeAll(async () => {
    dns = await startNameServer();
    site = await startSite({ LIMITS: 'off', DNS_SERVER: dns.address, DKIM_SELECTOR: 'cs1' });
    browser = await launch();
    all = await fill(site);
    more = await finish();
    folder = await mkdtemp(join(tmpdir(), 'countersign-pseudo-'));
    const content = await site.get(HandIns).open({ petition: slug, locale: 'en' }, 'system');
    const files = unzip(await buffer(content));
    await writeFile(join(folder, 'cover.html'), files.get(`hand-in-${slug}/cover-sheet.html`)!);
    context = await browser.newContext({ reducedMotion: 'reduce' });
    const page = await context.newPage();
    await signIn(page, site, cast.ada);
    await page.close();
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
    dns?.close();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  /** Something to decide; who waits for that cannot write letters, so it comes late. */
  const flagged = async (page: Page) => {
    await site.database.query(
      `INSERT INTO flags SELECT petition_id, id, '{network-burst}' FROM signatures ON CONFLICT DO NOTHING`,
    );
    await page.reload();
  };
  const again = async (page: Page) => {
    const asked = (ago: string) =>
      site.database.query(`UPDATE sessions SET reauthenticated_at = now() - $1::interval`, [ago]);
    await asked('11 minutes');
    await page.locator('form[action$="/password"] button').first().click();
    await page.locator('input[name=_password]').waitFor();
    await asked('0');
  };
  const desk = async (page: Page) => {
    await page.locator('form[action$="/write"] button').click();
    await page.locator('#area').selectOption('SE North');
    await page.locator('form[method=get] button').click();
    await page.locator('#lawmakers').waitFor();
  };
  const letters = async (page: Page) => {
    await desk(page);
    await page.locator('#words').fill('My grandfather was among them.');
    await page.locator('form[method=post] button').first().click();
    await page.locator('pre').first().waitFor();
  };
  const gone = async (page: Page) => {
    await page.locator('form[action$="/write"] button').click();
    await page.goto(`${page.url()}/sent`);
  };

  const consolePages: SupporterPage[] = [
    { name: 'overview', path: () => '' },
    { name: 'petitions', path: () => '/petitions' },
    { name: 'petition', path: () => `/petitions/${slug}` },
    { name: 'petition-new', path: () => '/petitions/new' },
    { name: 'petition-text', path: () => `/petitions/${slug}/texts/en` },
    { name: 'petition-review', path: () => '/petitions/library/review' },
    { name: 'petition-figures', path: () => `/petitions/${slug}/figures` },
    { name: 'petition-translations', path: () => `/petitions/${slug}/translations` },
    { name: 'petition-versions', path: () => `/petitions/${slug}/texts/en/versions` },
    { name: 'organisations', path: () => `/petitions/${slug}/organisations` },
    { name: 'organisation', path: () => `/petitions/${slug}/organisations/${all.organisation}` },
    { name: 'paper', path: () => `/petitions/${slug}/paper` },
    { name: 'paper-count', path: () => `/petitions/${slug}/paper/${all.batch}` },
    { name: 'updates', path: () => `/petitions/${slug}/updates` },
    { name: 'update-review', path: () => `/petitions/${slug}/updates/${all.update}` },
    { name: 'update-sent', path: () => `/petitions/${slug}/updates/${more.news}` },
    { name: 'update-text', path: () => `/petitions/${slug}/updates/${all.update}/texts/fa` },
    { name: 'signatures', path: () => '/signatures' },
    { name: 'petition-settings', path: () => `/petitions/${slug}/settings` },
    { name: 'moderation', path: () => `/petitions/${slug}/signatures`, act: flagged },
    { name: 'moderation-errors', path: () => `/petitions/${slug}/signatures`, act: first('button[value=preview]') },
    { name: 'switches', path: () => '/switches' },
    { name: 'letters', path: () => '/letters' },
    { name: 'letters-new', path: () => '/letters/new' },
    { name: 'campaign', path: () => `/letters/${all.sent}` },
    { name: 'campaign-letters', path: () => `/letters/${all.sent}/letters` },
    { name: 'campaign-letter', path: () => `/letters/${all.sent}/letters`, act: first('main tbody a') },
    { name: 'campaign-report', path: () => `/letters/${all.sent}/report` },
    { name: 'campaign-calls', path: () => `/letters/${all.sent}/calls` },
    { name: 'campaign-call', path: () => `/letters/${all.sent}/letters/${all.call}` },
    { name: 'campaign-print', path: () => `/letters/${all.sent}/print` },
    { name: 'campaign-office', path: () => `/letters/${all.sent}/office?legislature=Parliament+of+Testland` },
    { name: 'campaign-progress', path: () => `/progress/letters/${all.sent}` },
    { name: 'campaign-supporters', path: () => `/letters/${all.supporters}/supporters` },
    { name: 'office-hours', path: () => '/legislatures/testland/office-hours' },
    { name: 'draft', path: () => `/letters/${all.draft}` },
    { name: 'draft-text', path: () => `/letters/${all.draft}/text?language=en` },
    { name: 'draft-variant', path: () => `/letters/${all.draft}/variants/new` },
    { name: 'draft-audience', path: () => `/letters/${all.draft}/audience` },
    { name: 'draft-preview', path: () => `/letters/${all.draft}/previews/${all.anna}` },
    { name: 'draft-checklist', path: () => `/letters/${all.draft}/checklist` },
    { name: 'audience', path: () => `/letters/audiences/${all.audience}` },
    { name: 'audiences', path: () => '/letters/audiences' },
    { name: 'lawmakers', path: () => '/lawmakers' },
    { name: 'lawmaker', path: () => '/lawmakers', act: first('main tbody a') },
    { name: 'duplicates', path: () => '/lawmakers/duplicates' },
    { name: 'imports', path: () => '/lawmakers/imports' },
    { name: 'import', path: () => '/lawmakers/imports', act: first('main tbody a') },
    { name: 'import-new', path: () => '/lawmakers/imports/new' },
    { name: 'import-columns', path: () => `/lawmakers/imports/${all.columns}/columns` },
    { name: 'progress', path: () => `/progress/${more.work}` },
    { name: 'exports', path: () => '/exports' },
    { name: 'mail', path: () => '/mail' },
    { name: 'mail-limits', path: () => '/mail/limits?scope=domain&key=' },
    { name: 'mail-doctor', path: () => '/mail/doctor' },
    { name: 'settings', path: () => '/settings' },
    { name: 'staff', path: () => '/staff' },
    { name: 'account', path: () => '/account' },
    { name: 'second-factor', path: () => '/account/second-factor' },
    { name: 'reauthenticate', path: () => '/staff', act: again },
    { name: 'audit', path: () => '/audit' },
  ];
  const others: SupporterPage[] = [
    { name: 'chooser', path: () => '', act: chooser },
    { name: 'history', path: () => `/p/${slug}/history` },
    { name: 'version', path: () => `/p/${slug}/versions/1` },
    { name: 'answers', path: () => `/p/${slug}/answers` },
    { name: 'news', path: () => `/p/${slug}/updates` },
    { name: 'news-one', path: () => `/p/${slug}/updates/${more.news}` },
    { name: 'unsubscribe', path: () => `/unsubscribe/${more.unsubscribe}` },
    { name: 'imprint', path: () => '/imprint' },
    { name: 'write-ask', path: () => `/p/${slug}/write` },
    { name: 'write-asked', path: () => `/p/${slug}/write-asked` },
    { name: 'write', path: ({ thanks }) => thanks, act: desk },
    { name: 'write-preview', path: ({ thanks }) => thanks, act: letters },
    { name: 'write-sent', path: ({ thanks }) => thanks, act: gone },
    { name: 'cover', path: () => '', act: (page) => page.goto(`file://${folder}/cover.html`).then(() => undefined) },
    { name: 'verify-list', path: () => '/verify' },
    { name: 'verify', path: () => `/p/${slug}/verify` },
    { name: 'console-sign-in', path: () => '/console/sign-in' },
    ...consolePages.map(({ name, path, act }) => ({
      ...{ name: `console-${name}`, path: (links: Links) => `/console${path(links)}`, act },
    })),
  ];

  test.each([...supporterPages, ...others])(
    '$name: no text is cut, and none was written into the page',
    async (one) => {
      const page = await context.newPage();
      page.setDefaultTimeout(20_000);
      await page.goto(`${site.url}/en${one.path(all.links)}`);
      await one.act?.(page);
      await page.waitForLoadState();
      expect(await page.locator('body').innerText()).toContain('⟧');
      const seen: string[] = [];
      for (const width of [320, 390, 1280]) {
        await page.setViewportSize({ width, height: 844 });
        if (process.env.SCREENSHOTS)
          await page.screenshot({
            path: join(process.env.SCREENSHOTS, `pseudo-${one.name}-${width}.png`),
            fullPage: true,
          });
        seen.push(...(await page.evaluate<string[]>(cut)).map((what) => `${width} ${what}`));
      }
      const written = await page.evaluate<string[]>(unmarked);
      expect(seen).toEqual([]);
      expect(written.filter((text) => !known.test(text.trim()))).toEqual([]);
      await page.close();
    },
  );
});

test('the words of a message are longer and marked, what ICU reads is not', () => {
  expect(pseudo('Sign {name}, {n, plural, one {# time} other {# times}}')).toBe(
    '⟦Šíígñ {name}, {n, plural, one {# tííméé} other {# tíímééš}}⟧',
  );
  expect(translate('en', 'count.people', { n: 2 })).toMatch(/^⟦.*⟧$/);
});
