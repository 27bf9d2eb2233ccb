import { z } from 'zod';
import { defaultLocale, locales } from '../site/languages.js';

/** Characters of her own words; a page of a letter. */
export const mostWords = 2000;

const list = (value: unknown) => (value === undefined || value === '' ? [] : Array.isArray(value) ? value : [value]);

const agreed = z.preprocess((value) => value === true || value === 'on', z.boolean()).default(false);

/** To whom she writes, and what she adds. Checked again when it is sent, whatever the page offered. */
export const OwnLetter = z.object({
  area: z.string('required').min(1, 'required').max(300, 'invalid'),
  lawmakers: z.preprocess(list, z.array(z.uuid('invalid')).max(100, 'invalid')),
  words: z
    .string()
    .default('')
    .transform((text) => text.replace(/\r\n?/g, '\n').trim())
    .refine((text) => text.length <= mostWords, {
      message: 'too-long',
      params: { limit: mostWords, unit: 'characters' },
    })
    .refine((text) => !/[^\P{Cc}\n]|[\u202a-\u202e\u2066-\u2069]/u.test(text), 'control'),
  passWords: agreed.describe('her words may be passed on; only asked where letters go together in one mail a day'),
  passName: agreed.describe('her name may be passed on with them, there'),
  passArea: agreed.describe('the area she chose may be passed on with them, there'),
});
export type OwnLetter = z.infer<typeof OwnLetter>;

/** The digest of what was on the page when she said yes. */
export const Seen = z.string().regex(/^[0-9a-f]{64}$/);

const locale = z
  .enum(locales, 'not-a-language')
  .default(defaultLocale)
  .describe('of what she reads beside the letters');

export const WriteQuery = z.object({
  area: z.string().max(300, 'invalid').optional().describe('key of an area'),
  locale,
});
export type WriteQuery = z.infer<typeof WriteQuery>;

export const OwnLetterToSend = OwnLetter.extend({
  seen: Seen.describe('as the preview gave it'),
  locale: locale.describe('in which she was asked what may be passed on: it is kept in these words'),
});
export type OwnLetterToSend = z.infer<typeof OwnLetterToSend>;

const area = z.object({ key: z.string(), name: z.string(), country: z.string() });
const text = z.object({
  ...{ lawmakerId: z.uuid(), to: z.string(), contact: z.string() },
  ...{ locale: z.string(), subject: z.string(), text: z.string() },
});
const perhaps = z.string().nullable();

/** Where the holder of a link may write. */
export const WriteOffer = z.object({
  petition: z.string(),
  name: z.string().describe('the one she signed with'),
  digest: z.boolean().describe('her words go together with those of others in one mail a day'),
  left: z.number().int().describe('letters she may still write'),
  leftToday: z.number().int().describe('of these within 24 hours'),
  areas: z.array(area),
  area: area.nullable().describe('the one asked for'),
  lawmakers: z.array(
    z.object({
      ...{ id: z.uuid(), name: z.string(), role: perhaps, party: perhaps, area: perhaps, legislature: z.string() },
      written: z.boolean().describe('she has written to this one'),
      closed: z.boolean().describe('no mail goes there any more before the deadline'),
    }),
  ),
  byHand: z
    .array(text.extend({ channel: z.string() }))
    .describe('who takes letters only by web form, post or telephone: she carries them herself'),
});

export const OwnLetterPreview = z.object({ digest: z.boolean(), letters: z.array(text), seen: z.string() });

export const SentLetters = z.object({
  letters: z.array(z.object({ to: z.string(), area: perhaps, on: z.iso.date(), state: z.string() })),
});
export type SentLetters = z.infer<typeof SentLetters>;
