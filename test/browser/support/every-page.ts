import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { INestApplicationContext } from '@nestjs/common';
import { Pages } from '../../../src/site/pages.service.js';

/** Which template wrote an answer, by its HTML: answers may come from a cache. The newest last. */
const written = new Map<string, string>();
const most = 500;

/** From here on the application says which template wrote what. */
export function watchPages(nest: INestApplicationContext): void {
  const pages = nest.get(Pages);
  const render = pages.render.bind(pages);
  pages.render = async (template, locale, context) => {
    const html = await render(template, locale, context);
    written.set(html, `${template} ${locale}`);
    if (written.size > most) written.delete(written.keys().next().value!);
    return html;
  };
}

/**
 * Notes that an answer was looked at, for the check at the end of the run: from all sides, and one that says what is wrong
 * with a form as such besides.
 */
export function noteSeen(html: string, fromAllSides: boolean): void {
  const template = written.get(html);
  if (!template) return;
  const withErrors = html.includes('class="error-summary"');
  const seen = [...(fromAllSides ? [template] : []), ...(withErrors ? [`${template} with errors`] : [])];
  for (const each of seen) appendFileSync(join(process.env.TEST_TEMPLATE!, 'pages-seen'), `${each}\n`);
}
