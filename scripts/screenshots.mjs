// Pictures of every page the browser tests look at, in ./screenshots: both languages, both widths, light and dark.
// Those that a page in docs/ shows are copied to docs/pictures.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const made = join(root, 'screenshots');
const { status } = spawnSync(
  process.execPath,
  ['node_modules/jest/bin/jest.js', '--config', 'test/browser/jest.config.mjs', ...process.argv.slice(2)],
  { cwd: root, stdio: 'inherit', env: { ...process.env, SCREENSHOTS: made } },
);

const docs = join(root, 'docs');
const pages = readdirSync(docs).filter((name) => name.endsWith('.md'));
const shown = pages.flatMap((name) =>
  [...readFileSync(join(docs, name), 'utf8').matchAll(/\]\(pictures\/([\w-]+\.png)\)/g)].map(([, picture]) => picture),
);
mkdirSync(join(docs, 'pictures'), { recursive: true });
// After a run of some files only, the other pictures stay as they are.
for (const picture of shown)
  if (existsSync(join(made, picture))) copyFileSync(join(made, picture), join(docs, 'pictures', picture));
process.exit(status ?? 1);
