import { Controller, Get, Header, Inject, Param, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { SETTINGS, type Settings } from '../config/settings.js';
import { Petitions } from '../petitions/petitions.service.js';
import type { Locale } from '../site/languages.js';
import { Page, Pages } from '../site/pages.service.js';
import { LocalePipe } from '../site/pipes.js';
import { Public } from '../staff/access.js';

/**
 * The only page that others may show in a frame. Whoever frames it can lay anything over it and catch a click, so there
 * is nothing a click could do: no form, no script, no cookie, no token; a link opens the petition in a window of its own,
 * where the form is, which nobody can frame.
 */
@ApiExcludeController()
@Public()
@Controller(':locale/embed')
export class EmbedPages {
  private readonly policy: string;

  constructor(
    private readonly petitions: Petitions,
    private readonly pages: Pages,
    @Inject(SETTINGS) settings: Settings,
  ) {
    this.policy = [
      "default-src 'none'",
      "style-src 'self'",
      "img-src 'self'",
      "font-src 'self'",
      "form-action 'none'",
      "base-uri 'none'",
      `frame-ancestors ${settings.EMBED_ANCESTORS}`,
    ].join(';');
  }

  @Get(':slug')
  @Page()
  @Header('cache-control', 'public, max-age=10, stale-while-revalidate=60')
  async embed(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('slug') slug: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const petition = await this.petitions.find(slug);
    const { count, pending } = await this.petitions.count(petition);
    // The older header knows no list; where both are given, browsers would have to agree.
    reply.removeHeader('x-frame-options');
    reply.header('content-security-policy', this.policy);
    return this.pages.render('embed', locale, {
      petition: { ...this.petitions.heading(petition, locale), goal: petition.goal },
      ...{ count, pending },
    });
  }
}
