import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { SETTINGS, type Settings } from '../config/settings.js';
import { Petitions } from '../petitions/petitions.service.js';
import type { Locale } from '../site/languages.js';
import { Page, Pages } from '../site/pages.service.js';
import { LocalePipe } from '../site/pipes.js';
import { qrSvg } from '../site/qr.js';
import { Public } from '../staff/access.js';

/** Lines on a sheet of A4 that a pen has room for. */
const rows = 15;

/** The sheet to print, for those who sign with a pen. */
@ApiExcludeController()
@Public()
@Controller(':locale/p/:slug/paper')
export class PaperPages {
  constructor(
    private readonly petitions: Petitions,
    private readonly pages: Pages,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  @Get()
  @Page()
  async sheet(@Param('locale', LocalePipe) locale: Locale, @Param('slug') slug: string) {
    const petition = await this.petitions.find(slug);
    const {
      title,
      ask,
      addressee,
      version,
      sha256,
      noteId,
      createdAt,
      locale: textLocale,
    } = this.petitions.text(petition, locale);
    const url = `${this.settings.PUBLIC_URL}/${locale}/p/${slug}`;
    return this.pages.render('paper-sheet', locale, {
      path: `/p/${slug}/paper`,
      petition: {
        ...{ slug, state: petition.state, title, ask, addressee, startedBy: petition.startedBy, textLocale },
        ...{ version, sha256: sha256.toString('hex').match(/.{16}/g)!.join(' ') },
        textDate: (noteId !== null ? createdAt : (petition.openedAt ?? createdAt)).toISOString(),
        returnAddress: petition.paperReturn,
      },
      ...{ url, rows: Array.from({ length: rows }, (_, at) => at + 1), qr: await qrSvg(url) },
    });
  }
}
