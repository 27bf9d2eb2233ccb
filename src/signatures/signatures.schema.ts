import { z } from 'zod';
import { mostOrganisations } from '../petitions/organisation.entity.js';
import { countryCodes, locales } from '../site/languages.js';
import { normalForm } from '../vault/normal-form.js';

/** Name and address together, in bytes of UTF-8: so that the link in the mail stays under 500 characters. */
export const mostPersonBytes = 240;

const control = /\p{Cc}|\p{Cs}|[\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

export const SignerName = z
  .string('required')
  .trim()
  .normalize('NFC')
  .min(1, 'required')
  .max(100, 'too-long')
  .refine((name) => !control.test(name), 'not-a-name')
  .refine((name) => !/:\/\/|www\./i.test(name), 'not-a-name');

export const EmailAddress = z
  .string('required')
  .trim()
  .min(1, 'required')
  .max(200, 'too-long')
  .refine((email) => Buffer.byteLength(email) <= mostPersonBytes, 'too-long')
  .refine(
    (email) => /^[^\s<>@,;:"()[\]\\]+@[^\s<>@,;:"()[\]\\]+$/.test(email) && !control.test(email),
    'not-an-address',
  )
  .refine((email) => normalForm(email) !== null, 'not-an-address');

export const NewSignature = z
  .object({
    name: SignerName,
    email: EmailAddress.describe('never shown, and stored sealed'),
    country: z
      .string('required')
      .min(1, 'required')
      .refine((code) => countryCodes.has(code), 'not-a-country')
      .describe('ISO 3166-1 alpha-2'),
    locale: z.enum(locales, 'not-a-language'),
    consents: z.object(
      {
        sign: z.literal(true, 'consent-needed'),
        showName: z.boolean('invalid').optional(),
        news: z.boolean('invalid').optional(),
        organisations: z
          .array(z.uuid('invalid'))
          .max(mostOrganisations, 'too-long')
          .optional()
          .describe('ids of organisations of the petition that may write to her'),
      },
      'consent-needed',
    ),
  })
  .refine(({ name, email }) => Buffer.byteLength(name) + Buffer.byteLength(email) <= mostPersonBytes, {
    path: ['name'],
    message: 'too-long',
  });
export type NewSignature = z.infer<typeof NewSignature>;

export const NewSignatureWithProof = NewSignature.safeExtend({
  proof: z
    .string()
    .max(5000)
    .optional()
    .describe(
      'needed after a `proof-needed` problem: base64 of the JSON of `{challenge, solution}` (ALTCHA, altcha.org)',
    ),
});
export type NewSignatureWithProof = z.infer<typeof NewSignatureWithProof>;

export const OwnWords = z.object({
  words: z
    .string('required')
    .trim()
    .normalize('NFC')
    .max(1000, 'too-long')
    // Line breaks are fine in words.
    .refine((words) => !control.test(words.replaceAll(/[\r\n\t]/g, ' ')), 'not-text'),
});
export type OwnWords = z.infer<typeof OwnWords>;

/** Says the same for a new, a known and a limited address. */
export const Asked = z.object({ status: z.literal('look-in-your-mailbox') });
export const Confirmed = z.object({ status: z.literal('signed'), petition: z.string() });
export type Confirmed = z.infer<typeof Confirmed>;

/** What may come with the button: what the signer's own program made, or nothing, then a code is made here. */
export const Confirming = z
  .object({
    codeHash: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .nullable()
      .default(null)
      .describe('SHA-256 of "petition-log/v1/code\\n" and a code of 20 characters (Crockford base32), hex'),
  })
  .default({ codeHash: null });
export type Confirming = z.infer<typeof Confirming>;
export const ConfirmedWithCode = Confirmed.extend({
  code: z.string().nullable().describe('Made here because none was sent. Said this once, and kept nowhere'),
});
export type ConfirmedWithCode = z.infer<typeof ConfirmedWithCode>;
