import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, QueryFailedError } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { Audience } from '../lawmakers/lawmakers.schema.js';
import { problems } from '../site/problem.js';
import type { Actor } from '../staff/access.js';
import { AuditService } from '../staff/audit.service.js';
import { ownerOf } from '../staff/tokens.service.js';
import { campaignTransitions, isEditable } from './campaign-states.js';
import { LetterCampaign } from './letter-campaign.entity.js';
import { LetterCampaigns, lockCampaign } from './letter-campaigns.service.js';
import { SavedAudience } from './saved-audience.entity.js';
import type { NewSavedAudience, SavedAudienceChange } from './saved-audience.schema.js';

export type ListedAudience = SavedAudience & { letters: { id: string; title: string; state: string }[] };

const editable = (Object.keys(campaignTransitions) as (keyof typeof campaignTransitions)[]).filter(isEditable);

/**
 * Audiences under a name. A letter that follows one holds a copy of its rules: a change is copied to every follower that
 * may still change and voids its approval in the same transaction, so that what was approved is what is planned. Letters on
 * their way keep the rules they were approved with. Every verb here takes the audience's row before the campaigns'.
 */
@Injectable()
export class SavedAudiences {
  constructor(
    private readonly database: DataSource,
    private readonly campaigns: LetterCampaigns,
    private readonly audit: AuditService,
  ) {}

  /** By name, with the letters that follow each. */
  async list(): Promise<ListedAudience[]> {
    const audiences = await this.database.manager.find(SavedAudience, { order: { name: 'ASC' } });
    const followers = await this.database.query<{ id: string; title: string; state: string; audience_id: string }[]>(
      `SELECT id, title, state, audience_id FROM letter_campaigns WHERE audience_id IS NOT NULL ORDER BY created_at, id`,
    );
    return audiences.map((audience) => ({
      ...audience,
      letters: followers
        .filter((each) => each.audience_id === audience.id)
        .map(({ id, title, state }) => ({ id, title, state })),
    }));
  }

  /** @throws Problem not-found */
  async find(id: string): Promise<ListedAudience> {
    const found = (await this.list()).find((audience) => audience.id === id);
    if (!found) throw unknown();
    return found;
  }

  /** @returns the new audience's id @throws Problem invalid for a name that is taken */
  async create({ name, rules }: NewSavedAudience, actor: Actor): Promise<string> {
    const id = uuidv7();
    await this.database.transaction((tx) => this.insert(tx, id, name, rules, actor)).catch(nameTaken);
    return id;
  }

  async change(id: string, { name, rules, version }: SavedAudienceChange, actor: Actor): Promise<void> {
    await this.database
      .transaction(async (tx) => {
        const audience = await lock(tx, id);
        if (version !== undefined && version !== audience.version) {
          throw problems.refusal('changed-meanwhile');
        }
        // Locked before anything is written to the audit log, as everybody else does: else two could wait for each other.
        const followers = rules
          ? await tx.query<{ id: string }[]>(
              `SELECT id FROM letter_campaigns WHERE audience_id = $1 AND state = ANY ($2) ORDER BY id FOR UPDATE`,
              [id, editable],
            )
          : [];
        await tx.query(
          `UPDATE audiences SET name = $2, rules = $3, version = version + 1, edited_by = $4, edited_at = now()
           WHERE id = $1`,
          [id, name ?? audience.name, JSON.stringify(rules ?? audience.rules), ownerOf(actor)],
        );
        await this.audit.record(tx, { actor, action: 'audience.changed', subject: id });
        if (!rules) return;
        for (const follower of followers) await this.give(tx, follower.id, { id, rules }, actor);
      })
      .catch(nameTaken);
  }

  /** Letters that followed it keep its rules as their own. */
  async remove(id: string, actor: Actor): Promise<void> {
    await this.database.transaction(async (tx) => {
      await lock(tx, id);
      await tx.query(`UPDATE letter_campaigns SET audience_id = NULL WHERE audience_id = $1`, [id]);
      await tx.delete(SavedAudience, { id });
      await this.audit.record(tx, { actor, action: 'audience.removed', subject: id });
    });
  }

  /** Saves the audience of a letter under a name; the letter follows it from then on. */
  async saveOf(campaignId: string, name: string, actor: Actor): Promise<string> {
    const id = uuidv7();
    const { audience } = await this.campaigns.find(campaignId);
    await this.database
      .transaction(async (tx) => {
        await lockCampaign(tx, campaignId);
        await this.insert(tx, id, name, audience, actor);
        await this.give(tx, campaignId, { id, rules: audience }, actor);
      })
      .catch(nameTaken);
    return id;
  }

  /** From here on the letter has these rules. @param id null: it keeps its present rules as its own */
  async follow(campaignId: string, id: string | null, actor: Actor): Promise<void> {
    await this.database.transaction(async (tx) => {
      const audience = id ? await lock(tx, id) : null;
      await this.give(tx, campaignId, audience, actor);
    });
  }

  private async insert(tx: EntityManager, id: string, name: string, rules: Audience, actor: Actor): Promise<void> {
    await tx.insert(SavedAudience, { id, name, rules, editedBy: ownerOf(actor) });
    await this.audit.record(tx, { actor, action: 'audience.created', subject: id });
  }

  private async give(
    tx: EntityManager,
    campaignId: string,
    audience: Pick<SavedAudience, 'id' | 'rules'> | null,
    actor: Actor,
  ): Promise<void> {
    await this.campaigns.editWithin(tx, campaignId, undefined, actor, 'audience-changed', async () => {
      const { id: audienceId, rules } = audience ?? { id: null, rules: undefined };
      await tx.update(LetterCampaign, { id: campaignId }, { audienceId, ...(rules && { audience: rules }) });
    });
  }
}

async function lock(tx: EntityManager, id: string): Promise<SavedAudience> {
  const audience = await tx.findOne(SavedAudience, { where: { id }, lock: { mode: 'pessimistic_write' } });
  if (!audience) throw unknown();
  return audience;
}

const unknown = () => problems.notFound('There is no saved audience with this id.');

/** The database says whether a name is free. */
function nameTaken(error: unknown): never {
  if (
    error instanceof QueryFailedError &&
    (error.driverError as { constraint?: string }).constraint === 'audiences_name_key'
  ) {
    throw problems.invalid([{ field: 'name', code: 'name-taken', message: 'There is an audience of this name.' }]);
  }
  throw error;
}
