import { scaleBand, scaleLinear } from 'd3-scale';

/** Columns over days, a panel for each series, as plain figures for `partials/day-plot`: its template draws what stands here. */
export interface DayPlot {
  width: number;
  height: number;
  panels: { name: string; title: number; base: number; ticks: { y: number; value: number }[]; bars: Bar[] }[];
  /** The first day and the last, under the lowest panel. */
  from: string;
  until: string;
  left: number;
  right: number;
}

interface Bar {
  x: number;
  y: number;
  width: number;
  height: number;
}

const width = 420;
const left = 44;
const right = 8;
const heading = 22;
const panel = 70;
const gap = 12;
const foot = 22;
/** More do not fit: the latest are shown. */
const mostDays = 366;
const millis = 86_400_000;

/**
 * One panel per series, so that nobody has to tell colours apart; all to their own measure, on one axis of days without gaps.
 * @param rows in the order of their days, `YYYY-MM-DD`
 * @returns null where there is nothing to draw
 */
export function dayPlot<Name extends string>(
  rows: ({ day: string } & Record<Name, number>)[],
  names: readonly Name[],
): DayPlot | null {
  const until = rows.at(-1)?.day;
  if (until === undefined) return null;
  const last = Date.parse(until);
  const first = Math.max(Date.parse(rows[0]!.day), last - (mostDays - 1) * millis);
  const days = Array.from({ length: (last - first) / millis + 1 }, (_, n) => isoDay(first + n * millis));
  const x = scaleBand(days, [left, width - right])
    .paddingInner(days.length > 120 ? 0 : 0.2)
    .paddingOuter(days.length < 6 ? 1 : 0);
  const panels = names.map((name, n) => {
    const title = n * (heading + panel + gap) + 14;
    const base = n * (heading + panel + gap) + heading + panel;
    const most = Math.max(1, ...rows.map((row) => row[name]));
    const y = scaleLinear([0, most], [base, base - panel]).nice(3);
    return {
      name,
      title,
      base,
      ticks: y
        .ticks(3)
        .filter(Number.isInteger)
        .map((value) => ({ y: round(y(value)), value })),
      bars: rows
        .filter((row) => row[name] > 0 && x(row.day) !== undefined)
        .map((row) => ({
          ...{ x: round(x(row.day)!), width: round(x.bandwidth()) },
          ...{ y: round(y(row[name])), height: round(base - y(row[name])) },
        })),
    };
  });
  const height = names.length * (heading + panel + gap) - gap + foot;
  return { width, height, panels, from: isoDay(first), until, left, right: width - right };
}

const isoDay = (at: number) => new Date(at).toISOString().slice(0, 10);
const round = (value: number) => Math.round(value * 100) / 100;
