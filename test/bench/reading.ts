import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { freePort, until } from '../support/server.js';
import { type Load, load, request } from './load.js';
import { type Bounds, type Figure, observe, withServer } from './measure.js';
import { linksOf, people, petitionOf, pressing, slug } from './people.js';
import type { Postgres } from './postgres.js';
import { held } from './signing.js';

const path = `/api/v1/petitions/${slug}/count.json`;

/**
 * Reading the count while a thousand people a second confirm, against a bare Fastify route that answers the same bytes:
 * alone, and in a process of its own while as many confirm, which says what they leave of the machine.
 */
export async function count(postgres: Postgres, { seconds }: Bounds): Promise<Figure[]> {
  return withServer(postgres, 'bench_count', held, async ({ url, folder, server }) => {
    const link = await linksOf(url, folder);
    const petition = await petitionOf(url);
    const next = people();
    const links = Array.from({ length: 2 * seconds * 1000 }, () => link(petition, next()));
    const confirming = () => (links.length > 0 ? pressing(links.pop()!) : null);
    const whileConfirming = async (reading: () => Promise<Load>) => {
      const confirmed = load({ address: server.address, status: 200, next: confirming, seconds, perSecond: 1000 });
      return { read: await reading(), pressed: await confirmed };
    };
    const body = await (await server.fetch(path)).text();
    const read = () => load({ address: server.address, status: 200, next: () => request('GET', path), seconds });
    await read();
    const alone = await read();
    const { result, where } = await observe(folder, url, () => whileConfirming(read));
    const [bareAlone, bareBeside] = await bare(body, seconds, async (readBare) => [
      (await readBare()).perSecond,
      (await whileConfirming(readBare)).read.perSecond,
    ]);
    const limitIs = `bare Fastify route with the same ${body.length} bytes`;
    const pressed = `${Math.round(result.pressed.perSecond)} confirmations/s meanwhile, 99 % in ${result.pressed.p99} ms`;
    const busy = reads('count.json, 1,000 confirm', result.read);
    return [
      { ...reads('count.json', alone), limit: bareAlone!, limitIs: `${limitIs}, nobody confirming` },
      {
        ...busy,
        limit: bareAlone!,
        limitIs: `${limitIs}, nobody confirming`,
        where: `${busy.where}; ${pressed}; ${where}`,
      },
      { ...busy, what: 'both with 1,000 confirm', limit: bareBeside!, limitIs: `${limitIs}, as many confirming` },
    ];
  });
}

const reads = (what: string, { perSecond, p50, p99 }: Load) => ({
  what,
  unit: 'answers/s',
  ours: perSecond,
  where: `64 connections, median ${p50} ms, 99 % in ${p99} ms`,
});

/** Does the work with a bare Fastify route in a process of its own. @param work gets what reads from it for some seconds */
async function bare<T>(body: string, seconds: number, work: (read: () => Promise<Load>) => Promise<T>): Promise<T> {
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
    const read = () => load({ address, status: 200, next: () => request('GET', '/'), seconds });
    await read();
    return await work(read);
  } finally {
    child.kill();
  }
}
