import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { stringify } from 'yaml';
import type { z } from 'zod';
import { hasMessage, type Locale, translate } from '../site/languages.js';
import { Page, Pages } from '../site/pages.service.js';
import { fieldErrors, LocalePipe } from '../site/pipes.js';
import { Actor, Needs } from './access.js';
import { auditFile } from './audit-csv.js';
import { AuditService } from './audit.service.js';
import { ConsoleContext } from './console-context.js';
import { AuditFilter, AuditPageQuery } from './staff.schema.js';

const most = 50;

@ApiExcludeController()
@Needs('audit:read')
@Controller(':locale/console/audit')
export class AuditConsole {
  constructor(
    private readonly audit: AuditService,
    private readonly pages: Pages,
    private readonly console: ConsoleContext,
  ) {}

  @Get()
  @Page()
  async list(
    @Param('locale', LocalePipe) locale: Locale,
    @Query() query: Record<string, unknown>,
    @Query({ schema: AuditPageQuery }) { before, check }: z.infer<typeof AuditPageQuery>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const asked = AuditFilter.safeParse(query);
    if (!asked.success) reply.status(422);
    const filter = asked.data ?? {};
    const [found, actions, chain] = await Promise.all([
      asked.success ? this.audit.list({ ...filter, before }, most + 1) : [],
      this.audit.actions(),
      check ? this.audit.check() : null,
    ]);
    const entries = found.slice(0, most).map(({ id, at, actorName, actorKind, action, subject, detail }) => ({
      ...{ id, actorName, actorKind, subject, words: actionInWords(locale, action) },
      at: at.toISOString(),
      detail: Object.keys(detail).length > 0 ? stringify(detail).trim() : '',
    }));
    const address = (more: Record<string, string>) =>
      new URLSearchParams({ ...(JSON.parse(JSON.stringify(filter)) as Record<string, string>), ...more }).toString();
    return this.pages.render('audit', locale, {
      ...this.console.context(request),
      ...{ nav: 'audit', path: '/console/audit', entries, chain },
      actions: actions
        .map((action) => ({ action, words: actionInWords(locale, action) }))
        .sort((a, b) => a.words.localeCompare(b.words, locale)),
      form: { values: asked.data ?? query, errors: asked.success ? [] : fieldErrors(asked.error.issues) },
      filtered: Object.values(filter).some(Boolean),
      file: `/${locale}/console/audit/entries.csv?${address({})}`,
      next: found.length > most ? `?${address({ before: entries.at(-1)!.id })}` : null,
    });
  }

  @Get('entries.csv')
  async csv(@Query({ schema: AuditFilter }) filter: AuditFilter, @Actor() actor: Actor) {
    return auditFile(await this.audit.take(filter, actor));
  }
}

/** An entry of an earlier version may be of an action that is not known any more. */
const actionInWords = (locale: Locale, action: string): string =>
  hasMessage(`audit.action.${action}`) ? translate(locale, `audit.action.${action}`) : action;
