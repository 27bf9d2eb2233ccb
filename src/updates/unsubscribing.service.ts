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
  async look(token: string): Promise<{ petition: PublishedPetition; from: string }> {
    const link = this.open(token);
    const petition = await this.petitions.byId(link.petitionId);
    const { organisation } = await this.topic(link);
    return { petition, from: organisation ?? petition.startedBy };
  }

  /** Done when it is committed. Twice is once; mails that wait are not sent either. @throws Problem gone */
  async unsubscribe(token: string): Promise<void> {
    const link = this.open(token);
    const { topic } = await this.topic(link);
    await this.database.transaction(async (tx) => {
      if (!(await this.news.takeBack(tx, link.petitionId, link.signatureId, topic))) return;
      await tx.query(`UPDATE updates SET unsubscribed = unsubscribed + 1 WHERE petition_id = $1 AND id = $2`, [
        link.petitionId,
        link.updateId,
      ]);
    });
  }

  private async topic({
    petitionId,
    updateId,
  }: Unsubscription): Promise<{ topic: string; organisation: string | null }> {
    const [row] = await this.database.query(
      `SELECT coalesce(u.organisation_id::text, 'news') AS topic, o.name AS organisation
       FROM updates u LEFT JOIN organisations o ON o.petition_id = u.petition_id AND o.id = u.organisation_id
       WHERE u.petition_id = $1 AND u.id = $2`,
      [petitionId, updateId],
    );
    if (!row) throw problems.refusal('link-incomplete');
    return row;
  }

  private open(token: string): Unsubscription {
    const link = this.links.read(token);
    if (!link) throw problems.refusal('link-incomplete');
    return link;
  }
}
