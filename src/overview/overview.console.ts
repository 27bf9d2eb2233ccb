import { Controller, Get, Param, Req } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Counts } from '../countlog/counts.service.js';
import { funnelFile } from '../figures/petition-figures-csv.js';
import { funnelPlot } from '../figures/petition-plots.js';
import { statesCsv } from '../letters/figures-csv.js';
import { LetterReports } from '../letters/letter-report.service.js';
import { statesPlot } from '../letters/letter-sums.js';
import { MailDesk } from '../mail/mail-desk.service.js';
import { Petitions } from '../petitions/petitions.service.js';
import { Funnel } from '../signatures/funnel.service.js';
import { direction, type Locale } from '../site/languages.js';
import { Page, Pages } from '../site/pages.service.js';
import { LocalePipe } from '../site/pipes.js';
import { Actor, Needs as NeedsRight } from '../staff/access.js';
import { ConsoleContext } from '../staff/console-context.js';
import { Needs } from './needs.service.js';

const onTheWay = ['queued', 'deferred', 'claimed', 'handing_over'];

/** The first page of the console: the counts, what waits for a person, how far people get and what became of the letters. */
@ApiExcludeController()
@Controller(':locale/console')
export class OverviewConsole {
  constructor(
    private readonly petitions: Petitions,
    private readonly counts: Counts,
    private readonly mail: MailDesk,
    private readonly funnel: Funnel,
    private readonly letters: LetterReports,
    private readonly needs: Needs,
    private readonly pages: Pages,
    private readonly console: ConsoleContext,
  ) {}

  @NeedsRight('console:read')
  @Get()
  @Page()
  async overview(@Param('locale', LocalePipe) locale: Locale, @Actor() actor: Actor, @Req() request: FastifyRequest) {
    const [petitions, total, mail, needs, days, states] = await Promise.all([
      this.petitions.all(),
      this.counts.total(),
      this.mail.summary(),
      this.needs.list(locale, actor.rights),
      this.funnelDays(),
      this.letters.states(),
    ]);
    const today = new Date().toISOString().slice(0, 10);
    const letters = (...states: string[]) =>
      mail.counts
        .filter((row) => row.lane === 'letters' && states.includes(row.state))
        .reduce((sum, { count }) => sum + count, 0);
    return this.pages.render('overview', locale, {
      ...this.console.context(request),
      ...{ nav: 'overview', path: '/console', base: `/${locale}/console`, total, needs },
      letters: { accepted: letters('accepted'), waiting: letters(...onTheWay), inDoubt: letters('in_doubt') },
      funnel: funnelPlot(days, direction(locale), today),
      states: statesPlot(states, direction(locale), today),
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

  @NeedsRight('console:read')
  @Get('figures/funnel.csv')
  async funnelCsv() {
    return funnelFile(await this.funnelDays(), 'how-far-people-get.csv');
  }

  @NeedsRight('console:read')
  @Get('figures/letter-states.csv')
  async statesCsv() {
    return statesCsv((await this.letters.states()).states, 'all');
  }

  /** Of all petitions, the oldest day first. */
  private async funnelDays() {
    return (await this.funnel.days(null)).reverse();
  }
}
