import { z } from 'zod';
import { defaultLocale, type Locale, locales } from '../site/languages.js';
import { publications } from '../countlog/log.entity.js';
import { petitionStates } from './petition-states.js';
import {
  line,
  lines,
  NamedPerson,
  personStates,
  PetitionWords,
  referToSources,
  Source,
  TimelineEvent,
  Words,
} from './petition-words.schema.js';
import { standards } from './standards.js';

export const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'not-a-digest');

/** Empty, as forms send it, means none. */
const none = (value: unknown) => (value === '' || value === undefined ? null : value);

export const PetitionTextChange = Words.extend({
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
  originalSha256: z
    .preprocess(none, sha256.nullable())
    .default(null)
    .describe('of a translation: SHA-256 of the original that it was compared with; if left out, of the newest'),
}).superRefine(referToSources);
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

/** Words of a draft in one language, as they were when somebody decided that they go. */
export const PetitionTextRemoval = z.object({
  previousSha256: sha256.describe('SHA-256 of the words that go; others there are a conflict'),
});
export type PetitionTextRemoval = z.infer<typeof PetitionTextRemoval>;

export const TranslationCheck = z.object({
  originalSha256: sha256.describe("SHA-256 of the original's words that the translation still says"),
});
export type TranslationCheck = z.infer<typeof TranslationCheck>;

export const FactCheck = z.object({
  textsSha256: sha256.describe('of the words whose facts were checked; others there are a conflict'),
});
export type FactCheck = z.infer<typeof FactCheck>;

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
    originalLocale: z.enum(locales).optional().describe('of the texts given; if left out, English if it is among them'),
    texts: z.partialRecord(z.enum(locales), PetitionWords).refine((texts) => Object.keys(texts).length > 0, 'required'),
  })
  .refine(({ originalLocale, texts }) => !originalLocale || originalLocale in texts, {
    path: ['originalLocale'],
    message: 'not-written',
  })
  .transform((petition) => ({
    ...petition,
    originalLocale:
      petition.originalLocale ??
      (defaultLocale in petition.texts ? defaultLocale : (Object.keys(petition.texts)[0] as Locale)),
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
  originalLocale: z.enum(locales).optional().describe('one in which there are words'),
});
export type PetitionSettingsChange = z.infer<typeof PetitionSettingsChange>;

export const PetitionOpening = z.object({
  textsSha256: sha256
    .optional()
    .describe(
      'of the words that were read, as the answer to the request for review says; needed to open what is in review',
    ),
  standards: z
    .preprocess((value) => (typeof value === 'string' ? [value] : value), z.array(z.enum(standards)))
    .default([])
    .describe('those that whoever opens it says are met; all are needed to open what is in review'),
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
  originalLocale: z.string(),
  facts: z
    .object({
      needCheck: z.boolean().describe('somebody has to look, and to say so by a fact check'),
      stale: z.boolean().describe('not checked for longer than reviewAfterDays'),
      persons: z
        .array(z.object({ name: z.string(), state: z.enum(personStates) }))
        .describe('named persons who are dead, reported dead or already listed'),
    })
    .describe('nothing to check once the petition has closed'),
  returnReason: z.string().nullable().describe('why a reviewer gave it back'),
  textsSha256: z.string().describe('one digest for the newest words in all languages'),
  texts: z.array(
    z.object({
      locale: z.string(),
      version: z.number().int(),
      sha256: z.string(),
      olderThanOriginal: z.boolean().describe('the original has changed since this translation was compared with it'),
    }),
  ),
});
export type PetitionRecord = z.infer<typeof PetitionRecord>;

export const TextHistory = z.object({
  petition: z.string(),
  texts: z.array(
    Words.extend({
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
