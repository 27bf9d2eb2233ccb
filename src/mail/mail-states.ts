/**
 * The life of a mail (LETTERS.md, "Delivery protocol"), in one table: what may follow what.
 *
 * `claimed` has an attempt but has not been offered to a server; `handing_over` was marked after the server's 354 and
 * before the first byte, so that a crash from there on leaves a doubt and a crash before leaves none.
 */
export const transitions = {
  queued: ['claimed', 'held', 'cancelled', 'suppressed', 'expired'],
  claimed: ['handing_over', 'queued', 'deferred', 'refused', 'suppressed', 'held', 'cancelled', 'expired'],
  handing_over: ['accepted', 'queued', 'deferred', 'refused', 'in_doubt', 'held', 'cancelled', 'expired'],
  deferred: ['claimed', 'held', 'cancelled', 'suppressed', 'expired'],
  held: ['queued', 'deferred', 'cancelled', 'suppressed', 'expired'],
  in_doubt: ['accepted', 'queued', 'held', 'cancelled'],
  accepted: [],
  refused: [],
  cancelled: [],
  suppressed: [],
  expired: [],
} as const;

export type MailState = keyof typeof transitions;

export const mailStates = Object.keys(transitions) as MailState[];

/** Nothing follows these, so nothing personal stays in them. */
export const finalStates = mailStates.filter((state) => transitions[state].length === 0);

export function mayFollow(from: MailState, to: MailState): boolean {
  return (transitions[from] as readonly MailState[]).includes(to);
}

/** Whose turn it is: those further left never wait behind those further right. */
export const lanes = ['confirmations', 'letters', 'updates'] as const;
export type Lane = (typeof lanes)[number];
