// Starts the server by the command given, as a visitor would use it: signs, confirms, is counted; starts it again and is
// still counted. Data goes to a temporary folder; with DATABASE_URL, to a database made for this run.
import { spawn, spawnSync } from 'node:child_process';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const [command, ...args] = process.argv.slice(2);
const slug = '1988-investigation';
const folder = mkdtempSync(join(tmpdir(), 'countersign-smoke-'));
const port = await new Promise((found) => {
  const probe = createServer().listen(0, '127.0.0.1', () => {
    const { port } = probe.address();
    probe.close(() => found(port));
  });
});
const address = `http://127.0.0.1:${port}`;
const environment = { ...process.env, PORT: String(port), PUBLIC_URL: address, DATA_DIR: join(folder, 'data') };

/** Tries every quarter of a second until it gives something; what it threw last is the reason when time is up. */
async function until(what, seconds, attempt) {
  const end = Date.now() + seconds * 1000;
  let reason;
  while (Date.now() < end) {
    try {
      const found = await attempt();
      if (found) return found;
    } catch (error) {
      reason = error;
    }
    await sleep(250);
  }
  throw new Error(`Not within ${seconds} s: ${what}`, { cause: reason });
}

async function fetchOk(path, options = {}, status = 200) {
  const answer = await fetch(address + path, { signal: AbortSignal.timeout(15_000), ...options });
  const text = await answer.text();
  assert.equal(answer.status, status, `${path}: ${text.slice(0, 500)}`);
  return answer.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text;
}

async function start() {
  const started = Date.now();
  // A group of its own: `npm start` is a chain of processes, and Ctrl-C reaches all of them, too.
  const child = spawn(command, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const server = { child, output: '', gone: new Promise((done) => child.once('exit', done)) };
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (server.output += text));
  running = server;
  await until('the server is ready', 180, async () => {
    if (child.exitCode !== null) throw new Error('The server stopped.');
    return fetchOk('/health/ready');
  });
  console.log(`ready after ${Date.now() - started} ms`);
  return server;
}

async function stop(server) {
  process.kill(-server.child.pid, 'SIGTERM');
  const timer = setTimeout(() => process.kill(-server.child.pid, 'SIGKILL'), 20_000);
  await server.gone;
  clearTimeout(timer);
  await until('the port is free', 20, () =>
    fetch(address).then(
      () => false,
      () => true,
    ),
  );
}

const count = async () => (await fetchOk(`/api/v1/petitions/${slug}/count.json`)).count;

let running;
let dropDatabase = async () => {};
try {
  if (process.env.DATABASE_URL) {
    const { default: pg } = await import('pg');
    const name = `countersign_smoke_${process.pid}`;
    const run = async (sql) => {
      const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
      await client.connect();
      await client.query(sql);
      await client.end();
    };
    await run(`CREATE DATABASE ${name}`);
    dropDatabase = () => run(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    environment.DATABASE_URL = Object.assign(new URL(process.env.DATABASE_URL), { pathname: `/${name}` }).toString();
  }

  const first = await start();
  await fetchOk('/health/live');
  for (const locale of ['en', 'fa']) {
    const page = await fetchOk(`/${locale}/p/${slug}`);
    assert.match(page, new RegExp(`<html[^>]* lang="${locale}"`));
    assert.match(page, /<form/);
  }
  assert.equal(await count(), 0);
  const email = 'sara.smoke@example.org';
  const consents = { sign: true };
  await fetchOk(
    `/api/v1/petitions/${slug}/signatures`,
    {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'Sara Smoke', email, country: 'DE', locale: 'en', consents }),
    },
    202,
  );
  const mail = await until('the confirmation mail', 30, async () =>
    (await fetchOk('/dev/inbox.json')).find(({ to }) => to.includes(email)),
  );
  const token = mail.links.map((link) => /\/confirm\/([^/?#]+)/.exec(link)?.[1]).find(Boolean);
  assert.ok(token, `no confirmation link in ${JSON.stringify(mail.links)}`);
  for (const _ of ['first', 'second']) await fetchOk(`/api/v1/confirmations/${token}`, { method: 'PUT' });
  await until('the signature is counted', 30, async () => (await count()) === 1);
  const log = `${address}/log/${slug}/`;
  const recount = spawnSync(process.execPath, ['verifier/countersign-verify.mjs', log, '--json'], { encoding: 'utf8' });
  assert.equal(recount.status, 0, recount.stderr);
  assert.equal(JSON.parse(recount.stdout).count, 1);
  assert.ok(!first.output.includes(email), 'the log names a supporter');
  await stop(first);

  const second = await start();
  assert.equal(await count(), 1);
  assert.ok(!/password/i.test(second.output), 'the first password is printed a second time');
  await stop(second);
  console.log('signed, confirmed, counted, kept');
} catch (error) {
  console.error(error);
  console.error(`--- output of the server\n${running?.output}`);
  if (running?.child.exitCode === null) process.kill(-running.child.pid, 'SIGKILL');
  process.exitCode = 1;
} finally {
  await dropDatabase();
  rmSync(folder, { recursive: true, force: true });
}
