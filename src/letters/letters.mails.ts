import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { ContactPointsService } from '../lawmakers/contact-points.service.js';
import { LawmakersService } from '../lawmakers/lawmakers.service.js';
import { ObjectionsService } from '../lawmakers/objections.service.js';
import { PersonDecisions } from '../lawmakers/person-decisions.service.js';
import { recordsOfId } from '../lawmakers/person-records.js';
import { MailKinds, type ReturnedMail } from '../mail/mail-kinds.js';
import { OutboxService } from '../mail/outbox.service.js';
import { isHardBounce, provesMailbox, type Returned } from '../mail/return-kinds.js';
import { isOpenTask } from './campaign-states.js';
import { ReplyForwarding } from './reply-forwarding.js';
import { claimedTwice, isSecondLetter } from './second-letters.js';

/** Both kinds travel as frozen bytes, and after a doubt both wait for a person: a lawmaker never gets the same letter twice. */
@Injectable()
export class LettersMails {
  constructor(
    kinds: MailKinds,
    private readonly database: DataSource,
    private readonly lawmakers: LawmakersService,
    private readonly contactPoints: ContactPointsService,
    private readonly outbox: OutboxService,
    objections: ObjectionsService,
    decisions: PersonDecisions,
    private readonly forwarding: ReplyForwarding,
  ) {
    objections.whenRecorded((tx, lawmakerId) => this.takeBack(tx, lawmakerId));
    decisions.whenJoined((tx, lawmakerId) => this.askAgain(tx, lawmakerId));
    kinds.register({
      name: 'letter',
      inDoubt: 'hold',
      isWanted: (mail) => this.isWanted(mail),
      returned: (tx, mail, fact, raw) => this.returnedToUs(tx, mail, fact, raw),
    });
    kinds.register({ name: 'letter-test', inDoubt: 'hold' });
  }

  /** What has not left to a person who objects, under any of her records: mails that wait, tasks that nobody has done. */
  private async takeBack(tx: EntityManager, lawmakerId: string): Promise<void> {
    const mails = await tx.query<{ campaignId: string; ids: string[] }[]>(
      `SELECT l.campaign_id AS "campaignId", array_agg(l.id) AS ids FROM letters l JOIN outbox o ON o.campaign_id = l.campaign_id AND o.id = l.id
       WHERE l.lawmaker_id = ANY (${recordsOfId('$1')}) AND l.state = 'mail'
         AND o.state IN ('queued', 'claimed', 'handing_over', 'deferred', 'held')
       GROUP BY l.campaign_id ORDER BY l.campaign_id`,
      [lawmakerId],
    );
    for (const { campaignId, ids } of mails) await this.outbox.suppressPart(tx, campaignId, { ids });
    await tx.query(
      `UPDATE letters SET state = 'excluded', reason = 'objection', subject = NULL, body = NULL
       WHERE lawmaker_id = ANY (${recordsOfId('$1')}) AND ${isOpenTask}`,
      [lawmakerId],
    );
  }

  /** Two letters to one person since now: none of them leaves on an answer that was given before. */
  private async askAgain(tx: EntityManager, lawmakerId: string): Promise<void> {
    for (const { campaignId, ids } of await claimedTwice(tx, lawmakerId))
      await this.outbox.unclaim(tx, campaignId, ids);
  }

  /** A mailbox that takes no mail is marked for an editor, who decides; one that answers loses the mark. */
  async returned(tx: EntityManager, { recipient }: ReturnedMail, fact: Returned): Promise<void> {
    if (isHardBounce(fact)) await this.contactPoints.markBounced(tx, recipient, fact.status);
    else if (provesMailbox(fact)) await this.contactPoints.unmarkBounced(tx, recipient);
  }

  /** The same for a letter whose answers are the organisation's: they go on to it where the campaign wants that. */
  async returnedToUs(tx: EntityManager, mail: ReturnedMail, fact: Returned, raw: Buffer): Promise<void> {
    await this.returned(tx, mail, fact);
    await this.forwarding.take(tx, mail, fact, raw);
  }

  /** An objection, or a letter to another record of the same person, also stops the one that waits in the outbox: until the server takes it, it is not too late. */
  private async isWanted({ campaignId, ref }: { campaignId: string; ref: string }): Promise<boolean> {
    const [letter] = await this.database.query(`SELECT lawmaker_id FROM letters WHERE campaign_id = $1 AND id = $2`, [
      campaignId,
      ref,
    ]);
    if (letter === undefined) return true;
    if ((await this.lawmakers.find(letter.lawmaker_id as string)).objected) return false;
    return !(await isSecondLetter(this.database, campaignId, ref));
  }
}
