import { Controller, Get, Param, Query, Req } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { Locale } from '../site/languages.js';
import { Page, Pages } from '../site/pages.service.js';
import { LocalePipe } from '../site/pipes.js';
import { Needs } from './access.js';
import { AuditService } from './audit.service.js';
import { ConsoleContext } from './console-context.js';
import { AuditPageQuery } from './staff.schema.js';

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
    @Query({ schema: AuditPageQuery }) { action, before, check }: AuditPageQuery,
    @Req() request: FastifyRequest,
  ) {
    const [found, actions, chain] = await Promise.all([
      this.audit.list({ action: action || undefined, before }, most + 1),
      this.audit.actions(),
      check ? this.audit.check() : null,
    ]);
    const entries = found.slice(0, most).map(({ id, at, actorName, actorKind, action: what, subject, detail }) => ({
      ...{ id, actorName, actorKind, action: what, subject },
      at: at.toISOString(),
      detail: Object.keys(detail).length > 0 ? JSON.stringify(detail) : '',
    }));
    const more =
      found.length > most ? new URLSearchParams({ ...(action && { action }), before: entries.at(-1)!.id }) : null;
    return this.pages.render('audit', locale, {
      ...this.console.context(request),
      ...{ nav: 'audit', path: '/console/audit', entries, actions, action: action ?? '', chain },
      next: more && `?${more}`,
    });
  }
}
