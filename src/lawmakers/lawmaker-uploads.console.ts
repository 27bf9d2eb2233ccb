import { Body, Controller, Get, Param, Post, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { errorInWords } from '../site/error-words.js';
import { countries, type Locale, translate } from '../site/languages.js';
import { Page, Pages } from '../site/pages.service.js';
import { fieldErrors, LocalePipe, uuid } from '../site/pipes.js';
import { type FieldError, Problem, problems } from '../site/problem.js';
import { readUpload } from '../site/upload.js';
import { Actor, Needs } from '../staff/access.js';
import { ConsoleContext } from '../staff/console-context.js';
import { unreadableMessage } from './import-notes.js';
import { ImportPreviewsService } from './import-previews.service.js';
import { type ColumnMap, mapFields } from './importers/column-map.js';
import { UnreadableFile } from './importers/import-record.js';
import { importFormats } from './importers/import-sources.js';
import { sourceLimits } from './importers/source-file.js';
import { ImportRequest } from './lawmakers.schema.js';
import { LegislaturesService } from './legislatures.service.js';

type Form = Record<string, unknown>;

/** The first two steps of an import: choose a file, and say what the columns of a CSV file are. */
@ApiExcludeController()
@Needs('lawmakers:write')
@Controller(':locale/console/lawmakers/imports')
export class LawmakerUploadsConsole {
  constructor(
    private readonly previews: ImportPreviewsService,
    private readonly legislatures: LegislaturesService,
    private readonly pages: Pages,
    private readonly console: ConsoleContext,
  ) {}

  @Get('new')
  @Page()
  newImport(@Param('locale', LocalePipe) locale: Locale, @Req() request: FastifyRequest) {
    return this.renderNew(locale, request, {}, []);
  }

  @Post()
  @Page()
  async begin(
    @Param('locale', LocalePipe) locale: Locale,
    @Req() request: FastifyRequest,
    @Actor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    let fields: Form = {};
    try {
      const upload = await readUpload(request, sourceLimits.bytes);
      fields = upload.fields;
      const asked = ImportRequest.safeParse(fields);
      if (!asked.success) throw problems.invalid(fieldErrors(asked.error.issues));
      const { id, waits, workId } = await this.previews.begin(upload.sources, asked.data, actor);
      return seeOther(reply, next(locale, workId, `lawmakers/imports/${id}${waits ? '/columns' : ''}`));
    } catch (error) {
      const errors = sentences(locale, error);
      reply.status(422);
      return this.renderNew(locale, request, fields, errors);
    }
  }

  @Get(':id/columns')
  @Page()
  async columns(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('id', uuid) id: string,
    @Req() request: FastifyRequest,
  ) {
    return this.renderColumns(locale, id, request, null, []);
  }

  @Post(':id/columns')
  @Page()
  async mapColumns(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('id', uuid) id: string,
    @Body() form: Form = {},
    @Req() request: FastifyRequest,
    @Actor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const columns: ColumnMap = {};
    for (const field of mapFields) {
      const header = form[`map-${field}`];
      if (typeof header === 'string' && header) columns[field] = header;
    }
    try {
      const { workId } = await this.previews.mapColumns(id, columns, actor);
      return seeOther(reply, next(locale, workId, `lawmakers/imports/${id}`));
    } catch (error) {
      const errors = sentences(locale, error);
      reply.status(422);
      return this.renderColumns(locale, id, request, columns, errors);
    }
  }

  private async renderNew(locale: Locale, request: FastifyRequest, values: Form, errors: Sentence[]) {
    return this.render('lawmakers-import-new', locale, request, '/imports/new', {
      values,
      errors,
      formats: importFormats,
      countries: countries(locale),
      legislatures: await this.legislatures.list(),
    });
  }

  private async renderColumns(
    locale: Locale,
    id: string,
    request: FastifyRequest,
    chosen: ColumnMap | null,
    errors: Sentence[],
  ) {
    const { import: found, headers, sample, columns } = await this.previews.columns(id);
    return this.render('lawmakers-import-columns', locale, request, `/imports/${id}/columns`, {
      import: found,
      headers,
      sample: headers.map((header, i) => ({ header, cells: sample.map((row) => row[i]).filter(Boolean) })),
      errors,
      fields: mapFields.map((field) => ({ field, header: (chosen ?? columns)[field] ?? null })),
      headerOptions: headers.filter(Boolean).map((value) => ({ value, label: value })),
    });
  }

  private render(
    page: string,
    locale: Locale,
    request: FastifyRequest,
    path: string,
    context: Record<string, unknown>,
  ) {
    return this.pages.render(page, locale, {
      ...this.console.context(request),
      nav: 'lawmakers',
      path: `/console/lawmakers${path}`,
      ...context,
    });
  }
}

/** To the page of the work, if there is one. */
const next = (locale: Locale, workId: string | null, otherwise: string): string =>
  `/${locale}/console/${workId ? `progress/${workId}` : otherwise}`;

type Sentence = Pick<FieldError, 'field' | 'message'>;

/** What is wrong with an upload, in the reader's language. @throws what is no refusal of the form's content */
function sentences(locale: Locale, error: unknown): Sentence[] {
  if (!(error instanceof Problem) || !['invalid', 'too-large', 'bad-request'].includes(error.code)) throw error;
  if (error.cause instanceof UnreadableFile)
    return [{ field: 'file', message: unreadableMessage(locale, error.cause) }];
  if (error.code === 'too-large')
    return [{ field: 'file', message: translate(locale, 'lawmakers.unreadable.too-large') }];
  if (error.code === 'bad-request')
    return [{ field: 'file', message: translate(locale, 'lawmakers.unreadable.no-file') }];
  return (error.details.errors ?? []).map((each) => ({ field: each.field, message: errorInWords(locale, each) }));
}

function seeOther(reply: FastifyReply, url: string): void {
  reply.status(303).header('location', url);
}
