import { Body, Controller, Get, Header, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SETTINGS, type Settings } from '../config/settings.js';
import type { Locale } from '../site/languages.js';
import { Page, Pages } from '../site/pages.service.js';
import { LocalePipe } from '../site/pipes.js';
import { Problem } from '../site/problem.js';
import { Needs, Public } from './access.js';
import type { StaffRequest } from './staff-request.js';
import { PasswordAttempts } from './password-attempts.js';
import { isSameOrigin } from './same-origin.js';
import { clearSession, sessionOf, setSession } from './session-cookie.js';
import { Sessions } from './sessions.service.js';
import { Staff } from './staff.service.js';

@ApiExcludeController()
@Controller(':locale/console')
export class SignInPages {
  constructor(
    private readonly staff: Staff,
    private readonly sessions: Sessions,
    private readonly attempts: PasswordAttempts,
    private readonly pages: Pages,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  @Public()
  @Get('sign-in')
  @Page()
  page(@Param('locale', LocalePipe) locale: Locale, @Query('next') next?: string) {
    return this.render(locale, { next: ownPage(next) });
  }

  @Public()
  @Post('sign-in')
  @Page()
  @Header('cache-control', 'no-store')
  async signIn(
    @Param('locale', LocalePipe) locale: Locale,
    @Body() form: Record<string, unknown> | null | undefined,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    if (!isSameOrigin(request, this.settings)) throw new Problem('bad-csrf');
    const text = (name: string) => (typeof form?.[name] === 'string' ? form[name] : '');
    const [email, next] = [text('email'), ownPage(text('next'))];
    const allowed = this.attempts.signIn(email, request);
    const brought = sessionOf(request, this.settings);
    const session = allowed ? await this.staff.signIn(email, text('password'), brought) : null;
    if (!session) {
      reply.status(422);
      return this.render(locale, { next, email, error: allowed ? 'sign-in.wrong' : 'sign-in.too-many' });
    }
    setSession(reply, this.settings, session.secret);
    reply.status(303).header('location', next ?? `/${session.locale ?? locale}/console`);
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
    clearSession(reply, this.settings);
    reply.status(303).header('location', `/${locale}/console/sign-in`);
    return '';
  }

  private render(locale: Locale, context: Record<string, unknown>) {
    return this.pages.render('sign-in', locale, { path: '/console/sign-in', ...context });
  }
}

/** Only a page of our console is somewhere to go after signing in. */
export function ownPage(next: unknown): string | null {
  const own =
    typeof next === 'string' && /^\/[a-z]{2}\/console(?:[/?][\w\-./?=&%+,]*)?$/.test(next) && !next.includes('//');
  return own ? next : null;
}
