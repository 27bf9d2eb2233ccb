import { Body, Controller, Get, Param, Post, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Locale } from '../site/languages.js';
import { Page, Pages } from '../site/pages.service.js';
import { fieldErrors, LocalePipe, uuid } from '../site/pipes.js';
import { problems } from '../site/problem.js';
import { Actor, Needs } from '../staff/access.js';
import { ConsoleContext } from '../staff/console-context.js';
import { Duplicates } from './duplicates.service.js';
import { NewPersonDecision } from './lawmakers.schema.js';
import { chamberName } from './lawmakers.words.js';
import { PersonDecisions } from './person-decisions.service.js';

/** Records that may be one person, for somebody to decide. */
@ApiExcludeController()
@Controller(':locale/console/lawmakers/duplicates')
export class DuplicatesConsole {
  constructor(
    private readonly duplicates: Duplicates,
    private readonly decisions: PersonDecisions,
    private readonly pages: Pages,
    private readonly console: ConsoleContext,
  ) {}

  @Get()
  @Needs('console:read')
  @Page()
  async list(@Param('locale', LocalePipe) locale: Locale, @Req() request: FastifyRequest) {
    const { pairs, more } = await this.duplicates.list();
    return this.pages.render('lawmakers-duplicates', locale, {
      ...this.console.context(request),
      nav: 'lawmakers',
      path: '/console/lawmakers/duplicates',
      pairs: pairs.map(({ first, second, reasons }) => ({
        reasons,
        records: [first, second].map((one) => ({ ...one, chamber: chamberName(locale, one.chamber) })),
      })),
      more,
      decisions: await this.decisions.list(),
    });
  }

  @Post('decisions')
  @Needs('lawmakers:write')
  async decide(
    @Param('locale', LocalePipe) locale: Locale,
    @Body() form: Record<string, unknown> = {},
    @Actor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { first, second, keep } = form;
    const decision = keep ? 'same' : 'different';
    const parsed = NewPersonDecision.safeParse({ first, second, decision, keep: keep || undefined });
    if (!parsed.success) throw problems.invalid(fieldErrors(parsed.error.issues));
    await this.decisions.decide(parsed.data, actor);
    return seeOther(reply, locale);
  }

  @Post('decisions/:id/undoing')
  @Needs('lawmakers:write')
  async undo(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('id', uuid) id: string,
    @Actor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.decisions.undo(id, actor);
    return seeOther(reply, locale);
  }
}

function seeOther(reply: FastifyReply, locale: Locale): void {
  reply.status(303).header('location', `/${locale}/console/lawmakers/duplicates`);
}
