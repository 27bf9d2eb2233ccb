import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource, EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { projectRoot } from '../src/config/root.js';
import { loadSettings } from '../src/config/settings.js';
import { openDatabase } from '../src/database/data-source.js';
import { alwaysOpen } from '../src/mail/calendar.js';
import { OutboxService } from '../src/mail/outbox.service.js';
import { addToStreams } from '../src/mail/streams.js';
import { makeDatabase, type TestDatabase } from './support/database.js';
import { letter } from './support/mails.js';
import { build, Server, until } from './support/server.js';
import { type Mishap, type Sink, startSink } from './support/sink.js';

type Behaviour = Mishap | undefined;

type Work = (outbox: OutboxService, tx: EntityManager, campaignId: string) => Promise<unknown>;

interface Before {
  state: string;
  /** What the mail server does with it before the kill; `null`: it does not come so far. */
  behaviour: Behaviour | null;
  /** What is done with it before the server starts, and while it lies killed. */
  first?: Work;
  meanwhile?: Work;
}

/** How a letter is brought into a state. */
const before: Record<string, Before> = {
  'waits its turn': { state: 'queued', behaviour: null },
  'was paused': { state: 'held', behaviour: null, first: (outbox, tx, id) => outbox.hold(tx, id) },
  'was paused, and resumes after the kill': {
    ...{ state: 'held', behaviour: null },
    first: (outbox, tx, id) => outbox.hold(tx, id),
    meanwhile: (outbox, tx, id) => outbox.release(tx, id),
  },
  'was taken back': { state: 'cancelled', behaviour: null, first: (outbox, tx, id) => outbox.cancel(tx, id) },
  'was objected to': {
    state: 'suppressed',
    behaviour: null,
    first: (outbox, tx, id) => outbox.suppressPart(tx, id, {}),
  },
  'was past its deadline': { state: 'expired', behaviour: null },
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
  const [, row, column] = /^r(\d+)c(\d+)@/.exec(to)!;
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

/** Those of a stream keep its calendar and the limits, and are claimed in another way than single ones. */
const paces = [
  ['single letters', undefined],
  ['letters that keep a pace', 'testland'],
] as const;

test.each(paces)(
  'killed in every state, then answered in every way, %s: no letter twice, none lost',
  async (_, stream) => {
    const campaigns = rows.map((row) => ({ row, campaignId: uuidv7() }));
    const cells = campaigns.flatMap(({ row, campaignId }) =>
      columns.map((column) => ({ row, campaignId, to: address(row, column) })),
    );
    const outbox = new OutboxService(loadSettings(made.environment));
    const day = 86_400_000;
    const letters = cells.map(({ row, campaignId, to }) =>
      letter({
        ...{ campaignId, recipient: to, stream },
        ...(before[row]!.state === 'queued' && { notBefore: new Date(Date.now() + day) }),
        ...(before[row]!.state === 'expired' && { expiresAt: new Date(Date.now() - day) }),
      }),
    );
    await withDatabase(async (database) => {
      await database.query('DELETE FROM mail_limits');
      await database.transaction(async (tx) => {
        await outbox.enqueue(tx, letters);
        const common = { sender: 'olga@org.test', calendar: alwaysOpen, spread: false, letters: columns.length };
        if (stream) {
          await addToStreams(
            tx,
            campaigns.map(({ campaignId }) => ({ ...common, campaignId, stream })),
          );
        }
        for (const { row, campaignId } of campaigns) await before[row]!.first?.(outbox, tx, campaignId);
      });
    });

    const still = cells.filter(({ row }) => before[row]!.behaviour === null).length;
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
      return seen >= cells.length - still && seen === before;
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
      await database.query(`UPDATE mail_streams SET wait_until = NULL`);
      await database.transaction(async (tx) => {
        for (const { row, campaignId } of campaigns) await before[row]!.meanwhile?.(outbox, tx, campaignId);
      });
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
    const cell = (to: string) => `${end.get(to)}, ${kept.get(to) ?? 0}`;
    const line = (texts: string[]) => `| ${texts.join(' | ')} |`;
    const table = [
      line(['at the kill the letter …', 'state', ...columns]),
      line(Array.from({ length: columns.length + 2 }, () => '---')),
      ...rows.map((row) => line([row, before[row]!.state, ...columns.map((column) => cell(address(row, column)))])),
    ];
    for (const { to } of cells) {
      // Twice never; lost never: what no server has is told as refused, or waits, or is in doubt, or was not to go any more.
      expect(kept.get(to) ?? 0).toBeLessThanOrEqual(1);
      if (end.get(to) === 'accepted') expect(kept.get(to)).toBe(1);
      const untouched = ['held', 'cancelled', 'suppressed', 'expired'].includes(end.get(to)!);
      if (untouched) expect(kept.has(to)).toBe(false);
      else expect(['accepted', 'deferred', 'refused', 'in_doubt']).toContain(end.get(to));
    }
    const page = await readFile(join(projectRoot, 'docs/CRASHES.md'), 'utf8');
    const printed = page.split('\n').filter((text) => text.startsWith('|'));
    expect(printed.map((text) => text.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---'))).toEqual(table);
  },
  300_000,
);
