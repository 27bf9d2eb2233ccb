import { Controller, Get, Header, Param } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Petitions, type PublishedPetition } from '../petitions/petitions.service.js';
import type { Locale } from '../site/languages.js';
import { Pages } from '../site/pages.service.js';
import { LocalePipe } from '../site/pipes.js';
import { Public } from '../staff/access.js';
import { PetitionNews } from './news.service.js';

const kept = 'public, max-age=60, stale-while-revalidate=600';
const mostInFeed = 100;

/** What programs read that follow a site for people: Atom (RFC 4287). */
@ApiExcludeController()
@Public()
@Controller(':locale')
export class FeedsPages {
  constructor(
    private readonly petitions: Petitions,
    private readonly news: PetitionNews,
    private readonly pages: Pages,
  ) {}

  @Get('feed.atom')
  @Header('content-type', 'application/atom+xml; charset=utf-8')
  @Header('cache-control', kept)
  async list(@Param('locale', LocalePipe) locale: Locale) {
    const petitions = (await this.petitions.list()).slice(0, mostInFeed);
    const entries = petitions.map((petition) => {
      const { title, ask } = this.petitions.text(petition, locale);
      return { slug: petition.slug, title, ask, startedBy: petition.startedBy, ...this.times(petition) };
    });
    return this.pages.render('feed', locale, { path: '/feed.atom', entries, updated: latest(entries) });
  }

  @Get('p/:slug/feed.atom')
  @Header('content-type', 'application/atom+xml; charset=utf-8')
  @Header('cache-control', kept)
  async one(@Param('locale', LocalePipe) locale: Locale, @Param('slug') slug: string) {
    const petition = await this.petitions.find(slug);
    const { title, ask } = this.petitions.text(petition, locale);
    const news = (await this.news.of(petition, locale)).slice(0, mostInFeed);
    return this.pages.render('petition-feed', locale, {
      path: `/p/${slug}/feed.atom`,
      petition: { slug, title, ask, startedBy: petition.startedBy, ...this.times(petition) },
      ...{ news, updated: news[0]!.at },
    });
  }

  private times(petition: PublishedPetition): { published: string; updated: string } {
    const opened = petition.openedAt ?? petition.createdAt;
    const changes = [opened, petition.closedAt ?? opened, ...petition.texts.map(({ createdAt }) => createdAt)];
    return {
      published: opened.toISOString(),
      updated: new Date(Math.max(...changes.map(Number))).toISOString(),
    };
  }
}

/** An empty feed has not changed since the beginning. */
const latest = (entries: { updated: string }[]): string =>
  entries
    .map(({ updated }) => updated)
    .sort()
    .at(-1) ?? new Date(0).toISOString();
