import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Logs } from '../countlog/logs.service.js';
import { PetitionText } from './petition-text.entity.js';
import { textsHash } from './text-hash.js';

/** What the log of a petition says about its words, always in the transaction that writes or opens them. */
@Injectable()
export class PetitionLog {
  constructor(private readonly logs: Logs) {}

  /** The log begins with a digest of the words, so that nobody can be said to have signed others. */
  async begin(tx: EntityManager, petitionId: string, slug: string): Promise<void> {
    const [{ today }] = await tx.query(`SELECT (now() AT TIME ZONE 'UTC')::date::text AS today`);
    const digest = digestOf(await newestTexts(tx, petitionId));
    await this.logs.open(tx, petitionId, slug, { opened: today as string, text_sha256: digest, v: 1 });
  }

  /**
   * A note for everybody that these words follow others, or are the first in their language. Call it when they are
   * written: its `texts_sha256` includes them.
   * @returns the id of the note
   */
  async amend(tx: EntityManager, text: PetitionText, previous: PetitionText | null): Promise<string> {
    return this.logs.note(tx, text.petitionId, {
      type: 'amend',
      locale: text.locale,
      version: text.version,
      text_sha256: text.sha256.toString('hex'),
      previous_sha256: previous?.sha256.toString('hex') ?? null,
      reason: text.reason,
      texts_sha256: digestOf(await newestTexts(tx, text.petitionId)),
    });
  }
}

/** The newest words in every language, of one petition or of several. */
export function newestTexts(manager: EntityManager, ...petitionIds: string[]): Promise<PetitionText[]> {
  return manager
    .createQueryBuilder(PetitionText, 'text')
    .distinctOn(['text.petition_id', 'text.locale'])
    .where('text.petition_id IN (:...petitionIds)', { petitionIds })
    .orderBy({ 'text.petition_id': 'ASC', 'text.locale': 'ASC', 'text.version': 'DESC' })
    .getMany();
}

/** The one digest for these words in all their languages, in hex: `text_sha256` of a genesis, `texts_sha256` of a note. */
export const digestOf = (texts: PetitionText[]): string =>
  textsHash(
    Object.fromEntries(texts.map(({ locale, version, sha256 }) => [`${locale}/${version}`, sha256.toString('hex')])),
  );
