import { z } from 'zod';
import { type Locale, locales } from '../site/languages.js';
import { shadesOf } from './colour.js';

const noNul = /^[^\0]*$/;

const Colour = z
  .string('not-a-colour')
  .trim()
  .toLowerCase()
  .regex(/^#[0-9a-f]{6}$/, 'not-a-colour')
  .refine((colour) => !/^#[0-9a-f]{6}$/.test(colour) || shadesOf(colour) !== null, 'colour-too-light');

const inEveryLanguage = <Words extends z.ZodType<string>>(words: Words) =>
  z.object(
    Object.fromEntries(locales.map((locale) => [locale, words.optional()])) as Record<Locale, z.ZodOptional<Words>>,
  );

/** A language that is missing, or has no words, has none. */
export const Appearance = z.object({
  colour: Colour.nullable().describe(
    '#rrggbb, dark enough to be read on white (WCAG 2.2 AA); null: that of Countersign',
  ),
  names: inEveryLanguage(
    z
      .string()
      .trim()
      .max(60, 'too-long')
      .regex(/^[^\p{Cc}]*$/u, 'not-a-name'),
  ).describe('the name of the site; where there is none, SITE_NAME'),
  imprint: inEveryLanguage(z.string().trim().max(4000, 'too-long').regex(noNul, 'invalid')).describe('Markdown'),
});
export type Appearance = z.infer<typeof Appearance>;

export const AppearanceView = z.object({
  colour: z.string().nullable(),
  names: z.record(z.string(), z.string()),
  imprint: z.record(z.string(), z.string()),
  logo: z.object({ width: z.int(), height: z.int(), address: z.string() }).nullable(),
});
export type AppearanceView = z.infer<typeof AppearanceView>;
