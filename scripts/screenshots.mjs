// Pictures of every page the browser tests look at, in ./screenshots: both languages, both widths, light and dark.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { status } = spawnSync(
  process.execPath,
  ['node_modules/jest/bin/jest.js', '--config', 'test/browser/jest.config.mjs', ...process.argv.slice(2)],
  { cwd: root, stdio: 'inherit', env: { ...process.env, SCREENSHOTS: join(root, 'screenshots') } },
);
process.exit(status ?? 1);
