import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Logs, type LogState } from '../countlog/logs.service.js';
import { Publisher } from '../countlog/publisher.js';
import { problems } from '../site/problem.js';
import type { Actor } from '../staff/access.js';
import { AuditService } from '../staff/audit.service.js';
import { digestOf, newestTexts } from './petition-log.service.js';
import { lockPetition } from './petition-moves.service.js';
import { isUnpublished } from './petition-states.js';
import { voidReview } from './petition-texts.service.js';
import { Petition } from './petition.entity.js';
import type { PetitionSettingsChange } from './petitions.schema.js';
import { Petitions } from './petitions.service.js';

/** What can be chosen about a petition beside its words. */
@Injectable()
export class PetitionSettings {
  constructor(
    private readonly database: DataSource,
    private readonly petitions: Petitions,
    private readonly logs: Logs,
    private readonly publisher: Publisher,
    private readonly audit: AuditService,
  ) {}

  /**
   * Changes what is given; the audit log keeps what it was and what it is.
   * @throws Problem not-found; wrong-state when archived, and for the name of who started it once it was open
   */
  async change(slug: string, change: PetitionSettingsChange, actor: Actor): Promise<void> {
    const petitionId = await this.database.transaction(async (tx) => {
      const { id, state } = await lockPetition(tx, slug);
      if (state === 'archived') throw problems.refusal('petition-archived');
      const log = (await this.logs.states(tx, [id])).get(id)!;
      const before: Record<string, unknown> = settingsOf({ ...(await tx.findOneByOrFail(Petition, { id })), log });
      const changed = Object.entries(change).filter(([name, value]) => value !== undefined && value !== before[name]);
      if (changed.length === 0) return null;
      if (
        change.originalLocale &&
        !(await newestTexts(tx, id)).some(({ locale }) => locale === change.originalLocale)
      ) {
        throw problems.invalid([
          { field: 'originalLocale', code: 'not-written', message: 'No words in this language.' },
        ]);
      }
      if (!isUnpublished(state) && changed.some(([name]) => name === 'startedBy')) {
        throw problems.refusal('petition-was-open');
      }
      const { publication, ...fields } = Object.fromEntries(changed) as PetitionSettingsChange;
      if (Object.keys(fields).length > 0) await tx.update(Petition, { id }, fields);
      if (publication) await this.logs.setPublication(tx, id, publication);
      await voidReview(tx, id);
      const detail = Object.fromEntries(changed.map(([name, value]) => [name, { was: before[name], is: value }]));
      await this.audit.record(tx, { actor, action: 'petition.changed', subject: slug, detail });
      return publication ? id : null;
    });
    this.petitions.forget(slug);
    // After the commit; whatever stops it in between is made good by the next release or the next start.
    if (petitionId) await this.publisher.publish(petitionId);
  }

  /**
   * Notes that somebody checked the facts of these words today: sources, and the state of the persons they name.
   * @throws Problem not-found; wrong-state once closed; conflict if the words are not (any more) those that were checked
   */
  async checkFacts(slug: string, textsSha256: string, actor: Actor): Promise<void> {
    await this.database.transaction(async (tx) => {
      const { id, state } = await lockPetition(tx, slug);
      if (state === 'closed' || state === 'archived') {
        throw problems.refusal('petition-state', { state });
      }
      if (digestOf(await newestTexts(tx, id)) !== textsSha256) {
        throw problems.refusal('changed-meanwhile');
      }
      await tx.query(
        `UPDATE petitions SET fact_checked_on = (now() AT TIME ZONE 'UTC')::date, fact_checked_sha256 = $2 WHERE id = $1`,
        [id, Buffer.from(textsSha256, 'hex')],
      );
      const detail = { textsSha256 };
      await this.audit.record(tx, { actor, action: 'petition.facts-checked', subject: slug, detail });
    });
    this.petitions.forget(slug);
  }
}

/** The settings as they are. */
export function settingsOf({ log, ...petition }: Petition & { log: LogState }) {
  const { startedBy, goal, factCheckedOn, reviewAfterDays, holdMinutes, originalLocale } = petition;
  return { startedBy, goal, factCheckedOn, reviewAfterDays, holdMinutes, originalLocale, publication: log.publication };
}
