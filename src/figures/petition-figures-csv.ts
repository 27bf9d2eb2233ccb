import { csvFile } from '../site/csv.js';
import type { PetitionFigures } from './petition-figures.service.js';

/** Each plot as a file with the same numbers, by the name it has in an address. */
export const figureFiles = {
  days: ({ days }: PetitionFigures, slug: string) =>
    csvFile(
      ['day', 'signed', 'withdrawn', 'count'],
      days.map(({ day, signed, withdrawn, count }) => [day, signed, withdrawn, count]),
      `signatures-by-day-${slug}.csv`,
    ),
  cumulative: ({ days }: PetitionFigures, slug: string) =>
    csvFile(
      ['day', 'total'],
      days.map(({ day, total }) => [day, total]),
      `signatures-in-all-${slug}.csv`,
    ),
  countries: ({ countries }: PetitionFigures, slug: string) =>
    csvFile(
      ['country', 'signed', 'withdrawn', 'count'],
      countries.map(({ country, signed, withdrawn, count }) => [country, signed, withdrawn, count]),
      `signatures-by-country-${slug}.csv`,
    ),
  funnel: ({ funnel }: PetitionFigures, slug: string) =>
    csvFile(
      ['day', 'asked', 'mailed', 'confirmed'],
      funnel.map(({ day, asked, mailed, confirmed }) => [day, asked, mailed, confirmed]),
      `how-far-people-get-${slug}.csv`,
    ),
};
