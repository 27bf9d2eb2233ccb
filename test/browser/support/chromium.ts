import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const places = [
  process.env.CHROMIUM_PATH,
  // The same without the windows of a desktop: half the processor time.
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];
const executablePath = places.find((path) => path && existsSync(path));

/** Like describe, but left out with a printed reason where there is no Chromium. In CI there has to be one. */
export const withChromium: (name: string, tests: () => void) => void = (name, tests) => {
  if (executablePath || process.env.CI) return describe(name, tests);
  process.stderr.write(`Left out, because no Chromium was found (CHROMIUM_PATH says where it is): ${name}\n`);
  test.skip(`${name}: needs Chromium`, () => undefined);
};

export const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
  });
