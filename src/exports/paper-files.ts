import { Readable } from 'node:stream';
import type { PaperEntry } from '../paper/paper-entries.service.js';
import { paperMethod } from '../petitions/paper-method.js';
import { plainCell } from '../site/csv.js';
import { csv } from './count-files.js';
import type { CountFormat } from './exports.schema.js';
import { suppressSmall } from './suppress.js';
import { xlsx } from './xlsx.js';

const columns = ['kind', 'petition', 'day', 'country', 'sheets', 'folder', 'signatures', 'confirmed'] as const;
type Cell = string | number | null;

/** Entries on paper, and after them their sum, the method and the time, in as many columns. */
export function paperFile(rows: PaperEntry[], asOf: string, format: CountFormat): Readable {
  if (format === 'json') return Readable.from([json(rows, asOf)]);
  const last = (first: string, signatures: number | null = null): Cell[] =>
    columns.map((name) => (name === 'kind' ? first : name === 'signatures' ? signatures : null));
  const lines = [
    ...rows.map((row) => columns.map((name): Cell => row[name])),
    last('# total on paper', sumOf(rows)),
    last(`# method: ${paperMethod}`),
    last(`# as of ${asOf}`),
  ];
  return format === 'xlsx' ? xlsx('paper', [...columns], each(lines)) : csv(each(plain(lines)), [...columns]);
}

/**
 * Paper in a hand-in: no sheet and no folder. Countries only when nothing can follow, and small ones hidden: else two packages
 * would tell where the few that were entered between them are from.
 * @param smallest count of a country that is told, SMALL_CELLS
 */
export function handInPaper(rows: PaperEntry[], asOf: string, over: boolean, smallest: number): Readable {
  const countries = new Map<string, number>();
  for (const { country, signatures } of rows) countries.set(country, (countries.get(country) ?? 0) + signatures);
  const cells = over
    ? suppressSmall(
        [...countries].map(([key, count]) => ({ key, count })),
        smallest,
      )
    : [];
  const lines: Cell[][] = [
    ['total on paper', null, sumOf(rows)],
    ...cells.map(({ key, count }): Cell[] => ['country', key, count ?? 'hidden']),
    ['# method', paperMethod, null],
    ['# as of', asOf, null],
  ];
  return csv(each(plain(lines)), ['breakdown', 'cell', 'count']);
}

export const sumOf = (rows: PaperEntry[]): number => rows.reduce((sum, { signatures }) => sum + signatures, 0);

const json = (rows: PaperEntry[], asOf: string) =>
  JSON.stringify({ method: paperMethod, asOf, rows, total: sumOf(rows) });

const plain = (lines: Cell[][]) =>
  lines.map((line) => line.map((cell) => (typeof cell === 'string' ? plainCell(cell) : cell)));

async function* each<T>(lines: T[]): AsyncGenerator<T> {
  yield* lines;
}
