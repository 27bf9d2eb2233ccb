import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Locale } from '../site/languages.js';
import { Page, Pages } from '../site/pages.service.js';
import { LocalePipe } from '../site/pipes.js';
import { Needs } from '../staff/access.js';
import { ConsoleContext } from '../staff/console-context.js';
import { ConsoleEvents } from '../staff/console-events.js';
import { Id } from './letter-params.js';
import { LetterProgress } from './letter-progress.service.js';

/** The live numbers of a letter campaign: events for its page, and a page that loads itself again for who has no script. */
@ApiExcludeController()
@Needs('console:read')
@Controller(':locale/console/progress/letters/:id')
export class LetterProgressConsole {
  constructor(
    private readonly progress: LetterProgress,
    private readonly events: ConsoleEvents,
    private readonly pages: Pages,
    private readonly console: ConsoleContext,
  ) {}

  @Get()
  @Page()
  async page(
    @Param('locale', LocalePipe) locale: Locale,
    @Id('id') id: string,
    @Req() request: FastifyRequest,
    @Query('still') still?: string,
  ) {
    return this.pages.render('letters-progress', locale, {
      ...this.console.context(request),
      ...{ nav: 'letters', path: `/console/progress/letters/${id}`, still: still !== undefined },
      ...(await this.progress.figures(locale, id)),
    });
  }

  @Get('events')
  async stream(
    @Param('locale', LocalePipe) locale: Locale,
    @Id('id') id: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.progress.figures(locale, id);
    const { csrf } = this.console.context(request);
    // Adding up all letters of a campaign costs more than reading one row.
    return this.events.stream(
      request,
      reply,
      'console:read',
      (rights) => this.progress.shown(locale, id, { rights, csrf }),
      3,
    );
  }
}
