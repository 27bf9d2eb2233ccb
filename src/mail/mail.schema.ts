import { z } from 'zod';
import { subjects, verdicts } from './dns-verdicts.js';
import { lanes, mailStates } from './mail-states.js';
import { returnKinds, returnSources } from './return-kinds.js';

/** What a person may want to look at: everything that did not simply go. */
export const deskStates = ['in_doubt', 'held', 'deferred', 'refused'] as const;
export type DeskState = (typeof deskStates)[number];

export const DeskQuery = z.object({
  state: z.enum(deskStates).default('in_doubt'),
  /** `next` of the page before. */
  after: z
    .string()
    .regex(/^\d{1,17}~[0-9a-f-]{36}$/)
    .optional(),
});
export type DeskQuery = z.infer<typeof DeskQuery>;

/** For mails that MAIL_MODE=hold has held: release. For mails in doubt: count them as sent, or send the same bytes again. */
export const decisions = ['release', 'sent', 'again'] as const;

export const MailDecision = z.object({
  campaignId: z.uuid(),
  id: z.uuid(),
  decision: z.enum(decisions),
});
export type MailDecision = z.infer<typeof MailDecision>;

/** As a form names one of several mails. */
const mailKey = /^([0-9a-f-]{36})~([0-9a-f-]{36})$/;
const readKey = (value: unknown) => {
  const [, campaignId, id] = (typeof value === 'string' && mailKey.exec(value)) || [];
  return campaignId ? { campaignId, id } : value;
};
const asList = (value: unknown) => (Array.isArray(value) ? value : value === undefined ? [] : [value]).map(readKey);

/** One decision about up to a hundred mails. Whoever sends again ticks that she means it: an office may get it twice. */
export const BulkDecision = z
  .object({
    mails: z.preprocess(
      asList,
      z
        .array(z.object({ campaignId: z.uuid(), id: z.uuid() }))
        .min(1, 'required')
        .max(100),
    ),
    decision: z.enum(decisions),
    sure: z.literal('on').optional(),
  })
  .refine(({ decision, sure }) => decision !== 'again' || sure === 'on', { path: ['sure'], error: 'required' });
export type BulkDecision = z.infer<typeof BulkDecision>;

export const DecidedMails = z.object({
  decided: z.number().int(),
  skipped: z.number().int().describe('no longer in a state for this decision'),
});

export const Examination = z.object({
  findings: z.array(
    z.object({
      about: z.enum(subjects),
      verdict: z.enum(verdicts).describe('weak: it does, but could be better; unknown: DNS did not answer'),
      found: z.array(z.string()),
      record: z
        .object({ name: z.string(), type: z.enum(['TXT', 'MX']), value: z.string() })
        .nullable()
        .describe('what should stand in DNS'),
    }),
  ),
});

export const DecidedMail = z.object({ state: z.enum(mailStates) });

export const ReleasedMails = z.object({ released: z.number().int() });

/** A mail server that is in use. */
export const RelayView = z.object({
  name: z.string(),
  weight: z.number().int().describe('its share is this part of the sum of all weights'),
  lanes: z.array(z.enum(lanes)).describe('what it carries'),
  state: z.enum(['open', 'paused']).describe('paused: from its first failure until it answers again'),
  since: z.iso.datetime().nullable().describe('null: it has never failed'),
  failures: z.number().int().describe('in a row'),
  pausedUntil: z.iso.datetime().nullable().describe('when it is tried again'),
  lastError: z.string().nullable(),
  lastErrorAt: z.iso.datetime().nullable(),
});
export type RelayView = z.infer<typeof RelayView>;

export const MailSummary = z.object({
  counts: z.array(z.object({ lane: z.enum(lanes), state: z.enum(mailStates), count: z.number().int() })),
  relays: z.array(RelayView).describe('none while mail stays on this machine'),
});
export type MailSummary = z.infer<typeof MailSummary>;

/** An attempt that has ended. */
export const AttemptView = z.object({
  id: z.uuid(),
  relay: z.string().nullable().describe('the mail server it went to'),
  startedAt: z.iso.datetime(),
  handedOverAt: z.iso.datetime().nullable(),
  endedAt: z.iso.datetime(),
  outcome: z.string(),
  replyCode: z.number().int().nullable(),
  reply: z.string().nullable(),
});

/** What came back for a mail: whatever it is, it shows that the mail was sent. */
export const ReturnView = z.object({
  kind: z.enum(returnKinds),
  status: z.string().nullable(),
  diagnostic: z.string().nullable(),
  attemptId: z.uuid().nullable().describe('the attempt that the report names'),
  cites: z.boolean().describe('a reply that names the Message-ID of this mail'),
  source: z.enum(returnSources),
  returnedAt: z.iso.datetime(),
});

/** A mail with its evidence. `recipient` is null for mails to supporters: their addresses are not stored. */
export const MailView = z.object({
  campaignId: z.uuid(),
  id: z.uuid(),
  kind: z.string(),
  lane: z.enum(lanes),
  state: z.enum(mailStates),
  stop: z.enum(['mode', 'pause', 'part', 'cancel']).nullable(),
  recipient: z.string().nullable(),
  stateAt: z.iso.datetime(),
  nextAttemptAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().nullable(),
  replyCode: z.number().int().nullable(),
  reply: z.string().nullable(),
  attempts: z.array(AttemptView),
  returns: z.array(ReturnView),
});
export type MailView = z.infer<typeof MailView>;

export const MailPage = z.object({ mails: z.array(MailView), next: z.string().nullable() });
export type MailPage = z.infer<typeof MailPage>;
