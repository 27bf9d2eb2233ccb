import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { LogError } from '../countlog/log-error.js';
import { Publisher } from '../countlog/publisher.js';
import { problems } from '../site/problem.js';
import type { Breakdown, CountRow } from './exports.schema.js';

/** The counts of one petition and the state of its log, of one moment. */
export interface CountSnapshot {
  petitionId: string;
  petition: string;
  origin: string;
  asOf: Date;
  /** The checkpoint that the rows are the sum of; null while nothing of this state may be shown. */
  checkpoint: { size: number; root: string; note: Buffer } | null;
  rows(): Generator<CountRow>;
}

interface Found {
  petition_id: string;
  slug: string;
  origin: string;
  size: number;
  root: Uint8Array;
  stopped: boolean;
  note: Uint8Array | null;
  as_of: Date;
  cells: string | null;
}

interface Wanted {
  by: Breakdown;
  /** Slug; without it every petition that the public may see, in their order. */
  petition?: string;
  /** Only days that are over. */
  finishedDays?: boolean;
}

/**
 * Reads the tallies. One statement per petition, so that its rows, the size of its log and the checkpoint belong together
 * whatever is logged meanwhile. The rows come as one text of some twenty bytes each: days times countries times sources,
 * never signatures.
 */
@Injectable()
export class CountSnapshots {
  constructor(
    private readonly database: DataSource,
    private readonly publisher: Publisher,
  ) {}

  /** @throws Problem not-found for a petition that does not exist */
  async require(slug: string): Promise<void> {
    const [{ found }] = await this.database.query(
      `SELECT EXISTS (SELECT 1 FROM petitions WHERE slug = $1 AND state NOT IN ('draft', 'in_review')) AS found`,
      [slug],
    );
    if (!found) throw problems.notFound('There is no petition of this name.');
  }

  /** One petition after the other, as they are asked for. */
  async *read(wanted: Wanted): AsyncGenerator<CountSnapshot> {
    for (let last = ''; ;) {
      const found = await this.next(wanted, last);
      if (!found) return;
      yield { ...snapshot(found), checkpoint: await this.checkpoint(found) };
      last = found.slug;
    }
  }

  /** The snapshot of one petition. @throws Problem not-found */
  async one(wanted: Wanted & { petition: string }): Promise<CountSnapshot> {
    for await (const found of this.read(wanted)) return found;
    throw problems.notFound('There is no petition of this name.');
  }

  private async next({ by, petition, finishedDays = false }: Wanted, after: string): Promise<Found | undefined> {
    const column = (name: string, wanted: boolean) => `${wanted ? `t.${name}::text` : `''`} AS ${name}`;
    const cells = [
      column('day', by === 'day' || by === 'day-country'),
      column('country', by === 'country' || by === 'day-country'),
      column('source', by === 'source'),
    ].join(', ');
    const [found]: Found[] = await this.database.query(
      `SELECT p.id AS petition_id, p.slug, l.origin, l.size::float8 AS size, l.root, c.note, now() AS as_of,
         coalesce(l.refused, l.fault) IS NOT NULL AS stopped,
         (SELECT string_agg(concat_ws(',', day, country, source, signed, withdrawn), ';' ORDER BY day, country, source)
          FROM (SELECT ${cells}, sum(t.signed) AS signed, sum(t.withdrawn) AS withdrawn FROM tallies t
                WHERE t.petition_id = p.id AND (NOT $3 OR t.day < (now() AT TIME ZONE 'UTC')::date)
                GROUP BY 1, 2, 3) AS cell) AS cells
       FROM petitions p JOIN logs l ON l.petition_id = p.id
       LEFT JOIN log_checkpoints c ON c.petition_id = l.petition_id AND c.size = l.size
       WHERE p.slug > $1 AND ($2::text IS NULL OR p.slug = $2) AND p.state NOT IN ('draft', 'in_review')
       ORDER BY p.slug LIMIT 1`,
      [after, petition ?? null, finishedDays],
    );
    if (found && !found.cells && by === 'petition') found.cells = ',,,0,0';
    return found;
  }

  /** Nothing is shown under a checkpoint that was not released: a restored backup could contradict it. */
  private async checkpoint({ petition_id: id, origin, size, root, stopped, note }: Found) {
    if (!note || stopped) return null;
    const released = async () => ((await this.publisher.published(origin))?.size ?? -1) >= size;
    try {
      if (!(await released())) await this.publisher.publish(id);
      if (!(await released())) return null;
    } catch (error) {
      if (error instanceof LogError) return null;
      throw error;
    }
    return { size, root: Buffer.from(root).toString('base64'), note: Buffer.from(note) };
  }
}

function snapshot({ petition_id, slug, origin, as_of, cells }: Found): Omit<CountSnapshot, 'checkpoint'> {
  return {
    ...{ petitionId: petition_id, petition: slug, origin, asOf: as_of },
    *rows() {
      const text = cells ?? '';
      for (let at = 0; at < text.length;) {
        const end = text.indexOf(';', at);
        const line = text.slice(at, end < 0 ? undefined : end);
        at = end < 0 ? text.length : end + 1;
        const [day, country, source, signed, withdrawn] = line.split(',') as [string, string, string, string, string];
        yield {
          ...{ petition: slug, day: day || null, country: country || null, source: source || null },
          ...{ signed: Number(signed), withdrawn: Number(withdrawn), count: Number(signed) - Number(withdrawn) },
        };
      }
    },
  };
}
