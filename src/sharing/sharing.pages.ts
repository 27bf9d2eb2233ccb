import { Controller, Get, Header, Inject, Param } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { SETTINGS, type Settings } from '../config/settings.js';
import { Petitions } from '../petitions/petitions.service.js';
import type { Locale } from '../site/languages.js';
import { LocalePipe } from '../site/pipes.js';
import { qrPng, qrSvg } from '../site/qr.js';
import { Public } from '../staff/access.js';
import { Cards } from './cards.service.js';

const kept = 'public, max-age=60, stale-while-revalidate=600';
/** An address never changes, nor does its picture. */
const keptLong = 'public, max-age=86400';
/** Other sites show these pictures beside a link, or in a frame. */
const anywhere = () => Header('cross-origin-resource-policy', 'cross-origin');

/** Pictures with which a petition is passed on. */
@ApiExcludeController()
@Public()
@Controller(':locale/p/:slug')
export class SharingPages {
  constructor(
    private readonly cards: Cards,
    private readonly petitions: Petitions,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  @Get('card.png')
  @Header('content-type', 'image/png')
  @Header('cache-control', kept)
  @anywhere()
  card(@Param('locale', LocalePipe) locale: Locale, @Param('slug') slug: string) {
    return this.cards.png(slug, locale);
  }

  @Get('qr.svg')
  @Header('content-type', 'image/svg+xml')
  @Header('cache-control', keptLong)
  @anywhere()
  async qrSvg(@Param('locale', LocalePipe) locale: Locale, @Param('slug') slug: string) {
    return qrSvg(await this.address(locale, slug));
  }

  @Get('qr.png')
  @Header('content-type', 'image/png')
  @Header('cache-control', keptLong)
  @anywhere()
  async qrPng(@Param('locale', LocalePipe) locale: Locale, @Param('slug') slug: string) {
    return qrPng(await this.address(locale, slug));
  }

  private async address(locale: Locale, slug: string): Promise<string> {
    await this.petitions.find(slug);
    return `${this.settings.PUBLIC_URL}/${locale}/p/${slug}`;
  }
}
