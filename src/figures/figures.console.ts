import { Controller, Get, Param, Req } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Petitions } from '../petitions/petitions.service.js';
import { direction, type Locale } from '../site/languages.js';
import { Page, Pages } from '../site/pages.service.js';
import { LocalePipe } from '../site/pipes.js';
import { Needs } from '../staff/access.js';
import { ConsoleContext } from '../staff/console-context.js';
import { figureFiles } from './petition-figures-csv.js';
import { FiguresOfPetitions } from './petition-figures.service.js';
import { petitionPlots } from './petition-plots.js';

@ApiExcludeController()
@Controller(':locale/console/petitions/:slug/figures')
export class FiguresConsole {
  constructor(
    private readonly figures: FiguresOfPetitions,
    private readonly petitions: Petitions,
    private readonly pages: Pages,
    private readonly console: ConsoleContext,
  ) {}

  @Needs('console:read')
  @Get()
  @Page()
  async page(@Param('locale', LocalePipe) locale: Locale, @Param('slug') slug: string, @Req() request: FastifyRequest) {
    const { petition, ...figures } = await this.figures.of(slug);
    const closedOn = petition.closedAt?.toISOString().slice(0, 10);
    return this.pages.render('petition-figures', locale, {
      ...this.console.context(request),
      ...{ nav: 'petitions', path: `/console/petitions/${slug}/figures` },
      base: `/${locale}/console/petitions/${slug}`,
      petition: { slug, title: this.petitions.text(petition, locale).title },
      ...petitionPlots(figures, direction(locale), closedOn ?? figures.today),
    });
  }

  @Needs('console:read')
  @Get('days.csv')
  async days(@Param('slug') slug: string) {
    return figureFiles.days(await this.figures.of(slug), slug);
  }

  @Needs('console:read')
  @Get('cumulative.csv')
  async cumulative(@Param('slug') slug: string) {
    return figureFiles.cumulative(await this.figures.of(slug), slug);
  }

  @Needs('console:read')
  @Get('countries.csv')
  async countries(@Param('slug') slug: string) {
    return figureFiles.countries(await this.figures.of(slug), slug);
  }

  @Needs('console:read')
  @Get('funnel.csv')
  async funnel(@Param('slug') slug: string) {
    return figureFiles.funnel(await this.figures.of(slug), slug);
  }
}
