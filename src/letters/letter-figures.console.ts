import { Controller, Get, Header, Param, Query, Req } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { Locale } from '../site/languages.js';
import { Page, Pages } from '../site/pages.service.js';
import { LocalePipe } from '../site/pipes.js';
import { Needs } from '../staff/access.js';
import { officeCsv, paceCsv, statesCsv, timelineCsv } from './figures-csv.js';
import { LetterPacePreviews } from './letter-plan-lines.js';
import { Id } from './letter-params.js';
import { LetterReports } from './letter-report.service.js';
import { OfficeQuery, OfficeReports } from './office-report.service.js';

/** Files of the report, and the page that is handed to an office. */
@ApiExcludeController()
@Controller(':locale/console/letters/:id')
export class LetterFiguresConsole {
  constructor(
    private readonly reports: LetterReports,
    private readonly offices: OfficeReports,
    private readonly paces: LetterPacePreviews,
    private readonly pages: Pages,
  ) {}

  @Needs('console:read')
  @Get('timeline.csv')
  async timeline(@Id('id') id: string) {
    return timelineCsv(await this.reports.timeline(id), id);
  }

  @Needs('console:read')
  @Get('states.csv')
  async states(@Id('id') id: string) {
    return statesCsv((await this.reports.report(id)).byStatus, id);
  }

  /** Every mailbox of the plan, with what it gets on which day. */
  @Needs('console:read')
  @Get('pace.csv')
  async pace(@Id('id') id: string) {
    return paceCsv(await this.paces.of(id), id);
  }

  /** Without the frame of the console: it may be saved and passed on as it is, and names nobody of the staff. */
  @Needs('console:read')
  @Get('office')
  @Page()
  async office(
    @Param('locale', LocalePipe) locale: Locale,
    @Id('id') id: string,
    @Query({ schema: OfficeQuery }) query: OfficeQuery,
    @Req() request: FastifyRequest,
  ) {
    return this.pages.render('letters-office', locale, {
      path: request.url.replace(/^\/[a-z]+/, ''),
      base: `/${locale}/console/letters/${id}`,
      query: new URLSearchParams(query).toString(),
      report: await this.offices.of(id, query, locale),
    });
  }

  @Needs('console:read')
  @Get('office.csv')
  async officeCsv(
    @Param('locale', LocalePipe) locale: Locale,
    @Id('id') id: string,
    @Query({ schema: OfficeQuery }) query: OfficeQuery,
  ) {
    return officeCsv(await this.offices.of(id, query, locale));
  }

  @Needs('console:read')
  @Get('office.json')
  @Header('content-disposition', 'attachment; filename="letters-to-your-office.json"')
  officeJson(
    @Param('locale', LocalePipe) locale: Locale,
    @Id('id') id: string,
    @Query({ schema: OfficeQuery }) query: OfficeQuery,
  ) {
    return this.offices.of(id, query, locale);
  }
}
