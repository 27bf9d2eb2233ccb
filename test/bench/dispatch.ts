import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { Client } from 'pg';
import { Server, until } from '../support/server.js';
import { type Bounds, type Figure, observe, rate, startProbed } from './measure.js';
import { makeDatabase, type Postgres, query, run } from './postgres.js';

const raw = [
  'From: Olga Organiser <olga@sign.test>',
  'To: member@parliament.test',
  'Subject: An international investigation',
  'Message-ID: <bench@sign.test>',
  'Date: Sun, 22 Nov 2026 12:00:00 +0000',
  'MIME-Version: 1.0',
  'Content-Type: text/plain; charset=utf-8',
  '',
  ...Array.from({ length: 40 }, () => 'We ask you to support a formal international investigation of the massacre.'),
  '',
].join('\r\n');

/** A mail server of one's own takes as many from one client: Postfix 50 (smtpd_client_connection_count_limit). */
const lines = 40;
const warmUps = 3;

const smtpSource = '/usr/sbin/smtp-source';

/** Frozen mails from the outbox into a mail server that takes everything, against nodemailer's pool into the same one. */
export async function dispatch(
  postgres: Postgres,
  { people }: Bounds,
  lane: 'confirmations' | 'letters',
): Promise<Figure[]> {
  const url = await makeDatabase(postgres, `bench_dispatch_${lane}`);
  const folder = await mkdtemp(join(tmpdir(), 'countersign-bench-'));
  const sink = spawn(process.execPath, [join(import.meta.dirname, 'sink.js')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(sink.stdout, 'data')) as [Buffer];
  const port = Number(said.toString());
  // As many as the worker takes of the lines it may have: letters leave half of them to confirmations.
  const connections = lane === 'letters' ? lines / 2 : lines;
  // A second of mails is too short to tell.
  const mails = 4 * people;
  try {
    // The first start makes the tables, the second one finds the mails.
    await (await Server.start({ DATA_DIR: folder, DATABASE_URL: url, MAIL_MODE: 'hold', LOG_LEVEL: 'warn' })).stop();
    const server = await startProbed({
      DATA_DIR: folder,
      DATABASE_URL: url,
      MAIL_MODE: 'live',
      SMTP_URL: `smtp://127.0.0.1:${port}?connections=${lines}`,
      MAIL_FROM: 'olga@sign.test',
    });
    try {
      const outbox = { url, lane, mails };
      // Before it is measured: the compiler needs some ten thousand mails.
      for (let i = 0; i < warmUps; i++) await dispatchAll(outbox);
      const { result, where } = await observe(folder, url, () => dispatchAll(outbox));
      const pool = createTransport({
        host: '127.0.0.1',
        port,
        pool: true,
        maxConnections: connections,
        maxMessages: Infinity,
        secure: false,
        ignoreTLS: true,
      });
      const envelope = { from: 'olga@sign.test', to: ['member@parliament.test'] };
      const sendAll = () => Promise.all(Array.from({ length: mails }, () => pool.sendMail({ envelope, raw })));
      for (let i = 0; i < warmUps; i++) await sendAll();
      const limit = await rate(mails, sendAll);
      pool.close();
      const figure = { what: `dispatch (${lane})`, unit: 'mails/s', ours: result, where };
      const figures = [
        { ...figure, limit, limitIs: `nodemailer pool, ${connections} connections, raw messages, same sink` },
      ];
      if (existsSync(smtpSource)) {
        const [source, limitIs] = [
          smtpSourceRate(port, connections, mails),
          'smtp-source, as many connections, same sink',
        ];
        figures.push({ ...figure, what: `${figure.what}, share`, limit: source, limitIs });
      }
      return figures;
    } finally {
      await server.stop();
    }
  } finally {
    sink.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Postfix's load generator: no database, no state, mails of the same size. */
function smtpSourceRate(port: number, connections: number, mails: number): number {
  const started = performance.now();
  const counts = ['-s', String(connections), '-m', String(mails), '-l', String(raw.length)];
  run(smtpSource, ['-4', '-d', ...counts, '-f', 'olga@sign.test', '-t', 'member@parliament.test', `127.0.0.1:${port}`]);
  return mails / ((performance.now() - started) / 1000);
}

/** Puts mails into the outbox and waits until all have left. @returns mails per second */
async function dispatchAll({ url, lane, mails }: { url: string; lane: string; mails: number }): Promise<number> {
  const [{ now }] = (await query<{ now: Date }>(url, 'SELECT clock_timestamp() AS now')) as [{ now: Date }];
  await query(
    url,
    `INSERT INTO outbox (campaign_id, id, kind, ref, lane, state, recipient, raw, raw_sha256)
     SELECT '01900000-0000-7000-8000-000000000000', id, 'bench', id::text, $1, 'queued', 'member@parliament.test',
       $2::bytea, sha256($2::bytea)
     FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, $3::int)) AS new`,
    [lane, Buffer.from(raw), mails],
  );
  // One connection, and a question that two small indexes answer: it is asked while the mails leave.
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const isEmpty = `SELECT NOT EXISTS (SELECT FROM outbox WHERE waits AND stream IS NULL AND lane = $1)
                        AND NOT EXISTS (SELECT FROM outbox WHERE lease_until IS NOT NULL) AS empty`;
    const allLeft = async () => (await client.query<{ empty: boolean }>(isEmpty, [lane])).rows[0]!.empty;
    await until('every mail has left', allLeft, 240);
  } finally {
    await client.end();
  }
  // From the first claim to the last answer, by the database's clock.
  const [{ seconds, accepted }] = (await query<{ seconds: number; accepted: number }>(
    url,
    `SELECT extract(epoch FROM max(ended_at) - min(started_at))::float8 AS seconds, count(*)::int AS accepted FROM attempts
     WHERE outcome = 'accepted' AND started_at >= $1`,
    [now],
  )) as [{ seconds: number; accepted: number }];
  if (accepted !== mails) throw new Error(`${accepted} of ${mails} mails were accepted`);
  return mails / seconds;
}
