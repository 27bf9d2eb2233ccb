import { z } from 'zod';
import { locales } from '../site/languages.js';
import { EmailAddress } from './signatures.schema.js';

export const NewWithdrawal = z.object({ email: EmailAddress, locale: z.enum(locales, 'not-a-language') });
export type NewWithdrawal = z.infer<typeof NewWithdrawal>;

export const Withdrawn = z.object({ status: z.literal('withdrawn'), petition: z.string() });
export type Withdrawn = z.infer<typeof Withdrawn>;

export const Erased = z.object({ status: z.literal('erased'), petition: z.string() });
export type Erased = z.infer<typeof Erased>;

export const SignerCode = z.object({
  code: z.string('required').trim().min(1, 'required').max(100, 'not-a-code').describe('20 characters, as typed'),
});
export type SignerCode = z.infer<typeof SignerCode>;

const text = z.string().nullable();

/** Everything that is held of one signature. What was erased is null. */
export const HeldSignature = z.object({
  petition: z.string(),
  erased: z.boolean().describe('only a keyed digest of the address, country and way are left'),
  name: text,
  email: text,
  words: text,
  country: z.string(),
  locale: text,
  textVersion: z.number().int().nullable().describe('version of the text that was signed'),
  source: z.string().describe('the way it came: page, api'),
  confirmedHour: z.iso.datetime().nullable(),
  consents: z.array(
    z.object({
      purpose: z.string(),
      topic: z.string().describe('what it is taken back by: the purpose, or the id of an organisation'),
      ...{ wording: z.string(), locale: z.string() },
    }),
  ),
  auditSalt: text.describe('with the address it opens B of the entry in an audit; base64'),
  state: z.enum(['waiting', 'counted', 'taken-out']),
  entry: z.number().int().nullable().describe('index in the public log'),
  kept: z
    .record(z.string(), z.array(z.record(z.string(), z.union([z.string(), z.number(), z.null()]))))
    .describe('what else belongs to it, such as letters that she sent'),
});
export type HeldSignature = z.infer<typeof HeldSignature>;

/** A keyed digest of the address that is remembered for a while; it names nobody, and its key is kept apart. */
export const RememberedDigest = z.object({
  what: z
    .enum(['confirmation-mails', 'rights-mails', 'withdrawal'])
    .describe(
      'the first two: how many mails were sent to the address today; the last: that an old link must not sign again',
    ),
  petition: text.describe('of a withdrawal'),
  until: z.iso.datetime(),
});
export type RememberedDigest = z.infer<typeof RememberedDigest>;

export const HeldData = z.object({
  email: z.string(),
  signatures: z.array(HeldSignature),
  remembered: z.array(RememberedDigest),
});
export type HeldData = z.infer<typeof HeldData>;
