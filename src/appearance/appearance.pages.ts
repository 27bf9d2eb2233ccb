import { Controller, Get, Header, Param, Query, Res, StreamableFile } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { direction, type Locale } from '../site/languages.js';
import { markdownToHtml } from '../site/markdown.js';
import { Page, Pages } from '../site/pages.service.js';
import { LocalePipe } from '../site/pipes.js';
import { problems } from '../site/problem.js';
import { Public } from '../staff/access.js';
import { Appearances } from './appearance.service.js';

/** What visitors see of it. Files have their version in the address, and can be kept for ever. */
@Public()
@ApiExcludeController()
@Controller()
export class AppearancePages {
  constructor(
    private readonly appearances: Appearances,
    private readonly pages: Pages,
  ) {}

  @Get(':locale/imprint')
  @Page()
  @Header('cache-control', 'public, max-age=1, stale-while-revalidate=10')
  async imprint(@Param('locale', LocalePipe) locale: Locale) {
    const imprint = await this.appearances.imprint(locale);
    if (!imprint) throw problems.notFound();
    const { locale: language, words } = imprint;
    return this.pages.render('imprint', locale, {
      ...{ path: '/imprint', html: markdownToHtml(words, language), language, languageDir: direction(language) },
    });
  }

  @Get('appearance/brand.css')
  async css(@Res({ passthrough: true }) reply: FastifyReply, @Query('v') version?: string) {
    const css = await this.appearances.css();
    if (!css) throw problems.notFound();
    reply.headers({ 'content-type': 'text/css; charset=utf-8', 'cache-control': keeping(version) });
    return css;
  }

  @Get('appearance/logo.png')
  async logo(@Res({ passthrough: true }) reply: FastifyReply, @Query('v') version?: string) {
    const logo = await this.appearances.logo();
    if (!logo) throw problems.notFound();
    reply.headers({
      'content-security-policy': "default-src 'none'; sandbox",
      'cache-control': keeping(version),
    });
    return new StreamableFile(logo.bytes, { type: 'image/png' });
  }
}

const keeping = (version: string | undefined) => (version ? 'public, max-age=31536000, immutable' : 'no-cache');
