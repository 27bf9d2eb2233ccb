import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS, type Settings } from '../config/settings.js';
import { mailbox } from '../mail/compose.js';
import type { ComposedMail } from '../mail/mail-kinds.js';
import { Petitions, type PublishedPetition } from '../petitions/petitions.service.js';
import { direction, type Locale } from '../site/languages.js';
import { newsToHtml } from '../site/markdown.js';
import { Pages } from '../site/pages.service.js';
import { UnsubscribeLinks } from './unsubscribe-links.js';
import { topicOf, wordsIn, type WrittenUpdate } from './updates.service.js';

/** The mail of an update: the same for the same signer, so that one that goes again is the same mail. */
@Injectable()
export class UpdateMail {
  constructor(
    private readonly petitions: Petitions,
    private readonly pages: Pages,
    private readonly links: UnsubscribeLinks,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** @param from who writes @param to.wording what she agreed to */
  async write(
    petition: PublishedPetition,
    update: WrittenUpdate,
    from: string,
    to: { address: string; signatureId: string; locale: Locale; wording: string },
  ): Promise<ComposedMail> {
    const { PUBLIC_URL } = this.settings;
    const site = `${PUBLIC_URL}/${to.locale}`;
    const token = this.links.token({ petitionId: petition.id, updateId: update.id, signatureId: to.signatureId });
    const stop = `${site}/unsubscribe/${token}`;
    const words = wordsIn(update, to.locale);
    const context = {
      ...{ title: words.title, body: words.body, bodyHtml: newsToHtml(words.body) },
      ...{ textLocale: words.locale, textDir: direction(words.locale), wording: to.wording },
      petition: { title: this.petitions.text(petition, to.locale).title },
      from,
      ...{ stop, webLink: `${site}/p/${petition.slug}/updates/${update.id}`, dataLink: `${site}/my-data` },
    };
    const written = await this.pages.renderMail('update', to.locale, context, words.title);
    const host = new URL(PUBLIC_URL).hostname;
    return {
      to: to.address,
      from: named(from, mailbox(this.settings.MAIL_FROM).address),
      ...written,
      headers: {
        // RFC 8058: one POST to this address is enough; RFC 2919; the last one tells a mailbox provider which mails belong together.
        'List-Unsubscribe': `<${stop}>`,
        'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
        'List-Id': `<${topicOf(update)}.${petition.slug}.updates.${host}>`,
        'Feedback-ID': `${update.id}:${petition.slug}:update:countersign`,
      },
    };
  }
}

/** A mailbox with a display name that cannot break out of its quotes or be read as an address. */
function named(name: string, address: string): string {
  const plain = name.replaceAll(/[\p{Cc}"\\<>@,;:()[\]]/gu, ' ').trim();
  return plain ? `"${plain}" <${address}>` : address;
}
