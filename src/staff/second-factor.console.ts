import { Body, Controller, Get, HttpCode, Param, ParseUUIDPipe, Post, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { type Form, refused, seeOther } from '../site/form-answers.js';
import type { Locale } from '../site/languages.js';
import { Page, Pages } from '../site/pages.service.js';
import { fieldErrors, LocalePipe } from '../site/pipes.js';
import type { FieldError } from '../site/problem.js';
import { Actor, Needs } from './access.js';
import { BeforeSecondFactor } from './before-second-factor.js';
import { ConsoleContext } from './console-context.js';
import { Passkeys } from './passkeys.service.js';
import { PasswordAttempts } from './password-attempts.js';
import { qrCode } from './qr-code.js';
import { Reauthenticated } from './reauthenticated.js';
import { SecondFactors } from './second-factors.service.js';
import { PasskeyName } from './staff.schema.js';
import type { StaffRequest } from './staff-request.js';
import { totpEnrolment } from './totp.js';

/** A member of staff's own authenticator app, passkeys and recovery codes. */
@ApiExcludeController()
@Needs('console:read')
@BeforeSecondFactor()
@Controller(':locale/console/account/second-factor')
export class SecondFactorConsole {
  constructor(
    private readonly factors: SecondFactors,
    private readonly passkeys: Passkeys,
    private readonly attempts: PasswordAttempts,
    private readonly pages: Pages,
    private readonly console: ConsoleContext,
  ) {}

  @Get()
  @Page()
  page(@Param('locale', LocalePipe) locale: Locale, @Req() request: StaffRequest) {
    return this.render(locale, request);
  }

  @Reauthenticated()
  @Post('authenticator')
  async begin(
    @Param('locale', LocalePipe) locale: Locale,
    @Actor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.factors.begin(actor.id);
    seeOther(reply, `/${locale}/console/account/second-factor#enrolment`);
  }

  @Post('authenticator/confirmation')
  @HttpCode(200)
  @Page()
  async confirm(
    @Param('locale', LocalePipe) locale: Locale,
    @Body() form: Form,
    @Actor() actor: Actor,
    @Req() request: StaffRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const allowed = this.attempts.inSession(actor.id);
    const code = typeof form.code === 'string' ? form.code : '';
    const made = allowed ? await this.factors.confirm(actor, request.session!.id, code) : null;
    if (made) return this.render(locale, request, { codes: made.codes, done: 'authenticator' });
    reply.status(422);
    const error = { field: 'code', code: allowed ? 'wrong-code' : 'too-many-passwords', message: 'wrong' };
    return this.render(locale, request, { errors: [error] });
  }

  @Reauthenticated()
  @Post('authenticator/removal')
  async removeAuthenticator(
    @Param('locale', LocalePipe) locale: Locale,
    @Actor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.factors.removeAuthenticator(actor);
    this.back(reply, locale);
  }

  @Reauthenticated()
  @Post('recovery-codes')
  @HttpCode(200)
  @Page()
  async renewCodes(@Param('locale', LocalePipe) locale: Locale, @Actor() actor: Actor, @Req() request: StaffRequest) {
    return this.render(locale, request, { codes: await this.factors.renewCodes(actor) });
  }

  @Reauthenticated()
  @Post('passkeys')
  @HttpCode(200)
  @Page()
  async addPasskey(
    @Param('locale', LocalePipe) locale: Locale,
    @Body() form: Form,
    @Actor() actor: Actor,
    @Req() request: StaffRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const name = PasskeyName.safeParse(form.passkeyName);
    let codes: string[] | null = null;
    const errors: FieldError[] = name.success
      ? await refused(async () => {
          ({ codes } = await this.passkeys.add(actor, request.session!.id, name.data, form.passkey));
        })
      : fieldErrors(name.error.issues).map((error) => ({ ...error, field: 'passkeyName' }));
    if (errors.length > 0) reply.status(422);
    return this.render(locale, request, errors.length > 0 ? { errors } : { codes, done: 'passkey' });
  }

  @Reauthenticated()
  @Post('passkeys/:id/removal')
  async removePasskey(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('id', ParseUUIDPipe) id: string,
    @Actor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.passkeys.remove(actor, id);
    this.back(reply, locale);
  }

  private back(reply: FastifyReply, locale: Locale): void {
    seeOther(reply, `/${locale}/console/account/second-factor`);
  }

  private async render(locale: Locale, request: StaffRequest, more: Record<string, unknown> = {}) {
    const { staffId, email, name, owesFactor } = request.session!;
    const [factors, passkeys, secret, toAdd] = await Promise.all([
      this.factors.of(staffId),
      this.passkeys.list(staffId),
      this.factors.begun(staffId),
      this.passkeys.toAdd({ id: staffId, email, name }),
    ]);
    const enrolment = secret && totpEnrolment(secret, await this.pages.siteName(locale), email);
    return this.pages.render('staff-second-factor', locale, {
      ...this.console.context(request),
      ...{ nav: 'account', path: '/console/account/second-factor', factors, toAdd, errors: [] },
      owes: owesFactor && !factors.authenticator && factors.passkeys === 0,
      enrolment: enrolment && { typed: enrolment.typed, picture: await qrCode(enrolment.uri) },
      passkeys: passkeys.map(({ id, name: named, createdAt, lastUsedAt }) => ({
        ...{ id, name: named, createdAt: createdAt.toISOString(), lastUsedAt: lastUsedAt?.toISOString() ?? null },
      })),
      ...more,
    });
  }
}
