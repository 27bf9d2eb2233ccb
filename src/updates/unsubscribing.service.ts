import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Petitions, type PublishedPetition } from '../petitions/petitions.service.js';
import { News } from '../signatures/news.service.js';
import { problems } from '../site/problem.js';
import { type Unsubscription, UnsubscribeLinks } from './unsubscribe-links.js';

/** No more news, by the link in any update she ever got; her signature stays. */
@Injectable()
export class Unsubscribing {
  constructor(
    private readonly database: DataSource,
    private readonly petitions: Petitions,
    private readonly news: News,
    private readonly links: UnsubscribeLinks,
  ) {}

  /** What the link is about; changes nothing. @throws Problem gone */
  async look(token: string): Promise<PublishedPetition> {
    return this.petitions.byId(this.open(token).petitionId);
  }

  /** Done when it is committed. Twice is once; mails that wait are not sent either. @throws Problem gone */
  async unsubscribe(token: string): Promise<PublishedPetition> {
    const link = this.open(token);
    const petition = await this.petitions.byId(link.petitionId);
    await this.database.transaction(async (tx) => {
      if (!(await this.news.takeBack(tx, link.petitionId, link.signatureId, 'news'))) return;
      await tx.query(`UPDATE updates SET unsubscribed = unsubscribed + 1 WHERE petition_id = $1 AND id = $2`, [
        link.petitionId,
        link.updateId,
      ]);
    });
    return petition;
  }

  private open(token: string): Unsubscription {
    const link = this.links.read(token);
    if (!link) throw problems.gone('This link is not complete. Please use it exactly as it stands in the message.');
    return link;
  }
}
