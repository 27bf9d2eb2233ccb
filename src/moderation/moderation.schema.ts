import { z } from 'zod';
import { EmailAddress } from '../signatures/signatures.schema.js';
import { countryCodes } from '../site/languages.js';
import { sources } from '../signatures/sealed-form.js';
import { normalForm } from '../vault/normal-form.js';

const blank = (value: unknown) => (value === '' ? undefined : value);
/** A whole hour, UTC, as a form gives it (2026-11-22T10:00) or with its zone; a later minute is cut. */
const hour = z.preprocess(
  (value) => (typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(value) ? `${value}:00Z` : blank(value)),
  z.iso
    .datetime({ offset: true, error: 'not-a-time' })
    .transform((value) => `${new Date(value).toISOString().slice(0, 13)}:00:00.000Z`)
    .optional(),
);

/** Which signatures are meant: all that fit everything that is said. Nothing said means nothing meant. */
export const InvalidationRule = z
  .object({
    domain: z
      .preprocess(
        blank,
        z
          .string()
          .trim()
          .max(253, 'too-long')
          .refine((domain) => normalForm(`x@${domain}`) !== null, 'not-a-domain')
          .transform((domain) => normalForm(`x@${domain}`)!.slice(2))
          .optional(),
      )
      .describe('of the mail address; the server compares digests and cannot list domains'),
    from: hour.describe('confirmed in this hour or later, UTC'),
    to: hour.describe('confirmed before this hour, UTC'),
    country: z.preprocess(
      blank,
      z
        .string()
        .refine((code) => countryCodes.has(code), 'not-a-country')
        .optional(),
    ),
    source: z.preprocess(blank, z.enum(sources, 'invalid').optional()),
  })
  .strict()
  .refine((rule) => Object.values(rule).some((value) => value !== undefined), { path: ['domain'], message: 'no-rule' })
  .refine(({ from, to }) => !from || !to || from < to, { path: ['to'], message: 'not-after' });
export type InvalidationRule = z.infer<typeof InvalidationRule>;

/** As the public log says it. */
export const reasons = { fraud: 3, 'duplicate-or-test': 4 } as const;
export type Reason = keyof typeof reasons;
const reason = z.enum(['fraud', 'duplicate-or-test'], 'required');

export const NewInvalidation = z.object({
  rule: InvalidationRule,
  reason,
  note: z.string().trim().min(1, 'required').max(500, 'too-long').describe('for colleagues and the audit log'),
});
export type NewInvalidation = z.infer<typeof NewInvalidation>;

export const InvalidationPreview = z.object({
  signatures: z.number().int(),
  logged: z.number().int().describe('of these, already in the public log: each becomes a public withdrawal'),
  days: z.array(z.object({ day: z.string(), signatures: z.number().int() })),
  countries: z.array(z.object({ country: z.string(), signatures: z.number().int() })),
});
export type InvalidationPreview = z.infer<typeof InvalidationPreview>;

export const InvalidationView = z.object({
  id: z.uuid(),
  rule: z.record(z.string(), z.string()),
  reason,
  note: z.string(),
  signatures: z.number().int(),
  by: z.string(),
  at: z.iso.datetime(),
  undoneAt: z.iso.datetime().nullable(),
  undoneBy: z.string().nullable(),
});
export type InvalidationView = z.infer<typeof InvalidationView>;
export const InvalidationList = z.object({
  invalidations: z.array(InvalidationView),
  next: z.string().nullable(),
});

/** Signatures that wait for a person, by what they have in common. */
export const FlagGroup = z.object({
  domain: z.string().describe('of the mail addresses'),
  signals: z.array(z.string()),
  signatures: z.number().int(),
  from: z.iso.datetime(),
  to: z.iso.datetime(),
});
export type FlagGroup = z.infer<typeof FlagGroup>;
export const FlagList = z.object({ flags: z.array(FlagGroup), next: z.string().nullable() });

/** `next` of the page before. */
const flagCursor = z
  .string()
  .regex(/^\d{1,9}~[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  .transform((cursor) => ({ signatures: Number(cursor.split('~')[0]), id: cursor.split('~')[1]! }));
export type FlagCursor = z.infer<typeof flagCursor>;
export const FlagsQuery = z.object({ after: flagCursor.optional() });
export type FlagsQuery = z.infer<typeof FlagsQuery>;

export const InvalidationsQuery = z.object({ before: z.uuid().optional().describe('id of the last one seen') });
export type InvalidationsQuery = z.infer<typeof InvalidationsQuery>;

/** Two lists on one page, each with its own cursor. */
export const ModerationQuery = z.object({ flags: flagCursor.optional(), done: z.uuid().optional() });
export type ModerationQuery = z.infer<typeof ModerationQuery>;

export const FlagDecision = z.object({
  domain: z.string().max(253),
  decision: z.enum(['count', 'fraud', 'duplicate-or-test'], 'required'),
});
export type FlagDecision = z.infer<typeof FlagDecision>;
export const Decided = z.object({ signatures: z.number().int() });

export const FunnelView = z.object({
  days: z.array(
    z.object({ day: z.string(), asked: z.number().int(), mailed: z.number().int(), confirmed: z.number().int() }),
  ),
});

export const SignatureSearch = z.object({ email: EmailAddress });
export type SignatureSearch = z.infer<typeof SignatureSearch>;

/** What is known of a signature by the address: enough to answer the person who asks, nothing about who she is. */
export const FoundSignature = z.object({
  petition: z.string(),
  state: z
    .enum(['none', 'waiting', 'counted', 'invalidated', 'withdrawn'])
    .describe(
      'none: this address has not signed, or has withdrawn longer ago than is remembered; waiting: confirmed, not logged yet; ' +
        'invalidated: taken out of the count by staff',
    ),
  day: z.iso.date().nullable().describe('on which it was confirmed, or withdrawn; null of somebody who was erased'),
  textVersion: z.number().int().nullable(),
  locale: z.string().nullable().describe('language of the text that was signed'),
  erased: z.boolean().describe('counted, but nothing except the digest is kept'),
});
export type FoundSignature = z.infer<typeof FoundSignature>;
