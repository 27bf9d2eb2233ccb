import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { hasObjected } from '../lawmakers/person-records.js';
import { OutboxService } from '../mail/outbox.service.js';
import { newId } from '../vault/random.js';

/** Supporters told in one round. */
const mostTold = 1000;

/** Sees to it that nobody is lost with a digest: what arrived is let go, what did not waits again or is told. */
@Injectable()
export class DigestEnds {
  constructor(
    private readonly database: DataSource,
    private readonly outbox: OutboxService,
  ) {}

  /** Safe at any time and by several at once: every step takes the rows it finds in one state to the next. @returns how many are told */
  async settle(): Promise<number> {
    await this.letGoOfWords();
    await this.waitAgain();
    await this.fail();
    await this.failUnreachable();
    const told = await this.tell();
    if (told > 0) this.outbox.wake();
    return told;
  }

  /** A server has the mail: nobody needs the words here any more. */
  async letGoOfWords(): Promise<void> {
    await this.database.query(
      `WITH next AS (
         SELECT d.campaign_id, d.id FROM digest_supporters d
         JOIN outbox o ON o.campaign_id = d.campaign_id AND o.id = d.digest_id
         WHERE d.box IS NOT NULL AND o.state = 'accepted' ORDER BY d.campaign_id, d.id FOR UPDATE OF d SKIP LOCKED
       )
       UPDATE digest_supporters d SET box = NULL FROM next WHERE d.campaign_id = next.campaign_id AND d.id = next.id`,
    );
  }

  /**
   * The mail ran out of time, or was the second to one person: as long as no server can have it, and there is time, its
   * supporters wait for the next one.
   */
  private async waitAgain(): Promise<void> {
    await this.database.query(
      `WITH next AS (
         SELECT d.campaign_id, d.id FROM digest_supporters d
         JOIN outbox o ON o.campaign_id = d.campaign_id AND o.id = d.digest_id
         JOIN letter_campaigns c ON c.id = d.campaign_id
         WHERE d.failed_at IS NULL AND o.state IN ('expired', 'suppressed')
           AND c.state IN ('dispatching', 'paused') AND c.not_after > now()
           AND NOT EXISTS (SELECT FROM attempts a WHERE a.campaign_id = o.campaign_id AND a.outbox_id = o.id
                           AND a.outcome = 'in_doubt')
         ORDER BY d.campaign_id, d.id FOR UPDATE OF d SKIP LOCKED
       )
       UPDATE digest_supporters d SET digest_id = NULL FROM next WHERE d.campaign_id = next.campaign_id AND d.id = next.id`,
    );
  }

  /** It was refused for good, taken back or came back; or the campaign ended before a mail spoke for her. */
  private async fail(): Promise<void> {
    await this.database.query(
      `WITH next AS (
         SELECT d.campaign_id, d.id FROM digest_supporters d
         JOIN letter_campaigns c ON c.id = d.campaign_id
         LEFT JOIN outbox o ON o.campaign_id = d.campaign_id AND o.id = d.digest_id
         WHERE d.failed_at IS NULL AND (
           o.state IN ('refused', 'cancelled', 'expired', 'suppressed')
           OR o.state = 'accepted' AND EXISTS (
             SELECT FROM mail_returns r WHERE r.campaign_id = o.campaign_id AND r.outbox_id = o.id AND r.kind = 'bounced')
           OR d.digest_id IS NULL AND (c.state IN ('finished', 'cancelled') OR c.not_after <= now()))
         ORDER BY d.campaign_id, d.id FOR UPDATE OF d SKIP LOCKED
       )
       UPDATE digest_supporters d SET failed_at = now(), box = NULL FROM next
       WHERE d.campaign_id = next.campaign_id AND d.id = next.id`,
    );
  }

  /** The office wants no letters: nobody waits for it. */
  private async failUnreachable(): Promise<void> {
    await this.database.query(
      `WITH next AS (
         SELECT d.campaign_id, d.id FROM digest_supporters d JOIN lawmakers l ON l.id = d.lawmaker_id
         WHERE d.failed_at IS NULL AND d.digest_id IS NULL AND ${hasObjected('l')}
         ORDER BY d.campaign_id, d.id FOR UPDATE OF d SKIP LOCKED
       )
       UPDATE digest_supporters d SET failed_at = now(), box = NULL FROM next
       WHERE d.campaign_id = next.campaign_id AND d.id = next.id`,
    );
  }

  /** Once each: the note that she is told and the mail are one commit. */
  private tell(): Promise<number> {
    return this.database.transaction(async (tx) => {
      const [rows] = await tx.query<[{ petition_id: string; ref: string }[], number]>(
        `WITH next AS (
           SELECT campaign_id, id FROM digest_supporters WHERE failed_at IS NOT NULL AND told_at IS NULL
           ORDER BY campaign_id, id LIMIT ${mostTold} FOR UPDATE SKIP LOCKED
         )
         UPDATE digest_supporters d SET told_at = now() FROM next
         WHERE d.campaign_id = next.campaign_id AND d.id = next.id
         RETURNING d.petition_id, d.campaign_id || ' ' || d.id AS ref`,
      );
      await this.outbox.enqueue(
        tx,
        rows.map(({ petition_id, ref }) => ({
          ...{ campaignId: petition_id, id: newId(), kind: 'letter-failed', ref, lane: 'confirmations' as const },
        })),
      );
      return rows.length;
    });
  }
}
