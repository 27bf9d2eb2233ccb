import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { projectRoot } from '../../src/config/root.js';
import { Server } from '../support/server.js';
import { makeDatabase, type Postgres, query } from './postgres.js';

/** One line of the report. */
export interface Figure {
  what: string;
  unit: string;
  ours: number;
  limit: number;
  limitIs: string;
  where: string;
}

export interface Bounds {
  /** Seconds of load per measurement. */
  seconds: number;
  /** How many signatures, mails and rows there are to work on. */
  people: number;
  /** How many signatures there are in a large table. */
  large: number;
}

interface Probe {
  active: number;
  idle: number;
  cpu: number;
  rss: number;
}

/** The built server with the probe in it. */
export function startProbed(environment: Record<string, string> & { DATA_DIR: string }, role = 'all'): Promise<Server> {
  const probe = pathToFileURL(join(projectRoot, 'test/bench/probe.mjs')).href;
  const socket = probeSocket(environment.DATA_DIR);
  return Server.start({ LOG_LEVEL: 'warn', NODE_OPTIONS: `--import ${probe}`, BENCH_PROBE: socket, ...environment }, [
    'start',
    '--role',
    role,
  ]);
}

const probeSocket = (folder: string) => join(folder, 'probe.sock');

async function probe(folder: string): Promise<Probe> {
  let said = '';
  for await (const piece of connect(probeSocket(folder))) said += String(piece);
  return JSON.parse(said) as Probe;
}

interface Statement {
  calls: string;
  ms: number;
  query: string;
}

/** Does the work and says how busy the server's event loop, its processor and the database were meanwhile. */
export async function observe<T>(
  folder: string,
  url: string,
  work: () => Promise<T>,
): Promise<{ result: T; where: string }> {
  const counted = await query(url, 'SELECT pg_stat_statements_reset()').then(
    () => true,
    () => false,
  );
  const before = await probe(folder);
  const started = performance.now();
  const result = await work();
  const wall = performance.now() - started;
  const after = await probe(folder);
  const statements: Statement[] = counted
    ? await query<Statement>(
        url,
        `SELECT calls, total_exec_time AS ms, regexp_replace(left(query, 200), '\\s+', ' ', 'g') AS query
         FROM pg_stat_statements JOIN pg_database ON pg_database.oid = dbid
         WHERE datname = current_database() ORDER BY total_exec_time DESC`,
      )
    : [];
  const share = (ms: number) => `${Math.round((100 * ms) / wall)} %`;
  const active = after.active - before.active;
  const loop = Math.round((100 * active) / (active + after.idle - before.idle));
  const total = statements.reduce((sum, { ms }) => sum + ms, 0);
  const top = statements
    .slice(0, 2)
    .map(({ calls, ms, query: text }) => `${share(ms)} in ${calls} × "${text.slice(0, 40)}…"`);
  const database = counted ? `statements ${share(total)} of the time (${top.join(', ')})` : 'statements not counted';
  return {
    result,
    where: `event loop ${loop} % busy, processor ${share(after.cpu - before.cpu)}, at most ${Math.round(after.rss / 1e6)} MB; ${database}`,
  };
}

export interface Place {
  url: string;
  /** DATA_DIR of the server. */
  folder: string;
  server: Server;
}

/** Does the work with a server on a database of its own. */
export async function withServer<T>(
  postgres: Postgres,
  name: string,
  settings: Record<string, string>,
  work: (place: Place) => Promise<T>,
  role = 'all',
): Promise<T> {
  const url = await makeDatabase(postgres, name);
  const folder = await mkdtemp(join(tmpdir(), 'countersign-bench-'));
  const server = await startProbed({ DATA_DIR: folder, DATABASE_URL: url, ...settings }, role);
  try {
    return await work({ url, folder, server });
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Does `work` and tells how many of `many` things it did per second. */
export async function rate(many: number, work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return many / ((performance.now() - started) / 1000);
}
