import { z } from 'zod';

/** Characters of her own words; a page of a letter. */
export const mostWords = 2000;

const list = (value: unknown) => (value === undefined || value === '' ? [] : Array.isArray(value) ? value : [value]);

/** To whom she writes, and what she adds. Checked again when it is sent, whatever the page offered. */
export const OwnLetter = z.object({
  area: z.string('required').min(1, 'required').max(300, 'invalid'),
  lawmakers: z.preprocess(list, z.array(z.uuid('invalid')).max(100, 'invalid')),
  words: z
    .string()
    .default('')
    .transform((text) => text.replace(/\r\n?/g, '\n').trim())
    .refine((text) => text.length <= mostWords, 'too-long')
    .refine((text) => !/[^\P{Cc}\n]|[\u202a-\u202e\u2066-\u2069]/u.test(text), 'control'),
});
export type OwnLetter = z.infer<typeof OwnLetter>;

/** The digest of what was on the page when she said yes. */
export const Seen = z.string().regex(/^[0-9a-f]{64}$/);
