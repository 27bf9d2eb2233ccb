import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page, Response } from 'playwright-core';
import { noteSeen } from './every-page.js';
import { invalidHtml } from './valid-html.js';

interface Violation {
  id: string;
  nodes: { html: string; failureSummary: string }[];
}

const axeSource = readFileSync(createRequire(__filename).resolve('axe-core/axe.min.js'), 'utf8');
/** Both run inside the page, so they are text here. */
const measure = readFileSync(join(__dirname, 'measure.js'), 'utf8');
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Where pictures go, if somebody wants to look: `npm run screenshots`. */
const gallery = process.env.SCREENSHOTS;

export interface Looked {
  status: number;
  /** axe's findings, each as rule and element. */
  violations: string[];
  /** Requests to other hosts. */
  strangers: string[];
  /** What the console says of errors, refusals by the content security policy among them. */
  errors: string[];
  /** Elements that stick out at 320 px, and controls that are too small for a finger. */
  tooWide: string[];
  tooSmall: string[];
  /** Where the HTML is not what the standard says. */
  invalid: string[];
}

interface How {
  session?: Awaited<ReturnType<BrowserContext['storageState']>>;
  act?: (page: Page) => Promise<void>;
  /** Light and dark if it is not said. */
  schemes?: readonly ('light' | 'dark')[];
  /** CSS selectors of parts of which there is a picture besides, by the word that its name gets: for pages too long to show. */
  parts?: Record<string, string>;
  /** One that stays open, for many pages in a row: it has the files of the site already. */
  context?: BrowserContext;
}

/** Where a part is on its page; of one that is very long, the first 1200 pixels. */
const top = (selector: string) => `(() => {
  const { x, y, width, height } = document.querySelector(${JSON.stringify(selector)}).getBoundingClientRect();
  return { x: x + scrollX, y: y + scrollY, width, height: Math.min(height, 1200) };
})()`;
type Clip = Record<'x' | 'y' | 'width' | 'height', number>;

interface View {
  width: number;
  scheme: 'light' | 'dark';
}
const views: View[] = [390, 1280].flatMap((width) => (['light', 'dark'] as const).map((scheme) => ({ width, scheme })));

/** What `look` says of a page with which nothing is wrong. */
export const fine = (status = 200): Looked => ({
  ...{ status, violations: [], strangers: [], errors: [], tooWide: [], tooSmall: [], invalid: [] },
});

/**
 * Opens a page and says what is wrong with it, all at once: on a phone and a desk, light and dark, and at 320 px.
 * @param how session: cookies of somebody signed in; act: what to do first, for a page that has no address of its own
 */
export async function look(browser: Browser, url: string, name: string, how: How = {}): Promise<Looked> {
  const context = how.context ?? (await browser.newContext({ reducedMotion: 'reduce', storageState: how.session }));
  const page = await context.newPage();
  try {
    page.setDefaultTimeout(20_000);
    const looked = fine(0);
    let answer: Response | undefined;
    page.on('response', (response) => {
      if (!response.request().isNavigationRequest() || response.frame() !== page.mainFrame()) return;
      looked.status = response.status();
      answer = response;
    });
    page.on('console', (message) => {
      // Chromium reports the status of the page itself as a console error.
      const own = message.text().includes(`status of ${looked.status}`) && looked.status !== 500;
      if (message.type() === 'error' && !own) looked.errors.push(message.text());
    });
    page.on('pageerror', (error) => looked.errors.push(error.message));
    page.on('request', (request) => {
      if (!request.url().startsWith(new URL(url).origin)) looked.strangers.push(request.url());
    });
    await page.goto(url);
    await how.act?.(page);
    await page.evaluate('document.fonts.ready.then(() => undefined)');
    await page.evaluate(axeSource);
    const asked = views.filter(({ scheme }) => how.schemes?.includes(scheme) ?? true);
    for (const { width, scheme } of asked) {
      await page.setViewportSize({ width, height: width > 800 ? 900 : 844 });
      await page.emulateMedia({ colorScheme: scheme });
      if (gallery) {
        mkdirSync(gallery, { recursive: true });
        const picture = (of: string) => ({ path: join(gallery, `${of}-${width}-${scheme}.png`) });
        await page.screenshot({ ...picture(name), fullPage: true });
        for (const [part, selector] of Object.entries(how.parts ?? {}))
          await page.screenshot({
            ...{ ...picture(`${name}-${part}`), fullPage: true },
            clip: await page.evaluate<Clip>(top(selector)),
          });
      }
      const runOnly = { type: 'tag', values: rules };
      const { violations } = await page.evaluate<{ violations: Violation[] }>(
        `axe.run(${JSON.stringify({ runOnly, resultTypes: ['violations'] })})`,
      );
      for (const { id, nodes } of violations)
        looked.violations.push(
          ...nodes.slice(0, 3).map(({ html }) => `${width} ${scheme} ${id}: ${html.slice(0, 200)}`),
        );
    }
    await page.setViewportSize({ width: 320, height: 640 });
    const html = await answer!.text();
    looked.invalid = await invalidHtml(html);
    if (asked.length === views.length) noteSeen(html);
    return { ...looked, ...(await page.evaluate<Pick<Looked, 'tooWide' | 'tooSmall'>>(measure)) };
  } finally {
    await page.close();
    if (!how.context) await context.close();
  }
}
