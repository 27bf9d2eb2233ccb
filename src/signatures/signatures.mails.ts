import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { SETTINGS, type Settings } from '../config/settings.js';
import { type ComposedMail, MailKinds } from '../mail/mail-kinds.js';
import { Petitions } from '../petitions/petitions.service.js';
import { pageLocale } from '../site/languages.js';
import { Pages } from '../site/pages.service.js';
import { Problem } from '../site/problem.js';
import { mailboxOf } from '../vault/normal-form.js';
import { Funnel } from './funnel.service.js';
import { MyData } from './my-data.service.js';
import type { SealedForm } from './sealed-form.js';
import { type LinkPurpose, linkHours, SealedLinks } from './sealed-links.js';
import { everyPetition, Signatures } from './signatures.service.js';

interface QueuedMail {
  payload: Buffer | null;
}

/**
 * Writes the mails to supporters at the moment of sending, from the sealed form in the queue: only here, long after the
 * visitor has her answer, is looked up whether the address is known.
 */
@Injectable()
export class SignaturesMails implements OnModuleInit {
  constructor(
    private readonly kinds: MailKinds,
    private readonly signatures: Signatures,
    private readonly links: SealedLinks,
    private readonly myData: MyData,
    private readonly petitions: Petitions,
    private readonly pages: Pages,
    private readonly funnel: Funnel,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  onModuleInit(): void {
    this.kinds.register({
      name: 'confirm-signature',
      inDoubt: 'resend',
      compose: (mail) => this.confirm(mail),
      accepted: ({ campaignId }) => this.funnel.count(campaignId, 'mailed'),
    });
    this.kinds.register({ name: 'withdraw-signature', inDoubt: 'resend', compose: (mail) => this.withdraw(mail) });
    this.kinds.register({ name: 'write-letter', inDoubt: 'resend', compose: (mail) => this.letMeWrite(mail) });
    this.kinds.register({ name: 'my-data', inDoubt: 'resend', compose: (mail) => this.showData(mail) });
  }

  private async confirm({ payload }: QueuedMail): Promise<ComposedMail | null> {
    const form = this.open('confirm', payload);
    if (!form) return null;
    if (await this.signatures.hasSigned(form)) return this.write('already-signed', form);
    return this.write('confirm-signature', form, `confirm/${payload!.toString('base64url')}`);
  }

  private async withdraw({ payload }: QueuedMail): Promise<ComposedMail | null> {
    const form = this.open('withdraw', payload);
    if (!form || !(await this.signatures.hasSigned(form))) return null;
    return this.write('withdraw-signature', form, `withdraw/${payload!.toString('base64url')}`);
  }

  private async showData({ payload }: QueuedMail): Promise<ComposedMail | null> {
    const form = this.open('my-data', payload);
    if (!form || !(await this.myData.isHeld(form))) return null;
    return this.write('my-data', form, `my-data/${payload!.toString('base64url')}`);
  }

  private async letMeWrite({ payload }: QueuedMail): Promise<ComposedMail | null> {
    const form = this.open('write', payload);
    if (!form || !(await this.signatures.hasSigned(form))) return null;
    return this.write('write-letter', form, `write/${payload!.toString('base64url')}`);
  }

  private open(purpose: LinkPurpose, payload: Buffer | null): SealedForm | null {
    try {
      return payload && this.links.open(purpose, payload.toString('base64url'));
    } catch (error) {
      // Too old by now: a link that does not work is not worth a mail.
      if (error instanceof Problem && error.code === 'gone') return null;
      throw error;
    }
  }

  private async write(name: string, form: SealedForm, path?: string): Promise<ComposedMail> {
    const locale = pageLocale(form.locale);
    const petition = form.petitionId === everyPetition ? null : await this.petitions.byId(form.petitionId);
    const site = `${this.settings.PUBLIC_URL}/${locale}`;
    const mail = await this.pages.renderMail(name, locale, {
      petition: petition && { title: this.petitions.text(petition, locale).title },
      name: form.name,
      link: path && `${site}/${path}`,
      petitionLink: petition && `${site}/p/${petition.slug}`,
      withdrawLink: petition && `${site}/p/${petition.slug}/withdraw`,
      linkHours,
    });
    const { local, domain } = mailboxOf(form.email)!;
    return { to: `${local}@${domain}`, ...mail, headers: { 'Auto-Submitted': 'auto-generated' } };
  }
}
