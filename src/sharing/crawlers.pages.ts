import { Controller, Get, Header, Inject } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { SETTINGS, type Settings } from '../config/settings.js';
import { PetitionExtras } from '../petitions/petition-extras.js';
import { Petitions } from '../petitions/petitions.service.js';
import { defaultLocale, locales } from '../site/languages.js';
import { Pages } from '../site/pages.service.js';
import { Public } from '../staff/access.js';

/** Pages for everybody that are no petition. */
const pages = ['', '/verify', '/method', '/privacy', '/accessibility', '/my-data'];
const pagesOfPetition = ['/history', '/verify', '/withdraw'];
/** Only where there is something on them, and then named as what `PetitionExtras` offers. */
const pagesOfSome = ['updates', 'answers'];
const everyLanguage = [...locales];
/** sitemaps.org allows so many addresses in one file; the newest petitions come first. */
const most = 50_000;

/** Not secret, but of no use in a search: what is somebody's own, what acts, and what only programs read. */
const excluded = [
  ...['/api/', '/dev/', '/health/', '/log/', '/*/console', '/*/confirm/', '/*/withdraw/', '/*/my-data/'],
  ...['/*/write/', '/*/o/', '/*/embed/', '/*/look-in-your-mailbox', '/*/withdraw-asked', '/*/withdrawn'],
];

@ApiExcludeController()
@Public()
@Controller()
export class CrawlersPages {
  constructor(
    private readonly petitions: Petitions,
    private readonly extras: PetitionExtras,
    private readonly pages: Pages,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** RFC 9309. */
  @Get('robots.txt')
  @Header('content-type', 'text/plain; charset=utf-8')
  @Header('cache-control', 'public, max-age=3600')
  robots(): string {
    const lines = ['User-agent: *', ...excluded.map((path) => `Disallow: ${path}`)];
    return [...lines, '', `Sitemap: ${this.settings.PUBLIC_URL}/sitemap.xml`, ''].join('\n');
  }

  /** sitemaps.org, with the other languages of each page. */
  @Get('sitemap.xml')
  @Header('content-type', 'application/xml; charset=utf-8')
  @Header('cache-control', 'public, max-age=3600')
  async sitemap(): Promise<string> {
    const found = await this.petitions.list();
    const extras = await this.extras.ofAll(found.map(({ id }) => id));
    const petitions = found.flatMap(({ id, slug, texts, openedAt, closedAt }) => {
      const changedAt = Math.max(...[openedAt, closedAt, ...texts.map((text) => text.createdAt)].map(Number));
      // Where its words are not in the language of a page, that page is not a page of its own.
      const written = locales.filter((locale) => texts.some((text) => text.locale === locale));
      return [
        { path: `/p/${slug}`, locales: written, lastModified: new Date(changedAt).toISOString() },
        ...[
          ...pagesOfPetition,
          ...pagesOfSome.filter((name) => extras.get(id)!.includes(name)).map((name) => `/${name}`),
        ].map((path) => ({ path: `/p/${slug}${path}`, locales: everyLanguage, lastModified: null })),
      ];
    });
    const all = [...pages.map((path) => ({ path, locales: everyLanguage, lastModified: null })), ...petitions];
    return this.pages.render('sitemap', defaultLocale, {
      addresses: all.slice(0, Math.floor(most / locales.length)).map((page) => ({
        ...page,
        home: page.locales.includes(defaultLocale) ? defaultLocale : page.locales[0],
      })),
    });
  }
}
