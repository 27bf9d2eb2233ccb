import { readFileSync } from 'node:fs';
import type { RequestListener, Server } from 'node:http';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const source = readFileSync(createRequire(__filename).resolve('axe-core/axe.min.js'), 'utf8');
const address = '/axe.js';
const servers = new Set<string>();

/** From here on the server has axe as a file besides, which a browser compiles once for all pages that load it. */
export function serveAxe(server: Server, url: string): void {
  const others = server.listeners('request') as RequestListener[];
  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    if (request.url !== address) return others.forEach((listen) => listen(request, response));
    response.writeHead(200, { 'content-type': 'text/javascript', 'cache-control': 'max-age=31536000, immutable' });
    response.end(source);
  });
  servers.add(new URL(url).origin);
}

/** @param policy content security policy of the page */
export async function giveAxe(page: Page, policy: string | undefined): Promise<void> {
  const { origin } = new URL(page.url());
  const loads = servers.has(origin) && /script-src[^;]*'self'/.test(policy ?? '');
  await (loads ? page.addScriptTag({ url: address }) : page.evaluate(source));
}
