import { v7 as uuidv7 } from 'uuid';
import { mailbox, renderMail } from '../mail/compose.js';
import type { MailTail } from '../mail/mail-tail.js';
import { sha256 } from './digest.js';
import { oneLine } from './placeholders.js';
import type { WrittenLetter } from './write-letter.js';

export interface LetterMail {
  id: string;
  datedAt: Date;
  /** MAIL_FROM: the mailbox of our own domain that stands behind every sender's name. */
  mailFrom: string;
  senderName: string;
  organisation: string;
  replyTo: string;
  to: { name: string; address: string };
  letter: WrittenLetter;
  /** Attachments: what is rendered then are the bytes before it. */
  tail: MailTail | null;
}

/**
 * A letter's id, which is also its Message-ID: a UUIDv7 whose random part is a digest of campaign, lawmaker and sender.
 * So the preview carries the id the dispatch will use, and planning twice makes the same letter, not a second one.
 */
export function letterId(campaignId: string, lawmakerId: string, datedAt: Date, sender = 'organisation'): string {
  const random = sha256(`${campaignId}\n${lawmakerId}\n${sender}`);
  return uuidv7({ msecs: datedAt.getTime(), random: random.subarray(0, 16), seq: random.readUInt32BE(16) });
}

/**
 * The bytes of a letter, for the preview and for the outbox: From our own domain with the sender's name (so that SPF and
 * DKIM hold), answers to the organiser, one addressee, plain text, no header of bulk mail.
 */
export function renderLetter(mail: LetterMail): Promise<Buffer> {
  return renderMail(
    {
      to: named(mail.to.name, mail.to.address),
      subject: mail.letter.subject,
      text: mail.letter.text,
      replyTo: named(mail.senderName, mail.replyTo),
    },
    {
      id: mail.id,
      date: mail.datedAt,
      from: senderVia(mail.senderName, mail.organisation, mail.mailFrom),
      tail: mail.tail,
    },
  );
}

/** "Jane Doe via Org", at the mailbox of our own domain. */
export const senderVia = (name: string, organisation: string, mailFrom: string): string =>
  named(`${name} via ${organisation}`, mailbox(mailFrom).address);

/** A mailbox with a display name that cannot break out of its quotes or be read as an address. */
export function named(name: string, address: string): string {
  const plain = oneLine(name.replace(/["\\<>@,;:()[\]]/g, ' '));
  return plain ? `"${plain}" <${address}>` : address;
}
