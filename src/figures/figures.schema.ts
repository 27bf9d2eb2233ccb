import { z } from 'zod';

const people = z.number().int();
const day = z.iso.date().describe('in UTC');

export const PetitionFiguresView = z.object({
  count: people.describe('what days and countries add up to'),
  days: z
    .array(z.object({ day, signed: people, withdrawn: people, count: people, total: people.describe('at its end') }))
    .describe('days on which something was counted, oldest first'),
  countries: z
    .array(
      z.object({
        country: z.string(),
        ...{ signed: people, withdrawn: people, count: people },
        latest: people.describe('of the count, in the last seven days that are over'),
      }),
    )
    .describe('most first'),
  funnel: z
    .array(z.object({ day, asked: people, mailed: people, confirmed: people }))
    .describe('how far people got, oldest day first; for orientation only'),
});
