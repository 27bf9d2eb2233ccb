import { z } from 'zod';
import { mailboxOf } from '../vault/normal-form.js';
import { limitScopes } from './ledger.js';
import { relayName } from './relay.js';

/** A whole number from `least` on; an empty field is null: no limit of this kind. */
const count = (least: number) =>
  z.preprocess(
    (value) => (value === '' || value === undefined ? null : value),
    z.coerce
      .number({ error: 'not-a-number' })
      .int('not-a-number')
      .min(least, 'not-a-number')
      .max(10_000_000, 'not-a-number')
      .nullable(),
  );

/** The key in the form in which letters ask for it, or null where it cannot be one of the scope. */
function keyIn(scope: (typeof limitScopes)[number], key: string): string | null {
  if (key === '') return '';
  if (scope === 'domain') return mailboxOf(`x@${key}`)?.domain ?? null;
  if (scope === 'relay') return relayName.test(key.toLowerCase()) ? key.toLowerCase() : null;
  if (scope !== 'mailbox' && scope !== 'sender') return null;
  const mailbox = mailboxOf(key);
  return mailbox && `${mailbox.local.toLowerCase()}@${mailbox.domain}`;
}

const faults = { relay: 'not-a-relay', campaign: 'limit-has-no-key', domain: 'not-a-domain' } as const;

const whose = {
  scope: z.enum(limitScopes, { error: 'required' }),
  key: z
    .string()
    .trim()
    .max(320, 'too-long')
    .default('')
    .describe(
      "a mail server's name, a domain, a mailbox or a sender's address; empty: each of the scope that has no limit of its own",
    ),
};

const normalised = <Order extends { scope: (typeof limitScopes)[number]; key: string }>(
  order: Order,
  context: z.RefinementCtx,
): Order => {
  const key = keyIn(order.scope, order.key);
  if (key === null) {
    const message = order.scope in faults ? faults[order.scope as keyof typeof faults] : 'not-an-address';
    context.addIssue({ code: 'custom', path: ['key'], message });
    return z.NEVER;
  }
  return { ...order, key };
};

export const LimitKey = z.object(whose).transform(normalised);
export type LimitKey = z.infer<typeof LimitKey>;

export const LimitOrder = z
  .object({
    ...whose,
    perHour: count(1).default(null),
    perDay: count(1).default(null),
    gapSeconds: count(1).default(null).describe('seconds between two mails'),
    concurrent: count(1).default(null).describe('mails in hand at once'),
    total: count(0).default(null).describe('mails ever'),
  })
  .transform(normalised);
export type LimitOrder = z.infer<typeof LimitOrder>;

const number = z.number().int().nullable();
export const LimitView = z.object({
  scope: z.enum(limitScopes),
  key: z.string(),
  perHour: number,
  perDay: number,
  gapSeconds: number,
  concurrent: number,
  total: number,
  usedThisHour: z.number().int().nullable().describe('null for a limit of many'),
  used: z.number().int().nullable().describe('ever; null for a limit of many'),
});
export type LimitView = z.infer<typeof LimitView>;
export const LimitList = z.object({ limits: z.array(LimitView) });
