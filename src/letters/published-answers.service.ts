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
    extras.register('answers', (petitionId) => this.any(petitionId));
  }

  /** One that the answers' page shows. */
  private async any(petitionId: string): Promise<boolean> {
    const [{ any }] = await this.database.query(
      `SELECT EXISTS (
         SELECT FROM letter_campaigns c JOIN letter_answers a ON a.campaign_id = c.id
         WHERE c.petition_id = $1 AND c.planned_at IS NOT NULL AND c.state <> 'cancelled' AND a.published_at IS NOT NULL
       ) AS any`,
      [petitionId],
    );
    return any as boolean;
  }
}
