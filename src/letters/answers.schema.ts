import { z } from 'zod';

/** What a lawmaker answered, as a person has read it: for, against, neither, a question, or only that it came. */
export const stances = ['supports', 'opposes', 'undecided', 'asks', 'acknowledges'] as const;
export type Stance = (typeof stances)[number];

const inTime = (day: string) => day >= '2000-01-01' && new Date(day).getTime() <= Date.now() + 24 * 3600_000;

export const NewAnswer = z.object({
  stance: z.enum(stances, 'required'),
  /** Not later than today, wherever today begins first. */
  answeredOn: z.iso.date('not-a-date').refine(inTime, 'not-a-date'),
  /** A sentence or two that may be shown in public, once a second person says so. */
  words: z.preprocess(
    (value) => (typeof value === 'string' ? value.trim() : value) || null,
    z
      .string()
      .max(1000, 'too-long')
      .refine((text) => !/[^\P{Cc}\t\n\r]|[\u202a-\u202e\u2066-\u2069]/u.test(text), 'invalid')
      .nullable(),
  ),
});
export type NewAnswer = z.infer<typeof NewAnswer>;

export const AnswerView = z.object({
  stance: z.enum(stances),
  answeredOn: z.iso.date(),
  words: z.string().nullable(),
  recordedByName: z.string(),
  recordedAt: z.iso.datetime(),
  publishedByName: z.string().nullable(),
  publishedAt: z.iso.datetime().nullable(),
});
export type AnswerView = z.infer<typeof AnswerView>;

/** The answer that was on the page when the second person said yes. */
export const SeenAnswer = z.object({ recordedAt: z.iso.datetime() });
export type SeenAnswer = z.infer<typeof SeenAnswer>;
