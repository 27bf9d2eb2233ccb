import { z } from 'zod';
import { sourcesReferredTo } from '../site/markdown.js';

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

/** What became of somebody whom a demand is about: a demand about all but the first may be out of date. */
export const personStates = ['alive', 'dead', 'reported-dead', 'already-listed'] as const;
export type PersonState = (typeof personStates)[number];

/** Somebody the text names, what is known of her or him, when that was checked, and who says so. */
export const NamedPerson = z.strictObject({
  name: line(200),
  state: z.enum(personStates).optional(),
  status: line(1000),
  asOf: z.iso.date('not-a-day'),
  source: line(500),
});
export type NamedPerson = z.infer<typeof NamedPerson>;

export const TimelineEvent = z.strictObject({ date: line(100), text: line(1000) });
export type TimelineEvent = z.infer<typeof TimelineEvent>;

/** The words of one language, unless they refer to a source that is not there. */
export const Words = z.object({
  title: line(200),
  ask: lines(2000),
  addressee: line(300),
  body: lines(50_000).describe('Markdown; [n] refers to source n'),
  sources: z.array(Source).max(200, 'too-long').default([]),
  persons: z.array(NamedPerson).max(200, 'too-long').default([]),
  timeline: z.array(TimelineEvent).max(200, 'too-long').default([]),
});

/** A reference that leads nowhere is a fault of the text, not of the list. */
export function referToSources(words: { body: string; sources: Source[] }, context: z.core.$RefinementCtx): void {
  for (const n of sourcesReferredTo(words.body)) {
    if (n > 0 && n <= words.sources.length) continue;
    context.addIssue({ code: 'custom', path: ['body'], message: 'no-such-source', params: { found: `[${n}]` } });
  }
}

export const PetitionWords = Words.superRefine(referToSources);
export type PetitionWords = z.infer<typeof PetitionWords>;
