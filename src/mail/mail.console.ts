import { Body, Controller, Get, Param, Post, Query, Redirect, Req } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { hasMessage, type Locale, translate } from '../site/languages.js';
import { Page, Pages } from '../site/pages.service.js';
import { LocalePipe } from '../site/pipes.js';
import { Actor, Needs } from '../staff/access.js';
import { AuditService } from '../staff/audit.service.js';
import { ConsoleContext } from '../staff/console-context.js';
import { DnsDoctor } from './dns-doctor.service.js';
import { MailDesk } from './mail-desk.service.js';
import { BulkDecision, DeskQuery, deskStates, MailDecision } from './mail.schema.js';

@ApiExcludeController()
@Controller(':locale/console/mail')
export class MailConsole {
  constructor(
    private readonly desk: MailDesk,
    private readonly audit: AuditService,
    private readonly pages: Pages,
    private readonly console: ConsoleContext,
    private readonly doctor: DnsDoctor,
  ) {}

  @Needs('console:read')
  @Get()
  @Page()
  async page(
    @Param('locale', LocalePipe) locale: Locale,
    @Query({ schema: DeskQuery }) query: DeskQuery,
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
  ): Promise<string> {
    const [summary, list] = await Promise.all([this.desk.summary(), this.desk.list(query)]);
    return this.pages.render('mail-desk', locale, {
      ...this.console.context(request),
      ...summary,
      ...list,
      mails: list.mails.map((mail) => ({ ...mail, called: calledIn(locale, mail.kind) })),
      nav: 'mail',
      path: '/console/mail',
      states: deskStates,
      state: query.state,
      manages: actor.rights.includes('mail:manage'),
      done: doneIn(request.query as Record<string, unknown>),
    });
  }

  @Needs('mail:manage')
  @Get('doctor')
  @Page()
  async examine(@Param('locale', LocalePipe) locale: Locale, @Req() request: FastifyRequest): Promise<string> {
    return this.pages.render('mail-doctor', locale, {
      ...this.console.context(request),
      ...{ nav: 'mail', path: '/console/mail/doctor', findings: await this.doctor.examine() },
    });
  }

  @Needs('mail:manage')
  @Post('decisions')
  @Redirect()
  async decide(
    @Param('locale', LocalePipe) locale: Locale,
    @Body({ schema: MailDecision }) form: MailDecision,
    @Actor() actor: Actor,
  ) {
    await this.desk.decide(form, (tx, entry) => this.audit.record(tx, { actor, ...entry }));
    const state = form.decision === 'release' ? 'held' : 'in_doubt';
    return { url: `/${locale}/console/mail?state=${state}`, statusCode: 303 };
  }

  @Needs('mail:manage')
  @Post('bulk-decisions')
  @Redirect()
  async decideMany(
    @Param('locale', LocalePipe) locale: Locale,
    @Body({ schema: BulkDecision }) form: BulkDecision,
    @Actor() actor: Actor,
  ) {
    const { decided, skipped } = await this.desk.decideMany(form, (tx, entry) =>
      this.audit.record(tx, { actor, ...entry }),
    );
    const state = form.decision === 'release' ? 'held' : 'in_doubt';
    return { url: `/${locale}/console/mail?state=${state}&decided=${decided}&skipped=${skipped}`, statusCode: 303 };
  }

  @Needs('mail:manage')
  @Post('releases')
  @Redirect()
  async release(@Param('locale', LocalePipe) locale: Locale, @Actor() actor: Actor) {
    await this.desk.releaseAll((tx, entry) => this.audit.record(tx, { actor, ...entry }));
    return { url: `/${locale}/console/mail?state=held`, statusCode: 303 };
  }
}

/** What a decision about several came to, as its redirect says. */
function doneIn({ decided, skipped }: Record<string, unknown>) {
  const [n, rest] = [Number(decided ?? NaN), Number(skipped ?? NaN)];
  return Number.isSafeInteger(n) && Number.isSafeInteger(rest) ? { decided: n, skipped: rest } : null;
}

/** A kind that a later version brought, or an older one had, has no words here: its name has to do. */
function calledIn(locale: Locale, kind: string): string {
  const key = `maildesk.kind.${kind}`;
  return hasMessage(key) ? translate(locale, key) : kind;
}
