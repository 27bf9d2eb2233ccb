import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { problems } from '../site/problem.js';
import type { Actor } from '../staff/access.js';
import { AuditService } from '../staff/audit.service.js';
import { ownerOf } from '../staff/tokens.service.js';
import type { AnswerView, NewAnswer, Stance } from './answers.schema.js';
import { withoutObjectionLink } from '../lawmakers/objection-links.service.js';
import { LetterReports } from './letter-report.service.js';

export interface PublicAnswer {
  lawmakerName: string;
  party: string | null;
  area: string | null;
  stance: Stance;
  answeredOn: string;
  words: string | null;
}

export interface PublicAnswers {
  /** Letters with an answer that a second person has seen, of those that reached somebody. */
  answered: number;
  of: number;
  answers: PublicAnswer[];
}

const shownAtMost = 1000;

type AnswerVerb = 'recorded' | 'removed' | 'published' | 'unpublished';

/** Did they answer? A person says so, and a second one shows it to the public: it is about somebody with a name. */
@Injectable()
export class LetterAnswers {
  constructor(
    private readonly database: DataSource,
    private readonly reports: LetterReports,
    private readonly audit: AuditService,
  ) {}

  async find(campaignId: string, letterId: string, tx = this.database.manager): Promise<AnswerView | null> {
    const [row] = await tx.query(
      `SELECT stance, answered_on::text AS "answeredOn", words, recorded_by_name AS "recordedByName",
         recorded_at AS "recordedAt", published_by_name AS "publishedByName", published_at AS "publishedAt"
       FROM letter_answers WHERE campaign_id = $1 AND letter_id = $2`,
      [campaignId, letterId],
    );
    if (!row) return null;
    const iso = (date: Date | null) => date?.toISOString() ?? null;
    return { ...row, recordedAt: iso(row.recordedAt), publishedAt: iso(row.publishedAt) };
  }

  /** Any change takes the answer out of the public: what is shown is what the second person saw. */
  async record(campaignId: string, letterId: string, answer: NewAnswer, actor: Actor): Promise<void> {
    await this.change(
      campaignId,
      letterId,
      { verb: 'recorded', actor, detail: { stance: answer.stance } },
      async (tx) => {
        await tx.query(
          `INSERT INTO letter_answers (campaign_id, letter_id, stance, answered_on, words, recorded_by, recorded_by_name)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (campaign_id, letter_id) DO UPDATE
         SET stance = excluded.stance, answered_on = excluded.answered_on, words = excluded.words,
             recorded_by = excluded.recorded_by, recorded_by_name = excluded.recorded_by_name, recorded_at = now(),
             published_by = NULL, published_by_name = NULL, published_at = NULL`,
          [
            campaignId,
            letterId,
            answer.stance,
            answer.answeredOn,
            answer.words && withoutObjectionLink(answer.words),
            ownerOf(actor),
            actor.name,
          ],
        );
      },
    );
  }

  async remove(campaignId: string, letterId: string, actor: Actor): Promise<void> {
    await this.change(campaignId, letterId, { verb: 'removed', actor }, async (tx) => {
      await tx.query(`DELETE FROM letter_answers WHERE campaign_id = $1 AND letter_id = $2`, [campaignId, letterId]);
    });
  }

  /** @throws Problem forbidden to the person who recorded it; conflict when it is not the one that was looked at */
  async publish(campaignId: string, letterId: string, seenAt: string, actor: Actor): Promise<void> {
    await this.change(campaignId, letterId, { verb: 'published', actor }, async (tx) => {
      // The change holds the letter: nobody else writes its answer now.
      const now = await this.find(campaignId, letterId, tx);
      if (!now) throw problems.notFound();
      if (now.recordedAt !== seenAt) throw problems.refusal('changed-meanwhile');
      const [, count] = await tx.query<[unknown, number]>(
        `UPDATE letter_answers SET published_by = $3, published_by_name = $4, published_at = now()
         WHERE campaign_id = $1 AND letter_id = $2 AND recorded_by <> $3`,
        [campaignId, letterId, ownerOf(actor), actor.name],
      );
      if (!count) throw problems.refusal('needs-second-person');
    });
  }

  async unpublish(campaignId: string, letterId: string, actor: Actor): Promise<void> {
    await this.change(campaignId, letterId, { verb: 'unpublished', actor }, async (tx) => {
      await tx.query(
        `UPDATE letter_answers SET published_by = NULL, published_by_name = NULL, published_at = NULL
         WHERE campaign_id = $1 AND letter_id = $2`,
        [campaignId, letterId],
      );
    });
  }

  /** Of all letters for a petition that have gone out; nothing that only one person says. Null: none has. */
  async ofPetition(petitionId: string): Promise<PublicAnswers | null> {
    const campaigns = await this.database.query<{ id: string }[]>(
      `SELECT id FROM letter_campaigns WHERE petition_id = $1 AND planned_at IS NOT NULL AND state <> 'cancelled'`,
      [petitionId],
    );
    if (campaigns.length === 0) return null;
    const ids = campaigns.map(({ id }) => id);
    const reports = await Promise.all(ids.map((id) => this.reports.report(id)));
    const [{ answered }] = await this.database.query(
      `SELECT count(*)::int AS answered FROM letter_answers
       WHERE campaign_id = ANY ($1::uuid[]) AND published_at IS NOT NULL`,
      [ids],
    );
    const answers = await this.database.query<PublicAnswer[]>(
      `SELECT l.lawmaker_name AS "lawmakerName", l.party, l.area, a.stance, a.answered_on::text AS "answeredOn", a.words
       FROM letter_answers a JOIN letters l ON l.campaign_id = a.campaign_id AND l.id = a.letter_id
       WHERE a.campaign_id = ANY ($1::uuid[]) AND a.published_at IS NOT NULL
       ORDER BY a.answered_on DESC, l.lawmaker_name, l.id LIMIT ${shownAtMost}`,
      [ids],
    );
    return { answered, of: reports.reduce((total, { of }) => total + of, 0), answers };
  }

  private async change(
    campaignId: string,
    letterId: string,
    { verb, actor, detail = {} }: { verb: AnswerVerb; actor: Actor; detail?: Record<string, unknown> },
    work: (tx: EntityManager) => Promise<void>,
  ): Promise<void> {
    await this.database.transaction(async (tx) => {
      const [letter] = await tx.query<{ left: boolean }[]>(
        `SELECT l.state = 'done' OR coalesce(o.state IN ('accepted', 'in_doubt', 'handing_over'), false) AS left
         FROM letters l LEFT JOIN outbox o ON o.campaign_id = l.campaign_id AND o.id = l.id
         WHERE l.campaign_id = $1 AND l.id = $2 FOR UPDATE OF l`,
        [campaignId, letterId],
      );
      if (!letter) throw problems.notFound('There is no such letter in this campaign.');
      if (!letter.left) throw problems.refusal('not-sent-yet');
      await work(tx);
      await this.audit.record(tx, {
        actor,
        action: `letter-answer.${verb}`,
        subject: campaignId,
        detail: { letter: letterId, ...detail },
      });
    });
  }
}
