import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { problems } from '../site/problem.js';
import type { Actor } from '../staff/access.js';
import { AuditService } from '../staff/audit.service.js';
import { recordsOfId } from './person-records.js';

export interface ObjectionView {
  id: string;
  /** `office`: by the link in the footer of a letter. */
  source: 'staff' | 'office';
  note: string;
  recordedBy: string;
  recordedAt: string;
  liftedBy: string | null;
  liftedAt: string | null;
  liftReason: string | null;
}

/** What another room does in the transaction that records an objection. */
type Follower = (tx: EntityManager, lawmakerId: string) => Promise<void>;

/** A lawmaker who wants no more letters. A standing objection beats every import and every audience. */
@Injectable()
export class ObjectionsService {
  private readonly followers: Follower[] = [];

  constructor(
    private readonly database: DataSource,
    private readonly audit: AuditService,
  ) {}

  whenRecorded(follower: Follower): void {
    this.followers.push(follower);
  }

  /** Of the person, under all her records: newest first, lifted ones included. */
  list(lawmakerId: string): Promise<ObjectionView[]> {
    return this.database.query(
      `SELECT id, source, note, recorded_by AS "recordedBy", recorded_at AS "recordedAt", lifted_by AS "liftedBy",
         lifted_at AS "liftedAt", lift_reason AS "liftReason"
       FROM objections WHERE lawmaker_id = ANY (${recordsOfId('$1')}) ORDER BY id DESC`,
      [lawmakerId],
    );
  }

  /** When the standing objection of the person was recorded, under any of her records; null without one. */
  async standingSince(lawmakerId: string): Promise<Date | null> {
    const [row] = await this.database.query<{ recorded_at: Date }[]>(
      `SELECT recorded_at FROM objections WHERE lawmaker_id = ANY (${recordsOfId('$1')}) AND lifted_at IS NULL
       ORDER BY recorded_at LIMIT 1`,
      [lawmakerId],
    );
    return row?.recorded_at ?? null;
  }

  /** Records an objection; while one stands, a second changes nothing. */
  record(lawmakerId: string, note: string, actor: Actor): Promise<void> {
    return this.write(lawmakerId, 'staff', note, actor);
  }

  /** The office has pressed the button behind the link of a letter. Nothing is kept about the visitor. */
  recordByOffice(lawmakerId: string): Promise<void> {
    return this.write(lawmakerId, 'office', '', 'system');
  }

  /**
   * Letters may go to the person again, whichever of her records the objection came by.
   * @param reason why letters may go there again @throws Problem not-found where no objection stands
   */
  async lift(lawmakerId: string, reason: string, actor: Actor): Promise<void> {
    await this.database.transaction(async (tx) => {
      const [, lifted] = await tx.query<[unknown, number]>(
        `UPDATE objections SET lifted_at = now(), lifted_by = $2, lift_reason = $3
         WHERE lawmaker_id = ANY (${recordsOfId('$1')}) AND lifted_at IS NULL`,
        [lawmakerId, actor.name, reason],
      );
      if (!lifted) throw problems.notFound();
      await this.audit.record(tx, {
        ...{ actor, action: 'lawmakers.objection-lifted', subject: lawmakerId },
        detail: { reason },
      });
    });
  }

  /** All records of the person are locked first, so that a dispatch under way either sees the objection or is seen by it. */
  private async write(lawmakerId: string, source: 'staff' | 'office', note: string, actor: Actor | 'system') {
    await this.database.transaction(async (tx) => {
      const records = await tx.query<{ id: string }[]>(
        `SELECT id FROM lawmakers WHERE id = ANY (${recordsOfId('$1')}) ORDER BY id FOR UPDATE`,
        [lawmakerId],
      );
      if (records.length === 0) throw problems.notFound();
      const [recorded] = await tx.query<{ id: string }[]>(
        `INSERT INTO objections (id, lawmaker_id, source, note, recorded_by) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (lawmaker_id) WHERE lifted_at IS NULL DO NOTHING RETURNING id`,
        [uuidv7(), lawmakerId, source, note, actor === 'system' ? source : actor.name],
      );
      if (!recorded) return;
      for (const follower of this.followers) await follower(tx, lawmakerId);
      await this.audit.record(tx, {
        ...{ actor, action: 'lawmakers.objection-recorded', subject: lawmakerId },
        detail: { source },
      });
    });
  }
}
