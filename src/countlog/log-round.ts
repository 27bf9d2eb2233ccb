import { Injectable } from '@nestjs/common';
import { randomInt } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EntityManager } from 'typeorm';
import { append, appendEntries, emptyTree, type Tree } from './append.js';
import { signCheckpoint } from './checkpoint.js';
import { encodeEntry, type WithdrawalReason } from './entries.js';
import { LogError } from './log-error.js';
import { Logs } from './logs.service.js';
import { leafHash } from './merkle.js';
import { type LogRow, Publisher } from './publisher.js';
import { edgePlaces, type Tile, tilePath, tileWidth } from './tiles.js';

/** Entries a round takes at most. */
export const mostInRound = 5000;
/** Entries hashed at a time: a few milliseconds, then whoever signs has a turn. */
const atATime = 4 * tileWidth;

interface Queued {
  id: string;
  kind: 'genesis' | 'sign' | 'withdraw' | 'note' | 'close';
  entry: Buffer | null;
  signatureId: string | null;
  /** Of a withdrawal. */
  reason: WithdrawalReason | null;
  codeHash: Buffer | null;
  /** Of the entry that a withdrawal takes back; null while that has not been logged. */
  target: string | null;
}

/** Takes queued entries of one log into its tree, its tiles, its checkpoint and the tallies, in one transaction. */
@Injectable()
export class LogRound {
  constructor(
    private readonly logs: Logs,
    private readonly publisher: Publisher,
  ) {}

  /** @returns how many entries were taken @throws LogError if the log is not the one that was published */
  async take(tx: EntityManager, petitionId: string): Promise<number> {
    const log = await this.open(tx, petitionId);
    await this.publisher.guard(tx, log);
    const queued = inOrder(await once(tx, petitionId, await this.queued(tx, petitionId)), log.size);
    if (queued.length === 0) return 0;

    const ends = queued[0]!.kind === 'close';
    const entries = ends ? [await lastEntry(tx, petitionId)] : entriesOf(queued, log.size);
    await this.grow(tx, log, entries, ends, async () => {
      await keepPositions(tx, log, queued);
      await keepNotes(tx, log, queued);
      await countAndForget(tx, petitionId, queued);
    });
    return queued.length;
  }

  /** The log, for this transaction alone. */
  async open(tx: EntityManager, petitionId: string): Promise<LogRow> {
    const [row] = await tx.query(
      `SELECT petition_id AS "petitionId", origin, size, root FROM logs WHERE petition_id = $1 FOR UPDATE`,
      [petitionId],
    );
    return { ...row, size: Number(row.size), root: Buffer.from(row.root) };
  }

  /**
   * Adds entries at the end and signs the checkpoint.
   * @param ends nothing may follow these
   * @param meanwhile what the database may do while the entries are hashed here
   * @returns the tree after it @throws LogError if what stands in the database is not the log it says it is
   */
  async grow(
    tx: EntityManager,
    log: LogRow,
    entries: Buffer[],
    ends: boolean,
    meanwhile: () => Promise<void> = async () => undefined,
  ): Promise<{ size: number; root: Buffer }> {
    const { petitionId } = log;
    const before = await treeOf(tx, log);
    const [hashed, stored] = await Promise.allSettled([grown(before, entries), meanwhile()]);
    if (hashed.status === 'rejected') throw hashed.reason;
    if (stored.status === 'rejected') throw stored.reason;
    const { tree, tiles } = hashed.value;
    await this.keepTiles(tx, petitionId, tiles);
    await this.keepEntries(tx, log, entries);
    const checkpoint = { origin: log.origin, size: tree.size, root: tree.root };
    await tx.query(`INSERT INTO log_checkpoints (petition_id, size, note) VALUES ($1, $2, $3)`, [
      petitionId,
      tree.size,
      signCheckpoint(checkpoint, this.logs.signer(log.origin)),
    ]);
    const [, updated] = await tx.query(
      `UPDATE logs SET size = $2, root = $3, grown_at = now(), ended_at = CASE WHEN $6 THEN now() END
       WHERE petition_id = $1 AND size = $4 AND root = $5 AND ended_at IS NULL`,
      [petitionId, tree.size, tree.root, log.size, log.root, ends],
    );
    if (updated !== 1) throw new LogError('The log has grown meanwhile.');
    return tree;
  }

  /** The end is not taken before it is alone. */
  private async queued(tx: EntityManager, petitionId: string): Promise<Queued[]> {
    const rows: Queued[] = await tx.query(
      // One by one for the few withdrawals: a join would be free to read the places of all signatures.
      `SELECT q.id, q.kind, q.entry, q.signature_id AS "signatureId", q.reason, q.code_hash AS "codeHash",
         CASE WHEN q.kind = 'withdraw' THEN (
           SELECT index FROM log_positions p WHERE p.petition_id = q.petition_id AND p.signature_id = q.signature_id
         ) END AS target
       FROM (
         SELECT * FROM log_queue
         WHERE petition_id = $1 AND due_at <= now() AND (kind <> 'close' OR NOT EXISTS (
           SELECT 1 FROM log_queue AS other WHERE other.petition_id = $1 AND other.kind <> 'close'))
         ORDER BY id LIMIT ${mostInRound}
       ) AS q`,
      [petitionId],
    );
    // The embedded database gives plain bytes.
    const buffer = (bytes: Uint8Array | null) => (bytes && !Buffer.isBuffer(bytes) ? Buffer.from(bytes) : bytes);
    for (const row of rows) Object.assign(row, { entry: buffer(row.entry), codeHash: buffer(row.codeHash) });
    return rows;
  }

  /** New bytes may only follow the old ones: whatever else stands there stays, and the round fails. */
  private async keepTiles(tx: EntityManager, petitionId: string, tiles: readonly Tile[]) {
    const rows = await tx.query(
      `INSERT INTO log_tiles (petition_id, level, index, hashes)
       SELECT $1, * FROM unnest($2::smallint[], $3::bigint[], $4::bytea[])
       ON CONFLICT (petition_id, level, index) DO UPDATE SET hashes = excluded.hashes
         WHERE substring(excluded.hashes FOR octet_length(log_tiles.hashes)) = log_tiles.hashes
       RETURNING 1`,
      [petitionId, tiles.map(({ level }) => level), tiles.map(({ index }) => index), tiles.map(({ bytes }) => bytes)],
    );
    if (rows.length !== tiles.length) throw new LogError('A tile would change that has been written.');
  }

  private async keepEntries(tx: EntityManager, { petitionId, size }: LogRow, entries: Buffer[]): Promise<void> {
    const [last] = await tx.query(`SELECT entries FROM log_bundles WHERE petition_id = $1 AND index = $2`, [
      petitionId,
      Math.floor(size / tileWidth),
    ]);
    const bundles = appendEntries(size, size % tileWidth ? Buffer.from(last?.entries ?? []) : null, entries);
    const rows = await tx.query(
      `INSERT INTO log_bundles (petition_id, index, width, entries)
       SELECT $1, * FROM unnest($2::bigint[], $3::smallint[], $4::bytea[])
       ON CONFLICT (petition_id, index) DO UPDATE SET width = excluded.width, entries = excluded.entries
         WHERE substring(excluded.entries FOR octet_length(log_bundles.entries)) = log_bundles.entries
       RETURNING 1`,
      [
        petitionId,
        bundles.map(({ index }) => index),
        bundles.map(({ width }) => width),
        bundles.map(({ bytes }) => bytes),
      ],
    );
    if (rows.length !== bundles.length) throw new LogError('An entry would change that has been written.');
  }
}

/** The tree with the entries, and every tile that is new or has grown; piece by piece, for others wait for the processor. */
async function grown(before: Tree, entries: Buffer[]): Promise<{ tree: Tree; tiles: Tile[] }> {
  const tiles = new Map<string, Tile>();
  let tree = before;
  for (let at = 0; at < entries.length;) {
    // To the end of a tile: the less stands at the edge, the less is hashed again.
    const piece = entries.slice(at, at + atATime - (tree.size % tileWidth));
    const next = append(tree, piece.map(leafHash));
    for (const tile of next.tiles) tiles.set(tilePath({ ...tile, width: tileWidth }), tile);
    tree = next;
    at += piece.length;
    await nextTurn();
  }
  return { tree, tiles: [...tiles.values()] };
}

/** The tree as it stands in the database, as far as it is needed to let it grow. */
async function treeOf(tx: EntityManager, { petitionId, size, root }: LogRow): Promise<Tree> {
  if (size === 0) return emptyTree;
  const places = edgePlaces(size);
  const rows: { level: number; index: string; hashes: Uint8Array }[] = await tx.query(
    `SELECT level, index, hashes FROM log_tiles
     JOIN unnest($2::smallint[], $3::bigint[]) AS edge (level, index) USING (level, index)
     WHERE petition_id = $1`,
    [petitionId, places.map(({ level }) => level), places.map(({ index }) => index)],
  );
  const edge = places.flatMap((place) => {
    const found = rows.find(({ level, index }) => level === place.level && Number(index) === place.index);
    return found ? [{ ...place, bytes: Buffer.from(found.hashes) }] : [];
  });
  return { size, root, edge };
}

/**
 * An entry is withdrawn once, whoever wants it: by the signer if she does, and not again after it is gone. What comes too
 * late leaves the queue without a trace.
 */
async function once(tx: EntityManager, petitionId: string, queued: Queued[]): Promise<Queued[]> {
  const withdrawals = queued.filter(({ kind }) => kind === 'withdraw');
  if (withdrawals.length === 0) return queued;
  const standing = new Set(queued.filter(({ kind }) => kind === 'sign').map(({ signatureId }) => signatureId));
  const unknown = withdrawals.filter(({ target, signatureId }) => target === null && !standing.has(signatureId));
  const held: { id: string }[] = await tx.query(
    `SELECT signature_id AS id FROM log_queue WHERE petition_id = $1 AND kind = 'sign' AND signature_id = ANY ($2::uuid[])`,
    [petitionId, unknown.map(({ signatureId }) => signatureId)],
  );
  for (const { id } of held) standing.add(id);
  const first = new Map<string | null, Queued>();
  for (const each of withdrawals.toSorted((a, b) => a.reason! - b.reason!)) {
    if (each.target === null && !standing.has(each.signatureId)) continue;
    if (!first.has(each.signatureId)) first.set(each.signatureId, each);
  }
  const late = new Set(withdrawals.filter((each) => first.get(each.signatureId) !== each));
  if (late.size > 0) {
    const ids = [...late].map(({ id }) => id);
    await tx.query(`DELETE FROM log_queue WHERE petition_id = $1 AND id = ANY ($2::uuid[])`, [petitionId, ids]);
  }
  return queued.filter((each) => !late.has(each));
}

/**
 * What can be logged now, shuffled, so that nobody learns from the order who came when: the genesis before everything,
 * and withdrawals after the signatures they take back.
 */
function inOrder(queued: Queued[], size: number): Queued[] {
  const here = new Set(queued.filter(({ kind }) => kind === 'sign').map(({ signatureId }) => signatureId));
  const ready = queued.filter(
    ({ kind, target, signatureId }) => kind !== 'withdraw' || target !== null || here.has(signatureId),
  );
  const later = ({ kind, target }: Queued) => kind === 'withdraw' && target === null;
  const genesis = ready.filter(({ kind }) => kind === 'genesis');
  if (ready.length > 0 && (size === 0) !== (genesis.length === 1)) {
    throw new LogError('A log begins with its genesis, and has no other.');
  }
  return [
    ...genesis,
    ...shuffle(ready.filter((each) => each.kind !== 'genesis' && !later(each))),
    ...shuffle(ready.filter(later)),
  ];
}

function shuffle<T>(items: T[]): T[] {
  for (let end = items.length - 1; end > 0; end--) {
    const other = randomInt(end + 1);
    [items[end], items[other]] = [items[other]!, items[end]!];
  }
  return items;
}

function entriesOf(queued: Queued[], size: number): Buffer[] {
  const indexes = new Map(
    queued.flatMap(({ kind, signatureId }, at) => (kind === 'sign' ? [[signatureId, size + at]] : [])),
  );
  return queued.map(({ entry, target, signatureId, reason, codeHash }) => {
    const index = target === null ? indexes.get(signatureId)! : Number(target);
    if (reason === 1) return encodeEntry({ kind: 'withdraw', index, reason, codeHash: codeHash! });
    return entry ?? encodeEntry({ kind: 'withdraw', index, reason: reason! });
  });
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

async function keepPositions(tx: EntityManager, { petitionId, size }: LogRow, queued: Queued[]): Promise<void> {
  const places = queued.map(({ kind, signatureId }, at) => ({ kind, signatureId, index: size + at }));
  const gone = new Set(places.filter(({ kind }) => kind === 'withdraw').map(({ signatureId }) => signatureId));
  const stay = places.filter(({ kind, signatureId }) => kind === 'sign' && !gone.has(signatureId));
  await tx.query(
    `INSERT INTO log_positions (petition_id, signature_id, index) SELECT $1, * FROM unnest($2::uuid[], $3::bigint[])`,
    [petitionId, stay.map(({ signatureId }) => signatureId), stay.map(({ index }) => index)],
  );
  if (gone.size === 0) return;
  await tx.query(`DELETE FROM log_positions WHERE petition_id = $1 AND signature_id = ANY ($2::uuid[])`, [
    petitionId,
    [...gone],
  ]);
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

/** An entry leaves the queue and enters the sum in one statement. */
async function countAndForget(tx: EntityManager, petitionId: string, queued: Queued[]): Promise<void> {
  const [{ taken }] = await tx.query(
    `WITH taken AS (
       -- Not "= ANY": with so many ids that reads the whole queue.
       DELETE FROM log_queue WHERE petition_id = $1 AND id IN (SELECT unnest($2::uuid[]))
       RETURNING kind, day, country, source
     ), added AS (
       INSERT INTO tallies (petition_id, day, country, source, signed, withdrawn)
       SELECT $1, day, country, source,
         count(*) FILTER (WHERE kind = 'sign'), count(*) FILTER (WHERE kind = 'withdraw')
       FROM taken WHERE kind IN ('sign', 'withdraw') GROUP BY day, country, source
       ON CONFLICT (petition_id, day, country, source) DO UPDATE
         SET signed = tallies.signed + excluded.signed, withdrawn = tallies.withdrawn + excluded.withdrawn
     )
     SELECT count(*)::int AS taken FROM taken`,
    [petitionId, queued.map(({ id }) => id)],
  );
  if (taken !== queued.length) throw new LogError('Somebody else has taken from the queue.');
}
