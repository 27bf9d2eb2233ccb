import { Readable } from 'node:stream';
import { method } from '../countlog/counts.service.js';
import { plainCell } from '../site/csv.js';
import { csv } from './count-files.js';
import type { CountSnapshot } from './count-snapshots.service.js';
import type { PublicCounts } from './exports.schema.js';
import { type PublicCell, suppressSmall } from './suppress.js';
import { xlsx } from './xlsx.js';

/** What a hand-in says of one moment: the sums are exact, small cells of breakdowns are hidden or rounded away. */
export interface HandInCounts {
  petition: string;
  method: string;
  asOf: string;
  checkpoint: { origin: string; size: number; root: string };
  total: { signed: number; withdrawn: number; count: number };
  byCountry: PublicCell[];
  /** How countries are rounded, and what the rounding leaves of the total; null where they are exact. */
  rounding: string | null;
  rest: number | null;
  byDay: PublicCell[];
  /** The day that is not over. */
  today: { day: string; count: number } | null;
}

/**
 * @param told countries as the public sees them while people sign, so that two hand-ins do not tell where those between them are
 * from; null when nothing can follow: then countries are exact, and the last day is over too
 * @param smallest count of a cell that is told, SMALL_CELLS
 */
export function handInCounts(snapshot: CountSnapshot, told: PublicCounts | null, smallest: number): HandInCounts {
  const asOf = snapshot.asOf.toISOString();
  const day = asOf.slice(0, 10);
  const total = { signed: 0, withdrawn: 0, count: 0 };
  const countries = new Map<string, number>();
  const days = new Map<string, number>();
  let today = null as HandInCounts['today'];
  for (const row of snapshot.rows()) {
    total.signed += row.signed;
    total.withdrawn += row.withdrawn;
    total.count += row.count;
    countries.set(row.country!, (countries.get(row.country!) ?? 0) + row.count);
    if (told && row.day! >= day) today = { day, count: (today?.count ?? 0) + row.count };
    else days.set(row.day!, (days.get(row.day!) ?? 0) + row.count);
  }
  const cells = (of: Map<string, number>) =>
    suppressSmall(
      [...of].map(([key, count]) => ({ key, count })),
      smallest,
    );
  const { size, root } = snapshot.checkpoint!;
  const byCountry: PublicCell[] = told?.cells ?? cells(countries);
  const inCountries = byCountry.reduce((sum, { count }) => sum + (count ?? 0), 0);
  return {
    ...{ petition: snapshot.petition, method, asOf, checkpoint: { origin: snapshot.origin, size, root }, total },
    byCountry: byCountry.toSorted((a, b) => (b.count ?? -1) - (a.count ?? -1) || (a.key < b.key ? -1 : 1)),
    rounding: told?.rounding ?? null,
    rest: told && Math.max(total.count - inCountries, 0),
    byDay: cells(days),
    today,
  };
}

const columns = ['breakdown', 'cell', 'count'];

export function handInCsv(counts: HandInCounts): Readable {
  async function* plain() {
    for await (const line of lines(counts))
      yield line.map((cell) => (typeof cell === 'string' ? plainCell(cell) : cell));
  }
  return csv(plain(), columns);
}

export const handInXlsx = (counts: HandInCounts): Readable => xlsx('counts', columns, lines(counts));

export const handInJson = (counts: HandInCounts): string => `${JSON.stringify(counts, null, 2)}\n`;

async function* lines(counts: HandInCounts): AsyncGenerator<(string | number | null)[]> {
  const { total, checkpoint, today, rest, rounding } = counts;
  yield ['total', null, total.count];
  yield ['signed', null, total.signed];
  yield ['withdrawn', null, total.withdrawn];
  for (const { key, count } of counts.byCountry) yield ['country', key, count ?? 'hidden'];
  if (rest !== null) yield ['countries: rest', null, rest];
  for (const { key, count } of counts.byDay) yield ['day', key, count ?? 'hidden'];
  if (today) yield ['day not over', today.day, today.count];
  yield ['# method', counts.method, null];
  if (rounding) yield ['# rounding', rounding, null];
  yield ['# checkpoint', `${checkpoint.origin}: ${checkpoint.size} entries, root ${checkpoint.root}`, null];
  yield ['# as of', counts.asOf, null];
}
