import { Readable } from 'node:stream';
import { method } from '../countlog/counts.service.js';
import { plainCell } from '../site/csv.js';
import { csv } from './count-files.js';
import type { CountSnapshot } from './count-snapshots.service.js';
import { type PublicCell, suppressSmall } from './suppress.js';
import { xlsx } from './xlsx.js';

/** What a hand-in says of one moment: the sums are exact, small cells of breakdowns are hidden. */
export interface HandInCounts {
  petition: string;
  method: string;
  asOf: string;
  checkpoint: { origin: string; size: number; root: string };
  total: { signed: number; withdrawn: number; count: number };
  byCountry: PublicCell[];
  byDay: PublicCell[];
  /** Of the day that is not over: not broken down, or two hand-ins would tell where the last signer lives. */
  today: { day: string; count: number } | null;
}

/** @param over whether nothing can follow: then the last day is over too */
export function handInCounts(snapshot: CountSnapshot, over: boolean): HandInCounts {
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
    if (!over && row.day! >= day) today = { day, count: (today?.count ?? 0) + row.count };
    else {
      countries.set(row.country!, (countries.get(row.country!) ?? 0) + row.count);
      days.set(row.day!, (days.get(row.day!) ?? 0) + row.count);
    }
  }
  const cells = (of: Map<string, number>) => suppressSmall([...of].map(([key, count]) => ({ key, count })));
  const { size, root } = snapshot.checkpoint!;
  return {
    ...{ petition: snapshot.petition, method, asOf, checkpoint: { origin: snapshot.origin, size, root }, total },
    byCountry: cells(countries).toSorted((a, b) => (b.count ?? -1) - (a.count ?? -1) || (a.key < b.key ? -1 : 1)),
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
  const { total, checkpoint, today } = counts;
  yield ['total', null, total.count];
  yield ['signed', null, total.signed];
  yield ['withdrawn', null, total.withdrawn];
  for (const { key, count } of counts.byCountry) yield ['country', key, count ?? 'hidden'];
  for (const { key, count } of counts.byDay) yield ['day', key, count ?? 'hidden'];
  if (today) yield ['day not over', today.day, today.count];
  yield ['# method', counts.method, null];
  yield ['# checkpoint', `${checkpoint.origin}: ${checkpoint.size} entries, root ${checkpoint.root}`, null];
  yield ['# as of', counts.asOf, null];
}
