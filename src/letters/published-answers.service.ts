import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { PetitionExtras } from '../petitions/petition-extras.js';

/** Tells the pages of a petition whether there are answers to look at. */
@Injectable()
export class PublishedAnswers {
  constructor(
    private readonly database: DataSource,
    extras: PetitionExtras,
  ) {
    extras.register('answers', (petitionIds) => this.those(petitionIds));
  }

  /** Of these petitions those with an answer that the page of answers shows. */
  private async those(petitionIds: string[]): Promise<string[]> {
    const rows: { id: string }[] = await this.database.query(
      `SELECT DISTINCT c.petition_id AS id FROM letter_campaigns c JOIN letter_answers a ON a.campaign_id = c.id
       WHERE c.petition_id = ANY ($1) AND c.planned_at IS NOT NULL AND c.state <> 'cancelled' AND a.published_at IS NOT NULL`,
      [petitionIds],
    );
    return rows.map(({ id }) => id);
  }
}
