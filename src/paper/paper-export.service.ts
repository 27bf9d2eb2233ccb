import { Injectable } from '@nestjs/common';
import { stringify } from 'csv-stringify/sync';
import { DataSource } from 'typeorm';
import { paperMethod } from '../petitions/paper-method.js';
import { plainCell } from '../site/csv.js';
import type { Actor } from '../staff/access.js';
import { AuditService } from '../staff/audit.service.js';

const columns = ['kind', 'petition', 'day', 'country', 'sheets', 'folder', 'signatures', 'confirmed'] as const;
type Row = Record<(typeof columns)[number], string | number>;

/** An entry for each batch that two people counted alike, of a kind of its own: none is ever a row of the counts online. */
@Injectable()
export class PaperExport {
  constructor(
    private readonly database: DataSource,
    private readonly audit: AuditService,
  ) {}

  /** @param slug of one petition; every one without */
  async take(slug: string | undefined, actor: Actor) {
    await this.database.transaction((tx) =>
      this.audit.record(tx, { actor, action: 'export.paper', subject: slug ?? 'all petitions' }),
    );
    const rows: Row[] = await this.database.query(
      `SELECT 'paper' AS kind, p.slug AS petition, b.day::text, b.country, array_to_string(b.sheets, ' ') AS sheets, b.folder,
         b.signatures, to_char(b.confirmed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS confirmed
       FROM paper_batches b JOIN petitions p ON p.id = b.petition_id
       WHERE b.signatures IS NOT NULL AND ($1::text IS NULL OR p.slug = $1) AND NOT EXISTS (
         SELECT FROM paper_batches c
         WHERE c.petition_id = b.petition_id AND c.corrects = b.id AND c.signatures IS NOT NULL)
       ORDER BY p.slug, b.id`,
      [slug ?? null],
    );
    return { method: paperMethod, asOf: new Date().toISOString(), rows, total: sum(rows) };
  }
}

const sum = (rows: Row[]) => rows.reduce((all, { signatures }) => all + Number(signatures), 0);

/** RFC 4180 with a byte order mark; the sum, the method and the time in its last rows, in as many columns. */
export function paperCsv({ rows, method, asOf, total }: Awaited<ReturnType<PaperExport['take']>>): string {
  const line = (first: string, last: string | number = '') => [first, '', '', '', '', '', last, ''];
  return stringify(
    [
      ...rows.map((row) => columns.map((name) => (typeof row[name] === 'string' ? plainCell(row[name]) : row[name]))),
      line('# total on paper', total),
      line(`# method: ${method}`),
      line(`# as of ${asOf}`),
    ],
    { header: true, columns: [...columns], bom: true, record_delimiter: 'windows' },
  );
}
