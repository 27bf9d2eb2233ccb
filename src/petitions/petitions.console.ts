import { Controller, Get, Param, Post, Redirect, Req } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Counts } from '../countlog/counts.service.js';
import type { Locale } from '../site/languages.js';
import { Page, Pages } from '../site/pages.service.js';
import { LocalePipe } from '../site/pipes.js';
import { Actor, Needs } from '../staff/access.js';
import { ConsoleContext } from '../staff/console-context.js';
import { Petitions } from './petitions.service.js';

@ApiExcludeController()
@Controller(':locale/console/petitions')
export class PetitionsConsole {
  constructor(
    private readonly petitions: Petitions,
    private readonly counts: Counts,
    private readonly pages: Pages,
    private readonly console: ConsoleContext,
  ) {}

  @Needs('console:read')
  @Get()
  @Page()
  async list(@Param('locale', LocalePipe) locale: Locale, @Req() request: FastifyRequest) {
    const petitions = await Promise.all(
      (await this.petitions.all()).map(async (petition) => ({
        slug: petition.slug,
        state: petition.state,
        title: this.petitions.text(petition, locale).title,
        openedAt: petition.openedAt?.toISOString() ?? null,
        ...(await this.petitions.count(petition)),
      })),
    );
    return this.pages.render('petitions-list', locale, {
      ...this.console.context(request),
      nav: 'petitions',
      path: '/console/petitions',
      petitions,
    });
  }

  @Needs('console:read')
  @Get(':slug')
  @Page()
  async one(@Param('locale', LocalePipe) locale: Locale, @Param('slug') slug: string, @Req() request: FastifyRequest) {
    const petition = await this.petitions.find(slug);
    const text = this.petitions.text(petition, locale);
    const [count, days, countries] = await Promise.all([
      this.petitions.count(petition),
      this.counts.byDay(petition.id),
      this.counts.byCountry(petition.id),
    ]);
    return this.pages.render('petitions-one', locale, {
      ...this.console.context(request),
      nav: 'petitions',
      path: `/console/petitions/${slug}`,
      petition: {
        slug,
        state: petition.state,
        title: text.title,
        ask: text.ask,
        openedAt: petition.openedAt?.toISOString() ?? null,
        locales: petition.texts.map((each) => each.locale),
        textSha256: text.sha256.toString('hex'),
        factCheckedOn: petition.factCheckedOn,
        factCheckStale: isStale(petition.factCheckedOn, petition.reviewAfterDays),
      },
      ...{ count, days: days.slice(-30).reverse(), countries },
    });
  }

  /** Opens the petition for signatures. */
  @Needs('petitions:write')
  @Post(':slug/opening')
  @Redirect()
  async open(@Param('locale', LocalePipe) locale: Locale, @Param('slug') slug: string, @Actor() actor: Actor) {
    await this.petitions.move(slug, 'open', actor);
    return { url: `/${locale}/console/petitions/${slug}`, statusCode: 303 };
  }

  @Needs('petitions:write')
  @Post(':slug/closing')
  @Redirect()
  async close(@Param('locale', LocalePipe) locale: Locale, @Param('slug') slug: string, @Actor() actor: Actor) {
    await this.petitions.move(slug, 'closed', actor);
    return { url: `/${locale}/console/petitions/${slug}`, statusCode: 303 };
  }
}

const isStale = (checkedOn: string | null, days: number) =>
  checkedOn === null || Date.parse(checkedOn) + days * 24 * 3600_000 < Date.now();
