import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AudienceService } from '../lawmakers/audience.service.js';
import { ContactPointsService } from '../lawmakers/contact-points.service.js';
import { problems } from '../site/problem.js';
import type { Actor } from '../staff/access.js';
import { AuditService } from '../staff/audit.service.js';
import { ownerOf } from '../staff/tokens.service.js';
import { isInVain, taskStops } from './campaign-states.js';
import { lockCampaign } from './letter-campaigns.service.js';
import { Letter } from './letter.entity.js';
import { stopsOf } from './letter-stops.js';
import type { TaskCompletion } from './letters.schema.js';
import { isSecondLetter } from './second-letters.js';

/** Letters that a person carries: a web form to fill, a sheet to print and post, a call to make. */
@Injectable()
export class LetterTasks {
  constructor(
    private readonly database: DataSource,
    private readonly audiences: AudienceService,
    private readonly contactPoints: ContactPointsService,
    private readonly audit: AuditService,
  ) {}

  /** @throws Problem not-found */
  async find(campaignId: string, id: string): Promise<Letter> {
    const letter = await this.database.manager.findOneBy(Letter, { campaignId, id });
    if (!letter) throw problems.notFound('There is no such letter in this campaign.');
    return letter;
  }

  /** Letters that wait to be posted or called, in the order of names. */
  open(campaignId: string, channel: 'post' | 'phone'): Promise<Letter[]> {
    return this.database.manager.find(Letter, {
      where: { campaignId, state: 'task', channel },
      order: { lawmakerName: 'ASC', id: 'ASC' },
    });
  }

  /** Notes what a person did: she delivered the letter, or called in vain. Delivered twice is once: the first note stays. */
  async complete(campaignId: string, id: string, done: TaskCompletion, actor: Actor): Promise<void> {
    const { note, proof, outcome } = done;
    await this.database.transaction(async (tx) => {
      const campaign = await lockCampaign(tx, campaignId);
      const letter = await tx.findOneBy(Letter, { campaignId, id });
      if (!letter) throw problems.notFound('There is no such letter in this campaign.');
      if (letter.state === 'done') return;
      if (letter.state === 'held') throw problems.refusal('task-paused');
      if (letter.state !== 'task' || campaign.state !== 'dispatching') {
        throw problems.refusal('task-state');
      }
      if (await isSecondLetter(tx, campaignId, id)) {
        throw problems.refusal('task-twice');
      }
      if (letter.channel === 'phone' && !outcome) throw outcomeFault('required', 'Say what came of the call.');
      if (letter.channel !== 'phone' && outcome) throw outcomeFault('invalid', 'Only a call has an outcome.');
      // An objection takes the task back without asking for the campaign: it may come in between.
      const [, noted] = isInVain(outcome)
        ? await tx.query<[unknown[], number]>(
            `UPDATE letters SET outcome = $3, note = coalesce($4, note), tries = tries + 1, tried_at = now()
               WHERE campaign_id = $1 AND id = $2 AND state = 'task'`,
            [campaignId, id, outcome, note || null],
          )
        : await tx.query<[unknown[], number]>(
            `UPDATE letters SET state = 'done', outcome = $3, note = $4, proof = $5, done_by = $6, done_by_name = $7,
                 done_at = now()
               WHERE campaign_id = $1 AND id = $2 AND state = 'task'`,
            [campaignId, id, outcome ?? null, note || null, proof || null, ownerOf(actor), actor.name],
          );
      if (noted === 0) throw problems.refusal('task-state');
      // As a bounce does for an address: a person marks, an editor decides, and whoever is reached takes the mark away.
      if (outcome === 'wrong-number') await this.contactPoints.markBounced(tx, letter.contact ?? '', null, 'phone');
      else if (outcome === 'reached') await this.contactPoints.unmarkBounced(tx, letter.contact ?? '', 'phone');
      await this.audit.record(tx, {
        actor,
        action: isInVain(outcome) ? 'letter.tried' : 'letter.done',
        subject: campaignId,
        detail: { letter: id, channel: letter.channel, ...(outcome && { outcome }) },
      });
    });
  }

  /** Takes back a "done" said by mistake: the letter waits for a person again, or is what its part was made meanwhile. Twice is once. @throws Problem wrong-state, conflict */
  async reopen(campaignId: string, id: string, reason: string, actor: Actor): Promise<void> {
    await this.database.transaction(async (tx) => {
      const campaign = await lockCampaign(tx, campaignId);
      const letter = await tx.findOneBy(Letter, { campaignId, id });
      if (!letter) throw problems.notFound('There is no such letter in this campaign.');
      if (letter.state === 'task' || letter.state === 'held') return;
      if (letter.state !== 'done' || campaign.state !== 'dispatching') {
        throw problems.refusal('task-state');
      }
      const answers = await tx.query<unknown[]>(
        `SELECT FROM letter_answers WHERE campaign_id = $1 AND letter_id = $2`,
        [campaignId, id],
      );
      const objecting = await this.audiences.objecting(tx, [letter.lawmakerId]);
      if (objecting.size > 0) throw problems.refusal('task-final');
      if (answers.length > 0) throw problems.refusal('task-final');
      const stopped = (await stopsOf(tx, campaignId))(letter);
      await tx.query(
        `UPDATE letters SET state = $3, note = NULL, proof = NULL, outcome = NULL, done_by = NULL, done_by_name = NULL, done_at = NULL
         WHERE campaign_id = $1 AND id = $2`,
        [campaignId, id, stopped ? taskStops[stopped].to : 'task'],
      );
      await this.audit.record(tx, {
        actor,
        action: 'letter.reopened',
        subject: campaignId,
        detail: { letter: id, channel: letter.channel, reason },
      });
    });
  }
}

const outcomeFault = (code: string, message: string) => problems.invalid([{ field: 'outcome', code, message }]);
