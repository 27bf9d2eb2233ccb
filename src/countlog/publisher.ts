import { Inject, Injectable } from '@nestjs/common';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DataSource, type EntityManager } from 'typeorm';
import { SETTINGS, type Settings } from '../config/settings.js';
import { oneAtATime } from '../database/one-at-a-time.js';
import { type Checkpoint, openCheckpoint } from './checkpoint.js';
import { LogError } from './log-error.js';
import { logFiles } from './log-files.js';
import { Logs } from './logs.service.js';
import { rootAt, rootNodes } from './merkle.js';
import { hashAtFrom, placesOf, tilePath } from './tiles.js';

/** A log as a round found it. */
export interface LogRow {
  petitionId: string;
  origin: string;
  size: number;
  root: Buffer;
}

export type Released = Pick<Checkpoint, 'size' | 'root'>;

/**
 * The public files of the logs, in DATA_DIR/log, and the guard against signing two histories: what was released once is
 * remembered outside the database, in the files themselves and in an anchor, and no round starts on a database that does
 * not continue it (a restored backup, say).
 */
@Injectable()
export class Publisher {
  private last: Promise<void> = Promise.resolve();

  constructor(
    private readonly database: DataSource,
    private readonly logs: Logs,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** What was released last, by the files themselves and by the anchor; null before the first release. */
  async released(origin: string): Promise<Released | null> {
    const [anchor, published] = [await this.anchor(origin), await this.published(origin)];
    return (anchor?.size ?? -1) > (published?.size ?? -1) ? anchor : published;
  }

  /** The bytes of a published file, or null if there is none. */
  file(origin: string, file: string): Promise<Buffer | null> {
    return readFile(this.path(origin, file)).catch(absent);
  }

  /** @throws LogError unless the log in the database is what was released, or continues it */
  async guard(tx: EntityManager, log: LogRow): Promise<void> {
    const [anchor, published] = [await this.anchor(log.origin), await this.published(log.origin)];
    const same = anchor && published && anchor.size === published.size && anchor.root.equals(published.root);
    for (const released of same ? [anchor] : [anchor, published]) {
      if (!released) continue;
      if (released.size > log.size) {
        throw new LogError(
          `The database has ${log.size} entries, but ${released.size} were published: it is an old one.`,
        );
      }
      const root = released.size === log.size ? log.root : await rootOfSize(tx, log.petitionId, released.size);
      if (!root.equals(released.root))
        throw new LogError(`The first ${released.size} entries are not those published.`);
    }
  }

  /**
   * Writes what was committed and not yet released: tiles and entries, then the checkpoint, then the anchor. A crash in
   * between is made good by the next call.
   * @throws LogError if the log does not continue what was released, or a file is there already and says something else
   */
  publish(petitionId: string): Promise<void> {
    const turn = this.last.then(() =>
      oneAtATime(this.database, 'countersign publisher', () => this.release(petitionId)),
    );
    this.last = turn.catch(() => undefined);
    return turn;
  }

  private async release(petitionId: string): Promise<void> {
    const [log] = await this.database.query(
      `SELECT origin, publication, size::int, root, note FROM logs JOIN log_checkpoints USING (petition_id, size)
       WHERE petition_id = $1`,
      [petitionId],
    );
    if (!log) return;
    const { origin, size } = log as { origin: string; size: number };
    const note = Buffer.from(log.note);
    // Also here: a restored backup must not take back what was published, not even on the next start.
    await this.guard(this.database.manager, { petitionId, origin, size, root: Buffer.from(log.root) });
    const from = Math.min((await this.anchor(origin))?.size ?? 0, (await this.published(origin))?.size ?? 0);
    // Before anything else: the publication can change while the log stands still.
    await this.renew(this.path(origin, 'log.json'), `${JSON.stringify(this.logs.settingsOf(log), null, 2)}\n`);
    if (from === size) return;

    const folders = new Set<string>();
    for await (const page of logFiles(this.database.manager, petitionId, { from, size })) {
      await all(page, async ({ path, bytes }) => {
        folders.add(dirname(path));
        await this.keep(origin, path, bytes);
      });
    }
    // The names of the new files are on the disk before the checkpoint that needs them.
    await all([...folders], (folder) => sync(this.path(origin, folder)));
    await this.keep(origin, `checkpoints/${size}`, note);
    await this.write(this.path(origin, 'checkpoint'), note);
    await this.write(this.anchorPath(origin), note);
  }

  /** What the anchor says was released last. */
  private anchor(origin: string): Promise<Released | null> {
    return this.opened(origin, this.anchorPath(origin));
  }

  /** The newest checkpoint that everybody can read, if there is one. @throws LogError if it is not signed by the log */
  published(origin: string): Promise<(Released & { note: Buffer }) | null> {
    return this.opened(origin, this.path(origin, 'checkpoint'));
  }

  private async opened(origin: string, path: string): Promise<(Released & { note: Buffer }) | null> {
    const note = await readFile(path).catch(absent);
    return note && { ...openCheckpoint(note, this.logs.signer(origin).verifier), note };
  }

  /** Writes a file that never changes again. */
  private async keep(origin: string, file: string, bytes: Buffer): Promise<void> {
    const path = this.path(origin, file);
    const known = await readFile(path).catch(absent);
    if (!known) return this.write(path, bytes);
    if (!known.equals(bytes)) throw new LogError(`${file} was published with another content.`);
  }

  /** Writes a file again only if it says something else. */
  private async renew(path: string, text: string): Promise<void> {
    const known = await readFile(path).catch(absent);
    if (!known?.equals(Buffer.from(text))) await this.write(path, Buffer.from(text));
  }

  /** Whole or not at all, and on the disk when it returns. */
  private async write(path: string, bytes: Buffer): Promise<void> {
    await mkdir(dirname(path), { recursive: true });
    const temporary = `${path}.new`;
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  }

  /** DATA_DIR/log/<slug>/... */
  private path(origin: string, file: string): string {
    return join(this.settings.DATA_DIR, origin.slice(origin.indexOf('/') + 1), file);
  }

  private anchorPath(origin: string): string {
    return join(this.settings.DATA_DIR, 'anchors', origin.slice(origin.lastIndexOf('/') + 1));
  }
}

async function rootOfSize(tx: EntityManager, petitionId: string, size: number): Promise<Buffer> {
  const places = placesOf(rootNodes(size), size);
  const rows: { level: number; index: number; hashes: Uint8Array }[] = await tx.query(
    `SELECT level, index::int, hashes FROM log_tiles
     JOIN unnest($2::smallint[], $3::bigint[]) AS wanted (level, index) USING (level, index)
     WHERE petition_id = $1`,
    [petitionId, places.map(({ level }) => level), places.map(({ index }) => index)],
  );
  const tiles = new Map(
    places.map((place) => {
      const found = rows.find(({ level, index }) => level === place.level && index === place.index);
      return [tilePath(place), Buffer.from(found?.hashes ?? []).subarray(0, place.width * 32)];
    }),
  );
  return rootAt(
    size,
    hashAtFrom(size, (place) => tiles.get(tilePath(place))!),
  );
}

/** Files under way at once: their ways to the disk overlap, and who signs has a turn between them. */
const together = 6;

/** Until the last is done, also when one fails: nothing is written behind the back of whoever tries again. @throws what failed first */
async function all<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const errors: unknown[] = [];
  const left = items.values();
  // They share what is left.
  const hand = async () => {
    for (const item of left) await work(item).catch((error: unknown) => errors.push(error));
  };
  await Promise.all(Array.from({ length: together }, hand));
  if (errors.length > 0) throw errors[0];
}

/** Waits until the names in a folder are on the disk. */
async function sync(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const absent = (error: NodeJS.ErrnoException) => {
  if (error.code === 'ENOENT') return null;
  throw error;
};
