import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { SETTINGS, type Settings } from '../config/settings.js';
import { problems } from '../site/problem.js';
import type { BulkDecision, DeskQuery, MailDecision, MailPage, MailSummary, MailView } from './mail.schema.js';
import type { MailState } from './mail-states.js';
import { OutboxService } from './outbox.service.js';
import { RelayStates } from './relay-states.service.js';

const pageSize = 50;

export type MailAction = `mail.${MailDecision['decision'] | 'release-all' | 'limit-set' | 'limit-removed'}`;

/** Writes what was decided into the audit log, in the transaction of the decision; the door knows who decided. */
export type Witness = (
  tx: EntityManager,
  entry: { action: MailAction; subject: string; detail: Record<string, unknown> },
) => Promise<void>;

/** What the mode held goes on, unless somebody paused it meanwhile: then it joins what is paused. */
const goesOn = `mode_held = false, state_at = now(),
      state = CASE WHEN stop IS NOT NULL THEN 'held' WHEN attempts > 0 THEN 'deferred' ELSE 'queued' END`;

/** Each decision is one conditional UPDATE: of two people who decide at once, one is told that the other was faster. */
const decide: Record<MailDecision['decision'], string> = {
  release: `
    UPDATE outbox
    SET ${goesOn}
    WHERE campaign_id = $1 AND id = $2 AND state = 'held' AND mode_held
    RETURNING state`,
  sent: `
    UPDATE outbox
    SET state = 'accepted', state_at = now(), payload = NULL, reply = 'counted as sent by a person'
    WHERE campaign_id = $1 AND id = $2 AND state = 'in_doubt'
    RETURNING state`,
  again: `
    UPDATE outbox
    SET state = CASE WHEN stop IS NULL THEN 'queued' WHEN stop = 'cancel' THEN 'cancelled' ELSE 'held' END,
        payload = CASE WHEN stop = 'cancel' THEN NULL ELSE payload END, state_at = now(), next_attempt_at = now()
    WHERE campaign_id = $1 AND id = $2 AND state = 'in_doubt'
    RETURNING state`,
};

/** What a person sees of the outbox, and what she may decide there. */
@Injectable()
export class MailDesk {
  constructor(
    private readonly database: DataSource,
    private readonly outbox: OutboxService,
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly relays: RelayStates,
  ) {}

  async summary(): Promise<MailSummary> {
    const counts = await this.database.query<MailSummary['counts']>(
      `SELECT lane, state, count(*)::int AS count FROM outbox GROUP BY lane, state ORDER BY lane, state`,
    );
    return { counts, relays: await this.relays.list() };
  }

  /** The latest first, with their newest attempts as evidence. */
  async list({ state, after }: DeskQuery): Promise<MailPage> {
    const [time, id] = after?.split('~') ?? [null, null];
    const rows = await this.database.query<(MailView & { micros: string })[]>(
      `SELECT campaign_id AS "campaignId", id, kind, lane, state, CASE WHEN mode_held THEN 'mode' ELSE stop END AS stop, recipient, state_at AS "stateAt",
              next_attempt_at AS "nextAttemptAt", expires_at AS "expiresAt", reply_code AS "replyCode", reply,
              (extract(epoch FROM state_at) * 1000000)::bigint::text AS micros,
              (SELECT coalesce(json_agg(evidence), '[]') FROM (
                 SELECT attempt_id AS id, relay, started_at AS "startedAt", handed_over_at AS "handedOverAt",
                        ended_at AS "endedAt", outcome, reply_code AS "replyCode", reply
                 FROM attempts
                 WHERE attempts.campaign_id = outbox.campaign_id AND outbox_id = outbox.id
                 ORDER BY attempt_id DESC LIMIT 20) evidence) AS attempts,
              (SELECT coalesce(json_agg(fact), '[]') FROM (
                 SELECT kind, status, diagnostic, attempt_id AS "attemptId", cites, source, returned_at AS "returnedAt"
                 FROM mail_returns
                 WHERE mail_returns.campaign_id = outbox.campaign_id AND outbox_id = outbox.id
                 ORDER BY returned_at) fact) AS returns
       FROM outbox
       WHERE desk = $1
         AND ($2::bigint IS NULL OR (state_at, id) < ('epoch'::timestamptz + $2::bigint * interval '1 microsecond', $3::uuid))
       ORDER BY state_at DESC, id DESC LIMIT $4`,
      [state, time, id, pageSize + 1],
    );
    const last = rows.length > pageSize ? rows[pageSize - 1] : undefined;
    const mails = rows.slice(0, pageSize).map(asView);
    return { mails, next: last ? `${last.micros}~${last.id}` : null };
  }

  /** @throws not-found, or conflict when the mail is not (any more) in a state for this decision */
  async decide({ campaignId, id, decision }: MailDecision, witness: Witness): Promise<MailState> {
    if (decision !== 'sent') this.mayLeave();
    const state = await this.database.transaction(async (tx) => {
      const [rows] = await tx.query<[{ state: MailState }[], number]>(decide[decision], [campaignId, id]);
      if (!rows[0]) throw await this.notNow(tx, campaignId, id);
      await witness(tx, { action: `mail.${decision}`, subject: id, detail: { campaignId } });
      return rows[0].state;
    });
    this.outbox.wake();
    return state;
  }

  /** The same decision about many: those that somebody or something else was faster with are left alone, and counted. */
  async decideMany({ mails, decision }: BulkDecision, witness: Witness): Promise<{ decided: number; skipped: number }> {
    if (decision !== 'sent') this.mayLeave();
    const decided = await this.database.transaction(async (tx) => {
      let count = 0;
      // In the order in which everybody writes rows.
      for (const { campaignId, id } of mails.toSorted(byKey)) {
        const [rows] = await tx.query<[{ state: MailState }[], number]>(decide[decision], [campaignId, id]);
        if (!rows[0]) continue;
        count += 1;
        await witness(tx, { action: `mail.${decision}`, subject: id, detail: { campaignId } });
      }
      return count;
    });
    this.outbox.wake();
    return { decided, skipped: mails.length - decided };
  }

  /** Lets go all that MAIL_MODE=hold has held. @throws wrong-state while it still holds */
  async releaseAll(witness: Witness): Promise<number> {
    this.mayLeave();
    const released = await this.database.transaction(async (tx) => {
      const [, count] = await tx.query<[unknown[], number]>(
        `UPDATE outbox
         SET ${goesOn}
         WHERE desk = 'held' AND mode_held`,
      );
      await witness(tx, { action: 'mail.release-all', subject: 'outbox', detail: { count } });
      return count;
    });
    this.outbox.wake();
    return released;
  }

  /** While the mode is hold nothing leaves, whoever asks for it. */
  private mayLeave(): void {
    if (this.settings.MAIL_MODE !== 'hold') return;
    throw problems.refusal('mail-held');
  }

  private async notNow(tx: EntityManager, campaignId: string, id: string): Promise<Error> {
    const [found] = await tx.query<{ state: MailState }[]>(
      `SELECT state FROM outbox WHERE campaign_id = $1 AND id = $2`,
      [campaignId, id],
    );
    return found ? problems.refusal('changed-meanwhile') : problems.notFound();
  }
}

const byKey = (a: BulkDecision['mails'][number], b: BulkDecision['mails'][number]) =>
  `${a.campaignId}${a.id}` < `${b.campaignId}${b.id}` ? -1 : 1;

/** Dates as the JSON doors and the templates want them; those in `attempts` come as text from the database. */
function asView(row: MailView & { micros?: string }): MailView {
  const iso = (value: unknown) => new Date(value as string | Date).toISOString();
  const isoOrNull = (value: unknown) => (value === null ? null : iso(value));
  const view = {
    ...row,
    stateAt: iso(row.stateAt),
    nextAttemptAt: iso(row.nextAttemptAt),
    expiresAt: isoOrNull(row.expiresAt),
    attempts: row.attempts.map((each) => ({
      ...each,
      startedAt: iso(each.startedAt),
      handedOverAt: isoOrNull(each.handedOverAt),
      endedAt: iso(each.endedAt),
    })),
    returns: row.returns.map((each) => ({ ...each, returnedAt: iso(each.returnedAt) })),
  };
  delete view.micros;
  return view;
}
