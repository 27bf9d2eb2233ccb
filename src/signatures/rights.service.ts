import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { codeHash, parseCode } from '../countlog/codes.js';
import { LogError } from '../countlog/log-error.js';
import { Petitions, type PublishedPetition } from '../petitions/petitions.service.js';
import { Problem, problems } from '../site/problem.js';
import { Belongings } from './belongings.js';
import { EntrySearch } from './entry-search.service.js';
import { ErasureJournal, forgotten } from './erasure-journal.js';
import type { SealedForm } from './sealed-form.js';
import { type LinkPurpose, SealedLinks } from './sealed-links.js';

/** Which signature: hers by the digest of her address, or the one behind an entry of the log. */
type Which = { identity: Buffer } | { signatureId: string };

/** How she shows that she may: through her mailbox, or by the hash of her code. */
type Proof = { reason: 2 } | { reason: 1; codeHash: Buffer };

/** What a signer may do by herself, at any time: take her name back, or be forgotten and stay counted. */
@Injectable()
export class Rights {
  constructor(
    private readonly database: DataSource,
    private readonly petitions: Petitions,
    private readonly search: EntrySearch,
    private readonly links: SealedLinks,
    private readonly journal: ErasureJournal,
    private readonly belongings: Belongings,
  ) {}

  /** Takes the name back with a link from her mailbox. Twice is once. @throws Problem gone, wrong-state */
  async withdraw(purpose: LinkPurpose, token: string, slug?: string): Promise<PublishedPetition> {
    const { petition, identity } = await this.behind(purpose, token, slug);
    await this.takeBack(petition, { identity }, { reason: 2 });
    this.petitions.forget(petition.slug);
    return petition;
  }

  /** Forgets who she is; her entry stays counted. Twice is once. @throws Problem gone */
  async erase(purpose: LinkPurpose, token: string, slug?: string): Promise<PublishedPetition> {
    const { petition, identity } = await this.behind(purpose, token, slug);
    await this.database.transaction(async (tx) => {
      const [found] = await tx.query(
        `SELECT s.id, f.signature_id IS NOT NULL AS flagged FROM signatures s
         LEFT JOIN flags f ON f.petition_id = s.petition_id AND f.signature_id = s.id
         WHERE s.petition_id = $1 AND s.identity = $2 AND s.box IS NOT NULL FOR UPDATE OF s`,
        [petition.id, identity],
      );
      if (!found) return;
      // What waits for a person could not be judged any more: it goes altogether, and was never counted.
      if (found.flagged) return this.drop(tx, petition.id, found.id as string);
      await this.journal.add(petition.id, found.id as string, 'erased');
      await this.belongings.forget(tx, petition.id, [found.id as string]);
      await tx.query(`UPDATE signatures SET ${forgotten} WHERE petition_id = $1 AND id = $2`, [petition.id, found.id]);
    });
    // Her name may be on the page.
    this.petitions.forget(petition.slug);
    return petition;
  }

  /**
   * Takes the name back with the code that only she has. Twice is once.
   * @throws Problem invalid if it is no code, or not one of this petition; wrong-state when the count is sealed; too-many
   */
  async withdrawByCode(slug: string, typed: string): Promise<PublishedPetition> {
    const petition = await this.petitions.find(slug);
    const hash = codeHash(readCode(typed));
    const { known, signatureIds } = await this.search.find(petition.id, hash);
    if (!known) throw wrongCode('unknown-code');
    for (const signatureId of signatureIds) {
      await this.takeBack(petition, { signatureId }, { reason: 1, codeHash: hash });
    }
    this.petitions.forget(slug);
    return petition;
  }

  private async behind(purpose: LinkPurpose, token: string, slug?: string) {
    const form: SealedForm = this.links.open(purpose, token);
    const petition = slug ? await this.petitions.find(slug) : await this.petitions.byId(form.petitionId);
    return { petition, identity: this.links.identity(petition.id, form) };
  }

  /** The row goes, the withdrawal is queued for the log, and an older link does not sign again. */
  private takeBack(petition: PublishedPetition, which: Which, proof: Proof): Promise<void> {
    return this.database.transaction(async (tx) => {
      const [{ state }] = await tx.query(`SELECT state FROM petitions WHERE id = $1 FOR SHARE`, [petition.id]);
      const [found] = await tx.query(
        `SELECT s.id, country, source, f.signature_id IS NOT NULL AS flagged FROM signatures s
         LEFT JOIN flags f ON f.petition_id = s.petition_id AND f.signature_id = s.id
         WHERE s.petition_id = $1 AND (identity = $2 OR s.id = $3) FOR UPDATE OF s`,
        [petition.id, 'identity' in which ? which.identity : null, 'signatureId' in which ? which.signatureId : null],
      );
      const id = (found?.id as string | undefined) ?? ('signatureId' in which ? which.signatureId : null);
      if (!id) return;
      if (state === 'archived') throw problems.refusal('count-sealed-erase');
      if (found?.flagged) return this.drop(tx, petition.id, id);
      if (!found && (await isOnItsWay(tx, petition.id, id))) return;
      await this.journal.add(petition.id, id, 'withdrawn', proof.reason === 1 ? proof.codeHash : undefined);
      await this.belongings.forget(tx, petition.id, [id]);
      await tx.query(
        `WITH gone AS (DELETE FROM signatures WHERE petition_id = $1 AND id = $2 RETURNING identity),
         remembered AS (
           INSERT INTO withdrawals (petition_id, identity) SELECT $1, identity FROM gone
           ON CONFLICT (petition_id, identity) DO UPDATE SET withdrawn_at = now()
         )
         INSERT INTO log_queue (petition_id, id, kind, reason, code_hash, signature_id, day, country, source)
         VALUES ($1, $3, 'withdraw', $4, $5, $2, (now() AT TIME ZONE 'UTC')::date, $6, $7)`,
        [
          ...[petition.id, id, uuidv7(), proof.reason, proof.reason === 1 ? proof.codeHash : null],
          // Of a signature whose record a restored backup does not have.
          ...[found?.country ?? 'ZZ', found?.source ?? 'restored'],
        ],
      );
    });
  }

  /** A signature that was never logged leaves no entry either. */
  private async drop(tx: EntityManager, petitionId: string, id: string): Promise<void> {
    await this.journal.add(petitionId, id, 'withdrawn');
    await this.belongings.forget(tx, petitionId, [id]);
    await tx.query(
      `WITH gone AS (DELETE FROM signatures WHERE petition_id = $1 AND id = $2 RETURNING identity),
       unflagged AS (DELETE FROM flags WHERE petition_id = $1 AND signature_id = $2),
       unqueued AS (DELETE FROM log_queue WHERE petition_id = $1 AND signature_id = $2)
       INSERT INTO withdrawals (petition_id, identity) SELECT $1, identity FROM gone
       ON CONFLICT (petition_id, identity) DO UPDATE SET withdrawn_at = now()`,
      [petitionId, id],
    );
  }
}

/** Her row is gone because she has withdrawn, not because a backup lost it: the log only has to say it yet. */
async function isOnItsWay(tx: EntityManager, petitionId: string, id: string): Promise<boolean> {
  const rows = await tx.query(
    `SELECT 1 FROM log_queue WHERE petition_id = $1 AND kind = 'withdraw' AND reason < 3 AND signature_id = $2`,
    [petitionId, id],
  );
  return rows.length > 0;
}

function readCode(typed: string): string {
  try {
    return parseCode(typed);
  } catch (error) {
    if (error instanceof LogError) throw wrongCode('not-a-code');
    throw error;
  }
}

const wrongCode = (code: string): Problem => problems.invalid([{ field: 'code', code, message: code }]);
