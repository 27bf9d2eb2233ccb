import { Injectable } from '@nestjs/common';
import { type ComposedMail, MailKinds } from '../mail/mail-kinds.js';
import { Petitions } from '../petitions/petitions.service.js';
import { News } from '../signatures/news.service.js';
import { pageLocale } from '../site/languages.js';
import { Switches } from '../switches/switches.service.js';
import { mailboxOf } from '../vault/normal-form.js';
import { UpdateMail } from './update-mail.js';
import { isOut } from './update-states.js';
import { topicOf, Updates, writerOf } from './updates.service.js';

/**
 * Writes each mail at the moment it leaves: until then the queue holds two random ids. Only here a name and an address are
 * opened, and whoever took her agreement, her name or herself back meanwhile gets nothing.
 */
@Injectable()
export class UpdatesMails {
  constructor(
    kinds: MailKinds,
    private readonly updates: Updates,
    private readonly petitions: Petitions,
    private readonly news: News,
    private readonly mail: UpdateMail,
    private readonly switches: Switches,
  ) {
    kinds.register({ name: 'update', inDoubt: 'resend', compose: (mail) => this.compose(mail) });
    // Its bytes are frozen: only staff gets it.
    kinds.register({ name: 'update-test', inDoubt: 'resend' });
  }

  private async compose({ campaignId, ref }: { campaignId: string; ref: string }): Promise<ComposedMail | null> {
    const update = await this.updates.ofMail(campaignId);
    if (!update || !isOut(update.state)) return null;
    // The queue knows the update, the switch knows the petition: what throws is tried again later.
    if (await this.switches.isOff('mailing', update.petitionId)) throw new MailingIsOff();
    const petition = await this.petitions.byId(update.petitionId);
    const from = writerOf(petition, update);
    const signer = await this.news.addressee(update.petitionId, ref, topicOf(update));
    if (!signer || from === null) return null;
    const { local, domain } = mailboxOf(signer.email)!;
    return this.mail.write(petition, update, from, {
      address: `${local}@${domain}`,
      signatureId: ref,
      locale: pageLocale(signer.locale),
      wording: signer.wording,
    });
  }
}

class MailingIsOff extends Error {
  override name = 'MailingIsOff';
}
