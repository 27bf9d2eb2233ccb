import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(__dirname, '../../../templates/pages');

const textOf = (template: string) => readFileSync(join(folder, `${template}.liquid`), 'utf8');

/** Templates of whole pages; the others are parts, feeds and files. */
const pages = () =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.liquid'))
    .map((name) => name.replace('.liquid', ''))
    .filter((template) => /{% layout |<!doctype html/i.test(textOf(template)));

/** Whether a page may say what is wrong with a form, by itself or in a part of it. */
function mayHaveErrors(template: string): boolean {
  const text = textOf(template);
  const parts = [...text.matchAll(/{% (?:include|render) '([^']+)'/g)].map(([, part]) => part!);
  return text.includes('class="error-summary"') || parts.some(mayHaveErrors);
}

/**
 * After all tests in Chromium, every page has been looked at in English and Persian, on a phone and a desk, light and dark;
 * and each that may refuse a form once with what it says then.
 * @throws Error that names those that were not
 */
export default async function tearDown({
  nonFlagArgs,
  testNamePattern,
}: {
  nonFlagArgs: string[];
  testNamePattern?: string;
}) {
  const file = join(process.env.TEST_TEMPLATE!, 'pages-seen');
  const seen = new Set(existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []);
  const { dropTemplate } = await import('../../support/database.js');
  await dropTemplate();
  if (nonFlagArgs.length > 0 || testNamePattern || seen.size === 0) return;
  const missing = pages()
    .flatMap((page) => ['en', 'fa'].map((locale) => `${page} ${locale}`))
    .flatMap((page) => [page, ...(mayHaveErrors(page.split(' ')[0]!) ? [`${page} with errors`] : [])])
    .filter((each) => !seen.has(each));
  if (missing.length > 0) throw new Error(`No test has looked at: ${missing.join(', ')}`);
}
