import { Injectable } from '@nestjs/common';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EntityManager } from 'typeorm';
import { columnsOf } from '../database/binary-array.js';
import { append, appendEntries, emptyTree, type Tree } from './append.js';
import { signCheckpoint } from './checkpoint.js';
import type { Publication } from './log.entity.js';
import { LogError } from './log-error.js';
import { takeGenesis, takeOthers, takeSignatures } from './log-taking.js';
import { Logs } from './logs.service.js';
import { leafHash } from './merkle.js';
import { type LogRow, Publisher } from './publisher.js';
import { edgePlaces, type Tile, tilePath, tileWidth } from './tiles.js';

/** Signatures a round takes at most, and as many of everything else. */
export const mostInRound = 5000;
/** Entries hashed at a time: about a millisecond, then whoever signs has a turn. */
const atATime = tileWidth;

/** A log, locked for the transaction that found it. */
type OpenLog = LogRow & { publication: Publication };

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
    const { entries, ends } = await this.entries(tx, log);
    if (entries.length > 0) await this.grow(tx, log, entries, ends);
    return entries.length;
  }

  private async entries(tx: EntityManager, log: OpenLog): Promise<{ entries: Buffer[]; ends: boolean }> {
    const entries = log.size === 0 ? [await takeGenesis(tx, log)] : [];
    // A protected log begins alone: who signed while nothing was counted comes out in a crowd, like everybody after her.
    if (entries.length > 0 && log.publication === 'protected') return { entries, ends: false };
    const next = () => ({ ...log, size: log.size + entries.length });
    entries.push(...(await takeSignatures(tx, next(), mostInRound)));
    const others = await takeOthers(tx, next(), mostInRound);
    return { entries: [...entries, ...others.entries], ends: others.ends };
  }

  /** The log, for this transaction alone. */
  async open(tx: EntityManager, petitionId: string): Promise<OpenLog> {
    const [row] = await tx.query(
      `SELECT petition_id AS "petitionId", origin, publication, size, root FROM logs WHERE petition_id = $1 FOR UPDATE`,
      [petitionId],
    );
    return { ...row, size: Number(row.size), root: Buffer.from(row.root) };
  }

  /**
   * Adds entries at the end and signs the checkpoint.
   * @param ends nothing may follow these
   * @returns the tree after it @throws LogError if what stands in the database is not the log it says it is
   */
  async grow(
    tx: EntityManager,
    log: LogRow,
    entries: Buffer[],
    ends: boolean,
  ): Promise<{ size: number; root: Buffer }> {
    const { petitionId } = log;
    const before = await treeOf(tx, log);
    const { tree, tiles } = await grown(before, entries);
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

  /** New bytes may only follow the old ones: whatever else stands there stays, and the round fails. */
  private async keepTiles(tx: EntityManager, petitionId: string, tiles: readonly Tile[]) {
    const rows = await tx.query(
      `INSERT INTO log_tiles (petition_id, level, index, hashes)
       SELECT $1, * FROM unnest($2::smallint[], $3::bigint[], $4::bytea[])
       ON CONFLICT (petition_id, level, index) DO UPDATE SET hashes = excluded.hashes
         WHERE substring(excluded.hashes FOR octet_length(log_tiles.hashes)) = log_tiles.hashes
       RETURNING 1`,
      [
        petitionId,
        tiles.map(({ level }) => level),
        tiles.map(({ index }) => index),
        columnsOf(tiles)('bytea', ({ bytes }) => bytes),
      ],
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
        columnsOf(bundles)('bytea', ({ bytes }) => bytes),
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
