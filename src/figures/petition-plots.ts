import { barsPerDay, daysInWords, type Direction, linePerDay, rankedBars } from '../site/plots.js';
import type { FunnelDay } from '../signatures/funnel.service.js';
import type { PetitionFigures } from './petition-figures.service.js';

const stages = ['asked', 'mailed', 'confirmed'] as const;
/** The rest is one row more; the table has them all. */
const mostCountries = 12;

/**
 * Every plot of the page, with what its caption says and the rows of its table, the newest first.
 * @param until where the axis of days ends, if nothing happened later: today, or the day on which the petition closed
 */
export function petitionPlots(
  { today, count, days, countries, funnel }: PetitionFigures,
  dir: Direction,
  until: string,
) {
  const series = days.some(({ withdrawn }) => withdrawn > 0)
    ? (['signed', 'withdrawn'] as const)
    : (['signed'] as const);
  const highest = daysInWords(days, 'total', today);
  return {
    days: {
      plot: barsPerDay(days, series, { dir, until, panel: series.length > 1 ? 100 : 140 }),
      ...{ rows: days.toReversed(), ...daysInWords(days, 'signed', today) },
    },
    cumulative: {
      plot: linePerDay(days, 'total', { dir, until }),
      ...{ rows: days.toReversed(), count, until, busiest: highest.busiest },
      trend: daysInWords(days, 'count', today).trend,
    },
    countries: {
      plot: rankedBars(
        countries.map(({ country, count: value }) => ({ name: country, value })),
        { dir, whole: count, most: mostCountries },
      ),
      ...{ rows: countries, most: countries[0] ?? null, share: count > 0 ? (countries[0]?.count ?? 0) / count : 0 },
      latest: countries.reduce<(typeof countries)[number] | null>(
        (most, each) => (each.latest > (most?.latest ?? 0) ? each : most),
        null,
      ),
    },
    funnel: funnelPlot(funnel, dir, today),
  };
}

/** How far people get, with what its caption says and the rows of its table. @param days the oldest first */
export function funnelPlot(days: FunnelDay[], dir: Direction, today: string) {
  const steps = stages.map((name) => ({ name, value: days.reduce((sum, day) => sum + day[name], 0) }));
  const asked = daysInWords(days, 'asked', today);
  return {
    plot: days.length > 0 ? rankedBars(steps, { dir, whole: asked.sum }) : null,
    ...{ rows: days.toReversed(), steps, ...asked },
    confirmed: steps[2]!.value,
    share: asked.sum > 0 ? steps[2]!.value / asked.sum : 0,
  };
}
