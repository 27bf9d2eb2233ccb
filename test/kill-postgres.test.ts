import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { folderReader, verify } from '../verifier/countersign-verify.mjs';
import { makeDatabase, type Postgres, query, startPostgres } from './bench/postgres.js';
import { serverUrl } from './support/database.js';
import { build, Inbox, Server, until } from './support/server.js';

const slug = '1988-investigation';
const people = 240;

/** A PostgreSQL of its own, because it gets killed: not on the embedded database, which is killed with the server. */
const onPostgres = serverUrl ? describe : describe.skip;

onPostgres('kill -9 of PostgreSQL in the middle of the load (needs DATABASE_URL and initdb)', () => {
  let postgres: Postgres;
  let folder: string;
  let server: Server;

  beforeAll(async () => {
    await build();
    postgres = await startPostgres();
    folder = await mkdtemp(join(tmpdir(), 'countersign-kill-'));
    const url = await makeDatabase(postgres, 'countersign');
    server = await Server.start({ DATA_DIR: folder, DATABASE_URL: url, LIMITS: 'off', LOG_LEVEL: 'error' });
  }, 240_000);
  afterAll(async () => {
    await server.stop('SIGKILL');
    postgres.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test('every acknowledged confirmation is in the log exactly once, and nobody is counted twice', async () => {
    for (let n = 0; n < people; n++) {
      expect(await server.sign(slug, { name: 'Sara', email: `sara-${n}@example.org` })).toBe(202);
    }
    const inbox = new Inbox(folder);
    const tokens = await until(
      'every mail is there',
      async () => {
        const mails = await inbox.mails();
        return mails.length === people && mails.map(({ token }) => token!);
      },
      120,
    );

    const codes = new Map<string, string>();
    const answered = new Set<string>();
    let refused = 0;
    const confirm = async (token: string) => {
      const answer = await server
        .fetch(`/api/v1/confirmations/${token}`, { method: 'PUT' })
        .catch(() => ({ ok: false, json: async () => ({}) }));
      if (!answer.ok) {
        refused += 1;
        return;
      }
      answered.add(token);
      const { code } = (await answer.json()) as { code: string | null };
      if (code) codes.set(token, code);
    };
    // Eight at a time, and the power goes twice: among confirmations, and maybe in a round of the sequencer.
    const waiting = [...tokens];
    const work = Array.from({ length: 8 }, async () => {
      for (let token = waiting.pop(); token; token = waiting.pop()) {
        await confirm(token);
        await sleep(20);
      }
    });
    for (let times = 0; times < 2; times++) {
      const before = answered.size;
      await until('some are confirmed', async () => answered.size > before + 30);
      postgres.kill();
      await sleep(300);
      postgres.start();
    }
    await Promise.all(work);
    expect(answered.size).toBeGreaterThan(60);
    expect(refused).toBeGreaterThan(0);
    expect(server.child.exitCode).toBeNull();

    // Who got no answer presses again.
    await until('everybody has an answer', async () => {
      for (const token of tokens.filter((each) => !answered.has(each))) await confirm(token);
      return answered.size === people;
    });
    await until('everybody is counted', async () => (await server.count(slug)) === people);
    const log = folderReader(join(folder, 'log', slug));
    expect(await verify(log)).toMatchObject({ count: people, signed: people });
    for (const code of [...codes.values()].filter((_, n) => n % 5 === 0)) {
      expect(await verify(log, { code })).toMatchObject({ code: [{ withdrawnForReason: null }] });
    }
    const url = Object.assign(new URL(postgres.url), { pathname: '/countersign' }).toString();
    expect(await query(url, 'SELECT count(*)::int AS n FROM signatures')).toEqual([{ n: people }]);
    expect(await query(url, 'SELECT count(*)::int AS n FROM log_queue')).toEqual([{ n: 0 }]);
  }, 240_000);
});
