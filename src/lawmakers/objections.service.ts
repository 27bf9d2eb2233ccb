import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { problems } from '../site/problem.js';
import type { Actor } from '../staff/access.js';
import { AuditService } from '../staff/audit.service.js';

export interface ObjectionView {
  id: string;
  note: string;
  recordedBy: string;
  recordedAt: string;
  liftedBy: string | null;
  liftedAt: string | null;
}

/** A lawmaker who wants no more letters. A standing objection beats every import and every audience. */
@Injectable()
export class ObjectionsService {
  constructor(
    private readonly database: DataSource,
    private readonly audit: AuditService,
  ) {}

  /** Newest first, lifted ones included. */
  list(lawmakerId: string): Promise<ObjectionView[]> {
    return this.database.query(
      `SELECT id, note, recorded_by AS "recordedBy", recorded_at AS "recordedAt", lifted_by AS "liftedBy", lifted_at AS "liftedAt"
       FROM objections WHERE lawmaker_id = $1 ORDER BY id DESC`,
      [lawmakerId],
    );
  }

  /** Records an objection; while one stands, a second changes nothing. */
  async record(lawmakerId: string, note: string, actor: Actor): Promise<void> {
    await this.database.transaction(async (tx) => {
      const [found] = await tx.query<{ id: string }[]>(`SELECT id FROM lawmakers WHERE id = $1`, [lawmakerId]);
      if (!found) throw problems.notFound();
      const [recorded] = await tx.query<{ id: string }[]>(
        `INSERT INTO objections (id, lawmaker_id, note, recorded_by) VALUES ($1, $2, $3, $4)
         ON CONFLICT (lawmaker_id) WHERE lifted_at IS NULL DO NOTHING RETURNING id`,
        [uuidv7(), lawmakerId, note, actor.name],
      );
      if (recorded) await this.audit.record(tx, { actor, action: 'lawmakers.objection-recorded', subject: lawmakerId });
    });
  }

  async lift(lawmakerId: string, actor: Actor): Promise<void> {
    await this.database.transaction(async (tx) => {
      const [, lifted] = await tx.query<[unknown, number]>(
        `UPDATE objections SET lifted_at = now(), lifted_by = $2 WHERE lawmaker_id = $1 AND lifted_at IS NULL`,
        [lawmakerId, actor.name],
      );
      if (!lifted) throw problems.notFound();
      await this.audit.record(tx, { actor, action: 'lawmakers.objection-lifted', subject: lawmakerId });
    });
  }
}
