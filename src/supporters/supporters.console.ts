import { Controller, Get, Param, Req } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { LetterCampaigns } from '../letters/letter-campaigns.service.js';
import { Id } from '../letters/letter-params.js';
import type { Locale } from '../site/languages.js';
import { Page, Pages } from '../site/pages.service.js';
import { LocalePipe } from '../site/pipes.js';
import { Needs } from '../staff/access.js';
import { ConsoleContext } from '../staff/console-context.js';
import { SupporterFigures } from './supporter-figures.service.js';

/** What an organiser sees of the letters that supporters write: numbers, and no names. */
@ApiExcludeController()
@Controller(':locale/console/letters/:id/supporters')
export class SupportersConsole {
  constructor(
    private readonly campaigns: LetterCampaigns,
    private readonly figures: SupporterFigures,
    private readonly pages: Pages,
    private readonly console: ConsoleContext,
  ) {}

  @Needs('console:read')
  @Get()
  @Page()
  async page(@Param('locale', LocalePipe) locale: Locale, @Id('id') id: string, @Req() request: FastifyRequest) {
    const campaign = await this.campaigns.find(id);
    const { title, petitionSlug, digest } = campaign;
    return this.pages.render('letters-supporters', locale, {
      ...this.console.context(request),
      ...{ nav: 'letters', path: `/console/letters/${id}/supporters`, base: `/${locale}/console/letters` },
      campaign: { id, title, petition: petitionSlug, digest },
      figures: await this.figures.of(campaign),
    });
  }
}
