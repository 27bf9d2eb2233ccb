import { createServer, type AddressInfo } from 'node:net';
import { seed } from '../../../src/seed.js';
import { startApp, type TestApp } from '../../support/app.js';
import { serveAxe } from './axe.js';
import { watchPages } from './every-page.js';

export interface Site extends TestApp {
  url: string;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

/**
 * The whole application as `npm start` runs it: seeded, with its runners, on a port of its own.
 * @param host what the browser calls it
 */
export async function startSite(environment: Record<string, string> = {}, host = '127.0.0.1'): Promise<Site> {
  const port = await freePort();
  const url = `http://${host}:${port}`;
  const app = await startApp({ PORT: String(port), PUBLIC_URL: url, ...environment }, { runners: true });
  watchPages(app.nest);
  await seed(app.nest);
  serveAxe(app.nest.getHttpServer(), url);
  await app.nest.listen(port, '127.0.0.1');
  return { ...app, url };
}

/** Repeats a question until the answer is the expected one; the last answer if it never is. */
export async function until<T>(ask: () => Promise<T>, good: (answer: T) => boolean, seconds = 20): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (good(answer) || Date.now() > end) return answer;
    await new Promise((done) => setTimeout(done, 200));
  }
}
