import { z } from 'zod';
import { Audience } from '../lawmakers/lawmakers.schema.js';
import { callOutcomes, campaignModes, campaignStates } from './campaign-states.js';
import { returnKinds } from '../mail/return-kinds.js';
import { stances } from './answers.schema.js';
import { Pace } from './pace.schema.js';
import { attachmentTypes } from './attachment-file.js';
import { VariantRules } from './variant-rules.js';

/** Text of one line: no character that could begin a header or hide what follows. */
export const line = (most: number) =>
  z
    .string()
    .trim()
    .min(1, 'required')
    .max(most, 'too-long')
    .refine((text) => !/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u.test(text), 'one-line');

const perSupporter = z.coerce
  .number({ error: 'not-a-number' })
  .int('not-a-number')
  .min(1, 'not-a-number')
  .max(100, 'at-most-100');

/** Empty, as forms send it, means none. */
const none = (value: unknown) => (value === '' || value === undefined ? null : value);

/** A language tag in its canonical form, such as `en`, `fa`, `pt-BR`. */
export const LetterLocale = z
  .string()
  .regex(/^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|\d{3}))?$/, { error: 'not-a-language', abort: true })
  .refine((tag) => Intl.getCanonicalLocales(tag)[0] === tag, 'not-a-language');

const moment = z.preprocess(none, z.iso.datetime({ offset: true, local: true, error: 'not-a-time' }).nullable());

const campaignFields = {
  title: line(200),
  mode: z
    .enum(campaignModes, 'invalid')
    .describe('organisation: one letter to each lawmaker; supporters: each confirmed supporter to her own lawmakers'),
  digest: z
    .preprocess((value) => value === true || value === 'on', z.boolean())
    .describe(
      'of supporters: one mail a day to each lawmaker with the words of all who wrote, not one for each letter',
    ),
  supporterPerDay: perSupporter.describe('letters that one supporter may send within 24 hours'),
  supporterTotal: perSupporter.describe('letters that one supporter may send in all'),
  /** Slug of the petition whose count the letters may quote. */
  petition: z.preprocess(none, z.string().max(80).nullable()),
  defaultLocale: LetterLocale,
  senderName: line(100),
  organisation: line(100),
  replyTo: z.email('not-an-address').max(254, 'too-long'),
  forwardReplies: z
    .preprocess((value) => value === true || value === 'on', z.boolean())
    .describe('whether what offices write to the return address goes on to replyTo'),
  audience: Audience,
  /** The first moment a letter may leave, and the last; local times are UTC. */
  notBefore: moment,
  notAfter: moment,
  pace: Pace,
};

const inOrder = (campaign: { notBefore?: string | null; notAfter?: string | null }) =>
  !campaign.notBefore || !campaign.notAfter || utc(campaign.notBefore) < utc(campaign.notAfter);
const order = { path: ['notAfter'], error: 'after-start' };

/** A moment as written in a form or by a client; one without a zone is in UTC. */
export const utc = (moment: string) => new Date(/(Z|[+-]\d\d:\d\d)$/.test(moment) ? moment : `${moment}Z`);

export const NewLetterCampaign = z
  .object({
    ...campaignFields,
    mode: campaignFields.mode.default('organisation'),
    digest: campaignFields.digest.default(false),
    supporterPerDay: perSupporter.default(10),
    supporterTotal: perSupporter.default(10),
    forwardReplies: campaignFields.forwardReplies.default(false),
    petition: campaignFields.petition.default(null),
    audience: Audience.default(() => Audience.parse({})),
    notBefore: moment.default(null),
    notAfter: moment.default(null),
    pace: Pace.default(() => Pace.parse({})),
  })
  .refine(inOrder, order)
  .refine((campaign) => !campaign.pace.spread || campaign.notAfter, { path: ['notAfter'], error: 'spread-needs-end' });
export type NewLetterCampaign = z.infer<typeof NewLetterCampaign>;

/** Only what is given changes. `version`: the one that was read; somebody else's change in between is a conflict. */
export const LetterCampaignChange = z
  .object({ ...z.object(campaignFields).partial().shape, version: z.coerce.number().int().optional() })
  .refine(inOrder, order);
export type LetterCampaignChange = z.infer<typeof LetterCampaignChange>;

export const LetterWords = z.object({
  subject: line(300),
  body: z.string().trim().min(1, 'required').max(8000, 'too-long'),
});
export type LetterWords = z.infer<typeof LetterWords>;

/** Other words for those lawmakers to whom the rules apply. `name` is for staff. */
export const NewVariant = LetterWords.extend({
  name: line(200),
  locale: LetterLocale,
  rules: VariantRules.default(() => VariantRules.parse({})),
});
export type NewVariant = z.infer<typeof NewVariant>;

/** Every variant of the campaign, the one that is tried first in front. */
export const VariantOrder = z.object({ ids: z.array(z.uuid()).max(50) });
export type VariantOrder = z.infer<typeof VariantOrder>;

/** The hash that was on the page when the second person said yes. */
const hash = z.string('required').regex(/^[0-9a-f]{64}$/, 'invalid');

/** Both as `GET …/approval` tells them to whoever then reads the letter and its list. */
export const NewApproval = z.object({ sha256: hash, listSha256: hash });
export type NewApproval = z.infer<typeof NewApproval>;

export const ReviewReturn = z.object({ reason: z.string().trim().max(500, 'too-long').default('') }).prefault({});
export type ReviewReturn = z.infer<typeof ReviewReturn>;

/** A test goes to the signed-in person; the lawmaker only lends her name and place. */
export const NewTest = z
  .object({
    lawmakerId: z.preprocess((value) => value || undefined, z.uuid('invalid').optional()),
  })
  .prefault({});
export type NewTest = z.infer<typeof NewTest>;

export const TaskReopening = z.object({ reason: z.string().trim().min(1, 'required').max(500, 'too-long') });
export type TaskReopening = z.infer<typeof TaskReopening>;

/** What a person did with a letter that goes by no mail. */
export const TaskCompletion = z
  .object({
    note: z.string().trim().max(1000, 'too-long').default(''),
    proof: z
      .string()
      .trim()
      .max(500, 'too-long')
      .regex(/^[^\p{Cc}\u2028\u2029]*$/u, 'one-line')
      .default('')
      .describe('what shows that it was delivered: the number a form gave, a tracking number, a link'),
    outcome: z
      .preprocess((value) => value || undefined, z.enum(callOutcomes, { error: 'required' }).optional())
      .describe(
        'of a call, and of nothing else; after no-answer and wrong-number the call is still to be made; a wrong number is marked for an editor',
      ),
  })
  .prefault({});
export type TaskCompletion = z.infer<typeof TaskCompletion>;

/** One lawmaker who is left out by hand; `lift` takes that back. */
export const HandExclusion = z.object({
  lawmakerId: z.uuid('invalid'),
  reason: z.string().trim().max(500, 'too-long').default(''),
  lift: z.preprocess((value) => value === 'on' || value === true, z.boolean()),
});
export type HandExclusion = z.infer<typeof HandExclusion>;

/** One lawmaker who gets the letter whatever the rules say, as long as she does not object; `lift` takes that back. */
export const HandInclusion = HandExclusion.omit({ reason: true });
export type HandInclusion = z.infer<typeof HandInclusion>;

export const letterStatuses = [
  'queued',
  'claimed',
  'handing_over',
  'accepted',
  'deferred',
  'refused',
  'in_doubt',
  'held',
  'cancelled',
  'suppressed',
  'expired',
  'task',
  'done',
  'excluded',
] as const;

export const LetterFilter = z.object({
  status: z.preprocess((value) => value || undefined, z.enum(letterStatuses).optional()),
  channel: z.preprocess((value) => value || undefined, z.enum(['email', 'form', 'post', 'phone']).optional()),
  returned: z.preprocess((value) => value || undefined, z.enum(returnKinds).optional()),
  answer: z.preprocess((value) => value || undefined, z.enum(stances).optional()),
  after: z.preprocess((value) => value || undefined, z.string().max(600).optional()),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});
export type LetterFilter = z.infer<typeof LetterFilter>;

export const DryRunQuery = z.object({
  after: z.preprocess((value) => value || undefined, z.uuid().optional()).describe('id of the last lawmaker seen'),
  show: z.preprocess((value) => value || undefined, z.enum(['all', 'included', 'excluded']).default('all')),
});
export type DryRunQuery = z.infer<typeof DryRunQuery>;

export const LetterCampaignView = z.object({
  id: z.uuid(),
  title: z.string(),
  mode: z.enum(campaignModes),
  digest: z.boolean(),
  supporterPerDay: z.number().int(),
  supporterTotal: z.number().int(),
  petition: z.string().nullable(),
  state: z.enum(campaignStates),
  version: z.number().int(),
  defaultLocale: z.string(),
  senderName: z.string(),
  organisation: z.string(),
  replyTo: z.string(),
  forwardReplies: z.boolean(),
  audience: Audience,
  /** The saved audience it follows. */
  audienceId: z.uuid().nullable(),
  notBefore: z.iso.datetime().nullable(),
  notAfter: z.iso.datetime().nullable(),
  pace: Pace,
  datedAt: z.iso.datetime().nullable(),
  planned: z.boolean(),
  texts: z.array(z.object({ locale: z.string(), subject: z.string(), body: z.string() })),
  /** In the order in which they are tried. */
  variants: z.array(
    z.object({
      id: z.uuid(),
      name: z.string(),
      locale: z.string(),
      rules: VariantRules,
      subject: z.string(),
      body: z.string(),
    }),
  ),
  /** Sizes in bytes; `sha256` in hex. */
  attachments: z.array(
    z.object({ id: z.uuid(), name: z.string(), type: z.enum(attachmentTypes), size: z.int(), sha256: z.string() }),
  ),
  postscripts: z.array(z.object({ lawmakerId: z.uuid(), text: z.string() })),
});
export type LetterCampaignView = z.infer<typeof LetterCampaignView>;
