import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Needs } from '../staff/access.js';
import { officeCsv, paceCsv, statesCsv, timelineCsv } from './figures-csv.js';
import { LetterCampaigns } from './letter-campaigns.service.js';
import { Id } from './letter-params.js';
import { LetterPacePreviews } from './letter-plan-lines.js';
import { LetterReports } from './letter-report.service.js';
import { OfficeQuery, OfficeReport, OfficeReports } from './office-report.service.js';

const LetterDays = z.object({
  days: z.array(
    z.object({
      day: z.iso.date().describe('in UTC'),
      delivered: z.number().int().describe('taken by a mail server, or done by a person'),
      failed: z.number().int().describe('refused, expired, or come back'),
      answered: z.number().int(),
    }),
  ),
});

/** What became of the letters, in figures. */
@ApiTags('letters')
@Controller('api/v1/letter-campaigns/:id')
export class LetterFiguresApi {
  constructor(
    private readonly campaigns: LetterCampaigns,
    private readonly reports: LetterReports,
    private readonly offices: OfficeReports,
    private readonly paces: LetterPacePreviews,
  ) {}

  /** Days on which letters were delivered, failed or were answered. */
  @Needs('console:read')
  @Get('timeline')
  @ApiOkResponse({ standardSchema: LetterDays })
  async timeline(@Id('id') id: string) {
    await this.campaigns.find(id);
    return { days: await this.reports.timeline(id) };
  }

  @Needs('console:read')
  @Get('timeline.csv')
  @ApiOkResponse({ content: { 'text/csv': {} } })
  async timelineCsv(@Id('id') id: string) {
    await this.campaigns.find(id);
    return timelineCsv(await this.reports.timeline(id), id);
  }

  /** How many letters are in each state. */
  @Needs('console:read')
  @Get('states.csv')
  @ApiOkResponse({ content: { 'text/csv': {} } })
  async statesCsv(@Id('id') id: string) {
    await this.campaigns.find(id);
    return statesCsv((await this.reports.report(id)).byStatus, id);
  }

  /** Every mailbox of the plan, with what it would get on which day. */
  @Needs('console:read')
  @Get('pace.csv')
  @ApiOkResponse({ content: { 'text/csv': {} } })
  async paceCsv(@Id('id') id: string) {
    return paceCsv(await this.paces.of(id), id);
  }

  /** Letters to one lawmaker, or to one legislature, against all: to be handed to that office. No personal data. */
  @Needs('console:read')
  @Get('office')
  @ApiOkResponse({ standardSchema: OfficeReport })
  office(@Id('id') id: string, @Query({ schema: OfficeQuery }) query: OfficeQuery) {
    return this.offices.of(id, query);
  }

  @Needs('console:read')
  @Get('office.csv')
  @ApiOkResponse({ content: { 'text/csv': {} } })
  async officeCsv(@Id('id') id: string, @Query({ schema: OfficeQuery }) query: OfficeQuery) {
    return officeCsv(await this.offices.of(id, query));
  }
}
