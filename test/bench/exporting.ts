import { generateIdentity, identityToRecipient } from 'age-encryption';
import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Server, until } from '../support/server.js';
import { type Bounds, type Figure, observe, startProbed } from './measure.js';
import { makeDatabase, type Postgres, query } from './postgres.js';
import { slug } from './people.js';
import { signAll } from './signing.js';

export const token = `cs_${'b'.repeat(43)}`;

export const giveToken = (url: string) =>
  query(
    url,
    `INSERT INTO api_tokens (id, staff_id, name, token_hash, scopes, expires_at)
     SELECT gen_random_uuid(), id, 'bench', $1, ARRAY['exports:counts', 'exports:persons'], now() + interval '1 day'
     FROM staff_members LIMIT 1`,
    [createHash('sha256').update(token).digest()],
  );

/** Runs it again and again for so many seconds. @returns how often per second */
async function timesPerSecond(seconds: number, work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  let times = 0;
  do {
    await work();
    times++;
  } while (performance.now() - started < seconds * 1000);
  return times / ((performance.now() - started) / 1000);
}

async function download(server: Server, path: string, options: RequestInit = {}): Promise<number> {
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    'accept-encoding': 'identity',
  };
  const answer = await server.fetch(path, { ...options, headers, signal: AbortSignal.timeout(120_000) });
  const bytes = await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${Buffer.from(bytes).toString().slice(0, 300)}`);
  return bytes.byteLength;
}

/** COPY of what the export reads, into psql and away. @returns how often per second */
function copyPerSecond(postgres: Postgres, url: string, sql: string, times: number): number {
  const psql = postgres.programs ? join(postgres.programs, 'psql') : 'psql';
  const script = Array.from({ length: times }, () => `COPY (${sql}) TO STDOUT;`).join('\n');
  const started = performance.now();
  const { status, stderr, error } = spawnSync(psql, ['-q', '-v', 'ON_ERROR_STOP=1', url], {
    input: script,
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  if (status !== 0) throw new Error(`psql: ${error?.message ?? stderr.toString()}`);
  return times / ((performance.now() - started) / 1000);
}

/** Counts by day and country as CSV. */
export async function counts(postgres: Postgres, { seconds, people }: Bounds): Promise<Figure> {
  const url = await makeDatabase(postgres, 'bench_counts');
  const folder = await mkdtemp(join(tmpdir(), 'countersign-bench-'));
  const server = await startProbed({ DATA_DIR: folder, DATABASE_URL: url });
  const rows = people * 8;
  try {
    await giveToken(url);
    await query(
      url,
      `INSERT INTO tallies (petition_id, day, country, source, signed)
       SELECT petitions.id, date '2026-01-01' + n / 100, chr(65 + n % 10) || chr(65 + n / 10 % 10), 'form', 5 + n % 7
       FROM petitions, generate_series(0, $2::int - 1) AS n WHERE slug = $1`,
      [slug, rows],
    );
    await query(url, 'ANALYZE tallies');
    const path = `/api/v1/exports/counts.csv?by=day-country&petition=${slug}`;
    const { result, where } = await observe(folder, url, () => timesPerSecond(seconds, () => download(server, path)));
    const limit = copyPerSecond(
      postgres,
      url,
      `SELECT slug, day, country, sum(signed), sum(withdrawn), sum(signed - withdrawn) FROM tallies JOIN petitions ON petitions.id = petition_id GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
      10,
    );
    const limitIs = 'COPY of the same rows, grouped and ordered, to psql';
    return { what: 'export counts', unit: 'rows/s', ours: result * rows, limit: limit * rows, limitIs, where };
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Persons who want news, opened, encrypted to an age recipient. */
export async function persons(postgres: Postgres, { seconds, people }: Bounds): Promise<Figure> {
  const url = await makeDatabase(postgres, 'bench_persons');
  const folder = await mkdtemp(join(tmpdir(), 'countersign-bench-'));
  const server = await startProbed({ DATA_DIR: folder, DATABASE_URL: url, LIMITS: 'off' });
  try {
    await giveToken(url);
    await signAll(url, folder, server.address, people);
    await until('everybody is counted', async () => (await server.count(slug)) === people);
    const recipient = await identityToRecipient(await generateIdentity());
    const body = JSON.stringify({ petition: slug, purpose: 'news', recipient });
    const { result, where } = await observe(folder, url, () =>
      timesPerSecond(seconds, () => download(server, '/api/v1/exports/persons', { method: 'POST', body })),
    );
    const limit = copyPerSecond(postgres, url, `SELECT id, box, country, locale FROM signatures ORDER BY id`, 20);
    const limitIs = 'COPY of the same rows, sealed as they are, to psql';
    return { what: 'export persons', unit: 'rows/s', ours: result * people, limit: limit * people, limitIs, where };
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
