import { Body, Controller, Get, HttpCode, Param, Post, Query, Redirect, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Locale } from '../site/languages.js';
import { Page, Pages } from '../site/pages.service.js';
import { fieldErrors, LocalePipe } from '../site/pipes.js';
import { type FieldError, Problem } from '../site/problem.js';
import { Actor, Needs } from '../staff/access.js';
import { AuditService } from '../staff/audit.service.js';
import { ConsoleContext } from '../staff/console-context.js';
import { limitScopes } from './ledger.js';
import { LimitKey, LimitOrder } from './mail-limits.schema.js';
import { MailLimits } from './mail-limits.service.js';

type Form = Record<string, unknown>;

@ApiExcludeController()
@Controller(':locale/console/mail/limits')
export class MailLimitsConsole {
  constructor(
    private readonly limits: MailLimits,
    private readonly audit: AuditService,
    private readonly pages: Pages,
    private readonly console: ConsoleContext,
  ) {}

  /** With `scope` and `key` of a limit, the form holds it, ready to be changed. */
  @Needs('mail:manage')
  @Get()
  @Page()
  page(@Param('locale', LocalePipe) locale: Locale, @Query() query: Form, @Req() request: FastifyRequest) {
    return this.render(locale, request, { chosen: query });
  }

  @Needs('mail:manage')
  @Post()
  @HttpCode(200)
  @Page()
  async set(
    @Param('locale', LocalePipe) locale: Locale,
    @Body() form: Form = {},
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const refuse = (errors: FieldError[]) => {
      reply.status(422);
      return this.render(locale, request, { values: form, errors });
    };
    const order = LimitOrder.safeParse(form);
    if (!order.success) return refuse(fieldErrors(order.error.issues));
    try {
      await this.limits.set(order.data, (tx, entry) => this.audit.record(tx, { actor, ...entry }));
    } catch (error) {
      if (!(error instanceof Problem) || !error.details.errors) throw error;
      return refuse(error.details.errors);
    }
    reply.status(303).header('location', `/${locale}/console/mail/limits`);
    return '';
  }

  @Needs('mail:manage')
  @Post('removals')
  @Redirect()
  async remove(
    @Param('locale', LocalePipe) locale: Locale,
    @Body({ schema: LimitKey }) limit: LimitKey,
    @Actor() actor: Actor,
  ) {
    await this.limits.remove(limit, (tx, entry) => this.audit.record(tx, { actor, ...entry }));
    return { url: `/${locale}/console/mail/limits`, statusCode: 303 };
  }

  private async render(
    locale: Locale,
    request: FastifyRequest,
    { chosen = {}, values, errors = [] }: { chosen?: Form; values?: Form; errors?: FieldError[] },
  ) {
    const limits = await this.limits.list();
    const found = limits.find(({ scope, key }) => scope === chosen.scope && key === (chosen.key ?? ''));
    return this.pages.render('mail-limits', locale, {
      ...this.console.context(request),
      ...{ nav: 'mail', path: '/console/mail/limits', limits, scopes: limitScopes },
      form: { values: values ?? found ?? {}, errors },
    });
  }
}
