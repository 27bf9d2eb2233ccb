import { Body, Controller, Get, Header, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { linkNext } from '../site/next-link.js';
import { uuid } from '../site/pipes.js';
import { Actor, Needs, Public } from '../staff/access.js';
import { Reauthenticated } from '../staff/reauthenticated.js';
import { attachment, countsAttachment } from './attachment.js';
import { CountsExport } from './counts-export.service.js';
import { CountryBreakdowns } from './country-breakdowns.service.js';
import { ExportHistory } from './export-history.service.js';
import {
  type CountFormat,
  CountsQuery,
  ExportsQuery,
  HandIn,
  PaperQuery,
  PastExport,
  PersonsExport,
  PublicCounts,
  PublicCountsQuery,
} from './exports.schema.js';
import { HandIns } from './hand-in.service.js';
import { PaperExport } from './paper-export.service.js';
import { PersonsExports } from './persons-export.service.js';
import { xlsxType } from './xlsx.js';

@ApiTags('exports')
@Controller('api/v1')
export class ExportsApi {
  constructor(
    private readonly counts: CountsExport,
    private readonly countries: CountryBreakdowns,
    private readonly paper: PaperExport,
    private readonly persons: PersonsExports,
    private readonly handIns: HandIns,
    private readonly history: ExportHistory,
  ) {}

  /**
   * Breakdown for everybody. Days with fewer than SMALL_CELLS are null; countries are rounded, and told anew only in steps that
   * hide single signers.
   */
  @Public()
  @Get('petitions/:slug/counts.json')
  @Header('access-control-allow-origin', '*')
  @Header('cache-control', 'public, max-age=60')
  @ApiOkResponse({ standardSchema: PublicCounts })
  publicCounts(@Param('slug') slug: string, @Query({ schema: PublicCountsQuery }) { by }: PublicCountsQuery) {
    return by === 'country' ? this.countries.of(slug) : this.counts.daysForAll(slug);
  }

  /** What was exported, by whom, and whether it arrived; a page at a time, newest first. */
  @Needs('exports:counts')
  @Get('exports')
  @ApiOkResponse({ standardSchema: z.object({ exports: z.array(PastExport) }) })
  async list(
    @Query({ schema: ExportsQuery }) { before }: ExportsQuery,
    @Actor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { exports, next } = await this.history.list(actor.rights, before);
    linkNext(reply, 'before', next);
    return { exports };
  }

  @Needs('exports:counts')
  @Get('exports/counts.csv')
  @ApiOkResponse({
    description: 'CSV with method, checkpoints and time in its last rows',
    content: { 'text/csv': {} },
  })
  countsCsv(@Query({ schema: CountsQuery }) query: CountsQuery, @Actor() actor: Actor) {
    return this.countsFile(query, 'csv', actor);
  }

  @Needs('exports:counts')
  @Get('exports/counts.xlsx')
  @ApiOkResponse({ description: 'The same as a workbook of one sheet', content: { [xlsxType]: {} } })
  countsXlsx(@Query({ schema: CountsQuery }) query: CountsQuery, @Actor() actor: Actor) {
    return this.countsFile(query, 'xlsx', actor);
  }

  @Needs('exports:counts')
  @Get('exports/counts.json')
  @ApiOkResponse({ description: '{method, asOf, rows, total, checkpoints}', content: { 'application/json': {} } })
  countsJson(@Query({ schema: CountsQuery }) query: CountsQuery, @Actor() actor: Actor) {
    return this.countsFile(query, 'json', actor);
  }

  @Needs('exports:counts')
  @Get('exports/paper.csv')
  @ApiOkResponse({ description: 'CSV with method and time in its last rows', content: { 'text/csv': {} } })
  paperCsv(@Query({ schema: PaperQuery }) query: PaperQuery, @Actor() actor: Actor) {
    return this.paperFile(query, 'csv', actor);
  }

  @Needs('exports:counts')
  @Get('exports/paper.xlsx')
  @ApiOkResponse({ description: 'The same as a workbook of one sheet', content: { [xlsxType]: {} } })
  paperXlsx(@Query({ schema: PaperQuery }) query: PaperQuery, @Actor() actor: Actor) {
    return this.paperFile(query, 'xlsx', actor);
  }

  @Needs('exports:counts')
  @Get('exports/paper.json')
  @ApiOkResponse({
    description: '{method, asOf, rows, total}; each row of the kind paper',
    content: { 'application/json': {} },
  })
  paperJson(@Query({ schema: PaperQuery }) query: PaperQuery, @Actor() actor: Actor) {
    return this.paperFile(query, 'json', actor);
  }

  /** People who agreed to the purpose, encrypted to an age recipient. Audited. */
  @Needs('exports:persons')
  @Reauthenticated()
  @Post('exports/persons')
  @HttpCode(200)
  @ApiOkResponse({ description: 'age file with a CSV in it', content: { 'application/octet-stream': {} } })
  async personsFile(@Body({ schema: PersonsExport }) body: PersonsExport, @Actor() actor: Actor) {
    return attachment(await this.persons.open(body, actor), 'application/octet-stream', 'persons.csv.age');
  }

  /** Cover sheet, counts, the log up to one checkpoint and the program that recounts it. Audited. */
  @Needs('exports:counts')
  @Reauthenticated()
  @Post('exports/hand-in')
  @HttpCode(200)
  @ApiOkResponse({ description: 'ZIP file', content: { 'application/zip': {} } })
  async handIn(@Body({ schema: HandIn }) body: HandIn, @Actor() actor: Actor) {
    return attachment(await this.handIns.open(body, actor), 'application/zip', `hand-in-${body.petition}.zip`);
  }

  /** Signers who agreed to news of this organisation, encrypted to its own recipient; for who acts for it. Audited. */
  @Needs('exports:organisation')
  @Reauthenticated()
  @Post('petitions/:slug/organisations/:id/persons')
  @HttpCode(200)
  @ApiOkResponse({ description: 'age file with a CSV in it', content: { 'application/octet-stream': {} } })
  async organisationFile(@Param('slug') slug: string, @Param('id', uuid) id: string, @Actor() actor: Actor) {
    const file = await this.persons.ofOrganisation(slug, id, actor);
    return attachment(file, 'application/octet-stream', 'persons.csv.age');
  }

  private async countsFile(query: CountsQuery, format: CountFormat, actor: Actor) {
    return countsAttachment(await this.counts.take(query, format, actor), format);
  }

  private async paperFile(query: PaperQuery, format: CountFormat, actor: Actor) {
    return countsAttachment(await this.paper.take(query, format, actor), format, 'paper');
  }
}
