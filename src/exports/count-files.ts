import { stringify } from 'csv-stringify';
import { Readable } from 'node:stream';
import { plainCell } from '../site/csv.js';
import type { CountsFile } from './counts-export.service.js';
import type { CountRow } from './exports.schema.js';

const columns = ['petition', 'day', 'country', 'signed', 'withdrawn', 'count'] as const;

/**
 * RFC 4180 with a byte order mark, so that every spreadsheet reads it as UTF-8. After the rows come the sum, the method
 * and the time, in as many columns, so that the file stays a rectangle.
 */
export function countsCsv(file: CountsFile): Readable {
  async function* lines() {
    const sum = { signed: 0, withdrawn: 0, count: 0 };
    for await (const row of file.rows) {
      add(sum, row);
      yield columns.map((name) => (typeof row[name] === 'string' ? plainCell(row[name]) : row[name]));
    }
    yield ['# total', '', '', sum.signed, sum.withdrawn, sum.count];
    yield [`# method: ${file.method}`, '', '', '', '', ''];
    yield [`# as of ${file.asOf}`, '', '', '', '', ''];
  }
  return csv(lines(), [...columns]);
}

/** `{"method", "asOf", "rows": [...], "total": {...}}`, written row by row. */
export function countsJson(file: CountsFile): Readable {
  async function* parts() {
    const total = { signed: 0, withdrawn: 0, count: 0 };
    yield `{"method":${JSON.stringify(file.method)},"asOf":${JSON.stringify(file.asOf)},"rows":[`;
    let comma = '';
    for await (const row of file.rows) {
      add(total, row);
      yield `${comma}\n${JSON.stringify(row)}`;
      comma = ',';
    }
    yield `\n],"total":${JSON.stringify(total)}}\n`;
  }
  return Readable.from(parts());
}

/** Rows to a CSV file, as they come. */
export const csv = (rows: AsyncIterable<unknown[]>, header: string[]): Readable =>
  Readable.from(rows).compose(
    stringify({ header: true, columns: header, bom: true, record_delimiter: 'windows' }),
  ) as Readable;

function add(sum: Pick<CountRow, 'signed' | 'withdrawn' | 'count'>, row: CountRow): void {
  sum.signed += row.signed;
  sum.withdrawn += row.withdrawn;
  sum.count += row.count;
}
