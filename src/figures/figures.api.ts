import { Controller, Get, Param } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Needs } from '../staff/access.js';
import { PetitionFiguresView } from './figures.schema.js';
import { figureFiles } from './petition-figures-csv.js';
import { FiguresOfPetitions } from './petition-figures.service.js';

/** What the console draws of a petition; every number as it is, therefore for staff. The public has `counts.json`. */
@ApiTags('petitions')
@Controller('api/v1/petitions/:slug/figures')
export class FiguresApi {
  constructor(private readonly figures: FiguresOfPetitions) {}

  /** Signatures per day, in all and by country, and how far people got. */
  @Needs('console:read')
  @Get()
  @ApiOkResponse({ standardSchema: PetitionFiguresView })
  async all(@Param('slug') slug: string) {
    const { count, days, countries, funnel } = await this.figures.of(slug);
    return { count, days, countries, funnel };
  }

  @Needs('console:read')
  @Get('days.csv')
  @ApiOkResponse({ content: { 'text/csv': {} } })
  async days(@Param('slug') slug: string) {
    return figureFiles.days(await this.figures.of(slug), slug);
  }

  @Needs('console:read')
  @Get('cumulative.csv')
  @ApiOkResponse({ content: { 'text/csv': {} } })
  async cumulative(@Param('slug') slug: string) {
    return figureFiles.cumulative(await this.figures.of(slug), slug);
  }

  @Needs('console:read')
  @Get('countries.csv')
  @ApiOkResponse({ content: { 'text/csv': {} } })
  async countries(@Param('slug') slug: string) {
    return figureFiles.countries(await this.figures.of(slug), slug);
  }

  @Needs('console:read')
  @Get('funnel.csv')
  @ApiOkResponse({ content: { 'text/csv': {} } })
  async funnel(@Param('slug') slug: string) {
    return figureFiles.funnel(await this.figures.of(slug), slug);
  }
}
