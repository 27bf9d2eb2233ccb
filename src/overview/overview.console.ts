import { Controller, Get, Param, Req } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Counts } from '../countlog/counts.service.js';
import { Logs } from '../countlog/logs.service.js';
import { MailDesk } from '../mail/mail-desk.service.js';
import { Flags } from '../moderation/flags.service.js';
import { Petitions } from '../petitions/petitions.service.js';
import type { Locale } from '../site/languages.js';
import { Page, Pages } from '../site/pages.service.js';
import { LocalePipe } from '../site/pipes.js';
import { Needs } from '../staff/access.js';
import { ConsoleContext } from '../staff/console-context.js';
import { Switches } from '../switches/switches.service.js';

/** The first page of the console: the counts, and what waits for a person. */
@ApiExcludeController()
@Controller(':locale/console')
export class OverviewConsole {
  constructor(
    private readonly petitions: Petitions,
    private readonly counts: Counts,
    private readonly mail: MailDesk,
    private readonly switches: Switches,
    private readonly flags: Flags,
    private readonly logs: Logs,
    private readonly pages: Pages,
    private readonly console: ConsoleContext,
  ) {}

  @Needs('console:read')
  @Get()
  @Page()
  async overview(@Param('locale', LocalePipe) locale: Locale, @Req() request: FastifyRequest) {
    const [petitions, total, mail, switches, flags, logs] = await Promise.all([
      this.petitions.all(),
      this.counts.total(),
      this.mail.summary(),
      this.switches.list(),
      this.flags.waiting(),
      this.logs.inTrouble(),
    ]);
    return this.pages.render('overview', locale, {
      ...this.console.context(request),
      ...{ nav: 'overview', path: '/console', total, mail, switchesOff: switches.length, flags, logs },
      petitions: await Promise.all(
        petitions.map(async (petition) => ({
          slug: petition.slug,
          state: petition.state,
          title: this.petitions.text(petition, locale).title,
          ...(await this.petitions.count(petition)),
        })),
      ),
    });
  }
}
