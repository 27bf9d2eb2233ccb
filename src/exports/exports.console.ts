import { Body, Controller, Get, Header, HttpCode, Param, Post, Query, Req, Res, StreamableFile } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Petitions } from '../petitions/petitions.service.js';
import type { Locale } from '../site/languages.js';
import { Page, Pages } from '../site/pages.service.js';
import { fieldErrors, LocalePipe, uuid } from '../site/pipes.js';
import type { FieldError } from '../site/problem.js';
import { Actor, Needs } from '../staff/access.js';
import { ConsoleContext } from '../staff/console-context.js';
import { Reauthenticated } from '../staff/reauthenticated.js';
import { attachment } from './attachment.js';
import { countsCsv, countsJson } from './count-files.js';
import { CountsExport } from './counts-export.service.js';
import { breakdowns, CountsQuery, personPurposes, PersonsExport } from './exports.schema.js';
import { PersonsExports } from './persons-export.service.js';

@ApiExcludeController()
@Controller(':locale/console/exports')
export class ExportsConsole {
  constructor(
    private readonly counts: CountsExport,
    private readonly persons: PersonsExports,
    private readonly petitions: Petitions,
    private readonly pages: Pages,
    private readonly console: ConsoleContext,
  ) {}

  @Needs('exports:counts')
  @Get()
  @Page()
  page(@Param('locale', LocalePipe) locale: Locale, @Req() request: FastifyRequest) {
    return this.render(locale, request, {}, []);
  }

  @Needs('exports:counts')
  @Get('counts.csv')
  async countsCsv(@Query({ schema: CountsQuery }) query: CountsQuery, @Actor() actor: Actor) {
    return attachment(countsCsv(await this.counts.take(query, actor)), 'text/csv; charset=utf-8', 'counts.csv');
  }

  @Needs('exports:counts')
  @Get('counts.json')
  async countsJson(@Query({ schema: CountsQuery }) query: CountsQuery, @Actor() actor: Actor) {
    return attachment(countsJson(await this.counts.take(query, actor)), 'application/json', 'counts.json');
  }

  @Needs('exports:persons')
  @Reauthenticated()
  @Post('persons')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  async personsFile(
    @Param('locale', LocalePipe) locale: Locale,
    @Body() form: Record<string, unknown>,
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StreamableFile | string> {
    const parsed = PersonsExport.safeParse(form);
    if (!parsed.success) {
      reply.status(422).type('text/html; charset=utf-8');
      return this.render(locale, request, form, fieldErrors(parsed.error.issues));
    }
    return attachment(await this.persons.open(parsed.data, actor), 'application/octet-stream', 'persons.csv.age');
  }

  @Needs('exports:organisation')
  @Reauthenticated()
  @Post('organisations/:slug/:id')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  async organisationFile(
    @Param('slug') slug: string,
    @Param('id', uuid) id: string,
    @Actor() actor: Actor,
  ): Promise<StreamableFile> {
    const file = await this.persons.ofOrganisation(slug, id, actor);
    return attachment(file, 'application/octet-stream', 'persons.csv.age');
  }

  private async render(locale: Locale, request: FastifyRequest, values: Record<string, unknown>, errors: FieldError[]) {
    const petitions = (await this.petitions.list()).map((petition) => ({
      slug: petition.slug,
      title: this.petitions.text(petition, locale).title,
    }));
    return this.pages.render('exports', locale, {
      ...this.console.context(request),
      ...{ nav: 'exports', path: '/console/exports', petitions, breakdowns, purposes: personPurposes },
      form: { values, errors },
    });
  }
}
