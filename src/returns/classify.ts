import type { Email } from 'postal-mime';
import type { Returned } from '../mail/return-kinds.js';
import { readDeliveryStatus, type RecipientStatus } from './delivery-status.js';
import { readTextBounce } from './text-bounce.js';

/** What a mail to a return address is, before it is known whether its envelope id is one of ours. */
export type Report = Pick<Returned, 'kind' | 'status' | 'diagnostic'> & { envelopeId: string | null };

/** Whom the letter went to, and who the mail says it is from: null when the feed does not know, '' for nobody. */
export interface Circumstances {
  recipient: string;
  sender: string | null;
}

const weight = ['failed', 'delayed', 'delivered', 'relayed', 'expanded'] as const;
const kindOf = {
  failed: 'bounced',
  delayed: 'delayed',
  delivered: 'delivered',
  relayed: 'relayed',
  expanded: 'relayed',
} as const;

/**
 * What came back to the return address of a mail, in this order: delivery status (RFC 3464), bounce in words, complaint
 * (RFC 5965), automatic answer (RFC 3834), and what is left is from a person. Null: it says nothing about our mail. The
 * words of a person are never read.
 */
export function classify(email: Email, about: Circumstances): Report | null {
  const status = deliveryStatusIn(email);
  if (status !== null) return fromDeliveryStatus(status, about.recipient);
  const machine = isMachine(email, about.sender);
  if (machine) {
    const bounce = readTextBounce(failedFirst(email), about.recipient);
    if (bounce) return report(bounce.kind, bounce.status, bounce.diagnostic, about.recipient);
    if (isPostmaster(email)) return null;
  }
  const feedback = partOf(email, 'message/feedback-report');
  if (feedback !== null) return fromFeedback(feedback, about.recipient);
  if (machine || isAutomatic(email)) return report('auto_replied');
  return report('replied');
}

function fromDeliveryStatus(text: string, recipient: string): Report | null {
  const { envelopeId, recipients } = readDeliveryStatus(text);
  const [worst] = aboutOurs(recipients, recipient.toLowerCase()).toSorted(
    (a, b) => weight.indexOf(a.action) - weight.indexOf(b.action),
  );
  if (!worst) return null;
  return { ...report(kindOf[worst.action], worst.status, worst.diagnostic, recipient), envelopeId };
}

/**
 * A mailbox that forwards reports another final recipient, which is fine as long as nobody names another original one;
 * several strangers in one report are about a mail that went to several, and ours go to one.
 */
function aboutOurs(recipients: RecipientStatus[], ours: string): RecipientStatus[] {
  const named = recipients.filter(({ original, final }) => (original ?? final) === ours);
  if (named.length > 0) return named;
  return recipients.length === 1 && recipients[0]!.original === null ? recipients : [];
}

const complaints = ['abuse', 'fraud', 'opt-out', 'other', 'virus'];

function fromFeedback(part: string, recipient: string): Report | null {
  const text = part.slice(0, 10_000);
  const field = (name: string) => new RegExp(`^${name}:[ \t]*(.*)$`, 'im').exec(text)?.[1]?.trim();
  const type = field('Feedback-Type')?.toLowerCase() ?? '';
  const whose = field('Original-Rcpt-To')?.replaceAll(/[<>]/g, '').toLowerCase();
  // Providers black out the recipient; one that is named must be ours.
  const another = whose?.includes('@') && !/redacted|x{3}|\*{3}/.test(whose) && whose !== recipient.toLowerCase();
  return complaints.includes(type) && !another ? report('complained', null, type, recipient) : null;
}

/** The delivery-status part, or the text that stands where one was meant; null if this is no such report. */
function deliveryStatusIn(email: Email): string | null {
  const part = partOf(email, 'message/delivery-status') ?? partOf(email, 'message/global-delivery-status');
  if (part !== null) return part;
  const type = header(email, 'content-type').toLowerCase();
  const meant = type.startsWith('multipart/report') && type.includes('delivery-status');
  const text = email.text ?? '';
  return meant && /^Final-Recipient:/im.test(text) ? text : null;
}

function partOf(email: Email, mimeType: string): string | null {
  const content = email.attachments.find((each) => each.mimeType === mimeType)?.content;
  if (content === undefined) return null;
  return typeof content === 'string' ? content : new TextDecoder().decode(content);
}

const header = (email: Email, name: string) => email.headers.find(({ key }) => key === name)?.value.trim() ?? '';

/** Exim names whom it failed to reach in a header. */
const failedFirst = (email: Email) => {
  const text = email.text ?? '';
  const failed = header(email, 'x-failed-recipients');
  return failed && !text.toLowerCase().includes(failed.toLowerCase()) ? `${failed}\n${text}` : text;
};

const isPostmaster = (email: Email) =>
  /^(mailer-daemon|postmaster|mdaemon|microsoftexchange\w*)@/i.test(email.from?.address ?? '');

const returnPath = (email: Email) => email.headers.find(({ key }) => key === 'return-path')?.value;

/** Sent with an empty envelope sender, or by a mail server in its own name. */
const isMachine = (email: Email, sender: string | null) =>
  (sender ?? returnPath(email) ?? 'unknown').replaceAll(/[<>\s]/g, '') === '' || isPostmaster(email);

/** RFC 3834, and what programs say that do not keep it. The subject is in too many languages to be asked. */
function isAutomatic(email: Email): boolean {
  const submitted = header(email, 'auto-submitted').toLowerCase();
  if (submitted && !/^no\b/.test(submitted)) return true;
  if (/\b(all|oof|autoreply)\b/i.test(header(email, 'x-auto-response-suppress'))) return true;
  if (/^(auto_reply|bulk|junk|list)\b/i.test(header(email, 'precedence'))) return true;
  return ['x-autoreply', 'x-autorespond', 'x-autoresponder', 'list-id'].some((name) => header(email, name) !== '');
}

function report(
  kind: Report['kind'],
  status: string | null = null,
  said: string | null = null,
  recipient = '',
): Report {
  return { kind, status, diagnostic: said && cleaned(said, recipient), envelopeId: null };
}

/** One line of at most 300 characters, with no address in it but the one we wrote to. */
export function cleaned(text: string, recipient: string): string | null {
  const line = text
    .slice(0, 2000)
    .replaceAll(/[^\s<>()"',;:]+@[^\s<>()"',;:]+/gu, (found) => (sameAddress(found, recipient) ? found : '…'))
    .replaceAll(/[\p{C}\u2028\u2029]+/gu, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
  return [...line].slice(0, 300).join('').slice(0, 300) || null;
}

const sameAddress = (found: string, recipient: string) =>
  found.toLowerCase().replace(/[.]+$/, '') === recipient.toLowerCase();
