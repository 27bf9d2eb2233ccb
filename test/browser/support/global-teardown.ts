import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(__dirname, '../../../templates/pages');

/** Templates of whole pages; the others are parts, feeds and files. */
const pages = () =>
  readdirSync(folder)
    .filter(
      (name) => name.endsWith('.liquid') && /{% layout |<!doctype html/i.test(readFileSync(join(folder, name), 'utf8')),
    )
    .map((name) => name.replace('.liquid', ''));

/**
 * After all tests in Chromium, every page has been looked at in English and Persian, on a phone and a desk, light and dark.
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
  const missing = pages().flatMap((page) =>
    ['en', 'fa'].map((locale) => `${page} ${locale}`).filter((each) => !seen.has(each)),
  );
  if (missing.length > 0) throw new Error(`No test has looked at: ${missing.join(', ')}`);
}
