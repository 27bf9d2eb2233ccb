import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { type ComposedMail, MailKinds, type ReturnedMail } from '../mail/mail-kinds.js';
import { OutboxService } from '../mail/outbox.service.js';
import type { Returned } from '../mail/return-kinds.js';
import { pageLocale, translate } from '../site/languages.js';
import { newId } from '../vault/random.js';
import { Vault } from '../vault/vault.service.js';
import { oneLine } from './placeholders.js';

interface QueuedMail {
  id: string;
  campaignId: string;
  ref: string;
  payload: Buffer | null;
}

/** Of one campaign: whoever has its letters can write to their return addresses, and must not fill a mailbox through us. */
const mostADay = 200;

const place = (id: string) => `forwarded-replies/${id}`;

/**
 * Hands on what a person in an office wrote to the return address, where the campaign wants it: as it came, attached to a
 * mail of ours to the address for answers. It waits sealed and is kept by nobody here.
 */
@Injectable()
export class ReplyForwarding {
  constructor(
    kinds: MailKinds,
    private readonly database: DataSource,
    private readonly outbox: OutboxService,
    private readonly vault: Vault,
  ) {
    kinds.register({ name: 'reply-forwarded', inDoubt: 'resend', compose: (mail) => this.compose(mail) });
  }

  /** In the transaction that notes the reply, so that it is handed on once. Automatic answers and reports are not. */
  async take(tx: EntityManager, mail: ReturnedMail, fact: Returned, raw: Buffer): Promise<void> {
    if (fact.kind !== 'replied' || !fact.addressed || raw.length === 0) return;
    const wanted: unknown[] = await tx.query(
      `SELECT FROM letter_campaigns WHERE id = $1 AND forward_replies
         AND (SELECT count(*) FROM outbox WHERE campaign_id = $1 AND kind = 'reply-forwarded'
              AND created_at > now() - interval '1 day') < ${mostADay}`,
      [mail.campaignId],
    );
    if (wanted.length === 0) return;
    const id = newId();
    await this.outbox.enqueue(tx, [
      {
        ...{ campaignId: mail.campaignId, id, kind: 'reply-forwarded', ref: `${mail.ref} ${id}` },
        lane: 'confirmations',
        payload: this.vault.seal(mail.campaignId, place(id), raw),
      },
    ]);
    this.outbox.wake();
  }

  private async compose({ id, campaignId, ref, payload }: QueuedMail): Promise<ComposedMail | null> {
    const [row] = await this.database.query(
      `SELECT c.reply_to, c.default_locale, c.title, l.lawmaker_name AS name
       FROM letter_campaigns c JOIN letters l ON l.campaign_id = c.id WHERE c.id = $1 AND l.id = $2`,
      [campaignId, ref.split(' ')[0]],
    );
    if (!row || !payload) return null;
    const locale = pageLocale(row.default_locale);
    const words = { name: oneLine(row.name) ?? '', title: oneLine(row.title) ?? '' };
    return {
      to: row.reply_to,
      subject: translate(locale, 'mail.reply-forwarded.subject', words),
      text: `${translate(locale, 'mail.reply-forwarded.text', words)}\n`,
      // Not as message/rfc822: that may not be encoded, and what others write need not fit the rules of mail.
      attachments: [{ filename: 'reply.eml', content: this.vault.open(campaignId, place(id), payload) }],
    };
  }
}
