import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, In } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { lockPetition } from '../petitions/petition-moves.service.js';
import { isPublic } from '../petitions/petition-states.js';
import { Petition } from '../petitions/petition.entity.js';
import { Petitions } from '../petitions/petitions.service.js';
import { problems } from '../site/problem.js';
import type { Actor } from '../staff/access.js';
import { AuditService } from '../staff/audit.service.js';
import { ownerOf } from '../staff/tokens.service.js';
import { PaperBatch } from './paper-batch.entity.js';
import { PaperCount } from './paper-count.entity.js';
import { PaperSheet } from './paper-sheet.entity.js';
import type { NewPaperBatch, PaperBatchRecord, PaperCorrection, PaperCounted, PaperRecord } from './paper.schema.js';

/**
 * Counting signatures on paper. One person enters sheets and what is on them; another counts the same sheets without seeing
 * that number. Only what both counted alike is shown to anybody, and apart from the count of the log, which it is never
 * added to: behind each of those is a mailbox that was asked, behind these is the eye of two people.
 */
@Injectable()
export class Paper {
  constructor(
    private readonly database: DataSource,
    private readonly petitions: Petitions,
    private readonly audit: AuditService,
  ) {}

  /** @throws Problem not-found */
  async record(slug: string, actor: Actor): Promise<PaperRecord> {
    const { id: petitionId, paperCount, paperReturn } = await this.petitions.findForStaff(slug);
    const batches = await this.database.manager.find(PaperBatch, { where: { petitionId }, order: { id: 'DESC' } });
    return {
      ...{ petition: slug, signatures: paperCount, returnAddress: paperReturn },
      batches: await this.views(this.database.manager, batches, actor),
    };
  }

  /** Of each petition, how many batches somebody still has to count. */
  waiting(): Promise<{ petition: string; batches: number }[]> {
    return this.database.query(
      `SELECT p.slug AS petition, count(*)::int AS batches FROM paper_batches b JOIN petitions p ON p.id = b.petition_id
       WHERE b.signatures IS NULL AND p.state <> 'archived' GROUP BY p.slug ORDER BY p.slug`,
    );
  }

  /** @throws Problem not-found */
  async one(slug: string, id: string, actor: Actor): Promise<PaperBatchRecord> {
    const { id: petitionId } = await this.petitions.findForStaff(slug);
    const batch = await this.database.manager.findOneBy(PaperBatch, { petitionId, id });
    if (!batch) throw problems.notFound('There is no such batch of sheets.');
    return (await this.views(this.database.manager, [batch], actor))[0]!;
  }

  /** Prints on every sheet where it goes. @throws Problem not-found, wrong-state when archived */
  async setReturn(slug: string, address: string | null, actor: Actor): Promise<void> {
    await this.database.transaction(async (tx) => {
      const { id, state } = await lockPetition(tx, slug);
      if (state === 'archived') throw sealed();
      await tx.update(Petition, { id }, { paperReturn: address });
      await this.audit.record(tx, { actor, action: 'paper.return-changed', subject: slug, detail: { address } });
    });
    this.petitions.forget(slug);
  }

  /** @returns the id of the batch @throws Problem invalid for a sheet that was entered before; wrong-state when archived */
  async enter(slug: string, entry: NewPaperBatch, actor: Actor): Promise<string> {
    const id = uuidv7();
    await this.database.transaction(async (tx) => {
      const petitionId = await this.openFor(tx, slug);
      const sheets = entry.sheets.map(({ number }) => number);
      const known = await tx.findBy(PaperSheet, { petitionId, number: In(sheets) });
      if (known.length > 0) {
        const message = `Entered before: ${known.map(({ number }) => number).join(', ')}`;
        throw problems.invalid([{ field: 'sheets', code: 'sheet-known', message }]);
      }
      const { country, day, folder } = entry;
      const scans = entry.sheets.map(({ sha256 }) => sha256);
      await tx.insert(PaperBatch, { petitionId, id, sheets, scans, country, day, folder, enteredByName: actor.name });
      await tx.insert(
        PaperSheet,
        sheets.map((number) => ({ petitionId, number, batchId: id })),
      );
      await this.keep(tx, { petitionId, id, round: 1 }, lines(entry.sheets), actor);
      // Not the number: who reads the audit log may be the one who counts next.
      const detail = { id, sheets, country, day, folder };
      await this.audit.record(tx, { actor, action: 'paper.entered', subject: slug, detail });
    });
    return id;
  }

  /**
   * A second row for the same sheets, with its own two counts; until they agree, the first one stands.
   * @returns its id @throws Problem wrong-state unless the batch is confirmed and not corrected yet
   */
  async correct(slug: string, id: string, { lines, reason }: PaperCorrection, actor: Actor): Promise<string> {
    const correction = uuidv7();
    await this.database.transaction(async (tx) => {
      const petitionId = await this.openFor(tx, slug);
      const batch = await this.lock(tx, petitionId, id);
      if (batch.signatures === null) throw problems.refusal('paper-counting');
      if (await tx.existsBy(PaperBatch, { petitionId, corrects: id })) {
        throw problems.refusal('paper-corrected');
      }
      requireSheets(batch, lines);
      const { sheets, scans, country, day, folder } = batch;
      await tx.insert(PaperBatch, {
        ...{ petitionId, id: correction, sheets, scans, country, day, folder },
        ...{ corrects: id, reason, enteredByName: actor.name },
      });
      await this.keep(tx, { petitionId, id: correction, round: 1 }, lines, actor);
      const detail = { id: correction, corrects: id, reason };
      await this.audit.record(tx, { actor, action: 'paper.correction-entered', subject: slug, detail });
    });
    return correction;
  }

  /**
   * Takes what somebody counted. With another count of the same round that is the same, it is confirmed; with one that
   * differs, nobody learns the numbers, and both count again.
   * @throws Problem wrong-state when it is confirmed, or for whoever has counted in this round; invalid for another number of sheets
   */
  async count(slug: string, id: string, lines: number[], actor: Actor): Promise<PaperCounted> {
    const counted = await this.database.transaction(async (tx) => {
      const petitionId = await this.openFor(tx, slug);
      const batch = await this.lock(tx, petitionId, id);
      if (batch.signatures !== null) throw problems.refusal('done-already');
      requireSheets(batch, lines);
      const others = await tx.findBy(PaperCount, { petitionId, batchId: id, round: batch.round });
      if (others.some(({ staffId }) => staffId === ownerOf(actor))) {
        throw problems.refusal('counted-by-you');
      }
      await this.keep(tx, batch, lines, actor);
      const [other] = others;
      if (!other) return { result: 'waiting' as const, differing: [] };
      const differing = batch.sheets.filter((_, at) => other.lines[at] !== lines[at]);
      if (differing.length > 0) {
        await tx.update(PaperBatch, { petitionId, id }, { round: batch.round + 1 });
        const detail = { id, differing };
        await this.audit.record(tx, { actor, action: 'paper.differing', subject: slug, detail });
        return { result: 'differing' as const, differing };
      }
      const signatures = lines.reduce((sum, each) => sum + each, 0);
      await tx.update(PaperBatch, { petitionId, id }, { signatures, confirmedAt: () => 'now()' });
      await tx.query(
        `UPDATE petitions SET paper_count = (
           SELECT coalesce(sum(b.signatures), 0) FROM paper_batches b
           WHERE b.petition_id = $1 AND NOT EXISTS (
             SELECT FROM paper_batches c WHERE c.petition_id = $1 AND c.corrects = b.id AND c.signatures IS NOT NULL)
         ) WHERE id = $1`,
        [petitionId],
      );
      const people = [other.staffName, actor.name];
      const detail = { id, corrects: batch.corrects, sheets: batch.sheets, signatures, people };
      await this.audit.record(tx, { actor, action: 'paper.confirmed', subject: slug, detail });
      return { result: 'confirmed' as const, differing: [] };
    });
    this.petitions.forget(slug);
    return { ...counted, batch: await this.one(slug, id, actor) };
  }

  private keep(
    tx: EntityManager,
    { petitionId, id, round }: Pick<PaperBatch, 'petitionId' | 'id' | 'round'>,
    lines: number[],
    actor: Actor,
  ) {
    return tx.insert(PaperCount, {
      ...{ petitionId, batchId: id, round, lines },
      ...{ staffId: ownerOf(actor), staffName: actor.name },
    });
  }

  /** With the row of the petition, so that its sum is made by one at a time. */
  private async openFor(tx: EntityManager, slug: string): Promise<string> {
    const { id, state } = await lockPetition(tx, slug);
    if (state === 'archived') throw sealed();
    if (!isPublic(state)) throw problems.refusal('paper-too-early');
    return id;
  }

  private async lock(tx: EntityManager, petitionId: string, id: string): Promise<PaperBatch> {
    const batch = await tx.findOne(PaperBatch, { where: { petitionId, id }, lock: { mode: 'pessimistic_write' } });
    if (!batch) throw problems.notFound('There is no such batch of sheets.');
    return batch;
  }

  private async views(manager: EntityManager, batches: PaperBatch[], actor: Actor): Promise<PaperBatchRecord[]> {
    const ids = batches.map(({ id }) => id);
    const counts = await manager.findBy(PaperCount, { batchId: In(ids), staffId: ownerOf(actor) });
    const corrections = await manager.findBy(PaperBatch, { corrects: In(ids) });
    return batches.map((batch) => {
      const { id, country, day, folder, corrects, reason, round, signatures } = batch;
      const corrected = corrections.some((each) => each.corrects === id && each.signatures !== null);
      const state = corrected ? 'corrected' : signatures !== null ? 'confirmed' : round > 1 ? 'differing' : 'counting';
      return {
        ...{ id, state, country, day, folder, corrects, reason, signatures },
        sheets: batch.sheets.map((number, at) => ({ number, sha256: batch.scans[at]! })),
        confirmedAt: batch.confirmedAt?.toISOString() ?? null,
        enteredBy: batch.enteredByName,
        enteredAt: batch.enteredAt.toISOString(),
        mine: counts.some((count) => count.batchId === id && count.round === round),
      };
    });
  }
}

const lines = (sheets: { lines: number }[]) => sheets.map((sheet) => sheet.lines);
const sealed = () => problems.refusal('count-sealed');

function requireSheets({ sheets }: PaperBatch, lines: number[]): void {
  if (lines.length === sheets.length) return;
  const message = `There are ${sheets.length} sheets in this batch.`;
  throw problems.invalid([{ field: 'lines', code: 'every-sheet', message }]);
}
