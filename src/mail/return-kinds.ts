/**
 * What may come back for a mail that was sent, the weightiest first: what a letter shows when several came. `relayed`:
 * handed on to a server that sends no reports.
 */
export const returnKinds = [
  'replied',
  'bounced',
  'complained',
  'auto_replied',
  'delivered',
  'relayed',
  'delayed',
] as const;
export type ReturnKind = (typeof returnKinds)[number];

/** Where a report came in. */
export const returnSources = ['smtp', 'imap', 'webhook'] as const;
export type ReturnSource = (typeof returnSources)[number];

/** One thing that came back. */
export interface Returned {
  kind: ReturnKind;
  /** RFC 3463, such as `5.1.1`. */
  status: string | null;
  /** What the server said, one line without addresses of others. */
  diagnostic: string | null;
  /** The attempt that the report names (ENVID), if it is one of this mail. */
  attemptId: string | null;
  source: ReturnSource;
  /** It names the Message-ID of our mail, as replies do (RFC 5322, 3.6.4). */
  cites: boolean;
  /** It came to the return address. What did not is kept as evidence, and nobody is told of it. */
  addressed: boolean;
}

/** The mailbox does not take mail: a class 5 status. A delivery that was only given up (4.x.x) says nothing about it. */
export const isHardBounce = ({ kind, status }: Pick<Returned, 'kind' | 'status'>) =>
  kind === 'bounced' && (status === null || status.startsWith('5'));

/** The mailbox works. An automatic answer is no proof: it may be a refusal in words that nobody here reads. */
export const provesMailbox = ({ kind }: Pick<Returned, 'kind'>) => kind === 'replied' || kind === 'delivered';
