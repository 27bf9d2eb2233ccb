import { Controller, Get, Param, ParseUUIDPipe, Post, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { seeOther } from '../site/form-answers.js';
import type { Locale } from '../site/languages.js';
import { Page, Pages } from '../site/pages.service.js';
import { LocalePipe } from '../site/pipes.js';
import { problems } from '../site/problem.js';
import { Actor, Needs, type Right } from '../staff/access.js';
import { ConsoleContext } from '../staff/console-context.js';
import { ConsoleEvents } from '../staff/console-events.js';
import { LongWorks } from './long-works.service.js';
import { workInWords } from './work-words.js';

const id = new ParseUUIDPipe({ exceptionFactory: () => problems.notFound() });

/** How far a long work is: a page that loads itself again, and events where there is a script. */
@ApiExcludeController()
@Needs('console:read')
@Controller(':locale/console/progress')
export class ProgressConsole {
  constructor(
    private readonly works: LongWorks,
    private readonly events: ConsoleEvents,
    private readonly pages: Pages,
    private readonly console: ConsoleContext,
  ) {}

  @Get(':id')
  @Page()
  async page(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('id', id) workId: string,
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Query('still') still?: string,
  ) {
    return this.pages.render('progress', locale, {
      ...this.console.context(request),
      ...{ path: `/console/progress/${workId}`, still: still !== undefined },
      work: workInWords(locale, await this.works.find(workId, actor.rights)),
    });
  }

  @Post(':id/seen')
  async see(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('id', id) workId: string,
    @Actor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.works.see(workId, actor);
    return seeOther(reply, workInWords(locale, await this.works.find(workId, actor.rights)).back.href);
  }

  @Get(':id/events')
  async stream(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('id', id) workId: string,
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const look = async (rights: readonly Right[]) => {
      const work = workInWords(locale, await this.works.find(workId, rights));
      return {
        parts: { work: await this.pages.render('progress-work', locale, { work }) },
        ...{ say: work.say, ended: work.ended },
      };
    };
    // What she may not see is no stream at all.
    await look(actor.rights);
    return this.events.stream(request, reply, 'console:read', look);
  }
}
