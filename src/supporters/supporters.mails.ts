import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { SETTINGS, type Settings } from '../config/settings.js';
import { LawmakersService } from '../lawmakers/lawmakers.service.js';
import { named, senderVia } from '../letters/letter-mail.js';
import { LettersMails } from '../letters/letters.mails.js';
import { isSecondLetter } from '../letters/second-letters.js';
import { type ComposedMail, MailKinds } from '../mail/mail-kinds.js';
import { OutboxService } from '../mail/outbox.service.js';
import { Petitions } from '../petitions/petitions.service.js';
import { Signatures } from '../signatures/signatures.service.js';
import { pageLocale } from '../site/languages.js';
import { Pages } from '../site/pages.service.js';
import { mailboxOf } from '../vault/normal-form.js';
import { newId } from '../vault/random.js';
import { Vault } from '../vault/vault.service.js';
import { keptDays } from './kept-days.js';
import { openCopy, openLetter } from './sealed-letter.js';

interface QueuedMail {
  id: string;
  campaignId: string;
  ref: string;
  payload: Buffer | null;
}

const everyMinutes = 5;

/** The mails of supporters' letters: the letter, the copy to her, and word that one did not arrive. */
@Injectable()
export class SupportersMails implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly log = new Logger('Supporters');
  private timer?: NodeJS.Timeout;

  constructor(
    kinds: MailKinds,
    letters: LettersMails,
    private readonly database: DataSource,
    private readonly lawmakers: LawmakersService,
    private readonly signatures: Signatures,
    private readonly petitions: Petitions,
    private readonly outbox: OutboxService,
    private readonly pages: Pages,
    private readonly vault: Vault,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {
    kinds.register({
      name: 'supporter-letter',
      inDoubt: 'hold',
      compose: (mail) => this.letter(mail),
      returned: (tx, mail, fact) => letters.returned(tx, mail, fact),
    });
    kinds.register({ name: 'letter-copy', inDoubt: 'resend', compose: (mail) => this.copy(mail) });
    kinds.register({ name: 'letter-failed', inDoubt: 'resend', compose: (mail) => this.failed(mail) });
  }

  onApplicationBootstrap(): void {
    if (!this.settings.runners) return;
    const run = () => this.round().catch((error: Error) => this.log.error(`supporters cannot be told: ${error.name}`));
    this.timer = setInterval(() => void run(), everyMinutes * 60_000).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** Tells supporters, once each, whose letter did not arrive, and lets go of letters that are old. @returns how many are told */
  async round(): Promise<number> {
    await this.letGo();
    const failed = await this.database.query<{ petition_id: string; ref: string }[]>(
      `SELECT s.petition_id, s.campaign_id || ' ' || s.id AS ref
       FROM letter_campaigns c JOIN supporter_letters s ON s.campaign_id = c.id
       JOIN outbox o ON o.campaign_id = s.campaign_id AND o.id = s.id
       WHERE c.mode = 'supporters' AND (c.state IN ('dispatching', 'paused') OR c.state_at > now() - interval '7 days')
         AND (o.state IN ('refused', 'expired', 'cancelled', 'suppressed') OR EXISTS (
           SELECT FROM mail_returns r WHERE r.campaign_id = s.campaign_id AND r.outbox_id = s.id AND r.kind = 'bounced'))
         AND NOT EXISTS (SELECT FROM outbox told WHERE told.campaign_id = s.petition_id AND told.kind = 'letter-failed'
                         AND told.ref = s.campaign_id || ' ' || s.id)
       LIMIT 1000`,
    );
    await this.outbox.enqueue(
      this.database.manager,
      failed.map(({ petition_id, ref }) => ({
        ...{ campaignId: petition_id, id: newId(), kind: 'letter-failed', ref, lane: 'confirmations' as const },
      })),
    );
    if (failed.length > 0) this.outbox.wake();
    return failed.length;
  }

  private async letGo(): Promise<void> {
    await this.database.query(
      `DELETE FROM digest_supporters d USING letter_campaigns c
       WHERE c.id = d.campaign_id AND c.state IN ('finished', 'cancelled')
         AND c.state_at < now() - interval '${keptDays} days'`,
    );
    await this.database.query(
      `WITH old AS (
         DELETE FROM supporter_letters s USING letter_campaigns c
         WHERE c.id = s.campaign_id AND c.state IN ('finished', 'cancelled')
           AND c.state_at < now() - interval '${keptDays} days'
         RETURNING s.campaign_id, s.id
       )
       UPDATE letters l SET sender = gen_random_uuid()::text FROM old WHERE l.campaign_id = old.campaign_id AND l.id = old.id`,
    );
  }

  /** Null, and so never sent: she has gone since, or the office wants no letters, or gets this one by another record. */
  private async letter({ id, campaignId, payload }: QueuedMail): Promise<ComposedMail | null> {
    const [row] = await this.database.query(
      `SELECT petition_id, signature_id, lawmaker_id FROM supporter_letters JOIN letters USING (campaign_id, id)
       WHERE campaign_id = $1 AND id = $2`,
      [campaignId, id],
    );
    if (!row || !payload || !(await this.signatures.signer(row.petition_id, row.signature_id))) return null;
    if ((await this.lawmakers.find(row.lawmaker_id)).objected) return null;
    if (await isSecondLetter(this.database, campaignId, id)) return null;
    const letter = openLetter(this.vault, row.petition_id, id, payload);
    return {
      to: named(letter.toName, letter.to),
      replyTo: named(letter.name, letter.email),
      from: senderVia(letter.name, letter.organisation, this.settings.MAIL_FROM),
      subject: letter.subject,
      text: letter.text,
    };
  }

  private async copy({ id, campaignId, ref, payload }: QueuedMail): Promise<ComposedMail | null> {
    if (!payload) return null;
    const letters = openCopy(this.vault, campaignId, id, payload);
    const digest = letters.some((letter) => letter.digest);
    return this.toHer('letter-copy', campaignId, ref.split(' ')[0]!, { letters, digest });
  }

  private async failed({ campaignId: petitionId, ref }: QueuedMail): Promise<ComposedMail | null> {
    const [campaignId, id] = ref.split(' ');
    const [row] = await this.database.query(
      `SELECT signature_id, lawmaker_name FROM supporter_letters JOIN letters USING (campaign_id, id)
       WHERE campaign_id = $1 AND id = $2
       UNION ALL
       SELECT signature_id, lawmaker_name FROM digest_supporters WHERE campaign_id = $1 AND id = $2`,
      [campaignId, id],
    );
    return row ? this.toHer('letter-failed', petitionId, row.signature_id, { lawmaker: row.lawmaker_name }) : null;
  }

  private async toHer(name: string, petitionId: string, signatureId: string, context: object) {
    const signer = await this.signatures.signer(petitionId, signatureId);
    if (!signer) return null;
    const locale = pageLocale(signer.locale);
    const petition = await this.petitions.byId(petitionId);
    const mail = await this.pages.renderMail(name, locale, {
      petition: { title: this.petitions.text(petition, locale).title },
      petitionLink: `${this.settings.PUBLIC_URL}/${locale}/p/${petition.slug}`,
      ...context,
    });
    const { local, domain } = mailboxOf(signer.email)!;
    return { to: `${local}@${domain}`, ...mail };
  }
}
