import { Body, Controller, Get, Inject, Param, ParseUUIDPipe, Post, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { SETTINGS, type Settings } from '../config/settings.js';
import { languageName, type Locale, locales } from '../site/languages.js';
import { Page, Pages } from '../site/pages.service.js';
import { fieldErrors, LocalePipe } from '../site/pipes.js';
import { type FieldError, Problem } from '../site/problem.js';
import { Actor, Needs } from './access.js';
import type { StaffRequest } from './staff-request.js';
import { ConsoleContext } from './console-context.js';
import { PasswordAttempts } from './password-attempts.js';
import { NewPassword } from './passwords.js';
import { Reauthenticated } from './reauthenticated.js';
import { SecondFactors } from './second-factors.service.js';
import { Sessions } from './sessions.service.js';
import { setSession } from './session-cookie.js';
import { ChosenLocale, NewToken } from './staff.schema.js';
import { Staff } from './staff.service.js';
import { Tokens } from './tokens.service.js';

type Fields = Record<string, unknown>;

/** What everybody on staff may do about herself: password, sessions, tokens. */
@ApiExcludeController()
@Needs('console:read')
@Controller(':locale/console/account')
export class AccountConsole {
  constructor(
    private readonly staff: Staff,
    private readonly sessions: Sessions,
    private readonly tokens: Tokens,
    private readonly factors: SecondFactors,
    private readonly attempts: PasswordAttempts,
    private readonly pages: Pages,
    private readonly console: ConsoleContext,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  @Get()
  @Page()
  page(@Param('locale', LocalePipe) locale: Locale, @Req() request: StaffRequest) {
    return this.render(locale, request);
  }

  @Post('password')
  @Page()
  async changePassword(
    @Param('locale', LocalePipe) locale: Locale,
    @Body() form: Fields,
    @Actor() actor: Actor,
    @Req() request: StaffRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const parsed = NewPassword.safeParse(form.newPassword);
    let errors: FieldError[] = parsed.success
      ? []
      : fieldErrors(parsed.error.issues).map((error) => ({ ...error, field: 'newPassword' }));
    if (parsed.success) {
      const allowed = this.attempts.inSession(actor.id);
      const old = typeof form.oldPassword === 'string' ? form.oldPassword : '';
      const secret = allowed ? await this.staff.changePassword(actor, old, parsed.data) : null;
      if (secret) {
        setSession(reply, this.settings, secret);
        return this.back(reply, locale);
      }
      errors = [{ field: 'oldPassword', code: allowed ? 'wrong-password' : 'too-many-passwords', message: 'wrong' }];
    }
    reply.status(422);
    return this.render(locale, request, { form: { values: {}, errors } });
  }

  @Post('locale')
  async speak(
    @Body({ schema: ChosenLocale }) { locale }: ChosenLocale,
    @Actor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.staff.speak(actor.id, locale);
    this.back(reply, locale);
  }

  @Post('sessions/:id/end')
  async endSession(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('id', ParseUUIDPipe) id: string,
    @Actor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.staff.endSession(actor, id);
    this.back(reply, locale);
  }

  @Post('sessions/others/end')
  async endOthers(
    @Param('locale', LocalePipe) locale: Locale,
    @Actor() actor: Actor,
    @Req() request: StaffRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.staff.endOtherSessions(actor, request.session!.id);
    this.back(reply, locale);
  }

  @Reauthenticated()
  @Post('tokens')
  @Page()
  async makeToken(
    @Param('locale', LocalePipe) locale: Locale,
    @Body() form: Fields,
    @Actor() actor: Actor,
    @Req() request: StaffRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const parsed = NewToken.safeParse(form);
    const refuse = (errors: FieldError[]) => {
      reply.status(422);
      return this.render(locale, request, { form: { values: form, errors } });
    };
    if (!parsed.success) return refuse(fieldErrors(parsed.error.issues));
    try {
      const { token } = await this.tokens.make(parsed.data, actor);
      return await this.render(locale, request, { token });
    } catch (error) {
      if (!(error instanceof Problem) || !error.details.errors) throw error;
      return refuse(error.details.errors);
    }
  }

  @Post('tokens/:id/revocation')
  async revokeToken(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('id', ParseUUIDPipe) id: string,
    @Actor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.tokens.revoke(id, actor);
    this.back(reply, locale);
  }

  private back(reply: FastifyReply, locale: Locale): string {
    reply.status(303).header('location', `/${locale}/console/account`);
    return '';
  }

  private async render(locale: Locale, request: StaffRequest, more: Record<string, unknown> = {}) {
    const session = request.session!;
    const [member, factors, sessions, tokens] = await Promise.all([
      this.staff.one(session.staffId),
      this.factors.of(session.staffId),
      this.sessions.list(session.staffId),
      this.tokens.list(session.staffId),
    ]);
    return this.pages.render('staff-account', locale, {
      ...this.console.context(request),
      ...{ nav: 'account', path: '/console/account', email: session.email, factors, form: { values: {}, errors: [] } },
      languages: locales.map((value) => ({ value, label: languageName(value) })),
      chosen: member.locale ?? locale,
      sessions: sessions.map(({ id, created_at, seen_at }) => ({
        ...{ id, current: id === session.id },
        createdAt: created_at.toISOString(),
        seenAt: seen_at.toISOString(),
      })),
      tokens: tokens.map(({ id, name, scopes, expiresAt, lastUsedOn }) => ({
        ...{ id, name, scopes, lastUsedOn },
        expiresAt: expiresAt.toISOString(),
      })),
      ...more,
    });
  }
}
