import { Body, Controller, Get, Header, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SETTINGS, type Settings } from '../config/settings.js';
import type { Locale } from '../site/languages.js';
import { Page } from '../site/pages.service.js';
import { LocalePipe } from '../site/pipes.js';
import { problems } from '../site/problem.js';
import { Needs, Public } from './access.js';
import { BeforeSecondFactor } from './before-second-factor.js';
import { ownPage } from './own-page.js';
import { PasswordAttempts } from './password-attempts.js';
import { isSameOrigin } from './same-origin.js';
import { clearSession, sessionOf, setSession } from './session-cookie.js';
import { SignInPage } from './sign-in-page.js';
import { type NewSession, SignIns } from './sign-ins.service.js';
import type { StaffRequest } from './staff-request.js';
import { Staff } from './staff.service.js';

type Form = Record<string, unknown> | null | undefined;

@ApiExcludeController()
@Controller(':locale/console')
export class SignInPages {
  constructor(
    private readonly signIns: SignIns,
    private readonly page: SignInPage,
    private readonly staff: Staff,
    private readonly attempts: PasswordAttempts,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  @Public()
  @Get('sign-in')
  @Header('cache-control', 'no-store')
  @Page()
  see(@Param('locale', LocalePipe) locale: Locale, @Query('next') next?: string) {
    return this.page.render(locale, { next: ownPage(next) });
  }

  @Public()
  @Post('sign-in')
  @HttpCode(200)
  @Page()
  @Header('cache-control', 'no-store')
  async byPassword(
    @Param('locale', LocalePipe) locale: Locale,
    @Body() form: Form,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { text, next, brought } = this.read(form, request);
    const email = text('email');
    if (!this.attempts.signIn(email, request)) {
      reply.status(422);
      return this.page.render(locale, { next, email, error: 'sign-in.too-many' });
    }
    const { session, step } = await this.signIns.byPassword(email, text('password'), brought);
    if (session) return this.enter(reply, locale, session, next);
    if (step) return this.page.render(locale, { next, email, step });
    reply.status(422);
    return this.page.render(locale, { next, email, error: 'sign-in.wrong' });
  }

  @Public()
  @Post('sign-in/code')
  @Page()
  @Header('cache-control', 'no-store')
  async byCode(
    @Param('locale', LocalePipe) locale: Locale,
    @Body() form: Form,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { text, next, brought } = this.read(form, request);
    this.attempts.network(request);
    const step = text('step');
    const session = await this.signIns.byCode(step, text('code'), brought);
    if (session && session !== 'too-late') return this.enter(reply, locale, session, next);
    reply.status(422);
    if (session === 'too-late') return this.page.render(locale, { next, error: 'sign-in.too-late' });
    return this.page.render(locale, { next, email: text('email'), step, error: 'sign-in.wrong-code' });
  }

  @Public()
  @Post('sign-in/passkey')
  @Page()
  @Header('cache-control', 'no-store')
  async byPasskey(
    @Param('locale', LocalePipe) locale: Locale,
    @Body() form: Form,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { text, next, brought } = this.read(form, request);
    this.attempts.network(request);
    const session = await this.signIns.byPasskey(text('passkey'), brought);
    if (session) return this.enter(reply, locale, session, next);
    reply.status(422);
    return this.page.render(locale, { next, error: 'error.passkey-refused' });
  }

  @Needs('console:read')
  @BeforeSecondFactor()
  @Post('sign-out')
  @Page()
  async signOut(
    @Param('locale', LocalePipe) locale: Locale,
    @Req() request: StaffRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.staff.endSession(request.actor, request.session!.id);
    clearSession(reply, this.settings);
    reply.status(303).header('location', `/${locale}/console/sign-in`);
    return '';
  }

  /** @throws Problem bad-csrf for a form of another site */
  private read(form: Form, request: FastifyRequest) {
    if (!isSameOrigin(request, this.settings)) throw problems.badCsrf();
    const text = (name: string): string => (typeof form?.[name] === 'string' ? form[name] : '');
    return { text, next: ownPage(text('next')), brought: sessionOf(request, this.settings) };
  }

  private enter(reply: FastifyReply, locale: Locale, session: NewSession, next: string | null): string {
    setSession(reply, this.settings, session.secret);
    reply.status(303).header('location', next ?? `/${session.locale ?? locale}/console`);
    return '';
  }
}
