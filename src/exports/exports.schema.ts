import { z } from 'zod';
import { locales } from '../site/languages.js';

export const breakdowns = ['petition', 'day', 'country', 'source', 'day-country'] as const;
export type Breakdown = (typeof breakdowns)[number];

export const countFormats = ['csv', 'xlsx', 'json'] as const;
export type CountFormat = (typeof countFormats)[number];

export const CountsQuery = z.object({
  petition: z.string().optional().describe('slug; without it, every petition'),
  by: z.enum(breakdowns).default('day-country'),
});
export type CountsQuery = z.infer<typeof CountsQuery>;

/** Form of the console: what an address says in the API. */
export const CountsForm = CountsQuery.extend({ format: z.enum(countFormats) });
export type CountsForm = z.infer<typeof CountsForm>;

export const PaperQuery = z.object({ petition: z.string().optional().describe('slug; without it, every petition') });
export type PaperQuery = z.infer<typeof PaperQuery>;

export const PaperForm = PaperQuery.extend({ format: z.enum(countFormats) });
export type PaperForm = z.infer<typeof PaperForm>;

export const PublicCountsQuery = z.object({ by: z.enum(['day', 'country']).default('country') });
export type PublicCountsQuery = z.infer<typeof PublicCountsQuery>;

/** One line of a breakdown; what it is not broken down by is null. */
export interface CountRow {
  petition: string;
  day: string | null;
  country: string | null;
  /** Through which door signatures came. */
  source: string | null;
  signed: number;
  withdrawn: number;
  count: number;
}

/** The state of a public log that a count is the sum of. */
export interface CountCheckpoint {
  petition: string;
  /** How many entries. */
  size: number;
  /** In base64, as in the published checkpoint. */
  root: string;
}

export const personPurposes = ['news', 'showName'] as const;

export const PersonsExport = z.object({
  petition: z.string('required').min(1, 'required'),
  purpose: z.enum(personPurposes, 'required').describe('only people who agreed to this purpose are in the file'),
  recipient: z
    .string('required')
    .trim()
    .regex(/^age1[02-9ac-hj-np-z]{58}$/, 'not-an-age-recipient')
    .describe('age recipient (age1...) to whom the file is encrypted'),
});
export type PersonsExport = z.infer<typeof PersonsExport>;

export const HandIn = z.object({
  petition: z.string('required').min(1, 'required').describe('slug'),
  locale: z.enum(locales, 'required').describe('language of the cover sheet and of the instructions'),
});
export type HandIn = z.infer<typeof HandIn>;

export const ExportsQuery = z.object({ before: z.uuid().optional().describe('id of the last one seen') });
export type ExportsQuery = z.infer<typeof ExportsQuery>;

export const PastExport = z.object({
  id: z.uuid(),
  kind: z.enum(['counts', 'paper', 'persons', 'hand-in']),
  format: z.string(),
  petition: z.string().nullable().describe('slug; null: every petition'),
  by: z.string().describe('who took it'),
  at: z.iso.datetime(),
  state: z.enum(['running', 'done', 'failed']),
  bytes: z.number().int().describe('handed out so far'),
});
export type PastExport = z.infer<typeof PastExport>;

/** A breakdown for everybody. */
export const PublicCounts = z.object({
  method: z.string(),
  asOf: z.iso.datetime(),
  cells: z.array(
    z.object({
      key: z.string().describe('a day or the code of a country'),
      count: z.number().int().nullable().describe('null: a day with too few'),
    }),
  ),
  rounding: z.string().optional().describe('of countries: how the figures are rounded'),
  total: z.number().int().optional().describe('exact: what the log says at this size'),
  size: z
    .number()
    .int()
    .optional()
    .describe('entries of the public log that the total is the sum of; left out until they are published'),
  countriesAsOf: z.iso.datetime().optional().describe('when the figures of the countries last moved'),
  rest: z.number().int().optional().describe('of the total, what no figure tells'),
});
export type PublicCounts = z.infer<typeof PublicCounts>;
