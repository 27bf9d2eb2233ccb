import { Controller, Get, Param, Req } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Counts } from '../countlog/counts.service.js';
import { MailDesk } from '../mail/mail-desk.service.js';
import { Petitions } from '../petitions/petitions.service.js';
import type { Locale } from '../site/languages.js';
import { Page, Pages } from '../site/pages.service.js';
import { LocalePipe } from '../site/pipes.js';
import { Actor, Needs as NeedsRight } from '../staff/access.js';
import { ConsoleContext } from '../staff/console-context.js';
import { Needs } from './needs.service.js';

const onTheWay = ['queued', 'deferred', 'claimed', 'handing_over'];

/** The first page of the console: the counts, and what waits for a person. */
@ApiExcludeController()
@Controller(':locale/console')
export class OverviewConsole {
  constructor(
    private readonly petitions: Petitions,
    private readonly counts: Counts,
    private readonly mail: MailDesk,
    private readonly needs: Needs,
    private readonly pages: Pages,
    private readonly console: ConsoleContext,
  ) {}

  @NeedsRight('console:read')
  @Get()
  @Page()
  async overview(@Param('locale', LocalePipe) locale: Locale, @Actor() actor: Actor, @Req() request: FastifyRequest) {
    const [petitions, total, mail, needs] = await Promise.all([
      this.petitions.all(),
      this.counts.total(),
      this.mail.summary(),
      this.needs.list(locale, actor.rights),
    ]);
    const letters = (...states: string[]) =>
      mail.counts
        .filter((row) => row.lane === 'letters' && states.includes(row.state))
        .reduce((sum, { count }) => sum + count, 0);
    return this.pages.render('overview', locale, {
      ...this.console.context(request),
      ...{ nav: 'overview', path: '/console', base: `/${locale}/console`, total, needs },
      letters: { accepted: letters('accepted'), waiting: letters(...onTheWay), inDoubt: letters('in_doubt') },
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
