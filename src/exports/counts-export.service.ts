import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { method } from '../countlog/counts.service.js';
import { problems } from '../site/problem.js';
import type { Actor } from '../staff/access.js';
import { AuditService } from '../staff/audit.service.js';
import { suppressSmall } from './suppress.js';
import type { Breakdown, CountRow, CountsQuery, PublicCounts } from './exports.schema.js';

const page = 2000;

/** What stands in every file of counts. */
export interface CountsFile {
  method: string;
  /** Moment at which the database was asked. */
  asOf: string;
  rows: AsyncIterable<CountRow>;
}

/** Reads the tallies in keyset pages: constant memory, no long transaction, whatever the size. */
@Injectable()
export class CountsExport {
  constructor(
    private readonly database: DataSource,
    private readonly audit: AuditService,
  ) {}

  /** For a file that somebody takes away: the audit entry is committed before the first row is read. */
  async take({ by, petition }: CountsQuery, actor: Actor | 'system'): Promise<CountsFile> {
    const file = await this.open(by, petition || undefined);
    await this.database.transaction((tx) =>
      this.audit.record(tx, { actor, action: 'export.counts', subject: petition || 'all petitions', detail: { by } }),
    );
    return file;
  }

  /** @throws Problem not-found for a petition that does not exist */
  private async open(by: Breakdown, slug?: string, finishedDays = false): Promise<CountsFile> {
    const [{ found, as_of: asOf }] = await this.database.query(
      `SELECT now() AS as_of, EXISTS (
         SELECT 1 FROM petitions WHERE slug = $1 AND state NOT IN ('draft', 'in_review')) AS found`,
      [slug ?? null],
    );
    if (slug && !found) throw problems.notFound('There is no petition of this name.');
    return { method, asOf: (asOf as Date).toISOString(), rows: this.rows(by, slug, finishedDays) };
  }

  /** The days of one petition as the public may see them: finished ones only; small ones hidden. */
  async daysForAll(slug: string): Promise<PublicCounts> {
    const { method, asOf, rows } = await this.open('day', slug, true);
    const cells: { key: string; count: number }[] = [];
    for await (const row of rows) cells.push({ key: row.day!, count: row.count });
    return { method, asOf, cells: suppressSmall(cells) };
  }

  private async *rows(by: Breakdown, slug: string | undefined, finishedDays: boolean): AsyncGenerator<CountRow> {
    const day = by === 'day' || by === 'day-country' ? 't.day::text' : `''`;
    const country = by === 'country' || by === 'day-country' ? 't.country::text' : `''`;
    let last: [string, string, string] = ['', '', ''];
    for (;;) {
      const rows: Record<string, string>[] = await this.database.query(
        `SELECT p.slug, ${day} AS day, ${country} AS country,
           coalesce(sum(t.signed), 0) AS signed, coalesce(sum(t.withdrawn), 0) AS withdrawn
         FROM petitions p ${by === 'petition' ? 'LEFT ' : ''}JOIN tallies t ON t.petition_id = p.id
         WHERE ($1::text IS NULL OR p.slug = $1) AND p.state NOT IN ('draft', 'in_review')
           AND (NOT $5 OR t.day < (now() AT TIME ZONE 'UTC')::date)
           AND (p.slug, ${day}, ${country}) > ($2, $3, $4)
         GROUP BY 1, 2, 3 ORDER BY 1, 2, 3 LIMIT ${page}`,
        [slug ?? null, ...last, finishedDays],
      );
      for (const row of rows) {
        const [signed, withdrawn] = [Number(row.signed), Number(row.withdrawn)];
        const petition = row.slug!;
        yield {
          petition,
          day: row.day || null,
          country: row.country || null,
          signed,
          withdrawn,
          count: signed - withdrawn,
        };
      }
      const end = rows.at(-1);
      if (!end || rows.length < page) return;
      last = [end.slug!, end.day!, end.country!];
    }
  }
}
