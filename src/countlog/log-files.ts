import type { EntityManager } from 'typeorm';
import { encodeBundle, parseBundle, tilePath, tileWidth, widthOf } from './tiles.js';

export interface LogFile {
  /** Relative to the prefix of the log. */
  path: string;
  bytes: Buffer;
}

/** So many files are read at once. */
const most = 32;

/**
 * The tiles and entry bundles of a log of this size, in pages: those that a log of the size `from` does not have yet. Also
 * while the log grows on: what stands in the database only ever gets longer, and is cut here.
 */
export async function* logFiles(
  manager: EntityManager,
  petitionId: string,
  { from, size }: { from: number; size: number },
): AsyncGenerator<LogFile[]> {
  for (let level = 0; tileWidth ** level <= size; level++) {
    const tiles = pages<{ index: number; hashes: Uint8Array }>(
      manager,
      `SELECT index::int, hashes FROM log_tiles
       WHERE petition_id = $1 AND level = ${level} AND index >= $2 ORDER BY index LIMIT $3`,
      petitionId,
      Math.floor(from / tileWidth ** (level + 1)),
    );
    for await (const page of tiles) {
      yield page.flatMap(({ index, hashes }) => {
        const width = widthOf(level, index, size);
        if (width === 0) return [];
        return [{ path: tilePath({ level, index, width }), bytes: Buffer.from(hashes).subarray(0, width * 32) }];
      });
    }
  }
  const bundles = pages<{ index: number; width: number; entries: Uint8Array }>(
    manager,
    `SELECT index::int, width, entries FROM log_bundles WHERE petition_id = $1 AND index >= $2 ORDER BY index LIMIT $3`,
    petitionId,
    Math.floor(from / tileWidth),
  );
  for await (const page of bundles) {
    yield page.flatMap((bundle) => {
      const width = widthOf(0, bundle.index, size);
      if (width === 0) return [];
      const entries = parseBundle(bundle.entries, bundle.width).slice(0, width);
      return [{ path: tilePath({ level: 'entries', index: bundle.index, width }), bytes: encodeBundle(entries) }];
    });
  }
}

/** Every checkpoint up to this size, oldest first, in pages. */
export function checkpointsUpTo(
  manager: EntityManager,
  petitionId: string,
  size: number,
): AsyncGenerator<{ index: number; note: Uint8Array }[]> {
  return pages(
    manager,
    `SELECT size::float8 AS index, note FROM log_checkpoints
     WHERE petition_id = $1 AND size >= $2 AND size <= ${size} ORDER BY size LIMIT $3`,
    petitionId,
    0,
  );
}

/** Rows by `index`, page after page. */
async function* pages<Row extends { index: number }>(
  manager: EntityManager,
  sql: string,
  petitionId: string,
  from: number,
): AsyncGenerator<Row[]> {
  for (let first = from; ;) {
    const rows: Row[] = await manager.query(sql, [petitionId, first, most]);
    yield rows;
    if (rows.length < most) return;
    first = rows.at(-1)!.index + 1;
  }
}
