import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { SETTINGS, type Settings } from '../config/settings.js';
import { renderMail } from '../mail/compose.js';
import { Dkim } from '../mail/dkim.js';
import { MailKinds } from '../mail/mail-kinds.js';
import { OutboxService } from '../mail/outbox.service.js';
import { pageLocale, translate } from '../site/languages.js';
import { newId } from '../vault/random.js';
import { oneLine } from './placeholders.js';

const everyMinutes = 5;
/** Names in one mail; the rest is a number and a link. */
const mostNamed = 50;

interface Failure {
  name: string;
  reason: 'refused' | 'expired' | 'in_doubt' | 'bounced';
  detail: string | null;
}

interface Campaign {
  id: string;
  title: string;
  replyTo: string;
  defaultLocale: string;
}

/** Tells the organiser which letters failed: one mail per campaign, at most once an hour, however many did. */
@Injectable()
export class LetterFailures implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly log = new Logger('Letters');
  private timer?: NodeJS.Timeout;

  constructor(
    private readonly database: DataSource,
    private readonly outbox: OutboxService,
    private readonly dkim: Dkim,
    @Inject(SETTINGS) private readonly settings: Settings,
    kinds: MailKinds,
  ) {
    kinds.register({ name: 'letter-failures', inDoubt: 'resend' });
  }

  onApplicationBootstrap(): void {
    if (!this.settings.runners) return;
    const run = () => this.tell().catch((error: Error) => this.log.error(`failures cannot be told: ${error.name}`));
    this.timer = setInterval(() => void run(), everyMinutes * 60_000).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** One round over the campaigns whose hour is over. @returns how many organisers are told */
  async tell(): Promise<number> {
    const campaigns = await this.database.query<Campaign[]>(
      `SELECT id, title, reply_to AS "replyTo", default_locale AS "defaultLocale"
       FROM letter_campaigns c LEFT JOIN letter_failures_told t ON t.campaign_id = c.id
       WHERE (state IN ('dispatching', 'paused') OR state IN ('finished', 'cancelled') AND state_at > now() - interval '90 days')
         AND (told_until IS NULL OR told_until < now() - interval '61 minutes')`,
    );
    let told = 0;
    for (const campaign of campaigns) if (await this.tellOne(campaign)) told += 1;
    if (told > 0) this.outbox.wake();
    return told;
  }

  /** The mail and the note that it was written are one commit; of two processes, one finds that the other was there. */
  private tellOne(campaign: Campaign): Promise<boolean> {
    return this.database.transaction(async (tx) => {
      await tx.query(`SELECT FROM letter_campaigns WHERE id = $1 FOR UPDATE`, [campaign.id]);
      const [told] = await tx.query<{ until: Date; recent: boolean }[]>(
        `SELECT told_until AS until, told_until >= now() - interval '61 minutes' AS recent
         FROM letter_failures_told WHERE campaign_id = $1`,
        [campaign.id],
      );
      if (told?.recent) return false;
      const failures = await failuresSince(tx, campaign.id, told?.until ?? new Date(0));
      if (failures.length === 0) return false;
      const [{ until }] = await tx.query(
        `INSERT INTO letter_failures_told (campaign_id, told_until) VALUES ($1, now() - interval '1 minute')
         ON CONFLICT (campaign_id) DO UPDATE SET told_until = excluded.told_until RETURNING told_until AS until`,
        [campaign.id],
      );
      const id = newId();
      await this.outbox.enqueue(tx, [
        {
          campaignId: campaign.id,
          id,
          kind: 'letter-failures',
          ref: (until as Date).toISOString(),
          lane: 'confirmations',
          recipient: campaign.replyTo,
          raw: await this.write(id, campaign, failures),
        },
      ]);
      return true;
    });
  }

  private async write(id: string, campaign: Campaign, failures: Failure[]): Promise<Buffer> {
    const locale = pageLocale(campaign.defaultLocale);
    const say = (key: string, words: Record<string, string | number> = {}) =>
      translate(locale, `mail.letter-failures.${key}`, words);
    const lines = failures.slice(0, mostNamed).map(({ name, reason, detail }) => {
      const why = say(`reason.${reason}`);
      return `- ${oneLine(name)}: ${why}${detail ? ` (${oneLine(detail)?.slice(0, 200)})` : ''}`;
    });
    const more = failures.length - lines.length;
    const text = [
      say('open', { n: failures.length, title: oneLine(campaign.title) ?? '' }),
      [...lines, ...(more > 0 ? [say('more', { n: more })] : [])].join('\n'),
      say('look'),
      `${this.settings.PUBLIC_URL}/${locale}/console/letters/${campaign.id}/report`,
      `-- \n${translate(locale, 'mail.letter-failures.from', { site: this.settings.PUBLIC_URL })}`,
    ].join('\n\n');
    const mail = { to: campaign.replyTo, subject: say('subject', { n: failures.length }), text };
    const fixed = { id, date: new Date(), from: this.settings.MAIL_FROM, lane: 'confirmations' as const };
    return this.dkim.sign(await renderMail(mail, fixed));
  }
}

/** The last minute waits for the next mail: what is being committed just now would be missed for ever. */
function failuresSince(tx: EntityManager, campaignId: string, since: Date): Promise<Failure[]> {
  return tx.query(
    `SELECT l.lawmaker_name AS name, f.reason, f.detail
     FROM (
       SELECT id, state AS reason, CASE state WHEN 'refused' THEN reply END AS detail, state_at AS at
       FROM outbox
       WHERE campaign_id = $1 AND kind IN ('letter', 'supporter-letter', 'supporter-digest')
         AND state IN ('refused', 'expired', 'in_doubt')
       UNION ALL
       SELECT outbox_id, 'bounced', coalesce(diagnostic, status), returned_at
       FROM mail_returns WHERE campaign_id = $1 AND kind = 'bounced'
     ) f
     JOIN letters l ON l.campaign_id = $1 AND l.id = f.id
     WHERE f.at > $2 AND f.at <= now() - interval '1 minute' ORDER BY l.lawmaker_name, l.id`,
    [campaignId, since],
  );
}
