import { Body, Controller, Get, Header, HttpCode, Param, Post, Query, Req, Res, StreamableFile } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Petitions } from '../petitions/petitions.service.js';
import { languageName, type Locale, locales } from '../site/languages.js';
import { Page, Pages } from '../site/pages.service.js';
import { fieldErrors, LocalePipe, uuid } from '../site/pipes.js';
import type { FieldError } from '../site/problem.js';
import { Actor, Needs } from '../staff/access.js';
import { ConsoleContext } from '../staff/console-context.js';
import { Reauthenticated } from '../staff/reauthenticated.js';
import type { StaffRequest } from '../staff/staff-request.js';
import { attachment, countsAttachment } from './attachment.js';
import { CountsExport } from './counts-export.service.js';
import { ExportHistory } from './export-history.service.js';
import {
  breakdowns,
  CountsForm,
  ExportsQuery,
  HandIn,
  PaperForm,
  personPurposes,
  PersonsExport,
} from './exports.schema.js';
import { HandIns } from './hand-in.service.js';
import { PaperExport } from './paper-export.service.js';
import { PersonsExports } from './persons-export.service.js';

@ApiExcludeController()
@Controller(':locale/console/exports')
export class ExportsConsole {
  constructor(
    private readonly counts: CountsExport,
    private readonly paper: PaperExport,
    private readonly persons: PersonsExports,
    private readonly handIns: HandIns,
    private readonly history: ExportHistory,
    private readonly petitions: Petitions,
    private readonly pages: Pages,
    private readonly console: ConsoleContext,
  ) {}

  @Needs('exports:counts')
  @Get()
  @Page()
  page(
    @Param('locale', LocalePipe) locale: Locale,
    @Req() request: FastifyRequest,
    @Query({ schema: ExportsQuery }) { before }: ExportsQuery,
  ) {
    return this.render(locale, request, {}, [], before);
  }

  @Needs('exports:counts')
  @Reauthenticated()
  @Post('counts')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  async countsFile(@Body({ schema: CountsForm }) { format, ...query }: CountsForm, @Actor() actor: Actor) {
    return countsAttachment(await this.counts.take(query, format, actor), format);
  }

  @Needs('exports:counts')
  @Reauthenticated()
  @Post('paper')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  async paperFile(@Body({ schema: PaperForm }) { format, ...query }: PaperForm, @Actor() actor: Actor) {
    return countsAttachment(await this.paper.take(query, format, actor), format, 'paper');
  }

  @Needs('exports:counts')
  @Reauthenticated()
  @Post('hand-in')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  async handIn(
    @Param('locale', LocalePipe) locale: Locale,
    @Body() form: Record<string, unknown>,
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StreamableFile | string> {
    const parsed = HandIn.safeParse({ petition: form.petition, locale: form.language });
    if (!parsed.success) {
      reply.status(422).type('text/html; charset=utf-8');
      const errors = fieldErrors(parsed.error.issues).map((error) =>
        error.field === 'locale' ? { ...error, field: 'language' } : error,
      );
      return this.render(locale, request, form, errors);
    }
    const name = `hand-in-${parsed.data.petition}.zip`;
    return attachment(await this.handIns.open(parsed.data, actor), 'application/zip', name);
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

  private async render(
    locale: Locale,
    request: FastifyRequest,
    values: Record<string, unknown>,
    errors: FieldError[],
    before?: string,
  ) {
    const { exports: past, next } = await this.history.list((request as StaffRequest).actor.rights, before);
    const petitions = (await this.petitions.list()).map((petition) => ({
      slug: petition.slug,
      title: this.petitions.text(petition, locale).title,
    }));
    return this.pages.render('exports', locale, {
      ...this.console.context(request),
      ...{ nav: 'exports', path: '/console/exports', petitions, breakdowns, purposes: personPurposes },
      languages: locales.map((code) => ({ code, name: languageName(code) })),
      past,
      next: next && `/${locale}/console/exports?before=${next}`,
      form: { values: { language: locale, ...values }, errors },
    });
  }
}
