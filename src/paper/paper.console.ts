import { Body, Controller, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Petitions } from '../petitions/petitions.service.js';
import { type Form, refused, seeOther, submitted } from '../site/form-answers.js';
import { countries, type Locale } from '../site/languages.js';
import { Page, Pages } from '../site/pages.service.js';
import { fieldErrors, LocalePipe, uuid } from '../site/pipes.js';
import type { FieldError } from '../site/problem.js';
import { Actor, Needs } from '../staff/access.js';
import { ConsoleContext } from '../staff/console-context.js';
import { readLines, readSheets } from './paper-form.js';
import { NewPaperBatch, NewPaperCount, PaperCorrection, PaperReturn } from './paper.schema.js';
import { Paper } from './paper.service.js';

interface Filled {
  values?: Form;
  errors?: FieldError[];
  /** Which of the forms of the page was refused. */
  form?: 'enter' | 'return' | 'count' | 'correct';
  differing?: number[];
}

@ApiExcludeController()
@Controller(':locale/console/petitions/:slug/paper')
export class PaperConsole {
  constructor(
    private readonly paper: Paper,
    private readonly petitions: Petitions,
    private readonly pages: Pages,
    private readonly console: ConsoleContext,
  ) {}

  @Needs('console:read')
  @Get()
  @Page()
  list(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('slug') slug: string,
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
  ) {
    return this.render(locale, request, slug, actor);
  }

  @Needs('petitions:write')
  @Post('return-address')
  @HttpCode(200)
  @Page()
  async setReturn(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('slug') slug: string,
    @Body() form: Form = {},
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const errors = await submitted(PaperReturn, form, (data) => this.paper.setReturn(slug, data.address, actor));
    if (errors.length === 0) return seeOther(reply, here(locale, slug));
    reply.status(422);
    return this.render(locale, request, slug, actor, { values: form, errors, form: 'return' });
  }

  @Needs('paper:count')
  @Post()
  @HttpCode(200)
  @Page()
  async enter(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('slug') slug: string,
    @Body() form: Form = {},
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { country, day, folder } = form;
    const parsed = NewPaperBatch.safeParse({ country, day, folder, sheets: readSheets(form.sheets) });
    const errors = parsed.success
      ? await refused(() => this.paper.enter(slug, parsed.data, actor))
      : onField('sheets', fieldErrors(parsed.error.issues));
    if (errors.length === 0) return seeOther(reply, here(locale, slug));
    reply.status(422);
    return this.render(locale, request, slug, actor, { values: form, errors, form: 'enter' });
  }

  @Needs('console:read')
  @Get(':id')
  @Page()
  one(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('slug') slug: string,
    @Param('id', uuid) id: string,
    @Query('differing') differing: unknown,
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
  ) {
    const numbers = typeof differing === 'string' ? differing.split(' ').map(Number).filter(Number.isSafeInteger) : [];
    return this.renderOne(locale, request, slug, id, actor, { differing: numbers });
  }

  @Needs('paper:count')
  @Post(':id/counts')
  @HttpCode(200)
  @Page()
  async count(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('slug') slug: string,
    @Param('id', uuid) id: string,
    @Body() form: Form = {},
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { sheets } = await this.paper.one(slug, id, actor);
    const parsed = NewPaperCount.safeParse({ lines: readLines(form, sheets) });
    if (!parsed.success) {
      reply.status(422);
      const errors = onSheets(sheets, fieldErrors(parsed.error.issues));
      return this.renderOne(locale, request, slug, id, actor, { values: form, errors, form: 'count' });
    }
    const { differing } = await this.paper.count(slug, id, parsed.data.lines, actor);
    const query = differing.length > 0 ? `?differing=${differing.join('+')}` : '';
    return seeOther(reply, `${here(locale, slug)}/${id}${query}`);
  }

  @Needs('paper:count')
  @Post(':id/correction')
  @HttpCode(200)
  @Page()
  async correct(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('slug') slug: string,
    @Param('id', uuid) id: string,
    @Body() form: Form = {},
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { sheets } = await this.paper.one(slug, id, actor);
    const parsed = PaperCorrection.safeParse({ lines: readLines(form, sheets), reason: form.reason });
    if (!parsed.success) {
      reply.status(422);
      const errors = onSheets(sheets, fieldErrors(parsed.error.issues));
      return this.renderOne(locale, request, slug, id, actor, { values: form, errors, form: 'correct' });
    }
    const correction = await this.paper.correct(slug, id, parsed.data, actor);
    return seeOther(reply, `${here(locale, slug)}/${correction}`);
  }

  private async render(
    locale: Locale,
    request: FastifyRequest,
    slug: string,
    actor: Actor,
    { values = {}, errors = [], form }: Filled = {},
  ) {
    const record = await this.paper.record(slug, actor);
    return this.page('paper-list', locale, request, slug, '', {
      paper: record,
      countries: countries(locale),
      form: { values: { address: record.returnAddress, ...values }, errors, of: form },
    });
  }

  private async renderOne(
    locale: Locale,
    request: FastifyRequest,
    slug: string,
    id: string,
    actor: Actor,
    { values = {}, errors = [], form, differing = [] }: Filled = {},
  ) {
    const batch = await this.paper.one(slug, id, actor);
    return this.page('paper-one', locale, request, slug, `/${id}`, {
      batch,
      fields: batch.sheets.map(({ number }) => ({ number, name: `lines-${number}`, value: values[`lines-${number}`] })),
      differing,
      form: { values, errors, of: form },
    });
  }

  private async page(
    template: string,
    locale: Locale,
    request: FastifyRequest,
    slug: string,
    path: string,
    context: object,
  ) {
    const petition = await this.petitions.findForStaff(slug);
    return this.pages.render(template, locale, {
      ...this.console.context(request),
      ...{ nav: 'petitions', path: `/console/petitions/${slug}/paper${path}`, base: here(locale, slug) },
      petition: { slug, title: this.petitions.text(petition, locale).title, state: petition.state },
      ...context,
    });
  }
}

const here = (locale: string, slug: string) => `/${locale}/console/petitions/${slug}/paper`;

/** Errors inside a list, once, beside the field it was typed in. */
const onField = (field: string, errors: FieldError[]): FieldError[] =>
  errors
    .map((error) => (error.field.startsWith(`${field}.`) ? { ...error, field } : error))
    .filter((error, at, all) => all.findIndex((each) => each.field === error.field) === at);

/** `lines.2` is beside the third sheet. */
const onSheets = (sheets: { number: number }[], errors: FieldError[]): FieldError[] =>
  errors.map((error) => {
    const at = /^lines\.(\d+)$/.exec(error.field)?.[1];
    return at === undefined ? error : { ...error, field: `lines-${sheets[Number(at)]!.number}` };
  });
