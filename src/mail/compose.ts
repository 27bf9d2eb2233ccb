import addressparser from 'nodemailer/lib/addressparser';
import MailComposer from 'nodemailer/lib/mail-composer';
import type { ComposedMail } from './mail-kinds.js';
import { boundaryOf, type MailTail, standIn, withoutStandIn } from './mail-tail.js';
import type { Lane } from './mail-states.js';

const confirmationHeaders = { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' };
/** What tells a filter "bulk" has no place on a letter from a person; what is set here may not be set by others. */
const reserved = /^(from|to|cc|bcc|sender|date|message-id|return-path|received|content-.*|mime-version|dkim-.*)$/i;
const address = /^[^\s@<>,;:"\\()[\]]+@[^\s@<>,;:"\\()[\]]+$/;
const bulk = /^(precedence|auto-submitted|list-.*|feedback-id)$/i;
/** What every mail to many must carry, so that whoever gets it can stop it with one press (RFC 8058). */
const stops = ['List-Unsubscribe', 'List-Unsubscribe-Post'];

/**
 * The bytes of a mail. The same input gives the same bytes: Message-ID, Date and boundary come from `fixed`, so a mail
 * that goes again is the same mail. Throws when a header holds a line break or another control character, when `to` is
 * not exactly one mailbox, when a letter carries a header of bulk mail, or an update no way to stop. With a tail it is the bytes before that.
 */
export async function renderMail(
  mail: ComposedMail,
  fixed: { id: string; date: Date; from: string; lane?: Lane; tail?: MailTail | null },
): Promise<Buffer> {
  const lane = fixed.lane ?? 'letters';
  const headers = { ...(lane === 'confirmations' ? confirmationHeaders : {}), ...mail.headers };
  for (const [name, value] of Object.entries({ Subject: mail.subject, 'Reply-To': mail.replyTo ?? '', ...headers })) {
    refuseControlCharacters(name, value);
  }
  for (const name of Object.keys(headers)) {
    if (!/^[A-Za-z][A-Za-z0-9-]*$/.test(name) || reserved.test(name) || (lane === 'letters' && bulk.test(name))) {
      throw new Error(`A mail may not set the header ${JSON.stringify(name)}`);
    }
  }
  if (lane === 'updates' && stops.some((name) => !mail.headers?.[name])) {
    throw new Error('An update has to say how it is stopped');
  }
  const message = new MailComposer({
    from: fixed.from,
    to: mailbox(mail.to),
    ...(mail.replyTo && { replyTo: mailbox(mail.replyTo) }),
    subject: mail.subject,
    text: mail.text,
    ...(mail.html !== undefined && { html: mail.html }),
    headers: Object.entries(headers).map(([key, value]) => ({ key, value })),
    date: fixed.date,
    messageId: `<${fixed.id}@${domainOf(fixed.from)}>`,
    ...boundaryOf(fixed.tail?.key ?? fixed.id.replaceAll('-', '')),
    ...(mail.attachments && {
      attachments: mail.attachments.map((file) => ({
        ...file,
        contentType: 'application/octet-stream',
        contentTransferEncoding: 'base64' as const,
      })),
    }),
    ...(fixed.tail && { attachments: [standIn] }),
  }).compile();
  const bytes = await message.build();
  return fixed.tail ? withoutStandIn(bytes) : bytes;
}

/** The one mailbox a header names, with its display name. Throws on none, several, or a group. */
export function mailbox(value: string): { name: string; address: string } {
  refuseControlCharacters('To', value);
  const [only, ...more] = addressparser(value);
  const found = only?.address ?? '';
  // The parser mends what is broken; what it had to mend is refused.
  const asWritten = value.trim() === found || (value.trim().endsWith(`<${found}>`) && value.split('<').length === 2);
  if (!only || more.length > 0 || !asWritten || value.split('>').length > 2 || !address.test(found)) {
    throw new Error('A mail goes to exactly one mailbox');
  }
  return { name: only.name, address: found };
}

export function isMailbox(value: string): boolean {
  try {
    mailbox(value);
    return true;
  } catch {
    return false;
  }
}

export function domainOf(from: string): string {
  return mailbox(from).address.split('@')[1]!;
}

function refuseControlCharacters(name: string, value: string): void {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f\u0085\u2028\u2029]/.test(value))
    throw new Error(`${name} may not hold a line break or control character`);
}
