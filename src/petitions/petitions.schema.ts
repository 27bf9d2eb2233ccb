import { z } from 'zod';
import { petitionStates } from './petition.entity.js';

/** A numbered source; the body refers to it as [n]. */
export const Source = z.object({ title: z.string(), url: z.string().optional(), date: z.string().optional() });
export type Source = z.infer<typeof Source>;

/** Somebody the text names, what is known of her or him, when that was checked, and who says so. */
export const NamedPerson = z.object({ name: z.string(), status: z.string(), asOf: z.iso.date(), source: z.string() });
export type NamedPerson = z.infer<typeof NamedPerson>;

export const TimelineEvent = z.object({ date: z.string(), text: z.string() });
export type TimelineEvent = z.infer<typeof TimelineEvent>;

export const PetitionWords = z.object({
  title: z.string().min(1).max(200),
  ask: z.string().min(1).max(2000),
  addressee: z.string().min(1).max(300),
  body: z.string().min(1).max(50_000),
  sources: z.array(Source).default([]),
  persons: z.array(NamedPerson).default([]),
  timeline: z.array(TimelineEvent).default([]),
});
export type PetitionWords = z.infer<typeof PetitionWords>;

export const NewPetition = z.object({
  slug: z.string().regex(/^[a-z0-9][a-z0-9-]{1,78}[a-z0-9]$/),
  startedBy: z.string().min(1).max(200),
  goal: z.number().int().positive().nullable().default(null),
  factCheckedOn: z.iso.date().nullable().default(null),
  reviewAfterDays: z.number().int().positive().default(90),
  texts: z.record(z.string(), PetitionWords),
});
export type NewPetition = z.infer<typeof NewPetition>;

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
  textVersion: z.number().int(),
  textSha256: z.string().describe('SHA-256 of the canonical form of this text, hex'),
});
export type PetitionDetail = z.infer<typeof PetitionDetail>;

export const CountView = z.object({
  petition: z.string(),
  count: z.number().int().describe('confirmed signatures minus withdrawn ones'),
  pending: z.number().int().describe('confirmed, and being counted at this moment'),
  size: z.number().int().describe('entries of the public log at /log/<slug>/ that this is the sum of'),
  asOf: z.iso.datetime(),
  method: z.string(),
});
export type CountView = z.infer<typeof CountView>;
