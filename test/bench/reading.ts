import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, until } from '../support/server.js';
import { type Bounds, type Figure, load, observe, startProbed } from './measure.js';
import { makeDatabase, type Postgres } from './postgres.js';

/** Reading the count, against a bare Fastify route that answers the same bytes. */
export async function count(postgres: Postgres, { seconds }: Bounds): Promise<Figure> {
  const url = await makeDatabase(postgres, 'bench_count');
  const folder = await mkdtemp(join(tmpdir(), 'countersign-bench-'));
  const server = await startProbed({ DATA_DIR: folder, DATABASE_URL: url });
  const path = '/api/v1/petitions/1988-investigation/count.json';
  try {
    const body = await (await server.fetch(path)).text();
    await load({ url: server.address + path, amount: 2000 });
    const { result, where } = await observe(folder, url, () => load({ url: server.address + path, duration: seconds }));
    const limit = await bare(body, seconds);
    return {
      what: 'count.json',
      unit: 'answers/s',
      ours: result.perSecond,
      limit,
      limitIs: `bare Fastify route with the same ${body.length} bytes`,
      where: `32 connections, median ${result.p50} ms, 99 % in ${result.p99} ms; ${where}`,
    };
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function bare(body: string, seconds: number): Promise<number> {
  const port = await freePort();
  const child = spawn(process.execPath, [join(import.meta.dirname, 'bare.js'), String(port), body], {
    stdio: 'inherit',
  });
  try {
    const address = `http://127.0.0.1:${port}/`;
    await until('the bare route answers', () =>
      fetch(address).then(
        (answer) => answer.ok,
        () => false,
      ),
    );
    await load({ url: address, amount: 2000 });
    return (await load({ url: address, duration: seconds })).perSecond;
  } finally {
    child.kill();
  }
}
