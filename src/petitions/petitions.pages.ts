import { Controller, Get, Header, Headers, Param, Redirect, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { type Locale, preferredLocale } from '../site/languages.js';
import { Page, Pages } from '../site/pages.service.js';
import { LocalePipe } from '../site/pipes.js';
import { Pressure } from '../site/pressure.js';
import { Public } from '../staff/access.js';
import { PetitionPage } from './petition-page.service.js';
import { Petitions } from './petitions.service.js';

/** The same for everybody: one rendering serves all who ask within the second. */
const shared = 'public, max-age=1, stale-while-revalidate=10';

@Public()
@Controller()
export class PetitionsPages {
  constructor(
    private readonly petitions: Petitions,
    private readonly petitionPage: PetitionPage,
    private readonly pages: Pages,
    private readonly pressure: Pressure,
  ) {}

  /** The only address that looks at Accept-Language. */
  @Get()
  @Redirect()
  root(@Headers('accept-language') acceptLanguage?: string) {
    return { url: `/${preferredLocale(acceptLanguage)}`, statusCode: 303 };
  }

  @Get(':locale')
  @Page()
  @Header('cache-control', shared)
  async home(@Param('locale', LocalePipe) locale: Locale) {
    const petitions = await this.petitions.list();
    return this.pages.render('home', locale, {
      path: '',
      petitions: await Promise.all(
        petitions.map(async (petition) => {
          const { count } = await this.petitions.count(petition);
          return {
            ...this.petitions.heading(petition, locale),
            goal: petition.goal,
            paper: petition.paperCount,
            count,
          };
        }),
      ),
    });
  }

  @Get(':locale/p/:slug')
  @Page()
  async petition(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('slug') slug: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    // Under pressure each visitor gets a challenge of her own.
    if (!(await this.pressure.isOn(slug))) reply.header('cache-control', shared);
    return this.petitionPage.render(slug, locale);
  }

  /** What the number means, and what it does not. */
  @Get(':locale/method')
  @Page()
  method(@Param('locale', LocalePipe) locale: Locale) {
    return this.pages.render('method', locale, { path: '/method' });
  }
}
