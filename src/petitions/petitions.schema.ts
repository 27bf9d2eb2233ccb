import { z } from 'zod';
import { locales } from '../site/languages.js';
import { publications } from '../countlog/log.entity.js';
import { petitionStates } from './petition-states.js';

/** Text of one line: no control character, none that reverses what follows. Isolates (U+2066 to 2069) are right in Persian. */
export const line = (most: number) =>
  z
    .string()
    .trim()
    .min(1, 'required')
    .max(most, 'too-long')
    .refine((text) => !/[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e]/u.test(text), 'one-line');

/** Text of several lines, with one kind of line end, so that a browser does not change what is hashed. */
export const lines = (most: number) =>
  z
    .string()
    .transform((text) => text.replace(/\r\n?/g, '\n').trim())
    .pipe(
      z
        .string()
        .min(1, 'required')
        .max(most, 'too-long')
        .refine((text) => !/[^\P{Cc}\n\t]|[\p{Cs}\u202a-\u202e]/u.test(text), 'not-text'),
    );

/** A numbered source; the body refers to it as [n]. */
export const Source = z.strictObject({
  title: line(500),
  url: z
    .url({ protocol: /^https?$/, error: 'not-a-web-address' })
    .max(1000, 'too-long')
    .optional(),
  date: line(100).optional(),
});
export type Source = z.infer<typeof Source>;

/** Somebody the text names, what is known of her or him, when that was checked, and who says so. */
export const NamedPerson = z.strictObject({
  name: line(200),
  status: line(1000),
  asOf: z.iso.date('not-a-day'),
  source: line(500),
});
export type NamedPerson = z.infer<typeof NamedPerson>;

export const TimelineEvent = z.strictObject({ date: line(100), text: line(1000) });
export type TimelineEvent = z.infer<typeof TimelineEvent>;

export const PetitionWords = z.object({
  title: line(200),
  ask: lines(2000),
  addressee: line(300),
  body: lines(50_000).describe('Markdown; [n] refers to source n'),
  sources: z.array(Source).max(200, 'too-long').default([]),
  persons: z.array(NamedPerson).max(200, 'too-long').default([]),
  timeline: z.array(TimelineEvent).max(200, 'too-long').default([]),
});
export type PetitionWords = z.infer<typeof PetitionWords>;

export const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'not-a-digest');

/** Empty, as forms send it, means none. */
const none = (value: unknown) => (value === '' || value === undefined ? null : value);

export const PetitionTextChange = PetitionWords.extend({
  reason: z
    .preprocess(none, line(1000).nullable())
    .default(null)
    .describe('why the words change, for everybody to read; needed once the petition has been open'),
  previousSha256: z
    .preprocess(none, sha256.nullable())
    .default(null)
    .describe(
      'SHA-256 of the words that these follow, null for the first in this language; others there are a conflict',
    ),
});
export type PetitionTextChange = z.infer<typeof PetitionTextChange>;

const goal = z.preprocess(
  none,
  z.coerce.number('not-a-number').int('not-a-number').min(1).max(1_000_000_000).nullable(),
);
const day = z.preprocess(none, z.iso.date('not-a-day').nullable());
const holdMinutes = z.coerce
  .number('not-a-number')
  .int('not-a-number')
  .min(0)
  .max(10_080)
  .describe('how long a confirmed signature waits before it is logged');
const publication = z
  .enum(publications)
  .describe('protected: entries are published in groups, so that nobody learns who signed when');

/** Minutes that a confirmed signature of a protected petition waits, unless somebody chooses otherwise. */
export const protectedHoldMinutes = 60;

export const NewPetition = z
  .object({
    slug: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{1,78}[a-z0-9]$/, 'not-a-slug')
      // The console has a page of this name.
      .refine((slug) => slug !== 'new', 'not-a-slug'),
    startedBy: line(200),
    goal: goal.default(null),
    factCheckedOn: day.default(null),
    reviewAfterDays: z.coerce.number().int().min(1).max(3650).default(90),
    publication: publication.default('ordinary'),
    holdMinutes: z.preprocess((value) => (value === '' ? undefined : value), holdMinutes.optional()),
    texts: z.partialRecord(z.enum(locales), PetitionWords).refine((texts) => Object.keys(texts).length > 0, 'required'),
  })
  .transform((petition) => ({
    ...petition,
    holdMinutes: petition.holdMinutes ?? (petition.publication === 'protected' ? protectedHoldMinutes : 0),
  }));
export type NewPetition = z.infer<typeof NewPetition>;

/** Only what is given changes. */
export const PetitionSettingsChange = z.object({
  startedBy: line(200).optional(),
  goal: goal.optional(),
  factCheckedOn: day.optional(),
  reviewAfterDays: z.coerce.number().int().min(1).max(3650).optional(),
  publication: publication.optional(),
  holdMinutes: holdMinutes.optional(),
});
export type PetitionSettingsChange = z.infer<typeof PetitionSettingsChange>;

export const PetitionOpening = z.object({
  textsSha256: sha256
    .optional()
    .describe(
      'of the words that were read, as the answer to the request for review says; needed to open what is in review',
    ),
});
export type PetitionOpening = z.infer<typeof PetitionOpening>;

export const PetitionRejection = z.object({ reason: lines(2000).describe('for the author') });
export type PetitionRejection = z.infer<typeof PetitionRejection>;

export const PetitionView = z.object({
  slug: z.string(),
  state: z.enum(petitionStates),
  title: z.string(),
  ask: z.string(),
  addressee: z.string(),
  startedBy: z.string(),
  openedAt: z.iso.datetime().nullable(),
  closedAt: z.iso.datetime().nullable(),
  goal: z.number().int().nullable(),
  locales: z.array(z.string()),
  count: z.number().int(),
  url: z.string(),
});
export type PetitionView = z.infer<typeof PetitionView>;

export const PetitionList = z.object({ petitions: z.array(PetitionView) });

export const PetitionDetail = PetitionView.extend({
  locale: z.string(),
  body: z.string().describe('Markdown'),
  sources: z.array(Source),
  persons: z.array(NamedPerson),
  timeline: z.array(TimelineEvent),
  organisations: z
    .array(z.object({ id: z.uuid(), name: z.string(), url: z.string(), privacyUrl: z.string() }))
    .describe('each asks for an agreement of its own'),
  textVersion: z.number().int(),
  textSha256: z.string().describe('SHA-256 of the canonical form of this text, hex'),
});
export type PetitionDetail = z.infer<typeof PetitionDetail>;

/** What staff is told after each change. */
export const PetitionRecord = z.object({
  slug: z.string(),
  state: z.enum(petitionStates),
  startedBy: z.string(),
  goal: z.number().int().nullable(),
  factCheckedOn: z.string().nullable(),
  reviewAfterDays: z.number().int(),
  publication: z.enum(publications),
  holdMinutes: z.number().int(),
  returnReason: z.string().nullable().describe('why a reviewer gave it back'),
  textsSha256: z.string().describe('one digest for the newest words in all languages'),
  texts: z.array(z.object({ locale: z.string(), version: z.number().int(), sha256: z.string() })),
});
export type PetitionRecord = z.infer<typeof PetitionRecord>;

export const TextHistory = z.object({
  petition: z.string(),
  texts: z.array(
    PetitionWords.extend({
      locale: z.string(),
      version: z.number().int(),
      sha256: z.string().describe('SHA-256 of the canonical form of these words and their locale, hex'),
      previousSha256: z.string().nullable(),
      reason: z.string().nullable().describe('why they followed others'),
      validFrom: z.iso.datetime(),
      logEntry: z.number().int().nullable().describe('of the log entry that vouches for them; null until it is logged'),
    }),
  ),
});
export type TextHistory = z.infer<typeof TextHistory>;

export const CountView = z.object({
  petition: z.string(),
  count: z.number().int().describe('confirmed signatures minus withdrawn ones'),
  pending: z.number().int().describe('confirmed, and being counted at this moment'),
  size: z.number().int().describe('entries of the public log at /log/<slug>/ that this is the sum of'),
  asOf: z.iso.datetime(),
  method: z.string(),
  paper: z
    .object({ signatures: z.number().int(), method: z.string() })
    .describe('signatures on paper: apart, never part of `count`'),
});
export type CountView = z.infer<typeof CountView>;
