import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContext, ConsoleMessage, Page, Request, Response } from 'playwright-core';
import { giveAxe } from './axe.js';
import { noteSeen } from './every-page.js';
import { invalidHtml } from '../../support/valid-html.js';

interface Violation {
  id: string;
  nodes: { html: string; failureSummary: string }[];
}

/** These run inside the page, so they are text here. */
const measure = readFileSync(join(__dirname, 'measure.js'), 'utf8');
const choices = readFileSync(join(__dirname, 'choices.js'), 'utf8');
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
  /** Lines that say what is wrong and lead to no field, or do not name it as its label does. */
  unnamed: string[];
  /** Where the HTML is not what the standard says. */
  invalid: string[];
  /** Choices of lists that a phone would cut, where they are asked for. */
  choices: string[];
}

interface How {
  session?: Awaited<ReturnType<BrowserContext['storageState']>>;
  act?: (page: Page) => Promise<void>;
  /** Light and dark if it is not said. */
  schemes?: readonly ('light' | 'dark')[];
  /** CSS selector of lists of which every choice must be readable when chosen: not those of names that people give. */
  choices?: string;
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
  ...{ status, violations: [], strangers: [], errors: [], tooWide: [], tooSmall: [], unnamed: [], invalid: [] },
  choices: [],
});

const tabs = new WeakMap<Browser | BrowserContext, Page>();

/**
 * One tab of a browser looks at all pages in turn, which saves a process and reading axe for each; unless there is a
 * context to keep, it knows nothing of the page before.
 */
async function tabOf(browser: Browser, { context, session }: How): Promise<Page> {
  let tab = tabs.get(context ?? browser);
  if (!tab || tab.isClosed()) {
    tab = await (context ?? (await browser.newContext({ reducedMotion: 'reduce' }))).newPage();
    tab.setDefaultTimeout(20_000);
    tabs.set(context ?? browser, tab);
  }
  if (!context) await tab.context().setStorageState(session ?? { cookies: [], origins: [] });
  return tab;
}

/**
 * Opens a page and says what is wrong with it, all at once: on a phone and a desk, light and dark, and at 320 px.
 * @param how session: cookies of somebody signed in; act: what to do first, for a page that has no address of its own
 */
export async function look(browser: Browser, url: string, name: string, how: How = {}): Promise<Looked> {
  const page = await tabOf(browser, how);
  const looked = fine(0);
  let answer: Response | undefined;
  const onResponse = (response: Response) => {
    if (!response.request().isNavigationRequest() || response.frame() !== page.mainFrame()) return;
    looked.status = response.status();
    answer = response;
  };
  const onConsole = (message: ConsoleMessage) => {
    // Chromium reports the status of the page itself as a console error.
    const own = message.text().includes(`status of ${looked.status}`) && looked.status !== 500;
    if (message.type() === 'error' && !own) looked.errors.push(message.text());
  };
  const onError = (error: Error) => void looked.errors.push(error.message);
  const onRequest = (request: Request) => {
    if (!request.url().startsWith(new URL(url).origin)) looked.strangers.push(request.url());
  };
  page.on('response', onResponse).on('console', onConsole).on('pageerror', onError).on('request', onRequest);
  try {
    await page.setViewportSize({ width: 1280, height: 720 });
    await page.emulateMedia({ colorScheme: 'light' });
    await page.goto(url);
    await how.act?.(page);
    await page.evaluate('document.fonts.ready.then(() => undefined)');
    await giveAxe(page, answer!.headers()['content-security-policy']);
    const asked = views.filter(({ scheme }) => how.schemes?.includes(scheme) ?? true);
    for (const { width, scheme } of asked) {
      await page.setViewportSize({ width, height: width > 800 ? 900 : 844 });
      await page.emulateMedia({ colorScheme: scheme });
      if (how.choices && width === 390)
        looked.choices = await page.evaluate<string[]>(`globalThis.lists = ${JSON.stringify(how.choices)}; ${choices}`);
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
    noteSeen(html, asked.length === views.length);
    const measured = await page.evaluate<Pick<Looked, 'tooWide' | 'tooSmall' | 'unnamed'>>(measure);
    await page.evaluate('sessionStorage.clear()');
    return { ...looked, ...measured };
  } finally {
    page.off('response', onResponse).off('console', onConsole).off('pageerror', onError).off('request', onRequest);
  }
}
