import { Controller, Get, Header, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { stringify } from 'csv-stringify/sync';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LongWorks } from '../progress/long-works.service.js';
import { workInWords } from '../progress/work-words.js';
import { plainCell } from '../site/csv.js';
import { languageNameIn, type Locale, translate } from '../site/languages.js';
import { Page, Pages } from '../site/pages.service.js';
import { LocalePipe, uuid } from '../site/pipes.js';
import { Actor, Needs } from '../staff/access.js';
import { ConsoleContext } from '../staff/console-context.js';
import { noteMessage, placeName } from './import-notes.js';
import { ImportUndo } from './import-undo.service.js';
import { ImportsService } from './imports.service.js';
import { ImportRowFilter, ImportsQuery } from './lawmakers.schema.js';
import { chamberName } from './lawmakers.words.js';

const shownNotes = 100;
const pageOfRows = 50;

/** The last steps of an import: look at the difference, then apply or discard it. */
@ApiExcludeController()
@Controller(':locale/console/lawmakers/imports')
export class LawmakerImportsConsole {
  constructor(
    private readonly imports: ImportsService,
    private readonly undos: ImportUndo,
    private readonly works: LongWorks,
    private readonly pages: Pages,
    private readonly console: ConsoleContext,
  ) {}

  @Get()
  @Needs('console:read')
  @Page()
  async list(
    @Param('locale', LocalePipe) locale: Locale,
    @Query({ schema: ImportsQuery }) { before }: ImportsQuery,
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
  ) {
    const [imports, failures, works] = await Promise.all([
      this.imports.list(before, pageOfRows + 1),
      this.imports.failures(actor.rights),
      this.works.list('import-preview', actor.rights, { most: 10 }),
    ]);
    const going = works.filter(({ state }) => state === 'running').map((work) => workInWords(locale, work));
    const failed = failures.map((work) => ({ ...workInWords(locale, work), file: work.detail.file }));
    const page = imports.slice(0, pageOfRows);
    const next = imports.length > page.length ? `/${locale}/console/lawmakers/imports?before=${page.at(-1)!.id}` : null;
    return this.render('lawmakers-imports', locale, request, '/imports', { imports: page, next, going, failed });
  }

  @Get(':id')
  @Needs('console:read')
  @Page()
  async one(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('id', uuid) id: string,
    @Query({ schema: ImportRowFilter }) { change, after }: ImportRowFilter,
    @Req() request: FastifyRequest,
  ) {
    const found = await this.imports.find(id);
    const rows = await this.imports.rows(id, change ?? null, after, pageOfRows + 1);
    const notes = await this.imports.report(id);
    const query = new URLSearchParams({ ...(change && { change }), after: String(rows[pageOfRows - 1]?.position) });
    return this.render('lawmakers-import', locale, request, `/imports/${id}`, {
      import: found,
      change: change ?? null,
      changes: ['new', 'changed', 'gone'],
      rows: rows.slice(0, pageOfRows).map((row) => ({
        ...row,
        chamber: chamberName(locale, row.chamber),
        fields: row.fields?.map(({ field, before, after }) => ({
          ...{ field, before: linesOf(locale, field, before), after: linesOf(locale, field, after) },
        })),
      })),
      next: rows.length > pageOfRows ? `/${locale}/console/lawmakers/imports/${id}?${query.toString()}` : null,
      notes: notes.slice(0, shownNotes).map((note) => ({
        ...note,
        message: noteMessage(locale, note),
        place: placeName(locale, note),
      })),
      manyGone: notes.some(({ code }) => code === 'many-gone'),
      moreNotes: Math.max(notes.length - shownNotes, 0),
    });
  }

  @Get(':id/report.csv')
  @Needs('console:read')
  @Header('content-type', 'text/csv; charset=utf-8')
  @Header('content-disposition', 'attachment; filename="import-report.csv"')
  async report(@Param('locale', LocalePipe) locale: Locale, @Param('id', uuid) id: string) {
    const notes = await this.imports.report(id);
    const rows = notes.map((note) => [
      plainCell(note.file),
      note.line,
      translate(locale, `lawmakers.severity.${note.severity}`),
      noteMessage(locale, note),
      plainCell(note.detail),
    ]);
    return stringify([['file', 'line', 'severity', 'reason', 'detail'], ...rows], { bom: true });
  }

  @Post(':id/application')
  @Needs('lawmakers:write')
  async apply(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('id', uuid) id: string,
    @Actor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const workId = await this.imports.beginToApply(id, actor);
    if (workId) return seeOther(reply, `/${locale}/console/progress/${workId}`);
    const { legislature } = await this.imports.find(id);
    return seeOther(reply, `/${locale}/console/lawmakers?legislature=${legislature.slug}`);
  }

  @Post(':id/discarding')
  @Needs('lawmakers:write')
  async discard(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('id', uuid) id: string,
    @Actor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.imports.discard(id, actor);
    return seeOther(reply, `/${locale}/console/lawmakers/imports`);
  }

  @Post(':id/undoing')
  @Needs('lawmakers:write')
  async undo(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('id', uuid) id: string,
    @Actor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const preview = await this.undos.prepare(id, actor);
    return seeOther(reply, `/${locale}/console/lawmakers/imports/${preview.id}`);
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

/** A changed value by its lines; a way to reach somebody as its channel and what follows. */
function linesOf(locale: Locale, field: string, value: string | null) {
  return (value?.split('\n') ?? []).map((line) => {
    const [, channel, rest] = (field === 'contacts' && /^(email|form|phone|post): (.*)$/.exec(line)) || [];
    return channel ? { channel, text: rest } : { text: field === 'locale' ? languageNameIn(locale, line) : line };
  });
}

function seeOther(reply: FastifyReply, url: string): void {
  reply.status(303).header('location', url);
}
