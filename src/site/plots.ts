import { scaleBand, scaleLinear } from 'd3-scale';
import { type Trend, trendOf } from './trend.js';

/*
 * Plots as plain figures; `partials/plot-days` and `partials/plot-ranks` draw what stands here. Across, everything is in percent and down
 * in pixels, so that a plot is as wide as its place while its text keeps its size. Where people read from right to left, days and bars
 * run that way too. Every series has a panel and every bar a label of its own: nobody has to tell colours apart.
 */

export type Direction = 'ltr' | 'rtl';

interface Sides {
  /** Where reading starts and ends. `text-anchor` goes by the direction of the text, so it says the same words. */
  start: number;
  end: number;
}

export interface DayPlot extends Sides {
  height: number;
  panels: Panel[];
  /** The first day and the last, under the lowest panel. */
  from: string;
  until: string;
  /** There are earlier days than those shown. */
  cut: boolean;
  /** Numbers are shortened, and need more room for it. */
  wide: boolean;
}

interface Panel {
  name: string;
  /** Base line of its heading; null: it needs none, being the only one. */
  title: number | null;
  top: number;
  base: number;
  ticks: { y: number; value: number }[];
  bars: Bar[];
  /** Of a line: what `d` of a path takes, in a box of 100 by the height of the panel. */
  line: { stroke: string; area: string } | null;
  peak: { x: number; y: number; value: number; anchor: 'start' | 'middle' | 'end' } | null;
}

interface Bar {
  day: string;
  value: number;
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface RankPlot extends Sides {
  height: number;
  /** The widest bar is the whole, so that what is left beside a bar means something. */
  whole: boolean;
  rows: RankRow[];
}

interface RankRow {
  /** null: the rest together. */
  name: string | null;
  /** How many are in the rest. */
  folded: number;
  value: number;
  /** Of the whole, from 0 to 1; null where there is no whole. */
  share: number | null;
  /** Base line of its words, and the upper edge of its bar. */
  text: number;
  y: number;
  x: number;
  width: number;
}

interface DayOptions {
  dir: Direction;
  /** How high a panel is, in pixels. */
  panel?: number;
  /** The axis goes on to this day, though nothing happened any more. */
  until?: string;
}

type Row<Name extends string> = { day: string } & Record<Name, number>;

const headroom = 20;
const heading = 20;
const gap = 14;
const foot = 24;
/** More do not fit: the latest are shown. */
const mostDays = 366;
const millis = 86_400_000;

/**
 * Columns over days without gaps, a panel for each series, each to its own measure.
 * @param rows in the order of their days, `YYYY-MM-DD`
 * @returns null where there is nothing to draw
 */
export function barsPerDay<Name extends string>(
  rows: Row<Name>[],
  names: readonly Name[],
  options: DayOptions,
): DayPlot | null {
  const axis = axisOf(rows, options.until, mostDays);
  if (!axis) return null;
  const days = Array.from({ length: axis.days }, (_, n) => isoDay(axis.first + n * millis));
  const x = scaleBand(days, [0, 100])
    .paddingInner(days.length > 120 ? 0 : 0.2)
    .paddingOuter(days.length < 6 ? 1 : 0);
  const shown = rows.filter(({ day }) => x(day) !== undefined);
  return panelled(names, axis, options, (name, { top, base }) => {
    const y = upwards(
      shown.map((row) => row[name]),
      top,
      base,
    );
    const bars = shown
      .filter((row) => row[name] > 0)
      .map((row) => ({
        ...{ day: row.day, value: row[name], width: round(x.bandwidth()) },
        x: round(turned(x(row.day)!, options.dir, x.bandwidth())),
        ...{ y: round(y(row[name])), height: round(base - y(row[name])) },
      }));
    return { y, bars, line: null, peak: peakOf(bars, options.dir) };
  });
}

/**
 * A level that stays until it changes, in steps over all days: what is there at the end of each.
 * @param rows in the order of their days
 */
export function linePerDay<Name extends string>(rows: Row<Name>[], name: Name, options: DayOptions): DayPlot | null {
  const axis = axisOf(rows, options.until);
  if (!axis) return null;
  const at = (day: string, more = 0) =>
    round(turned((((Date.parse(day) - axis.first) / millis + more) / axis.days) * 100, options.dir));
  return panelled([name], axis, options, (_, { top, base }) => {
    const y = upwards(
      rows.map((row) => row[name]),
      top,
      base,
    );
    const level = (value: number) => round(y(value) - top);
    const steps = rows.map((row) => `H${at(row.day)}V${level(row[name])}`).join('');
    const stroke = `M${at(rows[0]!.day)} ${level(0)}${steps}H${at(axis.until, 1)}`;
    return { y, bars: [], line: { stroke, area: `${stroke}V${level(0)}Z` }, peak: null };
  });
}

/**
 * Bars across, a line of words over each, in the order they come in. A funnel is the same with its steps as rows.
 * @param whole what shares are shares of
 * @param most rows; the rest is put together as one more
 */
export function rankedBars(
  rows: { name: string; value: number }[],
  { dir, whole, most = Infinity }: { dir: Direction; whole: number; most?: number },
): RankPlot | null {
  if (rows.length === 0) return null;
  const fits = rows.length <= most + 1;
  const rest = fits ? [] : rows.slice(most);
  const all = [
    ...(fits ? rows : rows.slice(0, most)).map((row) => ({ ...row, folded: 0 })),
    ...(fits ? [] : [{ name: null, value: rest.reduce((sum, { value }) => sum + value, 0), folded: rest.length }]),
  ];
  const largest = Math.max(1, ...all.map(({ value }) => value));
  const x = scaleLinear([0, largest], [0, 100]);
  return {
    whole: largest === whole,
    ...sides(dir),
    height: all.length * rankRow,
    rows: all.map((row, n) => {
      // What is there is seen, however small beside the largest.
      const width = row.value > 0 ? Math.max(0.5, round(x(row.value))) : 0;
      return {
        ...row,
        ...{ share: whole > 0 ? row.value / whole : null, width, x: round(turned(0, dir, width)) },
        ...{ text: n * rankRow + 15, y: n * rankRow + 22 },
      };
    }),
  };
}
const rankRow = 42;

/** What a caption says of days: their sum, the fullest of them (the earliest of several), and which way it goes. */
export function daysInWords<Name extends string>(rows: Row<Name>[], name: Name, today: string) {
  const busiest = rows.reduce<Row<Name> | null>((most, row) => (row[name] > (most?.[name] ?? 0) ? row : most), null);
  return {
    sum: rows.reduce((sum, row) => sum + row[name], 0),
    busiest: busiest && { day: busiest.day, value: busiest[name] as number },
    trend: trendOf(rows, name, today) satisfies Trend,
  };
}

type Drawn = Pick<Panel, 'bars' | 'line' | 'peak'> & { y: Upwards };
type Upwards = ReturnType<typeof upwards>;
type Axis = NonNullable<ReturnType<typeof axisOf>>;

function panelled<Name extends string>(
  names: readonly Name[],
  axis: Axis,
  { dir, panel = 140 }: DayOptions,
  draw: (name: Name, place: { top: number; base: number }) => Drawn,
): DayPlot {
  const above = names.length > 1 ? heading : 0;
  const tall = above + headroom + panel;
  const panels = names.map((name, n) => {
    const top = n * (tall + gap) + above + headroom;
    const base = top + panel;
    const { y, ...drawn } = draw(name, { top, base });
    const ticks = y.ticks(3).filter(Number.isInteger);
    return {
      ...{ name, title: above ? top - headroom - 4 : null, top, base, ...drawn },
      ticks: ticks.map((value) => ({ y: round(y(value)), value })),
    };
  });
  return {
    ...{ ...sides(dir), panels, from: isoDay(axis.first), until: axis.until, cut: axis.cut },
    height: names.length * (tall + gap) - gap + foot,
    wide: panels.some(({ ticks }) => ticks.some(({ value }) => value >= 10_000)),
  };
}

function axisOf(rows: { day: string }[], until = '', most = Infinity) {
  if (rows.length === 0) return null;
  const end = [rows.at(-1)!.day, until].toSorted().at(-1)!;
  const [begin, last] = [Date.parse(rows[0]!.day), Date.parse(end)];
  const first = Math.max(begin, last - (most - 1) * millis);
  return { first, until: end, days: (last - first) / millis + 1, cut: first > begin };
}

const upwards = (values: number[], top: number, base: number) =>
  scaleLinear([0, Math.max(1, ...values)], [base, top]).nice(3);

function peakOf(bars: Bar[], dir: Direction): Panel['peak'] {
  const bar = bars.reduce<Bar | null>((most, each) => (each.value > (most?.value ?? 0) ? each : most), null);
  if (!bar) return null;
  const x = round(bar.x + bar.width / 2);
  const read = turned(x, dir);
  return { x, y: bar.y - 5, value: bar.value, anchor: read < 10 ? 'start' : read > 90 ? 'end' : 'middle' };
}

const sides = (dir: Direction): Sides => ({ start: turned(0, dir), end: turned(100, dir) });
const turned = (x: number, dir: Direction, width = 0) => (dir === 'rtl' ? 100 - x - width : x);
const isoDay = (at: number) => new Date(at).toISOString().slice(0, 10);
const round = (value: number) => Math.round(value * 1000) / 1000;
