import { Controller, Get, Param, Req } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { Locale } from '../site/languages.js';
import { Page, Pages } from '../site/pages.service.js';
import { LocalePipe } from '../site/pipes.js';
import { Needs } from '../staff/access.js';
import { ConsoleContext } from '../staff/console-context.js';
import { factsOf, isOlderThanOriginal } from './fact-check.js';
import { PetitionConsolePages } from './petition-console-pages.service.js';
import { Petitions } from './petitions.service.js';

@ApiExcludeController()
@Controller(':locale/console/petitions')
export class PetitionsConsole {
  constructor(
    private readonly petitions: Petitions,
    private readonly petitionPages: PetitionConsolePages,
    private readonly pages: Pages,
    private readonly console: ConsoleContext,
  ) {}

  @Needs('console:read')
  @Get()
  @Page()
  async list(@Param('locale', LocalePipe) locale: Locale, @Req() request: FastifyRequest) {
    const petitions = await Promise.all(
      (await this.petitions.all()).map(async (petition) => ({
        slug: petition.slug,
        state: petition.state,
        title: this.petitions.text(petition, locale).title,
        openedAt: petition.openedAt?.toISOString() ?? null,
        paperCount: petition.paperCount,
        factsNeedCheck: factsOf(petition).needCheck,
        older: petition.texts.filter((text) => isOlderThanOriginal(petition, text.locale)).length,
        ...(await this.petitions.count(petition)),
      })),
    );
    return this.pages.render('petitions-list', locale, {
      ...this.console.context(request),
      nav: 'petitions',
      path: '/console/petitions',
      petitions,
    });
  }

  @Needs('console:read')
  @Get(':slug')
  @Page()
  one(@Param('locale', LocalePipe) locale: Locale, @Param('slug') slug: string, @Req() request: FastifyRequest) {
    return this.petitionPages.one(locale, request, slug);
  }
}
