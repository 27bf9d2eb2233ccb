import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Inbox, until } from '../support/server.js';
import { type Bounds, type Figure, type Load, load, observe, startProbed } from './measure.js';
import { makeDatabase, type Postgres, query, statementRate } from './postgres.js';

export const slug = '1988-investigation';
const pgbench = 'pgbench: the same row by INSERT, one per transaction, 32 clients, prepared';

const form = (email: string) =>
  JSON.stringify({ name: 'Sara Signer', email, country: 'DE', locale: 'en', consents: { sign: true, news: true } });

const signing = (address: string) => {
  const run = randomUUID().slice(0, 8);
  let number = 0;
  return {
    url: address,
    requests: [
      {
        method: 'POST' as const,
        path: `/api/v1/petitions/${slug}/signatures`,
        headers: { 'content-type': 'application/json' },
        setupRequest: (request: object) => ({ ...request, body: form(`sara-${run}-${++number}@example.org`) }),
      },
    ],
  };
};

/** Signing while the mails wait (MAIL_MODE=hold), against the INSERT of the same row into a copy of the outbox. */
export async function sign(postgres: Postgres, { seconds }: Bounds): Promise<Figure> {
  const url = await makeDatabase(postgres, 'bench_sign');
  const folder = await mkdtemp(join(tmpdir(), 'countersign-bench-'));
  const server = await startProbed({ DATA_DIR: folder, DATABASE_URL: url, LIMITS: 'off', MAIL_MODE: 'hold' });
  try {
    await load({ ...signing(server.address), amount: 2000 });
    const { result, where } = await observe(folder, url, () => load({ ...signing(server.address), duration: seconds }));
    const [row] = await query<{ kind: string; ref: number; payload: number }>(
      url,
      `SELECT kind, length(ref) AS ref, octet_length(payload) AS payload FROM outbox WHERE payload IS NOT NULL LIMIT 1`,
    );
    await query(url, 'CREATE TABLE copy (LIKE outbox INCLUDING ALL)');
    const limit = await statementRate(
      postgres,
      url,
      `INSERT INTO copy (campaign_id, id, kind, ref, lane, state, stop, payload)
       VALUES ('01900000-0000-7000-8000-000000000000', gen_random_uuid(), '${row!.kind}',
         left(repeat(gen_random_uuid()::text, 4), ${row!.ref}), 'confirmations', 'held', 'mode', decode(repeat('5a', ${row!.payload}), 'hex'))
       ON CONFLICT (campaign_id, kind, ref) DO NOTHING`.replaceAll('\n', ' '),
      seconds,
    );
    return {
      what: 'sign',
      unit: 'answers/s',
      ours: result.perSecond,
      limit,
      limitIs: pgbench,
      where: `${timing(result)}; ${where}`,
    };
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** That many people ask. @returns the tokens of the links in their mails */
export async function ask(address: string, folder: string, people: number): Promise<string[]> {
  await load({ ...signing(address), amount: people });
  const inbox = new Inbox(folder);
  return until(
    'every mail is in the inbox',
    async () => {
      const mails = await inbox.mails();
      return mails.length >= people && mails.map(({ token }) => token!);
    },
    240,
  );
}

/** Presses the button behind each link. */
export function press(address: string, tokens: string[]): Promise<Load> {
  let next = 0;
  const setupRequest = (request: object) => ({ ...request, path: `/api/v1/confirmations/${tokens[next++]}` });
  return load({ url: address, amount: tokens.length, requests: [{ method: 'PUT', setupRequest }] });
}

/** Confirming by the links of real mails, against the INSERT of the same row into a copy of signatures. */
export async function confirm(postgres: Postgres, { seconds, people }: Bounds): Promise<Figure> {
  const url = await makeDatabase(postgres, 'bench_confirm');
  const folder = await mkdtemp(join(tmpdir(), 'countersign-bench-'));
  const server = await startProbed({ DATA_DIR: folder, DATABASE_URL: url, LIMITS: 'off', MAIL_MODE: 'inbox' });
  try {
    const warmUp = 500;
    const tokens = await ask(server.address, folder, people + warmUp);
    await press(server.address, tokens.splice(0, warmUp));
    const { result, where } = await observe(folder, url, () => press(server.address, tokens));
    await until('everybody is counted', async () => (await server.count(slug)) === people + warmUp);
    await query(url, 'CREATE TABLE copy (LIKE signatures INCLUDING ALL)');
    const limit = await statementRate(
      postgres,
      url,
      `INSERT INTO copy (petition_id, id, identity, normal_form, box, country, locale, text_version, source, consents)
       SELECT petition_id, gen_random_uuid(), sha256(gen_random_uuid()::text::bytea), normal_form, box, country, locale, text_version, source, consents
       FROM signatures WHERE (petition_id, id) = (SELECT petition_id, id FROM signatures LIMIT 1)
       ON CONFLICT DO NOTHING`.replaceAll('\n', ' '),
      seconds,
    );
    return {
      what: 'confirm',
      unit: 'answers/s',
      ours: result.perSecond,
      limit,
      limitIs: pgbench,
      where: `${timing(result)}; ${where}`,
    };
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

const timing = ({ p50, p99 }: { p50: number; p99: number }) => `32 connections, median ${p50} ms, 99 % in ${p99} ms`;
