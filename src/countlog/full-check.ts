import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { SETTINGS, type Settings } from '../config/settings.js';
import { oneAtATime } from '../database/one-at-a-time.js';
import { append, emptyTree, type Tree } from './append.js';
import { openCheckpoint } from './checkpoint.js';
import { LogError } from './log-error.js';
import { Logs } from './logs.service.js';
import { leafHash } from './merkle.js';
import { LongWorks } from '../progress/long-works.service.js';
import { Publisher } from './publisher.js';
import { Tally } from './tally.js';
import { encodeBundle, parseBundle, tilePath, tileWidth, widthOf } from './tiles.js';

const hour = 3600_000;
/** Bundles read at a time: some milliseconds of work, then others have their turn. */
const page = 10;

interface Facts {
  origin: string;
  size: number;
  root: Uint8Array;
  count: number;
  positions: number;
}

/** What a full check went through. */
export interface Checked {
  size: number;
  count: number;
  checkpoints: number;
}

/**
 * Recomputes a log from its first entry: each entry by the rules, every tile, every checkpoint ever signed, the published
 * files, the tallies and the places of signatures. Once a day by itself, after a restore, and by command.
 */
@Injectable()
export class FullCheck implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly log = new Logger('FullCheck');
  private timer?: NodeJS.Timeout;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly database: DataSource,
    private readonly logs: Logs,
    private readonly publisher: Publisher,
    works: LongWorks,
  ) {
    works.handle('log-check', ({ detail }, tell) =>
      this.check(detail.petitionId as string, (done, total) => tell('entries', done, total))
        .then((checked) => ({ valid: true, ...checked }))
        .catch((error: unknown) => {
          if (error instanceof LogError) return { valid: false, fault: error.message };
          throw error;
        }),
    );
  }

  onApplicationBootstrap(): void {
    if (!this.settings.runners) return;
    const run = () => void this.daily().catch((error: Error) => this.log.error(`failed: ${error.message}`));
    this.timer = setInterval(run, hour).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /** Those that nobody has checked for a day. */
  async daily(): Promise<void> {
    await oneAtATime(this.database, 'countersign full check', async () => {
      const rows: { petition_id: string }[] = await this.database.query(
        `SELECT petition_id FROM logs WHERE size > 0 AND (checked_at IS NULL OR checked_at < now() - interval '24 hours')`,
      );
      for (const { petition_id: petitionId } of rows) {
        await this.check(petitionId).catch((error: Error) => this.log.error(`${petitionId}: ${error.message}`));
      }
    });
  }

  /**
   * Checks one log and writes down what came of it: while a fault stands, nothing more is logged.
   * @param tell how many entries were gone through, and of how many
   * @throws LogError naming the first thing that is wrong
   */
  async check(petitionId: string, tell: (done: number, total: number) => void = () => undefined): Promise<Checked> {
    try {
      const checked = await this.recompute(petitionId, tell);
      await this.write(petitionId, null);
      return checked;
    } catch (error) {
      if (error instanceof LogError) await this.write(petitionId, error.message);
      throw error;
    }
  }

  private write(petitionId: string, fault: string | null): Promise<unknown> {
    return this.database.query(`UPDATE logs SET fault = $2, checked_at = now() WHERE petition_id = $1`, [
      petitionId,
      fault,
    ]);
  }

  private async recompute(petitionId: string, tell: (done: number, total: number) => void): Promise<Checked> {
    // Before the rows: what is released meanwhile is not looked at.
    const published = await this.publisher.released(await this.logs.origin(petitionId));
    const [row] = await this.database.query(
      // One statement sees one moment; a log that grows meanwhile is checked up to here.
      `SELECT origin, size::float8 AS size, root,
         (SELECT coalesce(sum(signed - withdrawn), 0)::float8 FROM tallies WHERE petition_id = $1) AS count,
         (SELECT count(*)::float8 FROM log_positions WHERE petition_id = $1) AS positions
       FROM logs WHERE petition_id = $1`,
      [petitionId],
    );
    const { origin, size, root, count, positions } = row as Facts;
    const released = published?.size ?? 0;
    if (released > size) throw new LogError(`The database has ${size} entries, but ${released} were published.`);
    const tally = new Tally(origin);
    let tree: Tree = emptyTree;
    let checkpoints = 0;
    while (tree.size < size) {
      const entries = await this.entries(petitionId, tree.size, size);
      for (const entry of entries) tally.take(entry);
      checkpoints += await this.checkCheckpoints(petitionId, origin, tree, entries);
      const grown = append(tree, entries.map(leafHash));
      await this.checkTiles(petitionId, grown.tiles);
      await this.checkFiles(origin, { from: tree.size, to: grown.size, released }, entries, grown.tiles);
      if (published && released > tree.size && released <= grown.size) {
        const { root: then } = append(tree, entries.slice(0, released - tree.size).map(leafHash));
        if (!then.equals(published.root)) throw new LogError('What was published has another root.');
      }
      tree = grown;
      tell(tree.size, size);
    }
    if (!tree.root.equals(root)) throw new LogError('The entries do not make the root.');
    if (tally.count !== count) throw new LogError(`The tallies add up to ${count}, the entries to ${tally.count}.`);
    if (tally.count !== positions) {
      throw new LogError(`${tally.count} signatures stand, and the places of ${positions} are known.`);
    }
    return { size, count: tally.count, checkpoints };
  }

  private async entries(petitionId: string, from: number, size: number): Promise<Buffer[]> {
    const first = from / tileWidth;
    const rows: { index: number; width: number; entries: Uint8Array }[] = await this.database.query(
      `SELECT index::int, width, entries FROM log_bundles
       WHERE petition_id = $1 AND index >= $2 AND index < $2 + ${page} ORDER BY index`,
      [petitionId, first],
    );
    const entries = rows.flatMap(({ index, width, entries: bytes }, at) => {
      if (index !== first + at) throw new LogError(`Entry bundle ${first + at} is missing.`);
      return parseBundle(bytes, width).slice(0, widthOf(0, index, size));
    });
    if (from + entries.length < Math.min(size, from + page * tileWidth)) throw new LogError('Entries are missing.');
    return entries;
  }

  private async checkCheckpoints(petitionId: string, origin: string, tree: Tree, entries: Buffer[]): Promise<number> {
    const notes: { size: number; note: Uint8Array }[] = await this.database.query(
      `SELECT size::float8 AS size, note FROM log_checkpoints WHERE petition_id = $1 AND size > $2 AND size <= $3 ORDER BY size`,
      [petitionId, tree.size, tree.size + entries.length],
    );
    let then = tree;
    for (const { size, note } of notes) {
      then = append(then, entries.slice(then.size - tree.size, size - tree.size).map(leafHash));
      const signed = openCheckpoint(note, this.logs.signer(origin).verifier);
      if (signed.size !== size || !signed.root.equals(then.root)) {
        throw new LogError(`The checkpoint of size ${size} is not that of these entries.`);
      }
    }
    return notes.length;
  }

  private async checkTiles(
    petitionId: string,
    tiles: { level: number; index: number; bytes: Buffer }[],
  ): Promise<void> {
    const rows: { hashes: Uint8Array | null }[] = await this.database.query(
      `SELECT hashes FROM unnest($2::smallint[], $3::bigint[]) WITH ORDINALITY AS wanted (level, index, place)
       LEFT JOIN log_tiles t ON t.petition_id = $1 AND t.level = wanted.level AND t.index = wanted.index ORDER BY place`,
      [petitionId, tiles.map(({ level }) => level), tiles.map(({ index }) => index)],
    );
    for (const [at, { level, index, bytes }] of tiles.entries()) {
      const kept = Buffer.from(rows[at]?.hashes ?? []);
      if (!kept.subarray(0, bytes.length).equals(bytes)) {
        throw new LogError(
          `The tile ${tilePath({ level, index, width: bytes.length / 32 })} is not that of the entries.`,
        );
      }
    }
  }

  /** Full tiles and bundles, and those at the edge of what was released last. */
  private async checkFiles(
    origin: string,
    { from, to, released }: { from: number; to: number; released: number },
    entries: Buffer[],
    tiles: { level: number; index: number; width: number; bytes: Buffer }[],
  ): Promise<void> {
    const same = async (path: string, bytes: Buffer) => {
      const file = await this.publisher.file(origin, path);
      if (!file?.equals(bytes)) throw new LogError(`The published file ${path} is ${file ? 'another' : 'missing'}.`);
    };
    for (const { level, index, bytes } of tiles) {
      const width = widthOf(level, index, released);
      // A tile that grows on is looked at when it has its last width.
      if (width > 0 && bytes.length >= width * 32) {
        await same(tilePath({ level, index, width }), bytes.subarray(0, width * 32));
      }
    }
    for (let index = from / tileWidth; index * tileWidth < to; index++) {
      const width = widthOf(0, index, released);
      const some = entries.slice(index * tileWidth - from, index * tileWidth - from + width);
      if (width > 0) await same(tilePath({ level: 'entries', index, width }), encodeBundle(some));
    }
  }
}
