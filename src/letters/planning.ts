import type { EntityManager } from 'typeorm';
import type { MailTail } from '../mail/mail-tail.js';
import type { NewMail } from '../mail/outbox.service.js';
import type { LetterState } from './campaign-states.js';

/** One lawmaker's row, with the bytes for the outbox where her channel is e-mail. */
export interface NewLetter {
  id: string;
  lawmakerId: string;
  state: LetterState;
  reason: string | null;
  lawmakerName: string;
  party: string | null;
  chamber: string | null;
  area: string | null;
  legislature: string | null;
  /** Of a digest: for how many supporters it speaks. */
  supporters?: number;
  /** Slug of the legislature: its letters keep one calendar. */
  stream: string;
  locale: string | null;
  variantId: string | null;
  channel: string | null;
  contact: string | null;
  subject: string | null;
  body: string | null;
  /** Without the attachments, which `tail` holds for all. */
  raw: Buffer | null;
  /** Of both together. */
  rawSha256: Buffer | null;
  tail: MailTail | null;
}

/** A letter that is not sent after all keeps who it was for, and nothing else. */
export function withheld(letter: NewLetter, reason: string): NewLetter {
  return { ...letter, state: 'excluded', reason, subject: null, body: null, raw: null, rawSha256: null, tail: null };
}

/**
 * Writes the rows of one batch in one statement.
 * @returns the letters that were not there before: only these may go to the outbox
 */
export async function insertLetters(
  tx: EntityManager,
  campaignId: string,
  letters: NewLetter[],
  sender = 'organisation',
): Promise<NewLetter[]> {
  // The bytes go to the outbox.
  const rows = letters.map((letter) => ({
    ...letter,
    raw: undefined,
    tail: undefined,
    rawSha256: letter.rawSha256?.toString('hex') ?? null,
  }));
  const inserted: { id: string }[] = await tx.query(
    `INSERT INTO letters (campaign_id, id, lawmaker_id, sender, state, reason, lawmaker_name, party, chamber, area,
                          legislature, stream, locale, variant_id, channel, contact, subject, body, raw_sha256, supporters)
     SELECT $1, id, "lawmakerId", $3, state, reason, "lawmakerName", party, chamber, area,
            legislature, stream, locale, "variantId", channel, contact, subject, body, decode("rawSha256", 'hex'), supporters
     FROM jsonb_to_recordset($2::jsonb)
       AS letter (id uuid, "lawmakerId" uuid, state text, reason text, "lawmakerName" text, party text, chamber text,
                  area text, legislature text, stream text, locale text, "variantId" uuid, channel text, contact text, subject text, body text,
                  "rawSha256" text, supporters int)
     ON CONFLICT (campaign_id, lawmaker_id, sender) DO NOTHING
     RETURNING id`,
    [campaignId, JSON.stringify(rows), sender],
  );
  const ids = new Set(inserted.map(({ id }) => id));
  return letters.filter(({ id }) => ids.has(id));
}

/** The outbox rows of the letters that go by mail. */
export function mailsOf(
  campaign: { id: string; notBefore: Date | null; notAfter: Date | null },
  letters: NewLetter[],
): NewMail[] {
  return letters.flatMap((letter) =>
    letter.raw === null || letter.contact === null
      ? []
      : [
          {
            campaignId: campaign.id,
            id: letter.id,
            kind: 'letter',
            ref: letter.id,
            lane: 'letters' as const,
            recipient: letter.contact,
            stream: letter.stream,
            raw: letter.raw,
            ...(letter.tail && { tail: letter.tail, rawSha256: letter.rawSha256! }),
            ...(campaign.notBefore && { notBefore: campaign.notBefore }),
            ...(campaign.notAfter && { expiresAt: campaign.notAfter }),
          },
        ],
  );
}
