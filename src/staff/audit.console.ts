import { Controller, Get, Param, Query, Req } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { Locale } from '../site/languages.js';
import { Page, Pages } from '../site/pages.service.js';
import { LocalePipe } from '../site/pipes.js';
import { Needs } from './access.js';
import { AuditService } from './audit.service.js';
import { ConsoleContext } from './console-context.js';
import { AuditQuery } from './staff.schema.js';

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
    @Query({ schema: AuditQuery }) { action, before }: AuditQuery,
    @Req() request: FastifyRequest,
  ) {
    const [found, actions, broken] = await Promise.all([
      this.audit.list({ action: action || undefined, before }, most + 1),
      this.audit.actions(),
      this.audit.firstBroken(),
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
      ...{ nav: 'audit', path: '/console/audit', entries, actions, action: action ?? '', broken },
      next: more && `?${more}`,
    });
  }
}
