import { gzipSync } from 'node:zlib';
import { locales } from '../src/site/languages.js';
import { seed } from '../src/seed.js';
import { startApp, type TestApp } from './support/app.js';

const kilobyte = 1024;
let app: TestApp;
beforeAll(async () => {
  app = await startApp({ LIMITS: 'off' });
  await seed(app.nest);
});
afterAll(() => app.close());

const get = async (url: string) => (await app.inject({ url })).body;
const weight = (text: string) => gzipSync(text, { level: 9 }).length;

// FACE.md: HTML and CSS together 14 KB gzip, script 3 KB. The bundled petitions, with their countries and all sources.
describe.each(locales)('a petition in %s', (locale) => {
  test('is small enough for the first packets of a connection', async () => {
    const html = await get(`/${locale}/p/1988-investigation`);
    const sheets = [...html.matchAll(/<link rel="stylesheet" href="([^"]+)"/g)].map(([, href]) => href!);
    expect(sheets.length).toBeGreaterThan(0);
    const css = await Promise.all(sheets.map(get));
    const parts = { html: weight(html), css: css.reduce((sum, sheet) => sum + weight(sheet), 0) };
    expect({ ...parts, fits: parts.html + parts.css <= 14 * kilobyte }).toEqual({ ...parts, fits: true });
  });

  test('asks nobody else for anything, and needs no script to be painted', async () => {
    const html = await get(`/${locale}/p/1988-investigation`);
    const fetched = [
      ...html.matchAll(/<(?:script|img|iframe|source|video|audio|embed|object)\b[^>]*?(?:src|data)="([^"]+)"/g),
    ]
      .concat([...html.matchAll(/<link rel="(?:stylesheet|preload|icon|modulepreload)"[^>]*?href="([^"]+)"/g)])
      .map(([, address]) => address!);
    expect(fetched.length).toBeGreaterThan(3);
    expect(fetched.filter((address) => !/^\/(?!\/)/.test(address))).toEqual([]);
    const scripts = [...html.matchAll(/<script\b([^>]*)>/g)].map(([, attributes]) => attributes!);
    // A module waits until the page is there; what has another type is not run.
    expect(scripts.filter((attributes) => !/type="(module|application\/ld\+json)"/.test(attributes))).toEqual([]);
    const modules = [...html.matchAll(/<script type="module" src="([^"]+)"/g)].map(([, src]) => src!);
    const script = (await Promise.all(modules.map(get))).reduce((sum, text) => sum + weight(text), 0);
    expect(script).toBeGreaterThan(0);
    expect(script).toBeLessThanOrEqual(3 * kilobyte);
  });
});
