import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { problems } from '../site/problem.js';
import type { Actor } from '../staff/access.js';
import { AuditService } from '../staff/audit.service.js';
import type { NewPersonDecision } from './lawmakers.schema.js';

export interface PersonDecisionView {
  id: string;
  decision: 'same' | 'different';
  first: { id: string; name: string };
  second: { id: string; name: string };
  keptId: string | null;
  decidedBy: string;
  decidedAt: string;
  undoneBy: string | null;
  undoneAt: string | null;
}

interface Record {
  id: string;
  merged_into: string | null;
  joined: boolean;
}

/** What another room does in the transaction that joins records to the one that is kept. */
type Follower = (tx: EntityManager, keptId: string) => Promise<void>;

/** "These two are one person", "these are two people": said by a person, kept through every import, taken back at any time. */
@Injectable()
export class PersonDecisions {
  private readonly followers: Follower[] = [];

  constructor(
    private readonly database: DataSource,
    private readonly audit: AuditService,
  ) {}

  whenJoined(follower: Follower): void {
    this.followers.push(follower);
  }

  /** Newest first, those taken back included. */
  list(): Promise<PersonDecisionView[]> {
    return this.database.query(
      `SELECT d.id, d.decision, jsonb_build_object('id', a.id, 'name', a.name) AS first,
         jsonb_build_object('id', b.id, 'name', b.name) AS second, d.kept_id AS "keptId", d.decided_by AS "decidedBy",
         d.decided_at AS "decidedAt", d.undone_by AS "undoneBy", d.undone_at AS "undoneAt"
       FROM person_decisions d JOIN lawmakers a ON a.id = d.first_id JOIN lawmakers b ON b.id = d.second_id
       ORDER BY d.id DESC LIMIT 200`,
    );
  }

  /**
   * @returns the id of the decision
   * @throws Problem not-found for an unknown lawmaker; conflict where the two are decided already, or where others were
   *   joined to the one that is to go
   */
  async decide({ first, second, decision, keep }: NewPersonDecision, actor: Actor): Promise<string> {
    const id = uuidv7();
    await this.database.transaction(async (tx) => {
      const records = await this.lock(tx, [first, second]);
      const kept = decision === 'same' ? keep! : null;
      if (kept) {
        const gone = records.find((one) => one.id !== kept)!;
        if (records.some((one) => one.merged_into)) throw problems.refusal('person-joined');
        if (gone.joined) throw problems.refusal('person-joined');
        // A dispatch holds the rows of those it plans: it either sees the join, or is seen by it.
        await tx.query(`SELECT FROM lawmakers WHERE id = ANY ($1) ORDER BY id FOR UPDATE`, [[first, second]]);
        await tx.query(`UPDATE lawmakers SET merged_into = $2, updated_at = now() WHERE id = $1`, [gone.id, kept]);
        for (const follower of this.followers) await follower(tx, kept);
      }
      const [stored] = await tx.query<{ id: string }[]>(
        `INSERT INTO person_decisions (id, first_id, second_id, decision, kept_id, decided_by)
         VALUES ($1, least($2::uuid, $3::uuid), greatest($2::uuid, $3::uuid), $4, $5, $6)
         ON CONFLICT (first_id, second_id) WHERE undone_at IS NULL DO NOTHING RETURNING id`,
        [id, first, second, decision, kept, actor.name],
      );
      if (!stored) throw problems.refusal('person-decided');
      const action = kept ? 'lawmakers.joined' : 'lawmakers.told-apart';
      await this.audit.record(tx, { actor, action, subject: kept ?? first, detail: { first, second } });
    });
    return id;
  }

  /** Two records that were joined are two again. Nothing was moved between them, so nothing is lost. */
  async undo(id: string, actor: Actor): Promise<void> {
    await this.database.transaction(async (tx) => {
      const [found] = await tx.query<{ first_id: string; second_id: string }[]>(
        `SELECT first_id, second_id FROM person_decisions WHERE id = $1 AND undone_at IS NULL`,
        [id],
      );
      if (!found) throw problems.notFound();
      await this.lock(tx, [found.first_id, found.second_id]);
      const [[undone]] = await tx.query<[{ decision: string; kept_id: string | null }[], number]>(
        `UPDATE person_decisions SET undone_at = now(), undone_by = $2 WHERE id = $1 AND undone_at IS NULL
         RETURNING decision, kept_id`,
        [id, actor.name],
      );
      if (!undone) throw problems.notFound();
      if (undone.kept_id) {
        await tx.query(
          `UPDATE lawmakers SET merged_into = NULL, updated_at = now() WHERE id = ANY ($1) AND merged_into = $2`,
          [[found.first_id, found.second_id], undone.kept_id],
        );
      }
      const detail = { first: found.first_id, second: found.second_id, decision: undone.decision };
      await this.audit.record(tx, { actor, action: 'lawmakers.decision-undone', subject: found.first_id, detail });
    });
  }

  /** Locks the legislatures of both, as an import does, and puts previews made before out of date. */
  private async lock(tx: EntityManager, ids: [string, string]): Promise<Record[]> {
    await tx.query(
      `SELECT id FROM legislatures WHERE id IN (SELECT legislature_id FROM lawmakers WHERE id = ANY ($1)) ORDER BY id FOR UPDATE`,
      [ids],
    );
    const records: Record[] = await tx.query(
      `SELECT id, merged_into, EXISTS (SELECT FROM lawmakers o WHERE o.merged_into = l.id) AS joined
       FROM lawmakers l WHERE id = ANY ($1)`,
      [ids],
    );
    if (records.length !== 2) throw problems.notFound();
    await tx.query(
      `UPDATE legislatures SET version = version + 1 WHERE id IN (SELECT legislature_id FROM lawmakers WHERE id = ANY ($1))`,
      [ids],
    );
    return records;
  }
}
