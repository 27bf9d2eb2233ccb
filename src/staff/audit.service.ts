import { Injectable } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { DataSource, type EntityManager } from 'typeorm';
import { canonicalJson } from '../site/canonical-json.js';
import type { Actor } from './access.js';
import type { AuditAction } from './audit-actions.js';
import { AuditEntry } from './audit-entry.entity.js';
import type { AuditFilter, AuditQuery } from './staff.schema.js';

export interface AuditRecord {
  actor: Actor | 'system';
  action: AuditAction;
  /** Slug or id of the thing. */
  subject: string;
  /** Never personal data of supporters. */
  detail?: Record<string, unknown>;
}

export interface CheckedChain {
  /** Id of the first entry that was changed, or null. */
  firstBroken: string | null;
  /** How many entries fit. */
  entries: number;
  /** SHA-256 of the last entry that fits, in hex. */
  lastHash: string;
}

type Chained = Omit<AuditEntry, 'id' | 'hash'>;

const beginning = Buffer.alloc(32);
const page = 500;

@Injectable()
export class AuditService {
  constructor(private readonly database: DataSource) {}

  /**
   * Appends to the log in the caller's transaction: what was done and that it was done are committed together. Call it
   * last, after every other row is locked: it makes all who write entries wait for this transaction to end.
   */
  async record(tx: EntityManager, { actor, action, subject, detail: given = {} }: AuditRecord): Promise<void> {
    // As the database gives it back, or the hash would be of something else.
    const detail = JSON.parse(JSON.stringify(given)) as Record<string, unknown>;
    // One writer at a time, or two entries would follow the same one.
    await tx.query(`SELECT pg_advisory_xact_lock(hashtext('countersign audit'))`);
    const [{ previous, at }] = await tx.query(
      `SELECT clock_timestamp() AS at, (SELECT hash FROM audit_entries ORDER BY id DESC LIMIT 1) AS previous`,
    );
    const who = actor === 'system' ? { kind: 'system' as const, id: null, name: 'system' } : actor;
    const entry: Chained = {
      ...{ at, actorKind: who.kind, actorId: who.id, actorName: who.name, action, subject, detail },
      previous: previous ?? beginning,
    };
    await tx.insert(AuditEntry, { ...entry, detail: detail as object, hash: chain(entry) });
  }

  /** Newest first, before the entry with this id. */
  list({ who, action, subject, from, until, before }: AuditQuery = {}, most = 50): Promise<AuditEntry[]> {
    const query = this.database.manager.createQueryBuilder(AuditEntry, 'entry').orderBy('entry.id', 'DESC').limit(most);
    if (who) query.andWhere('strpos(lower(entry.actor_name), lower(:who)) > 0', { who });
    if (action) query.andWhere('entry.action = :action', { action });
    if (subject) query.andWhere('starts_with(entry.subject, :subject)', { subject });
    if (from) query.andWhere(`entry.at >= CAST(:from AS timestamp) AT TIME ZONE 'UTC'`, { from });
    if (until) {
      query.andWhere(`entry.at < (CAST(:until AS timestamp) + interval '1 day') AT TIME ZONE 'UTC'`, { until });
    }
    if (before) query.andWhere('entry.id < :before', { before });
    return query.getMany();
  }

  /** All that fit, newest first, in constant memory. Who took which is an entry itself, written before the first is read. */
  async take(filter: AuditFilter, actor: Actor): Promise<AsyncGenerator<AuditEntry>> {
    await this.database.transaction((tx) =>
      this.record(tx, { actor, action: 'audit.exported', subject: 'audit', detail: { filter } }),
    );
    return this.all(filter);
  }

  private async *all(filter: AuditFilter): AsyncGenerator<AuditEntry> {
    let before: string | undefined;
    for (;;) {
      const entries = await this.list({ ...filter, before }, page);
      yield* entries;
      if (entries.length < page) return;
      before = entries.at(-1)!.id;
    }
  }

  /** Every kind of action there is an entry of. */
  async actions(): Promise<string[]> {
    const rows: { action: string }[] = await this.database.query(
      `SELECT DISTINCT action FROM audit_entries ORDER BY 1`,
    );
    return rows.map(({ action }) => action);
  }

  /** Recomputes the chain from the first entry to the last, or to the first that does not fit. */
  async check(): Promise<CheckedChain> {
    let previous: Buffer = beginning;
    let last = '0';
    let count = 0;
    const result = (firstBroken: string | null) => ({
      firstBroken,
      entries: count,
      lastHash: previous.toString('hex'),
    });
    for (;;) {
      const entries = await this.database.manager
        .createQueryBuilder(AuditEntry, 'entry')
        .where('entry.id > :last', { last })
        .orderBy('entry.id')
        .limit(page)
        .getMany();
      for (const entry of entries) {
        if (!entry.previous.equals(previous) || !entry.hash.equals(chain(entry))) return result(entry.id);
        previous = entry.hash;
        last = entry.id;
        count += 1;
      }
      if (entries.length < page) return result(null);
    }
  }
}

const chain = ({ at, actorKind, actorId, actorName, action, subject, detail, previous }: Chained): Buffer =>
  createHash('sha256')
    .update(previous)
    .update(canonicalJson({ at: at.toISOString(), actorKind, actorId, actorName, action, subject, detail }))
    .digest();
