import { Body, Controller, Get, Header, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { uuid } from '../site/pipes.js';
import { Actor, Needs, Public } from '../staff/access.js';
import { Reauthenticated } from '../staff/reauthenticated.js';
import { attachment } from './attachment.js';
import { countsCsv, countsJson } from './count-files.js';
import { CountsExport } from './counts-export.service.js';
import { CountsQuery, PersonsExport, PublicCountsQuery } from './exports.schema.js';
import { PersonsExports } from './persons-export.service.js';

const PublicCounts = z.object({
  method: z.string(),
  asOf: z.iso.datetime(),
  cells: z.array(z.object({ key: z.string(), count: z.number().int().nullable() })),
});

@ApiTags('exports')
@Controller('api/v1')
export class ExportsApi {
  constructor(
    private readonly counts: CountsExport,
    private readonly persons: PersonsExports,
  ) {}

  /** Breakdown for everybody; cells under five are null. */
  @Public()
  @Get('petitions/:slug/counts.json')
  @Header('access-control-allow-origin', '*')
  @Header('cache-control', 'public, max-age=60')
  @ApiOkResponse({ standardSchema: PublicCounts })
  publicCounts(@Param('slug') slug: string, @Query({ schema: PublicCountsQuery }) { by }: PublicCountsQuery) {
    return this.counts.openToAll(by, slug);
  }

  @Needs('exports:counts')
  @Get('exports/counts.csv')
  @ApiOkResponse({ description: 'CSV with method and time in its last rows', content: { 'text/csv': {} } })
  async countsCsv(@Query({ schema: CountsQuery }) query: CountsQuery, @Actor() actor: Actor) {
    return attachment(countsCsv(await this.counts.take(query, actor)), 'text/csv; charset=utf-8', 'counts.csv');
  }

  @Needs('exports:counts')
  @Get('exports/counts.json')
  @ApiOkResponse({ description: '{method, asOf, rows, total}', content: { 'application/json': {} } })
  async countsJson(@Query({ schema: CountsQuery }) query: CountsQuery, @Actor() actor: Actor) {
    return attachment(countsJson(await this.counts.take(query, actor)), 'application/json', 'counts.json');
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
}
