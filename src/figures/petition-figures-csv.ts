import { method } from '../countlog/counts.service.js';
import { csvFile } from '../site/csv.js';
import type { FunnelDay } from '../signatures/funnel.service.js';
import type { PetitionFigures } from './petition-figures.service.js';

/** Each plot as a file with the same numbers, by the name it has in an address. */
export const figureFiles = {
  days: ({ days }: PetitionFigures, slug: string) =>
    countFile(
      ['day', 'signed', 'withdrawn', 'count'],
      days.map(({ day, signed, withdrawn, count }) => [day, signed, withdrawn, count]),
      `signatures-by-day-${slug}.csv`,
    ),
  cumulative: ({ days }: PetitionFigures, slug: string) =>
    countFile(
      ['day', 'total'],
      days.map(({ day, total }) => [day, total]),
      `signatures-in-all-${slug}.csv`,
    ),
  countries: ({ countries }: PetitionFigures, slug: string) =>
    countFile(
      ['country', 'signed', 'withdrawn', 'count'],
      countries.map(({ country, signed, withdrawn, count }) => [country, signed, withdrawn, count]),
      `signatures-by-country-${slug}.csv`,
    ),
  funnel: ({ funnel }: PetitionFigures, slug: string) => funnelFile(funnel, `how-far-people-get-${slug}.csv`),
};

export const funnelFile = (days: FunnelDay[], name: string) =>
  countFile(
    ['day', 'asked', 'mailed', 'confirmed'],
    days.map(({ day, asked, mailed, confirmed }) => [day, asked, mailed, confirmed]),
    name,
  );

/** With what the numbers are counts of as the last line, in as many columns, as in every file of counts. */
const countFile = (columns: string[], rows: (string | number)[][], name: string) =>
  csvFile(columns, [...rows, [`# method: ${method}`, ...columns.slice(1).map(() => '')]], name);
