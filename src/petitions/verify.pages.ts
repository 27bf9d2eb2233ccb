import { Controller, Get, Param } from '@nestjs/common';
import type { Locale } from '../site/languages.js';
import { Page, Pages } from '../site/pages.service.js';
import { LocalePipe } from '../site/pipes.js';
import { Public } from '../staff/access.js';
import { Petitions } from './petitions.service.js';

/** Where anybody recounts a petition in her own browser. The server hands out words; the counting is in public/. */
@Public()
@Controller(':locale')
export class VerifyPages {
  constructor(
    private readonly petitions: Petitions,
    private readonly pages: Pages,
  ) {}

  @Get('verify')
  @Page()
  async list(@Param('locale', LocalePipe) locale: Locale) {
    const petitions = await this.petitions.list();
    return this.pages.render('verify-list', locale, {
      path: '/verify',
      petitions: petitions.map((petition) => this.petitions.heading(petition, locale)),
    });
  }

  @Get('p/:slug/verify')
  @Page()
  async one(@Param('locale', LocalePipe) locale: Locale, @Param('slug') slug: string) {
    const petition = await this.petitions.find(slug);
    const { count, pending } = await this.petitions.count(petition);
    return this.pages.render('verify', locale, {
      path: `/p/${slug}/verify`,
      petition: this.petitions.heading(petition, locale),
      ...{ count, pending },
    });
  }
}
