import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { freePort, until } from '../support/server.js';
import { type Load, load, request } from './load.js';
import { type Bounds, type Figure, observe, withServer } from './measure.js';
import { linksOf, people, petitionOf, pressing, slug } from './people.js';
import type { Postgres } from './postgres.js';
import { held } from './signing.js';

const path = `/api/v1/petitions/${slug}/count.json`;

/** Reading the count while a thousand people a second confirm, against a bare Fastify route that answers the same bytes. */
export async function count(postgres: Postgres, { seconds }: Bounds): Promise<Figure[]> {
  return withServer(postgres, 'bench_count', held, async ({ url, folder, server }) => {
    const link = await linksOf(url, folder);
    const petition = await petitionOf(url);
    const next = people();
    const links = Array.from({ length: seconds * 1000 }, () => link(petition, next()));
    const body = await (await server.fetch(path)).text();
    const read = () => load({ address: server.address, status: 200, next: () => request('GET', path), seconds });
    await read();
    const alone = await read();
    const { result, where } = await observe(folder, url, async () => {
      const confirming = () => (links.length > 0 ? pressing(links.pop()!) : null);
      const pressed = load({ address: server.address, status: 200, next: confirming, seconds, perSecond: 1000 });
      return { read: await read(), pressed: await pressed };
    });
    const limit = await bare(body, seconds);
    const limitIs = `bare Fastify route with the same ${body.length} bytes, nobody confirming`;
    const pressed = `${Math.round(result.pressed.perSecond)} confirmations/s meanwhile, 99 % in ${result.pressed.p99} ms`;
    return [
      { ...reads('count.json', alone), limit, limitIs },
      {
        ...reads('count.json, 1,000 confirm', result.read),
        limit,
        limitIs,
        where: `${reads('', result.read).where}; ${pressed}; ${where}`,
      },
    ];
  });
}

const reads = (what: string, { perSecond, p50, p99 }: Load) => ({
  what,
  unit: 'answers/s',
  ours: perSecond,
  where: `64 connections, median ${p50} ms, 99 % in ${p99} ms`,
});

async function bare(body: string, seconds: number): Promise<number> {
  const port = await freePort();
  const child = spawn(process.execPath, [join(import.meta.dirname, 'bare.js'), String(port), body], {
    stdio: 'inherit',
  });
  try {
    const address = `http://127.0.0.1:${port}`;
    await until('the bare route answers', () =>
      fetch(address).then(
        (answer) => answer.ok,
        () => false,
      ),
    );
    const asking = { address, status: 200, next: () => request('GET', '/'), seconds };
    await load(asking);
    return (await load(asking)).perSecond;
  } finally {
    child.kill();
  }
}
