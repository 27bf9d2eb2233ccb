import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { finalStates } from '../mail/mail-states.js';
import { OutboxService } from '../mail/outbox.service.js';
import { type Belonging, Belongings, type Keeper } from '../signatures/belongings.js';
import { News } from '../signatures/news.service.js';
import type { Actor } from '../staff/access.js';
import { newId } from '../vault/random.js';
import type { Update } from './update.entity.js';
import type { UpdateFigures } from './updates.schema.js';
import { Updates } from './updates.service.js';

/** Signers decided about in one transaction. */
export const planBatch = 1000;
/** Days in which a mail may be tried; news is stale after that. */
const triedDays = 5;
/** Days after the end until nobody can tell any more who was sent an update. */
const keptDays = 30;
const nobody = '00000000-0000-0000-0000-000000000000';

/**
 * From an approved update to a mail for each signer who wants it. A batch and the mark how far it went are one transaction,
 * and the unique index of the outbox stands behind it: a stop between two batches makes nobody get it twice or not at all.
 * Who confirms after it was approved may be left out.
 */
@Injectable()
export class UpdateSending implements Keeper {
  readonly name = 'updates';

  constructor(
    private readonly database: DataSource,
    private readonly updates: Updates,
    private readonly news: News,
    private readonly outbox: OutboxService,
    belongings: Belongings,
  ) {
    belongings.register(this);
  }

  /** Queues one batch of any update that is not wholly planned. @returns false: there is none, or others are at it */
  async planNext(): Promise<boolean> {
    const planned = await this.database.transaction(async (tx) => {
      const [update]: { petition_id: string; id: string; topic: string; planned_to: string | null }[] = await tx.query(
        `SELECT petition_id, id, coalesce(organisation_id::text, 'news') AS topic, planned_to FROM updates WHERE state = 'sending' AND planned_at IS NULL
         ORDER BY approved_at LIMIT 1 FOR UPDATE SKIP LOCKED`,
      );
      if (!update) return false;
      const { petition_id: petitionId, id } = update;
      const signers = await this.news.next(tx, petitionId, update.topic, update.planned_to ?? nobody, planBatch);
      const expiresAt = new Date(Date.now() + triedDays * 86_400_000);
      await this.outbox.enqueue(
        tx,
        signers.map((ref) => ({
          ...{ campaignId: id, id: newId(), kind: 'update', ref, lane: 'updates' as const, expiresAt },
        })),
      );
      await tx.query(
        `UPDATE updates SET queued = queued + $3::int, planned_to = coalesce($4::uuid, planned_to),
           planned_at = CASE WHEN $5::boolean THEN now() END
         WHERE petition_id = $1 AND id = $2`,
        [petitionId, id, signers.length, signers.at(-1) ?? null, signers.length < planBatch],
      );
      return true;
    });
    if (planned) this.outbox.wake();
    return planned;
  }

  /** Nothing more leaves; what is being handed over may still arrive. @throws Problem wrong-state */
  stop(slug: string, id: string, actor: Actor): Promise<void> {
    return this.updates.move(slug, id, 'stop', actor, {}, (tx) => this.outbox.cancel(tx, id));
  }

  /** Ends updates of which every mail has its answer, and lets go of mails that ended long ago. */
  async finish(): Promise<void> {
    await this.database.query(
      `UPDATE updates u SET state = 'sent' WHERE state = 'sending' AND planned_at IS NOT NULL
         AND NOT EXISTS (SELECT FROM outbox o WHERE o.campaign_id = u.id AND o.kind = 'update' AND o.state <> ALL ($1))`,
      [finalStates],
    );
    const old: { petition_id: string; id: string }[] = await this.database.query(
      `SELECT petition_id, id FROM updates u
       WHERE state IN ('sent', 'stopped') AND approved_at < now() - ${keptDays + triedDays} * interval '1 day'
         AND EXISTS (SELECT FROM outbox o WHERE o.campaign_id = u.id AND o.kind = 'update' AND o.state = ANY ($1))`,
      [finalStates],
    );
    for (const { petition_id, id } of old) while ((await this.letGo(petition_id, id)) === planBatch);
  }

  /** What became of its mails, in numbers. */
  async figures(update: Update): Promise<UpdateFigures> {
    const rows: { state: string; n: number }[] = await this.database.query(
      `SELECT state, count(*)::int AS n FROM outbox WHERE campaign_id = $1 AND kind = 'update' GROUP BY state`,
      [update.id],
    );
    const sum = (...states: string[]) =>
      rows.filter(({ state }) => states.includes(state)).reduce((all, { n }) => all + n, 0);
    return {
      queued: sum('queued', 'claimed', 'handing_over', 'deferred', 'held', 'in_doubt'),
      accepted: update.accepted + sum('accepted'),
      failed: update.failed + sum('refused', 'expired'),
      leftOut: update.leftOut + sum('suppressed', 'cancelled'),
      unsubscribed: update.unsubscribed,
    };
  }

  /** For my-data: what was sent to her, as long as that is known. */
  held(petitionId: string, signatureId: string): Promise<Belonging[]> {
    return this.database.query(
      `SELECT u.id, to_char(u.approved_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS "on", o.state
       FROM updates u JOIN outbox o ON o.campaign_id = u.id AND o.kind = 'update' AND o.ref = $2
       WHERE u.petition_id = $1 ORDER BY u.approved_at`,
      [petitionId, signatureId],
    );
  }

  /** What has not left never does, and nobody can tell any more that the rest was hers. */
  async forget(tx: EntityManager, petitionId: string, signatureIds: string[]): Promise<void> {
    const mails: { campaign_id: string; id: string }[] = await tx.query(
      `SELECT o.campaign_id, o.id FROM updates u JOIN outbox o ON o.campaign_id = u.id
       WHERE u.petition_id = $1 AND o.kind = 'update' AND o.ref = ANY ($2)`,
      [petitionId, signatureIds],
    );
    for (const update of new Set(mails.map((mail) => mail.campaign_id))) {
      const ids = mails.filter((mail) => mail.campaign_id === update).map(({ id }) => id);
      await this.outbox.forget(tx, update, ids);
      await tx.query(`UPDATE outbox SET ref = gen_random_uuid()::text WHERE campaign_id = $1 AND id = ANY ($2)`, [
        update,
        ids,
      ]);
    }
  }

  /** Deletes a batch and keeps its sums. */
  private async letGo(petitionId: string, id: string): Promise<number> {
    const [{ n }] = await this.database.query(
      `WITH gone AS (
         DELETE FROM outbox WHERE campaign_id = $2 AND id IN (
           SELECT id FROM outbox WHERE campaign_id = $2 AND kind = 'update' AND state = ANY ($3) LIMIT ${planBatch})
         RETURNING state
       ), sums AS (
         SELECT count(*)::int AS n, count(*) FILTER (WHERE state = 'accepted')::int AS accepted,
           count(*) FILTER (WHERE state IN ('refused', 'expired'))::int AS failed,
           count(*) FILTER (WHERE state IN ('suppressed', 'cancelled'))::int AS left_out FROM gone
       ), kept AS (
         UPDATE updates u SET accepted = u.accepted + sums.accepted, failed = u.failed + sums.failed,
           left_out = u.left_out + sums.left_out
         FROM sums WHERE u.petition_id = $1 AND u.id = $2
       )
       SELECT n FROM sums`,
      [petitionId, id, finalStates],
    );
    return n as number;
  }
}
