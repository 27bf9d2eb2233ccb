import { Body, Controller, Get, Header, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Petitions } from '../petitions/petitions.service.js';
import { type Form, seeOther } from '../site/form-answers.js';
import { direction, type Locale } from '../site/languages.js';
import { newsToHtml } from '../site/markdown.js';
import { Page, Pages } from '../site/pages.service.js';
import { LocalePipe, uuid } from '../site/pipes.js';
import { problems } from '../site/problem.js';
import { Public } from '../staff/access.js';
import { Unsubscribing } from './unsubscribing.service.js';
import { published } from './update-views.js';
import { Updates } from './updates.service.js';

/** News for everybody, and the way out of it for those who get it by mail. */
@ApiExcludeController()
@Public()
@Controller(':locale')
export class UpdatesPages {
  constructor(
    private readonly updates: Updates,
    private readonly unsubscribing: Unsubscribing,
    private readonly petitions: Petitions,
    private readonly pages: Pages,
  ) {}

  @Get('p/:slug/updates')
  @Page()
  async list(@Param('locale', LocalePipe) locale: Locale, @Param('slug') slug: string) {
    const petition = await this.petitions.find(slug);
    const updates = await this.updates.published(slug);
    return this.pages.render('updates', locale, {
      path: `/p/${slug}/updates`,
      petition: this.petitions.heading(petition, locale),
      updates: updates.map((update) => published(petition, update, locale)),
    });
  }

  @Get('p/:slug/updates/:id')
  @Page()
  async one(@Param('locale', LocalePipe) locale: Locale, @Param('slug') slug: string, @Param('id', uuid) id: string) {
    const petition = await this.petitions.find(slug);
    const found = (await this.updates.published(slug)).find((update) => update.id === id);
    if (!found) throw problems.notFound();
    const update = published(petition, found, locale);
    return this.pages.render('update', locale, {
      path: `/p/${slug}/updates/${id}`,
      petition: this.petitions.heading(petition, locale),
      update: { ...update, bodyHtml: newsToHtml(update.body), dir: direction(update.locale) },
    });
  }

  /** Mail programs and curious scanners open links: this changes nothing. */
  @Get('unsubscribe/:token')
  @Page()
  @Header('cache-control', 'no-store')
  async ask(@Param('locale', LocalePipe) locale: Locale, @Param('token') token: string, @Query('done') done: unknown) {
    const { petition, from } = await this.unsubscribing.look(token);
    return this.pages.render('unsubscribe', locale, {
      ...{ path: `/unsubscribe/${token}`, token, from, done: done === 'yes' },
      petition: this.petitions.heading(petition, locale),
    });
  }

  /**
   * RFC 8058: whoever has the link may, at once, without a page, a cookie or a redirect; a mailbox provider posts for
   * thousands of people, so its network is not limited. Only the button of our own page is answered with a page.
   */
  @Post('unsubscribe/:token')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  async unsubscribe(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('token') token: string,
    @Body() form: Form | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.unsubscribing.unsubscribe(token);
    if (form?.page === 'yes') return seeOther(reply, `/${locale}/unsubscribe/${token}?done=yes`);
    reply.type('text/plain; charset=utf-8');
    return 'unsubscribed\n';
  }
}
