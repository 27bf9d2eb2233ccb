import { randomInt } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { asBuffer } from '../database/bytes.js';
import { encodeEntry, type WithdrawalReason } from './entries.js';
import { LogError } from './log-error.js';
import type { LogRow } from './publisher.js';

// How entries leave the queue and find their place in the log, all in the transaction of a round: signatures by the
// thousand in one statement, the few others one by one.

interface Queued {
  id: string;
  kind: 'genesis' | 'withdraw' | 'note' | 'close';
  entry: Buffer | null;
  signatureId: string | null;
  /** Of a withdrawal. */
  reason: WithdrawalReason | null;
  codeHash: Buffer | null;
  /** Of the entry that a withdrawal takes back; null while that has not been logged. */
  target: string | null;
}

const signLength = 65;

/** Places are those of one table: were it partitioned, another petition could have the same. Not as an index would have it. */
const ofThis = `(petition_id = $1) IS TRUE`;

/** Adds up what has left the queue: `taken` has the columns kind, day, country and source. */
const addToTallies = `
  INSERT INTO tallies (petition_id, day, country, source, signed, withdrawn)
  SELECT $1, day, country, source,
    count(*) FILTER (WHERE kind = 'sign'), count(*) FILTER (WHERE kind = 'withdraw')
  FROM taken WHERE kind IN ('sign', 'withdraw') GROUP BY day, country, source
  ON CONFLICT (petition_id, day, country, source) DO UPDATE
    SET signed = tallies.signed + excluded.signed, withdrawn = tallies.withdrawn + excluded.withdrawn`;

/**
 * The signatures that are due, with their places after the last entry; shuffled, so that nobody learns from the order who
 * came when. An entry leaves the queue, finds its place and enters the sum in one statement.
 * @returns their entries, in the order of the log
 */
export async function takeSignatures(tx: EntityManager, { petitionId, size }: LogRow, most: number): Promise<Buffer[]> {
  const [row] = await tx.query(
    `WITH taken AS (
       -- Not by id: what the planner knows of a queue is always old, and with 5,000 rows where it expects one it would
       -- compare each with each. A row that somebody changes meanwhile is taken if it is still due, or left for the next round.
       DELETE FROM log_queue WHERE ctid = ANY (ARRAY (
         SELECT ctid FROM log_queue WHERE petition_id = $1 AND kind = 'sign' AND due_at <= now() ORDER BY id LIMIT $3
       )) AND due_at <= now() AND ${ofThis}
       RETURNING kind, entry, signature_id, day, country, source
     ), placed AS MATERIALIZED (
       -- 122 bits of a cryptographic generator each.
       SELECT signature_id, entry, $2::bigint + row_number() OVER (ORDER BY gen_random_uuid()) - 1 AS index FROM taken
     ), positions AS (
       INSERT INTO log_positions (petition_id, signature_id, index) SELECT $1, signature_id, index FROM placed ORDER BY signature_id
     ), added AS (${addToTallies})
     SELECT string_agg(entry, NULL ORDER BY index) AS entries, count(*)::int AS many FROM placed`,
    [petitionId, size, most],
  );
  const { entries, many } = row as { entries: Uint8Array | null; many: number };
  const bytes = Buffer.from(entries ?? []);
  const each = Array.from({ length: many }, (_, at) => bytes.subarray(at * signLength, (at + 1) * signLength));
  if (bytes.length !== many * signLength || each.some((entry) => entry[0] !== 1)) {
    throw new LogError('What is queued as a signature is none.');
  }
  return each;
}

/** @throws LogError if there is none: a log begins with it */
export async function takeGenesis(tx: EntityManager, { petitionId }: LogRow): Promise<Buffer> {
  const [genesis] = await othersDue(tx, petitionId, 'genesis', 1);
  if (!genesis) throw new LogError('A log begins with its genesis.');
  await countAndForget(tx, petitionId, [genesis]);
  return genesis.entry!;
}

/**
 * Everything else that can be logged now, shuffled: withdrawals when the place of their signature is known, the end when
 * nothing else is left.
 * @param log as it is with the signatures of this round
 */
export async function takeOthers(
  tx: EntityManager,
  log: LogRow,
  most: number,
): Promise<{ entries: Buffer[]; ends: boolean }> {
  const { petitionId } = log;
  const ready = shuffle(await once(tx, petitionId, await othersDue(tx, petitionId, 'others', most)));
  if (ready.length === 0) return { entries: [], ends: false };
  if (ready.some(({ kind }) => kind === 'genesis')) throw new LogError('A log has one genesis.');
  const gone = ready.filter(({ kind }) => kind === 'withdraw').map(({ signatureId }) => signatureId);
  if (gone.length > 0) {
    await tx.query(`DELETE FROM log_positions WHERE petition_id = $1 AND signature_id = ANY ($2::uuid[])`, [
      petitionId,
      gone,
    ]);
  }
  await keepNotes(tx, log, ready);
  await countAndForget(tx, petitionId, ready);
  const ends = ready[0]!.kind === 'close';
  return { entries: ends ? [await lastEntry(tx, petitionId)] : ready.map(entryOf), ends };
}

/** The end is not taken before it is alone. */
async function othersDue(
  tx: EntityManager,
  petitionId: string,
  which: 'genesis' | 'others',
  most: number,
): Promise<Queued[]> {
  const rows: Queued[] = await tx.query(
    // One by one for the few withdrawals: a join would be free to read the places of all signatures.
    `SELECT q.id, q.kind, q.entry, q.signature_id AS "signatureId", q.reason, q.code_hash AS "codeHash",
       CASE WHEN q.kind = 'withdraw' THEN (
         SELECT index FROM log_positions p WHERE p.petition_id = q.petition_id AND p.signature_id = q.signature_id
       ) END AS target
     FROM (
       SELECT * FROM log_queue
       WHERE petition_id = $1 AND kind <> 'sign' AND due_at <= now()
         AND ($3 = 'others' OR kind = $3) AND (kind <> 'close' OR NOT EXISTS (
         SELECT 1 FROM log_queue AS other WHERE other.petition_id = $1 AND other.kind <> 'close'))
       ORDER BY id LIMIT $2
     ) AS q`,
    [petitionId, most, which],
  );
  for (const row of rows) Object.assign(row, { entry: asBuffer(row.entry), codeHash: asBuffer(row.codeHash) });
  return rows;
}

/**
 * An entry is withdrawn once, whoever wants it: by the signer if she does, and not again after it is gone. What comes too
 * late leaves the queue without a trace; what comes before its signature waits.
 */
async function once(tx: EntityManager, petitionId: string, queued: Queued[]): Promise<Queued[]> {
  const withdrawals = queued.filter(({ kind }) => kind === 'withdraw');
  if (withdrawals.length === 0) return queued;
  const unknown = withdrawals.filter(({ target }) => target === null);
  const rows: { id: string }[] = await tx.query(
    `SELECT signature_id AS id FROM log_queue WHERE petition_id = $1 AND kind = 'sign' AND signature_id = ANY ($2::uuid[])`,
    [petitionId, unknown.map(({ signatureId }) => signatureId)],
  );
  const waiting = new Set<string | null>(rows.map(({ id }) => id));
  const first = new Map<string | null, Queued>();
  for (const each of withdrawals.toSorted((a, b) => a.reason! - b.reason!)) {
    if (each.target === null && !waiting.has(each.signatureId)) continue;
    if (!first.has(each.signatureId)) first.set(each.signatureId, each);
  }
  const late = new Set(withdrawals.filter((each) => first.get(each.signatureId) !== each));
  if (late.size > 0) {
    const ids = [...late].map(({ id }) => id);
    await tx.query(`DELETE FROM log_queue WHERE petition_id = $1 AND id = ANY ($2::uuid[])`, [petitionId, ids]);
  }
  return queued.filter((each) => !late.has(each) && (each.kind !== 'withdraw' || each.target !== null));
}

function shuffle<T>(items: T[]): T[] {
  for (let end = items.length - 1; end > 0; end--) {
    const other = randomInt(end + 1);
    [items[end], items[other]] = [items[other]!, items[end]!];
  }
  return items;
}

function entryOf({ entry, target, reason, codeHash }: Queued): Buffer {
  if (entry) return entry;
  const index = Number(target);
  if (reason === 1) return encodeEntry({ kind: 'withdraw', index, reason, codeHash: codeHash! });
  return encodeEntry({ kind: 'withdraw', index, reason: reason! });
}

/** The end says what everything before it comes to. */
async function lastEntry(tx: EntityManager, petitionId: string): Promise<Buffer> {
  const [{ closed, count }] = await tx.query(
    `SELECT (now() AT TIME ZONE 'UTC')::date::text AS closed, coalesce(sum(signed - withdrawn), 0)::bigint AS count
     FROM tallies WHERE petition_id = $1`,
    [petitionId],
  );
  return encodeEntry({ kind: 'close', facts: { closed: closed as string, count: Number(count), v: 1 } });
}

async function keepNotes(tx: EntityManager, { petitionId, size }: LogRow, queued: Queued[]): Promise<void> {
  const notes = queued.flatMap(({ id, kind }, at) => (kind === 'note' ? [{ id, index: size + at }] : []));
  if (notes.length === 0) return;
  await tx.query(`INSERT INTO log_notes (petition_id, id, index) SELECT $1, * FROM unnest($2::uuid[], $3::bigint[])`, [
    petitionId,
    notes.map(({ id }) => id),
    notes.map(({ index }) => index),
  ]);
}

async function countAndForget(tx: EntityManager, petitionId: string, queued: Queued[]): Promise<void> {
  const [{ taken }] = await tx.query(
    `WITH taken AS (
       -- Found one by one, whatever the planner expects: with "= ANY" it may read the whole queue, with IN compare each with
       -- each.
       DELETE FROM log_queue WHERE ctid = ANY (ARRAY (
         SELECT place FROM unnest($2::uuid[]) AS gone (id) CROSS JOIN LATERAL (
           SELECT ctid AS place FROM log_queue WHERE petition_id = $1 AND log_queue.id = gone.id OFFSET 0
         ) AS found
       )) AND ${ofThis}
       RETURNING kind, day, country, source
     ), added AS (${addToTallies})
     SELECT count(*)::int AS taken FROM taken`,
    [petitionId, queued.map(({ id }) => id)],
  );
  if (taken !== queued.length) throw new LogError('Somebody else has taken from the queue.');
}
