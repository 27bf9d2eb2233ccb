import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { likeAnother } from './likeness.js';
import type { SupporterFigures as Figures } from './supporters.schema.js';

/** Supporters whose own words are compared: the newest. */
const mostCompared = 2000;

/** Who writes, and how much of it is their own: what an organiser must know before an office asks. */
@Injectable()
export class SupporterFigures {
  constructor(private readonly database: DataSource) {}

  async of(campaignId: string): Promise<Figures> {
    const [sums] = await this.database.query(
      `SELECT count(*)::int AS letters, count(DISTINCT signature_id)::int AS supporters,
         count(DISTINCT signature_id) FILTER (WHERE likeness IS NOT NULL)::int AS "withOwnWords"
       FROM supporter_letters WHERE campaign_id = $1`,
      [campaignId],
    );
    const texts = await this.database.query<{ likeness: number[] }[]>(
      `SELECT likeness FROM (
         SELECT DISTINCT ON (signature_id) likeness, written_at FROM supporter_letters
         WHERE campaign_id = $1 AND likeness IS NOT NULL ORDER BY signature_id, written_at DESC
       ) theirs ORDER BY written_at DESC LIMIT ${mostCompared}`,
      [campaignId],
    );
    return { ...sums, compared: texts.length, alike: likeAnother(texts.map(({ likeness }) => likeness)) };
  }
}
