import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Logs } from '../countlog/logs.service.js';
import { problems } from '../site/problem.js';
import type { Actor } from '../staff/access.js';
import { AuditService } from '../staff/audit.service.js';
import { ownerOf } from '../staff/tokens.service.js';
import { digestOf, newestTexts, PetitionLog } from './petition-log.service.js';
import { type Move, moves, type PetitionState } from './petition-states.js';
import type { PetitionOpening } from './petitions.schema.js';
import { Petitions } from './petitions.service.js';
import { standards } from './standards.js';

/** Submitting, opening, closing and archiving a petition: each one move, audited. */
@Injectable()
export class PetitionMoves {
  constructor(
    private readonly database: DataSource,
    private readonly petitions: Petitions,
    private readonly petitionLog: PetitionLog,
    private readonly logs: Logs,
    private readonly audit: AuditService,
  ) {}

  /** Hands a draft to those who may open it. @throws Problem not-found, wrong-state */
  submit(slug: string, actor: Actor): Promise<void> {
    return this.move(slug, 'review', actor, {}, (tx, { id }) =>
      tx.query(`UPDATE petitions SET return_reason = NULL WHERE id = $1`, [id]),
    );
  }

  /** Gives it back to its author, who reads the reason. @throws Problem not-found, wrong-state */
  reject(slug: string, reason: string, actor: Actor): Promise<void> {
    return this.move(slug, 'rejection', actor, { reason }, (tx, { id }) =>
      tx.query(`UPDATE petitions SET return_reason = $2 WHERE id = $1`, [id, reason]),
    );
  }

  /**
   * Opens a petition for signatures and begins its log, or opens a closed one again. What is in review is opened by
   * somebody who wrote none of it, and who says of each standard that it is met; the audit log keeps that.
   * @param seen.textsSha256 of the words that were read: the log will say this very digest
   * @throws Problem not-found, wrong-state, conflict if other words stand there by now, forbidden to who wrote any of
   *   them, invalid without all standards
   */
  open(slug: string, { textsSha256, standards: ticked }: PetitionOpening, actor: Actor): Promise<void> {
    const detail: Record<string, unknown> = {};
    return this.move(slug, 'opening', actor, detail, async (tx, { id, state, authors }) => {
      if (state === 'in_review') {
        if (digestOf(await newestTexts(tx, id)) !== textsSha256) {
          throw problems.refusal('changed-meanwhile');
        }
        if (authors.includes(ownerOf(actor))) {
          throw problems.refusal('needs-second-person');
        }
        const missing = standards.filter((standard) => !ticked.includes(standard));
        if (missing.length > 0) {
          throw problems.invalid(
            missing.map((standard) => ({ field: `standard-${standard}`, code: 'not-ticked', message: 'Not said.' })),
          );
        }
        Object.assign(detail, { textsSha256, standards });
      }
      await tx.query(
        `UPDATE petitions SET opened_at = coalesce(opened_at, now()), closed_at = NULL, return_reason = NULL WHERE id = $1`,
        [id],
      );
      await this.petitionLog.begin(tx, id, slug);
    });
  }

  /** Takes no more signatures; withdrawals go on. @throws Problem not-found, wrong-state */
  close(slug: string, actor: Actor): Promise<void> {
    return this.move(slug, 'closing', actor, {}, (tx, { id }) =>
      tx.query(`UPDATE petitions SET closed_at = now() WHERE id = $1`, [id]),
    );
  }

  /**
   * Ends the petition and, with an entry after which nothing follows, its log.
   * @throws Problem not-found, wrong-state, also while signatures wait for a person to decide
   */
  archive(slug: string, actor: Actor): Promise<void> {
    return this.move(slug, 'archiving', actor, {}, async (tx, { id }) => {
      await tx.query(`UPDATE petitions SET archived_at = now() WHERE id = $1`, [id]);
      const undecided = await this.logs.end(tx, id);
      if (undecided > 0) {
        throw problems.refusal('signatures-undecided', { n: undecided });
      }
    });
  }

  private async move(
    slug: string,
    move: Move,
    actor: Actor,
    detail: Record<string, unknown>,
    work: (tx: EntityManager, petition: LockedPetition) => Promise<unknown>,
  ): Promise<void> {
    const { from, to } = moves[move] as { from: readonly PetitionState[]; to: PetitionState };
    await this.database.transaction(async (tx) => {
      const petition = await lockPetition(tx, slug);
      if (!from.includes(petition.state)) {
        throw problems.refusal('petition-state', { state: petition.state });
      }
      await tx.query(`UPDATE petitions SET state = $2 WHERE id = $1`, [petition.id, to]);
      await work(tx, petition);
      await this.audit.record(tx, { actor, action: `petition.${to}`, subject: slug, detail });
    });
    this.petitions.forget(slug);
  }
}

export interface LockedPetition {
  id: string;
  state: PetitionState;
  authors: string[];
  originalLocale: string;
}

/**
 * Takes the petition's row until the transaction ends; whatever changes a petition begins here. Not FOR UPDATE: that would
 * keep those waiting who sign, whose rows refer to it.
 * @throws Problem not-found
 */
export async function lockPetition(tx: EntityManager, slug: string): Promise<LockedPetition> {
  const [row] = await tx.query(
    `SELECT id, state, authors, original_locale AS "originalLocale" FROM petitions WHERE slug = $1 FOR NO KEY UPDATE`,
    [slug],
  );
  if (!row) throw problems.notFound('There is no petition of this name.');
  return row;
}
