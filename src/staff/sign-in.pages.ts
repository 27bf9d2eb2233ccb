import { Body, Controller, Get, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SETTINGS, type Settings } from '../config/settings.js';
import type { Locale } from '../site/languages.js';
import { Limits } from '../site/limits.service.js';
import { Page, Pages } from '../site/pages.service.js';
import { LocalePipe } from '../site/pipes.js';
import { Problem } from '../site/problem.js';
import { Needs, Public } from './access.js';
import { cookieName, type StaffRequest } from './access.guard.js';
import { setSession } from './session-cookie.js';
import { Sessions } from './sessions.service.js';
import { Staff } from './staff.service.js';

@ApiExcludeController()
@Controller(':locale/console')
export class SignInPages {
  constructor(
    private readonly staff: Staff,
    private readonly sessions: Sessions,
    private readonly limits: Limits,
    private readonly pages: Pages,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  @Public()
  @Get('sign-in')
  @Page()
  page(@Param('locale', LocalePipe) locale: Locale, @Query('next') next?: string) {
    return this.render(locale, { next: ownPage(next, locale) });
  }

  @Public()
  @Post('sign-in')
  @Page()
  async signIn(
    @Param('locale', LocalePipe) locale: Locale,
    @Body() form: Record<string, unknown> = {},
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const site = request.headers['sec-fetch-site'];
    if (site && site !== 'same-origin' && site !== 'none') throw new Problem('bad-csrf');
    this.limits.check('sign-in', request);
    const text = (name: string) => (typeof form[name] === 'string' ? form[name] : '');
    const [email, next] = [text('email'), ownPage(text('next'), locale)];
    const allowed = this.limits.allows('sign-in-account', email.trim().toLowerCase());
    const secret = allowed ? await this.staff.signIn(email, text('password')) : null;
    if (!secret) {
      reply.status(422);
      return this.render(locale, { next, email, error: allowed ? 'sign-in.wrong' : 'sign-in.too-many' });
    }
    setSession(reply, this.settings, secret);
    reply.status(303).header('location', next);
    return '';
  }

  @Needs('console:read')
  @Post('sign-out')
  @Page()
  async signOut(
    @Param('locale', LocalePipe) locale: Locale,
    @Req() request: StaffRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.sessions.end(request.session!.staffId, request.session!.id);
    reply.clearCookie(cookieName(this.settings), { path: '/' });
    reply.status(303).header('location', `/${locale}/console/sign-in`);
    return '';
  }

  private render(locale: Locale, context: Record<string, unknown>) {
    return this.pages.render('sign-in', locale, { path: '/console/sign-in', ...context });
  }
}

/** Only a page of our console is somewhere to go after signing in. */
export function ownPage(next: unknown, locale: Locale): string {
  const own =
    typeof next === 'string' && /^\/[a-z]{2}\/console(?:[/?][\w\-./?=&%+,]*)?$/.test(next) && !next.includes('//');
  return own ? next : `/${locale}/console`;
}
