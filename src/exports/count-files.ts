import { stringify } from 'csv-stringify';
import { Readable } from 'node:stream';
import { plainCell } from '../site/csv.js';
import type { CountCheckpoint, CountFormat, CountRow } from './exports.schema.js';
import { xlsx } from './xlsx.js';

/** What stands in every file of counts. */
export interface CountsFile {
  method: string;
  /** Moment at which the database was asked first. */
  asOf: string;
  rows: AsyncIterable<CountRow>;
  /** Of every petition whose rows were read so far and whose log may be shown. */
  checkpoints: CountCheckpoint[];
}

const columns = ['petition', 'day', 'country', 'source', 'signed', 'withdrawn', 'count'] as const;

export const countsFile = (file: CountsFile, format: CountFormat): Readable =>
  format === 'json' ? countsJson(file) : format === 'xlsx' ? countsXlsx(file) : countsCsv(file);

/**
 * RFC 4180 with a byte order mark, so that every spreadsheet reads it as UTF-8. After the rows come the sum, the method,
 * the checkpoints and the time, in as many columns, so that the file stays a rectangle.
 */
const countsCsv = (file: CountsFile): Readable => {
  async function* plain() {
    for await (const line of lines(file)) yield line.map((cell) => (typeof cell === 'string' ? plainCell(cell) : cell));
  }
  return csv(plain(), [...columns]);
};

const countsXlsx = (file: CountsFile): Readable => xlsx('counts', [...columns], lines(file));

async function* lines(file: CountsFile): AsyncGenerator<(string | number | null)[]> {
  const sum = { signed: 0, withdrawn: 0, count: 0 };
  for await (const row of file.rows) {
    add(sum, row);
    yield columns.map((name) => row[name]);
  }
  const note = (text: string) => [text, ...columns.slice(1).map(() => null)];
  yield ['# total', null, null, null, sum.signed, sum.withdrawn, sum.count];
  yield note(`# method: ${file.method}`);
  for (const { petition, size, root } of file.checkpoints)
    yield note(`# checkpoint of ${petition}: ${size} entries, root ${root}`);
  yield note(`# as of ${file.asOf}`);
}

/** `{"method", "asOf", "rows": [...], "total": {...}, "checkpoints": [...]}`, written row by row. */
function countsJson(file: CountsFile): Readable {
  async function* parts() {
    const total = { signed: 0, withdrawn: 0, count: 0 };
    yield `{"method":${JSON.stringify(file.method)},"asOf":${JSON.stringify(file.asOf)},"rows":[`;
    let comma = '';
    for await (const row of file.rows) {
      add(total, row);
      yield `${comma}\n${JSON.stringify(row)}`;
      comma = ',';
    }
    yield `\n],"total":${JSON.stringify(total)},"checkpoints":${JSON.stringify(file.checkpoints)}}\n`;
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
