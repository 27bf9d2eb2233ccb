import { z } from 'zod';
import { line, lines } from '../petitions/petition-words.schema.js';
import { countryCodes } from '../site/languages.js';

/** More do not fit on a sheet. */
const mostLines = 100;
const mostSheets = 200;

const count = z.coerce
  .number('not-a-number')
  .int('not-a-number')
  .min(0, 'not-a-number')
  .max(mostLines, 'too-many-lines')
  .describe('signatures on the sheet');

const Sheet = z.strictObject({
  number: z.coerce
    .number('not-a-number')
    .int('not-a-number')
    .min(1, 'not-a-number')
    .max(999_999_999, 'not-a-number')
    .describe('written on the sheet; each is counted once per petition'),
  lines: count,
  sha256: z
    .string()
    .trim()
    .toLowerCase()
    .regex(/^([0-9a-f]{64})?$/, 'not-a-digest')
    .default('')
    .describe('SHA-256 of the scan, hex; empty without one'),
});

export const NewPaperBatch = z.object({
  sheets: z
    .array(Sheet, 'required')
    .min(1, 'required')
    .max(mostSheets, 'too-many-sheets')
    .refine((sheets) => new Set(sheets.map(({ number }) => number)).size === sheets.length, 'sheet-twice'),
  country: z
    .string('required')
    .min(1, 'required')
    .refine((code) => countryCodes.has(code), 'not-a-country'),
  day: z.iso
    .date('not-a-date')
    .refine((day) => day <= new Date().toISOString().slice(0, 10), 'not-a-date')
    .describe('of the last signature, or on which they were handed in'),
  folder: line(200).describe('where the sheets lie'),
});
export type NewPaperBatch = z.infer<typeof NewPaperBatch>;

/** What one person counts, without having seen what another did. */
export const NewPaperCount = z.object({ lines: z.array(count).min(1, 'required').max(mostSheets) });
export type NewPaperCount = z.infer<typeof NewPaperCount>;

export const PaperCorrection = NewPaperCount.extend({ reason: line(1000).describe('why the first number was wrong') });
export type PaperCorrection = z.infer<typeof PaperCorrection>;

export const PaperReturn = z.object({
  address: z
    .preprocess((text) => (text === '' ? null : text), lines(500).nullable())
    .describe('where sheets are handed in or sent to, and until when; printed on each'),
});
export type PaperReturn = z.infer<typeof PaperReturn>;

export const paperStates = ['counting', 'differing', 'confirmed', 'corrected'] as const;

export const PaperBatchRecord = z.object({
  id: z.uuid(),
  state: z.enum(paperStates).describe('counting: a second person has to; differing: both have to again'),
  sheets: z.array(z.object({ number: z.number().int(), sha256: z.string() })),
  country: z.string(),
  day: z.string(),
  folder: z.string(),
  corrects: z.uuid().nullable(),
  reason: z.string().nullable(),
  signatures: z.number().int().nullable().describe('null before two people have counted alike'),
  confirmedAt: z.iso.datetime().nullable(),
  enteredBy: z.string(),
  enteredAt: z.iso.datetime(),
  mine: z.boolean().describe('you have counted in this round: somebody else has to'),
});
export type PaperBatchRecord = z.infer<typeof PaperBatchRecord>;

export const PaperRecord = z.object({
  petition: z.string(),
  signatures: z.number().int().describe('on paper, apart from those confirmed online'),
  returnAddress: z.string().nullable(),
  batches: z.array(PaperBatchRecord),
});
export type PaperRecord = z.infer<typeof PaperRecord>;

export const PaperCounted = z.object({
  result: z.enum(['waiting', 'differing', 'confirmed']),
  differing: z.array(z.number().int()).describe('numbers of the sheets on which the two counts differ'),
  batch: PaperBatchRecord,
});
export type PaperCounted = z.infer<typeof PaperCounted>;
