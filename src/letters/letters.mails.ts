import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { LawmakersService } from '../lawmakers/lawmakers.service.js';
import { MailKinds } from '../mail/mail-kinds.js';
import { isSecondLetter } from './same-person.js';

/** Both kinds travel as frozen bytes, and after a doubt both wait for a person: a lawmaker never gets the same letter twice. */
@Injectable()
export class LettersMails {
  constructor(
    kinds: MailKinds,
    private readonly database: DataSource,
    private readonly lawmakers: LawmakersService,
  ) {
    kinds.register({ name: 'letter', inDoubt: 'hold', isWanted: (mail) => this.isWanted(mail) });
    kinds.register({ name: 'letter-test', inDoubt: 'hold' });
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
