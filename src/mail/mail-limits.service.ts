import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { SETTINGS, type Settings } from '../config/settings.js';
import { problems } from '../site/problem.js';
import type { Witness } from './mail-desk.service.js';
import type { LimitKey, LimitOrder, LimitView } from './mail-limits.schema.js';
import { inboxName, relaysIn } from './mail-settings.js';
import { OutboxService } from './outbox.service.js';

/** What letters may take of mail servers, offices and mailboxes: seen and changed by a person, kept by every claim. */
@Injectable()
export class MailLimits {
  constructor(
    private readonly database: DataSource,
    private readonly outbox: OutboxService,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** Those of campaigns are not among them: they are part of what is approved. */
  list(): Promise<LimitView[]> {
    const relays = this.relays();
    return this.database.query(
      // The only mail server there is has used what all have.
      `WITH limits AS (
         SELECT *, CASE WHEN scope = 'relay' AND key = '' THEN $1 ELSE key END AS whose FROM mail_limits
       )
       SELECT limits.scope, limits.key, per_hour AS "perHour", per_day AS "perDay", gap_seconds AS "gapSeconds", concurrent, total,
         CASE WHEN whose <> '' THEN
           coalesce(CASE WHEN hour_at >= date_trunc('hour', now()) THEN hour_used END, 0) END AS "usedThisHour",
         CASE WHEN whose <> '' THEN coalesce(used, 0) END AS used
       FROM limits LEFT JOIN allowances ON allowances.scope = limits.scope AND allowances.key = whose
       WHERE limits.scope <> 'campaign' OR limits.key = ''
       ORDER BY array_position(ARRAY['relay', 'sender', 'campaign', 'domain', 'mailbox'], limits.scope), limits.key`,
      [relays.length === 1 ? relays[0] : ''],
    );
  }

  /**
   * Holds from the next claim on, also for what waits for the old one.
   * @throws Problem invalid for a mail server that is not in the settings
   */
  async set(order: LimitOrder, witness: Witness): Promise<void> {
    const { scope, key, perHour, perDay, gapSeconds, concurrent, total } = order;
    if (scope === 'relay' && key !== '' && !this.relays().includes(key)) {
      throw problems.invalid([{ field: 'key', code: 'not-a-relay', message: 'SMTP_URL has no relay of this name.' }]);
    }
    await this.database.transaction(async (tx) => {
      await tx.query(
        `INSERT INTO mail_limits (scope, key, per_hour, per_day, gap_seconds, concurrent, total)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (scope, key) DO UPDATE SET per_hour = excluded.per_hour, per_day = excluded.per_day,
           gap_seconds = excluded.gap_seconds, concurrent = excluded.concurrent, total = excluded.total`,
        [scope, key, perHour, perDay, gapSeconds, concurrent, total],
      );
      await lookAgain(tx, order);
      const detail = { perHour, perDay, gapSeconds, concurrent, total };
      await witness(tx, { action: 'mail.limit-set', subject: subjectOf(order), detail });
    });
    this.outbox.wake();
  }

  private relays(): string[] {
    const relays = relaysIn(this.settings).map(({ name }) => name);
    return relays.length > 0 ? relays : [inboxName];
  }

  /** @throws Problem wrong-state for the limit of a whole scope, which can be changed only; not-found */
  async remove(limit: LimitKey, witness: Witness): Promise<void> {
    if (limit.key === '') throw problems.refusal('limit-of-scope');
    await this.database.transaction(async (tx) => {
      const [, removed] = await tx.query<[unknown[], number]>(`DELETE FROM mail_limits WHERE scope = $1 AND key = $2`, [
        limit.scope,
        limit.key,
      ]);
      if (removed === 0) throw problems.notFound('There is no such limit.');
      await lookAgain(tx, limit);
      await witness(tx, { action: 'mail.limit-removed', subject: subjectOf(limit), detail: {} });
    });
    this.outbox.wake();
  }
}

/** The audit names a mail server, a domain, and of an address only its domain. */
const subjectOf = ({ scope, key }: LimitKey) => `${scope} ${key.slice(key.lastIndexOf('@') + 1)}`.trim();

/**
 * What was put off for a limit of this kind is due again: the next claim decides anew. The calendar of its stream still
 * holds it, and what a server has put off by a 4xx keeps its time.
 */
async function lookAgain(tx: EntityManager, { scope, key }: LimitKey): Promise<void> {
  await tx.query(`UPDATE mail_streams SET wait_until = NULL WHERE wait_until IS NOT NULL`);
  if (scope !== 'mailbox' && scope !== 'domain') return;
  await tx.query(`UPDATE allowances SET booked_at = NULL WHERE scope = $1 AND ($2 = '' OR key = $2)`, [scope, key]);
  await tx.query(
    `UPDATE outbox SET next_attempt_at = now()
     WHERE waits AND stream IS NOT NULL AND attempts = 0 AND next_attempt_at > now()
       AND ($2 = '' OR $2 = CASE $1 WHEN 'mailbox' THEN lower(recipient) ELSE lower(split_part(recipient, '@', 2)) END)`,
    [scope, key],
  );
}
