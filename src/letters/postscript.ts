import { z } from 'zod';

/** Plain text of some lines: no control character, nothing that turns the direction of what follows around. */
export const Postscript = z.object({
  text: z
    .string()
    .transform((text) =>
      text
        .replace(/\r\n?/g, '\n')
        // Two hyphens and a space would begin the footer (RFC 3676, 4.3).
        .replace(/[ \t]+$/gm, '')
        .trim(),
    )
    .pipe(
      z
        .string()
        .min(1, 'required')
        .max(1000, 'too-long')
        .refine((text) => !/[^\P{Cc}\n\t]|[\u2028\u2029\u202a-\u202e\u2066-\u2069]/u.test(text), 'invalid'),
    ),
});
export type Postscript = z.infer<typeof Postscript>;

const marks: Record<string, string> = { fa: 'پی‌نوشت:', ar: 'ملاحظة:', fr: 'P.-S.', de: 'PS:', es: 'P. D.:' };

/** A postscript as the letter shows it, with the mark of its language; English where we do not know one. */
export function withMark(locale: string, text: string): string {
  return `${marks[locale.split('-')[0]!.toLowerCase()] ?? 'P.S.'} ${text}`;
}
