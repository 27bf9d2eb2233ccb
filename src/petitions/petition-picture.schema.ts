import { z } from 'zod';
import { locales } from '../site/languages.js';
import { pictureTypes } from '../site/pictures.js';
import { line } from './petition-words.schema.js';

/** Of a picture: bytes, and pixels of a side. A page that is read over a telephone shall not wait for it long. */
export const pictureLimits = { bytes: 400 * 1024, side: 2400 } as const;

const isBlank = (value: unknown) => value === undefined || (typeof value === 'string' && value.trim() === '');
const withoutBlanks = (alt: unknown) =>
  alt && typeof alt === 'object' ? Object.fromEntries(Object.entries(alt).filter(([, text]) => !isBlank(text))) : alt;

export const PictureWords = z.object({
  alt: z
    .preprocess(withoutBlanks, z.partialRecord(z.enum(locales), line(300)))
    .describe('what it shows, by language; the language in which the petition was written first has to be there'),
  credit: z
    .preprocess((value) => (isBlank(value) ? null : value), line(200).nullable())
    .describe('whose picture it is'),
});
export type PictureWords = z.infer<typeof PictureWords>;

/** Fields beside a file: `alt-en`, `alt-fa`, ... and `credit`. */
export const readPictureWords = (fields: Record<string, unknown>): unknown => ({
  alt: Object.fromEntries(locales.map((locale) => [locale, fields[`alt-${locale}`]])),
  credit: fields.credit,
});

export const PictureView = z.object({
  url: z.string().describe('changes with the picture'),
  type: z.enum(pictureTypes),
  width: z.number().int(),
  height: z.number().int(),
  alt: z.record(z.string(), z.string()),
  credit: z.string().nullable(),
});
export type PictureView = z.infer<typeof PictureView>;
