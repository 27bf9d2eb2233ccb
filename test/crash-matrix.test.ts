import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { projectRoot } from '../src/config/root.js';
import { loadSettings } from '../src/config/settings.js';
import { openDatabase } from '../src/database/data-source.js';
import { OutboxService } from '../src/mail/outbox.service.js';
import { makeDatabase, type TestDatabase } from './support/database.js';
import { letter } from './support/mails.js';
import { build, Server, until } from './support/server.js';
import { type Mishap, type Sink, startSink } from './support/sink.js';

type Behaviour = Mishap | undefined;

/** How a letter is brought into a state, by what the mail server does before the kill; `null`: it is not due yet. */
const before: Record<string, { state: string; behaviour: Behaviour | null }> = {
  'waits its turn': { state: 'queued', behaviour: null },
  'the server thinks about the recipient': { state: 'claimed', behaviour: { at: 'rcpt', wait: 120_000 } },
  'the server has it and has not answered': { state: 'handing_over', behaviour: { at: 'end', silent: true } },
  'was told to come back, by 4xx to RCPT': { state: 'deferred', behaviour: { at: 'rcpt', code: 450 } },
  'was told to come back, by 4xx to the final dot': { state: 'deferred', behaviour: { at: 'end', code: 451 } },
  'lost the line after the final dot': { state: 'in_doubt', behaviour: { at: 'end', drop: true } },
  'was refused': { state: 'refused', behaviour: { at: 'rcpt', code: 550 } },
  'was accepted': { state: 'accepted', behaviour: undefined },
};

/** What the mail server does after the restart. */
const after: Record<string, Behaviour> = {
  accepts: undefined,
  '4xx to RCPT': { at: 'rcpt', code: 450 },
  '5xx to RCPT': { at: 'rcpt', code: 550 },
  '4xx to the final dot': { at: 'end', code: 451 },
  '5xx to the final dot': { at: 'end', code: 554 },
  'hangs up after the final dot': { at: 'end', drop: true },
};

const rows = Object.keys(before);
const columns = Object.keys(after);
const address = (row: string, column: string) => `r${rows.indexOf(row)}c${columns.indexOf(column)}@parliament.test`;
const cellOf = (to: string) => {
  const [, row, column] = /^r(\d)c(\d)@/.exec(to)!;
  return { row: rows[Number(row)]!, column: columns[Number(column)]! };
};

let made: TestDatabase;
let sink: Sink;
let running: Server | undefined;
beforeAll(build, 180_000);
beforeEach(async () => {
  made = await makeDatabase();
  sink = await startSink();
});
afterEach(async () => {
  await running?.stop('SIGKILL');
  await sink.close();
  await made.drop();
});

/** Half of the lines are for letters: each letter that the server keeps waiting has one of its own. */
const start = async () =>
  (running = await Server.start({
    ...made.environment,
    MAIL_MODE: 'live',
    SMTP_URL: `${sink.url}?connections=50`,
    MAIL_FROM: 'Countersign <mail@countersign.test>',
    PUBLIC_URL: 'http://countersign.test',
    LOG_LEVEL: 'error',
  }));

/** The database while no server runs: the embedded one is one process's alone. */
async function withDatabase<T>(work: (database: DataSource) => Promise<T>): Promise<T> {
  const database = await openDatabase(loadSettings(made.environment));
  return work(database).finally(() => database.destroy());
}

const states = () =>
  withDatabase(async (database) => {
    const found = await database.query<{ recipient: string; state: string }[]>('SELECT recipient, state FROM outbox');
    return new Map(found.map(({ recipient, state }) => [recipient, state]));
  });

/** Whole mails per recipient that the server took or has lying there: not those it said no to. */
const copies = () => {
  const kept = new Map<string, number>();
  for (const { to, answer } of sink.mails) {
    if (answer === null || answer < 300) kept.set(to, (kept.get(to) ?? 0) + 1);
  }
  return kept;
};

test('killed in every state, then answered in every way: no letter twice, none lost', async () => {
  const cells = rows.flatMap((row) => columns.map((column) => ({ row, to: address(row, column) })));
  const tomorrow = new Date(Date.now() + 86_400_000);
  const letters = cells.map(({ row, to }) =>
    letter({ recipient: to, ...(before[row]!.behaviour === null && { notBefore: tomorrow }) }),
  );
  await withDatabase((database) =>
    database.transaction((tx) => new OutboxService(loadSettings(made.environment)).enqueue(tx, letters)),
  );

  let seen = 0;
  sink.mishap = ({ to }) => {
    if (!to) return undefined;
    seen += 1;
    return before[cellOf(to).row]!.behaviour ?? undefined;
  };
  const first = await start();
  await until('the server has done to each letter what it does', async () => {
    const before = seen;
    await sleep(1500);
    return seen >= (rows.length - 1) * columns.length && seen === before;
  });
  first.child.kill('SIGKILL');
  await first.ended;
  const atKill = await states();
  expect(cells.map(({ row, to }) => `${row}: ${atKill.get(to)}`)).toEqual(
    cells.map(({ row }) => `${row}: ${before[row]!.state}`),
  );

  // As if the minute of silence, the wait and the night were over.
  await withDatabase(async (database) => {
    await database.query('UPDATE outbox SET lease_until = now() WHERE lease_until IS NOT NULL');
    await database.query(`UPDATE outbox SET next_attempt_at = now() WHERE state IN ('queued', 'deferred')`);
  });
  sink.mishap = ({ to }) => (to ? after[cellOf(to).column] : undefined);
  const second = await start();
  await until('nothing moves any more', async () => {
    const taken = sink.mails.length;
    await sleep(3000);
    return sink.mails.length === taken;
  });
  await second.stop();

  const end = await states();
  const kept = copies();
  const cell = (row: string, column: string) =>
    `${end.get(address(row, column))}, ${kept.get(address(row, column)) ?? 0}`;
  const line = (texts: string[]) => `| ${texts.join(' | ')} |`;
  const table = [
    line(['at the kill the letter …', 'state', ...columns]),
    line(Array.from({ length: columns.length + 2 }, () => '---')),
    ...rows.map((row) => line([row, before[row]!.state, ...columns.map((column) => cell(row, column))])),
  ];
  for (const { to } of cells) {
    // Twice never; lost never: what no server has is told as refused, or waits, or is in doubt.
    expect(kept.get(to) ?? 0).toBeLessThanOrEqual(1);
    if (end.get(to) === 'accepted') expect(kept.get(to)).toBe(1);
    expect(['accepted', 'deferred', 'refused', 'in_doubt']).toContain(end.get(to));
  }
  const page = await readFile(join(projectRoot, 'docs/CRASHES.md'), 'utf8');
  const printed = page.split('\n').filter((text) => text.startsWith('|'));
  expect(printed.map((text) => text.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---'))).toEqual(table);
}, 300_000);
