import { spawnSync } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { freePort } from '../support/server.js';

export interface Postgres {
  url: string;
  /** The folder of psql and pgbench, or null if only a server elsewhere is known. */
  programs: string | null;
  stop: () => void;
  /** As when the power goes: every process of it is killed at once. Only of one that was started here. */
  kill: () => void;
  /** Starts it again on what a kill left behind. */
  start: () => void;
}

const home = '/usr/lib/postgresql';

/** The folder of PostgreSQL's programs on this machine, the newest if there are several. */
function findPrograms(): string | null {
  const versions = existsSync(home) ? readdirSync(home).toSorted((a, b) => Number(b) - Number(a)) : [];
  const folders = [...versions.map((version) => join(home, version, 'bin')), ...(process.env.PATH ?? '').split(':')];
  return folders.find((folder) => existsSync(join(folder, 'initdb'))) ?? null;
}

export function run(command: string, args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    cwd: tmpdir(),
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr}`);
  return stdout;
}

/** A PostgreSQL of our own with the settings it comes with, durable; without its programs, the one at DATABASE_URL. */
export async function startPostgres(): Promise<Postgres> {
  const programs = findPrograms();
  if (!programs) {
    if (!process.env.DATABASE_URL) throw new Error('Neither initdb nor DATABASE_URL is there: nothing to measure on.');
    return { url: process.env.DATABASE_URL, programs: null, ...{ stop: nothing, kill: nothing, start: nothing } };
  }
  const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'));
  const asRoot = process.getuid?.() === 0;
  // PostgreSQL refuses to run as root; Debian's packages make this user.
  if (asRoot) chownSync(folder, Number(run('id', ['-u', 'postgres'])), Number(run('id', ['-g', 'postgres'])));
  const pg = (program: string, ...args: string[]) =>
    asRoot
      ? run('runuser', ['-u', 'postgres', '--', join(programs, program), ...args])
      : run(join(programs, program), args);
  const port = await freePort();
  const data = join(folder, 'data');
  const statistics = existsSync(join(programs, '../lib/pg_stat_statements.so'))
    ? ' -c shared_preload_libraries=pg_stat_statements'
    : '';
  pg('initdb', `--pgdata=${data}`, '--auth=trust', '--username=postgres', '--encoding=UTF8', '--locale=C.UTF-8');
  const start = () =>
    void pg(
      'pg_ctl',
      'start',
      '--wait',
      '--silent',
      `--pgdata=${data}`,
      `--log=${join(folder, 'log')}`,
      `--options=-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=${folder} -c max_connections=150${statistics}`,
    );
  start();
  const kill = () => {
    const postmaster = Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]);
    const children = run('ps', ['-o', 'pid=', '--ppid', String(postmaster)])
      .split('\n')
      .map(Number)
      .filter(Boolean);
    for (const pid of [postmaster, ...children]) killQuietly(pid);
    // A dead process that nobody has waited for yet looks alive to pg_ctl.
    for (const lock of [join(data, 'postmaster.pid'), join(folder, `.s.PGSQL.${port}.lock`)])
      rmSync(lock, { force: true });
  };
  const stop = () => {
    if (!statSync(folder, { throwIfNoEntry: false })) return;
    pg('pg_ctl', 'stop', '--silent', '--mode=immediate', `--pgdata=${data}`);
    rmSync(folder, { recursive: true, force: true });
  };
  return { url: `postgres://postgres@127.0.0.1:${port}/postgres`, programs, stop, kill, start };
}

const nothing = () => undefined;

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/** One statement, or one with parameters, on a connection of its own. */
export async function query<Row extends object = Record<string, unknown>>(
  url: string,
  sql: string,
  parameters?: unknown[],
): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(sql, parameters)).rows;
  } finally {
    await client.end();
  }
}

export async function makeDatabase(postgres: Postgres, name: string): Promise<string> {
  await query(postgres.url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  await query(postgres.url, `CREATE DATABASE ${name}`);
  const url = Object.assign(new URL(postgres.url), { pathname: `/${name}` }).toString();
  // Without the extension the report says so; the figures stay the same.
  await query(url, 'CREATE EXTENSION pg_stat_statements').catch(() => undefined);
  return url;
}

/** Rows per second of one statement, each a transaction of its own: 32 clients, prepared, as pgbench or `pg` does it. */
export async function statementRate(postgres: Postgres, url: string, sql: string, seconds: number): Promise<number> {
  const pgbench = postgres.programs && join(postgres.programs, 'pgbench');
  if (pgbench && existsSync(pgbench)) {
    const folder = mkdtempSync(join(tmpdir(), 'countersign-pgbench-'));
    const script = join(folder, 'script.sql');
    writeFileSync(script, `${sql};\n`);
    const bounds = ['-c', '32', '-j', '2', '-T', String(seconds)];
    const output = run(pgbench, ['-n', '-M', 'prepared', ...bounds, '-f', script, url]);
    rmSync(folder, { recursive: true });
    return Number(/tps = ([\d.]+)/.exec(output)?.[1]);
  }
  const clients = Array.from({ length: 32 }, () => new Client({ connectionString: url }));
  await Promise.all(clients.map((client) => client.connect()));
  const end = Date.now() + seconds * 1000;
  let rows = 0;
  await Promise.all(
    clients.map(async (client) => {
      for (; Date.now() < end; rows++) await client.query({ name: 'one', text: sql });
    }),
  );
  await Promise.all(clients.map((client) => client.end()));
  return rows / seconds;
}
