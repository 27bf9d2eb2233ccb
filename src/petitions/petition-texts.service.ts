import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Logs } from '../countlog/logs.service.js';
import { problems } from '../site/problem.js';
import type { Actor } from '../staff/access.js';
import { AuditService } from '../staff/audit.service.js';
import { ownerOf } from '../staff/tokens.service.js';
import { PetitionLog } from './petition-log.service.js';
import { lockPetition } from './petition-moves.service.js';
import { isUnpublished } from './petition-states.js';
import { PetitionText } from './petition-text.entity.js';
import type { PetitionTextChange } from './petitions.schema.js';
import { Petitions, type PublishedPetition } from './petitions.service.js';
import { textHash } from './text-hash.js';

/** One version of a petition's words. */
export interface TextVersion extends PetitionText {
  /** In hex; null for the first in its language. */
  previousSha256: string | null;
  /** Number of the log entry that vouches for it; null while it waits to be logged. */
  logEntry: number | null;
  /** When it became what people sign. */
  validFrom: Date;
}

/** Writing and amending the words of a petition, and their history. */
@Injectable()
export class PetitionTexts {
  constructor(
    private readonly database: DataSource,
    private readonly petitions: Petitions,
    private readonly petitionLog: PetitionLog,
    private readonly logs: Logs,
    private readonly audit: AuditService,
  ) {}

  /**
   * Writes the words of one language. Nobody has signed a draft: its words are replaced, and a review of it is void. Once
   * open, there is a new version with a public reason, and the log gets a note, in one transaction. What changes nothing
   * does nothing.
   * @throws Problem not-found, wrong-state when closed; conflict if the words are not (any more) those with
   *   `previousSha256`; invalid without a reason where one is needed
   */
  async write(slug: string, locale: string, change: PetitionTextChange, actor: Actor): Promise<void> {
    const { reason, previousSha256, originalSha256, ...words } = change;
    const sha256 = textHash(locale, words);
    await this.database.transaction(async (tx) => {
      const petition = await lockPetition(tx, slug);
      if (petition.state === 'closed' || petition.state === 'archived') {
        throw problems.refusal('petition-state', { state: petition.state });
      }
      const previous = await newest(tx, petition.id, locale);
      if ((previous?.sha256.toString('hex') ?? null) !== previousSha256) throw changedMeanwhile();
      if (previous?.sha256.equals(sha256)) return;
      const original =
        locale === petition.originalLocale ? null : await newest(tx, petition.id, petition.originalLocale);
      const follows = original && (originalSha256 ? Buffer.from(originalSha256, 'hex') : original.sha256);
      const text = { petitionId: petition.id, locale, ...words, sha256, follows, writtenBy: actor.name };
      if (isUnpublished(petition.state)) {
        await tx.upsert(PetitionText, { ...text, version: 1, createdAt: () => 'now()' }, [
          ...['petitionId', 'locale', 'version'],
        ]);
        await voidReview(tx, petition.id);
      } else {
        if (!reason) throw problems.invalid([{ field: 'reason', code: 'required', message: 'Say why, in public.' }]);
        const version = (previous?.version ?? 0) + 1;
        const amended = tx.create(PetitionText, { ...text, version, reason });
        await tx.insert(PetitionText, amended);
        const noteId = await this.petitionLog.amend(tx, amended, previous);
        await tx.update(PetitionText, { petitionId: petition.id, locale, version }, { noteId });
      }
      await addAuthor(tx, petition.id, actor);
      const action = isUnpublished(petition.state) ? 'petition.text-written' : 'petition.amended';
      await this.audit.record(tx, { actor, action, subject: slug, detail: { locale, sha256: sha256.toString('hex') } });
    });
    this.petitions.forget(slug);
  }

  /**
   * Takes the words of one language out of a draft; a review of it is void.
   * @throws Problem not-found; wrong-state once the petition has been open, for the original and for the last language;
   *   conflict if the words are not (any more) those with `previousSha256`
   */
  async remove(slug: string, locale: string, previousSha256: string, actor: Actor): Promise<void> {
    await this.database.transaction(async (tx) => {
      const petition = await lockPetition(tx, slug);
      const text = await newest(tx, petition.id, locale);
      if (!text) throw problems.notFound('There are no words in this language.');
      if (!isUnpublished(petition.state)) {
        throw problems.refusal('petition-was-open');
      }
      if (locale === petition.originalLocale) {
        throw problems.refusal('text-is-original');
      }
      if (text.sha256.toString('hex') !== previousSha256) throw changedMeanwhile();
      await tx.delete(PetitionText, { petitionId: petition.id, locale });
      await voidReview(tx, petition.id);
      await addAuthor(tx, petition.id, actor);
      const detail = { locale, sha256: previousSha256 };
      await this.audit.record(tx, { actor, action: 'petition.text-removed', subject: slug, detail });
    });
    this.petitions.forget(slug);
  }

  /**
   * Notes that a translation, as it stands, says what the original says now.
   * @throws Problem not-found; wrong-state for the original; conflict if the original is not (any more) the one with `originalSha256`
   */
  async confirmTranslation(slug: string, locale: string, originalSha256: string, actor: Actor): Promise<void> {
    await this.database.transaction(async (tx) => {
      const { id, originalLocale } = await lockPetition(tx, slug);
      if (locale === originalLocale) throw problems.refusal('text-is-original');
      const [text, original] = [await newest(tx, id, locale), await newest(tx, id, originalLocale)];
      if (!text || !original) throw problems.notFound('There are no words in this language.');
      if (original.sha256.toString('hex') !== originalSha256) throw changedMeanwhile();
      await tx.update(PetitionText, { petitionId: id, locale, version: text.version }, { follows: original.sha256 });
      const detail = { locale, sha256: text.sha256.toString('hex'), originalSha256 };
      await this.audit.record(tx, { actor, action: 'petition.translation-checked', subject: slug, detail });
    });
    this.petitions.forget(slug);
  }

  /** Every version of a petition, by language, the newest first. @throws Problem not-found */
  async history(petition: PublishedPetition): Promise<TextVersion[]> {
    const texts = await this.database.manager.find(PetitionText, {
      where: { petitionId: petition.id },
      order: { locale: 'ASC', version: 'DESC' },
    });
    const [indexes, logs] = await Promise.all([
      this.logs.noteIndexes(petition.id),
      this.logs.states(this.database.manager, [petition.id]),
    ]);
    // The log begins with the words with which the petition was opened.
    const begun = logs.get(petition.id)!.size > 0 ? 0 : null;
    return texts.map((text, at) => ({
      ...text,
      previousSha256: text.version > 1 ? texts[at + 1]!.sha256.toString('hex') : null,
      logEntry: text.noteId === null ? begun : (indexes.get(text.noteId) ?? null),
      validFrom: text.noteId === null ? (petition.openedAt ?? text.createdAt) : text.createdAt,
    }));
  }
}

/** A request for review is about what was submitted: what was changed since has to be submitted again. */
export async function voidReview(tx: EntityManager, petitionId: string): Promise<void> {
  await tx.query(`UPDATE petitions SET state = 'draft' WHERE id = $1 AND state = 'in_review'`, [petitionId]);
}

/** Whoever has written any of it does not open it, whoever came after. */
export async function addAuthor(tx: EntityManager, petitionId: string, actor: Actor): Promise<void> {
  await tx.query(`UPDATE petitions SET authors = authors || $2::uuid WHERE id = $1 AND NOT $2::uuid = ANY (authors)`, [
    petitionId,
    ownerOf(actor),
  ]);
}

const changedMeanwhile = () => problems.refusal('changed-meanwhile');

const newest = (tx: EntityManager, petitionId: string, locale: string) =>
  tx.findOne(PetitionText, { where: { petitionId, locale }, order: { version: 'DESC' } });
