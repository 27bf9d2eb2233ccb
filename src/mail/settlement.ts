import { backOff } from './back-off.js';
import type { ClaimedMail, Settlement } from './claims.js';
import type { Outcome } from './delivery.js';
import type { MailKind } from './mail-kinds.js';

/**
 * From how an attempt ended to what becomes of the mail.
 * @param about.to whom it went to, so that a personal mail's record does not name her
 * @param about.pause seconds until a relay may be tried again, 0 while one is open
 * @param about.another whether a relay is well that has not turned it away
 */
export function settlementOf(
  mail: ClaimedMail,
  outcome: Outcome,
  about: { kind: MailKind | undefined; to: string; pause: number; another: boolean; random?: () => number },
): Settlement {
  const personal = mail.raw === null;
  const told = personal ? { ...outcome, reply: outcome.reply && withoutAddresses(outcome.reply, about.to) } : outcome;
  const settle = (state: Settlement['state'], delaySeconds = 0) => ({ mail, state, delaySeconds, outcome: told });
  switch (outcome.result) {
    case 'accepted':
    case 'refused':
    case 'suppressed':
      return settle(outcome.result);
    case 'unsent':
      return settle(mail.attempts > 0 ? 'deferred' : 'queued', about.pause);
    case 'in_doubt':
      if (about.kind?.inDoubt !== 'resend') return settle('in_doubt');
      break;
    case 'deferred':
      // What they have against us the other may not have. Asked a second time, it ends the round: no other took it meanwhile.
      if (outcome.trouble && about.another && !mail.turnedAway.includes(mail.relay)) {
        return { ...settle('deferred'), passedOn: true };
      }
      break;
  }
  const delay = backOff(mail.attempts - mail.passedOn + 1, outcome.reply, about.random);
  return delay === null ? settle('expired') : settle('deferred', delay);
}

/** Servers like to quote the mailbox they talk about. */
export function withoutAddresses(reply: string, to: string): string {
  const local = to.split('@')[0]!;
  const named = [to, local]
    .filter((part) => part.length > 2)
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const withoutHers = named.length > 0 ? reply.replaceAll(new RegExp(named.join('|'), 'giu'), '…') : reply;
  return withoutHers.replaceAll(/[^\s<>()"',;:]+@[^\s<>()"',;:]+/gu, '…');
}
