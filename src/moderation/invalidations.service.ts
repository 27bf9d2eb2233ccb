import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { parseBundle, tileWidth } from '../countlog/tiles.js';
import { isIn } from '../database/is-in.js';
import { Petitions } from '../petitions/petitions.service.js';
import { problems } from '../site/problem.js';
import type { Actor } from '../staff/access.js';
import { AuditService } from '../staff/audit.service.js';
import { Vault } from '../vault/vault.service.js';
import {
  type InvalidationPreview,
  type InvalidationRule,
  type InvalidationView,
  type NewInvalidation,
  type Reason,
  reasons,
} from './moderation.schema.js';

/** How long an invalidation of logged signatures can be undone before the log says it in public. */
export const graceMinutes = 15;

const page = 1000;
const pageOfDone = 50;

interface Row extends Omit<InvalidationView, 'reason' | 'at' | 'undoneAt'> {
  reason: number;
  at: Date;
  undoneAt: Date | null;
}

interface Order extends NewInvalidation {
  /** Only signatures that wait for a person. */
  flagged?: boolean;
}

/**
 * Takes signatures that belong together out of the count. What is not logged yet is kept from the log; what is logged is
 * withdrawn by public entries, after a grace. Both can be undone: later, the same entries are logged once more.
 */
@Injectable()
export class Invalidations {
  constructor(
    private readonly database: DataSource,
    private readonly petitions: Petitions,
    private readonly vault: Vault,
    private readonly audit: AuditService,
  ) {}

  /** What a rule would take away; changes nothing. @throws Problem not-found */
  async preview(slug: string, rule: InvalidationRule): Promise<InvalidationPreview> {
    const { id } = await this.petitions.find(slug);
    const hits = `SELECT s.id, s.country, s.confirmed_hour FROM signatures s WHERE ${fits()}`;
    const values = this.values(id, rule, false);
    const [sum] = await this.database.query(
      `SELECT count(*)::int AS signatures, count(p.index)::int AS logged
       FROM (${hits}) AS hit LEFT JOIN log_positions p ON p.petition_id = $1 AND p.signature_id = hit.id`,
      values,
    );
    const [days, countries] = [
      await this.database.query(
        `SELECT (confirmed_hour AT TIME ZONE 'UTC')::date::text AS day, count(*)::int AS signatures
         FROM (${hits}) AS hit GROUP BY 1 ORDER BY 1 DESC LIMIT 60`,
        values,
      ),
      await this.database.query(
        `SELECT country, count(*)::int AS signatures FROM (${hits}) AS hit GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20`,
        values,
      ),
    ];
    return { ...sum, days, countries };
  }

  /** @returns how many signatures were taken out @throws Problem not-found, wrong-state when the count is sealed */
  async apply(slug: string, order: Order, actor: Actor): Promise<number> {
    const { id: petitionId } = await this.petitions.find(slug);
    const id = uuidv7();
    return this.whileNothingIsLogged(petitionId, async (tx) => {
      await tx.query(
        `INSERT INTO invalidations (petition_id, id, rule, reason, note, signatures, by_name) VALUES ($1, $2, $3, $4, $5, 0, $6)`,
        [petitionId, id, order.rule, reasons[order.reason], order.note, actor.name],
      );
      const [{ signatures }] = await tx.query(
        `WITH hit AS MATERIALIZED (
           SELECT s.id, s.country, s.source, p.index
           FROM signatures s LEFT JOIN log_positions p ON p.petition_id = s.petition_id AND p.signature_id = s.id
           WHERE ${fits()}
         ), kept_back AS (
           DELETE FROM log_queue
           -- Promised while we were looking: it stays.
           WHERE petition_id = $1 AND kind = 'sign' AND NOT promised AND ${isIn('signature_id', 'SELECT id FROM hit')}
           RETURNING signature_id, entry
         ), taken_back AS (
           INSERT INTO log_queue (petition_id, id, kind, reason, due_at, signature_id, day, country, source)
           SELECT $1, gen_random_uuid(), 'withdraw', $9::int, now() + interval '${graceMinutes} minutes', hit.id,
             (now() AT TIME ZONE 'UTC')::date, country, source
           FROM hit WHERE index IS NOT NULL
         ), unflagged AS (
           DELETE FROM flags USING hit WHERE flags.petition_id = $1 AND flags.signature_id = hit.id
         ), marked AS (
           INSERT INTO invalidated (petition_id, signature_id, invalidation_id, entry, index)
           SELECT $1, hit.id, $8::uuid, entry, index FROM hit LEFT JOIN kept_back ON kept_back.signature_id = hit.id
           WHERE num_nonnulls(entry, index) = 1
           RETURNING 1
         ), told AS (SELECT count(*)::int AS signatures FROM marked)
         SELECT signatures FROM told`,
        [...this.values(petitionId, order.rule, order.flagged ?? false), id, reasons[order.reason]],
      );
      await tx.query(`UPDATE invalidations SET signatures = $3 WHERE petition_id = $1 AND id = $2`, [
        ...[petitionId, id, signatures],
      ]);
      const { rule, reason, note } = order;
      const detail = { id, rule, reason, note, signatures: signatures as number };
      await this.audit.record(tx, { actor, action: 'signatures.invalidated', subject: slug, detail });
      return signatures as number;
    });
  }

  /**
   * Counts them again: those kept from the log are logged, withdrawals that wait are dropped, and for those that were
   * withdrawn in public the same entries are logged once more. Who took her name back herself meanwhile stays away.
   * @throws Problem not-found, wrong-state
   */
  async undo(slug: string, id: string, actor: Actor): Promise<void> {
    const { id: petitionId } = await this.petitions.find(slug);
    await this.whileNothingIsLogged(petitionId, async (tx) => {
      const [[undone]] = await tx.query(
        `UPDATE invalidations SET undone_at = now(), undone_by_name = $3
         WHERE petition_id = $1 AND id = $2 AND undone_at IS NULL RETURNING signatures`,
        [petitionId, id, actor.name],
      );
      if (!undone) throw problems.refusal('done-already');
      await tx.query(
        `WITH out AS MATERIALIZED (
           SELECT i.* FROM invalidated i JOIN signatures s ON s.petition_id = i.petition_id AND s.id = i.signature_id
           WHERE i.petition_id = $1 AND invalidation_id = $2
         ), dropped AS (
           DELETE FROM log_queue
           WHERE petition_id = $1 AND kind = 'withdraw' AND reason IN (3, 4)
             AND ${isIn('signature_id', 'SELECT signature_id FROM out')}
         )
         INSERT INTO log_queue (petition_id, id, kind, entry, signature_id, day, country, source)
         SELECT $1, gen_random_uuid(), 'sign', out.entry, s.id, (now() AT TIME ZONE 'UTC')::date, s.country, s.source
         FROM out JOIN signatures s ON s.petition_id = $1 AND s.id = out.signature_id WHERE out.entry IS NOT NULL`,
        [petitionId, id],
      );
      await this.logAgain(tx, petitionId, id);
      await tx.query(`DELETE FROM invalidated WHERE petition_id = $1 AND invalidation_id = $2`, [petitionId, id]);
      const detail = { id, signatures: undone.signatures as number };
      await this.audit.record(tx, { actor, action: 'signatures.invalidation-undone', subject: slug, detail });
    });
  }

  /** A page, the latest first, before the one with this id. @throws Problem not-found */
  async list(slug: string, before?: string): Promise<{ invalidations: InvalidationView[]; next: string | null }> {
    const { id } = await this.petitions.find(slug);
    const rows: Row[] = await this.database.query(
      `SELECT id, rule, reason, note, signatures, by_name AS "by", at, undone_at AS "undoneAt", undone_by_name AS "undoneBy"
       FROM invalidations WHERE petition_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT ${pageOfDone + 1}`,
      [id, before ?? null],
    );
    const invalidations = rows.slice(0, pageOfDone).map((row) => ({
      ...row,
      reason: (Object.keys(reasons) as Reason[]).find((name) => reasons[name] === row.reason)!,
      at: row.at.toISOString(),
      undoneAt: row.undoneAt?.toISOString() ?? null,
    }));
    return { invalidations, next: rows.length > pageOfDone ? invalidations.at(-1)!.id : null };
  }

  /** Entries whose withdrawal the log has already said: the same bytes once more, out of the log itself. */
  private async logAgain(tx: EntityManager, petitionId: string, id: string): Promise<void> {
    for (let last = -1; ;) {
      const rows: { id: string; index: string; width: number; entries: Uint8Array }[] = await tx.query(
        `SELECT i.signature_id AS id, i.index, b.width, b.entries
         FROM invalidated i
         JOIN signatures s ON s.petition_id = i.petition_id AND s.id = i.signature_id
         JOIN log_bundles b ON b.petition_id = i.petition_id AND b.index = i.index / ${tileWidth}
         WHERE i.petition_id = $1 AND i.invalidation_id = $2 AND i.index > $3 AND NOT EXISTS (
           SELECT 1 FROM log_positions p WHERE p.petition_id = i.petition_id AND p.signature_id = i.signature_id)
         ORDER BY i.index LIMIT ${page}`,
        [petitionId, id, last],
      );
      if (rows.length === 0) return;
      const entries = rows.map((row) => parseBundle(row.entries, row.width)[Number(row.index) % tileWidth]!);
      await tx.query(
        `INSERT INTO log_queue (petition_id, id, kind, entry, signature_id, day, country, source)
         SELECT $1, gen_random_uuid(), 'sign', again.entry, s.id, (now() AT TIME ZONE 'UTC')::date, s.country, s.source
         FROM unnest($2::uuid[], $3::bytea[]) AS again (id, entry)
         JOIN signatures s ON s.petition_id = $1 AND s.id = again.id`,
        [petitionId, rows.map((row) => row.id), entries],
      );
      last = Number(rows.at(-1)!.index);
    }
  }

  /** Holds the lock of the sequencer, or an entry could be logged between looking and writing. */
  private whileNothingIsLogged<T>(petitionId: string, work: (tx: EntityManager) => Promise<T>): Promise<T> {
    return this.database.transaction(async (tx) => {
      await tx.query(`SELECT pg_advisory_xact_lock(hashtext('countersign sequencer'))`);
      // Room for a hash of millions of signatures: without one each would be compared with each.
      await tx.query(`SET LOCAL work_mem = '256MB'`);
      const [petition] = await tx.query(`SELECT state FROM petitions WHERE id = $1 FOR SHARE`, [petitionId]);
      if (petition.state === 'archived') throw problems.refusal('count-sealed');
      return work(tx);
    });
  }

  private values(petitionId: string, rule: InvalidationRule, flagged: boolean): unknown[] {
    const { domain, from, to, country, source } = rule;
    const digest = domain === undefined ? null : this.vault.domainDigest(petitionId, domain);
    return [petitionId, digest, from ?? null, to ?? null, country ?? null, source ?? null, flagged];
  }
}

/**
 * Of signatures `s`, with the parameters of `values`. Who was erased or is out already fits nothing; nor does an entry that
 * was promised to be logged, until it is.
 */
const fits = () =>
  `s.petition_id = $1 AND s.box IS NOT NULL
   AND ($2::bytea IS NULL OR s.domain = $2) AND ($3::timestamptz IS NULL OR s.confirmed_hour >= $3)
   AND ($4::timestamptz IS NULL OR s.confirmed_hour < $4) AND ($5::text IS NULL OR s.country = $5)
   AND ($6::text IS NULL OR s.source = $6)
   AND NOT EXISTS (SELECT 1 FROM invalidated i WHERE i.petition_id = $1 AND i.signature_id = s.id)
   AND NOT EXISTS (SELECT 1 FROM log_queue q WHERE q.petition_id = $1 AND q.signature_id = s.id AND q.kind = 'sign' AND q.promised)
   AND (NOT $7::boolean OR EXISTS (SELECT 1 FROM flags f WHERE f.petition_id = $1 AND f.signature_id = s.id))`;
