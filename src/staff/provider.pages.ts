import { Controller, Get, Header, Inject, Param, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SETTINGS, type Settings } from '../config/settings.js';
import { seeOther } from '../site/form-answers.js';
import { defaultLocale, type Locale } from '../site/languages.js';
import { Page } from '../site/pages.service.js';
import { LocalePipe } from '../site/pipes.js';
import { Public } from './access.js';
import { PasswordAttempts } from './password-attempts.js';
import { Provider } from './provider.service.js';
import { clearKept, keptOf, sessionOf, setKept, setSession } from './session-cookie.js';
import { ownPage } from './own-page.js';
import { SignInPage } from './sign-in-page.js';
import { SignIns } from './sign-ins.service.js';

/** To the identity provider and back. */
@Public()
@ApiExcludeController()
@Controller()
export class ProviderPages {
  constructor(
    private readonly provider: Provider,
    private readonly signIns: SignIns,
    private readonly attempts: PasswordAttempts,
    private readonly page: SignInPage,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  @Get(':locale/console/sign-in/provider')
  @Header('cache-control', 'no-store')
  async go(
    @Param('locale', LocalePipe) locale: Locale,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @Query('next') next?: string,
  ) {
    this.attempts.network(request);
    const { url, kept } = await this.provider.begin(locale, ownPage(next));
    setKept(reply, this.settings, kept);
    seeOther(reply, url);
  }

  /** The provider sends the browser here; without what this browser keeps the address is worth nothing. */
  @Get('console/sign-in/provider')
  @Page()
  @Header('cache-control', 'no-store')
  async back(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    this.attempts.network(request);
    const kept = this.provider.open(keptOf(request, this.settings));
    clearKept(reply, this.settings);
    const claims = kept && (await this.provider.finish(request.url.split('?')[1] ?? '', kept));
    const entered = claims && (await this.signIns.byProvider(claims, sessionOf(request, this.settings)));
    const { locale, next } = kept ?? { locale: defaultLocale, next: null };
    if (entered?.session) {
      setSession(reply, this.settings, entered.session.secret);
      return seeOther(reply, next ?? `/${entered.session.locale ?? locale}/console`);
    }
    if (entered?.step) return this.page.render(locale, { next, step: entered.step, viaProvider: true });
    reply.status(422);
    return this.page.render(locale, { next, error: claims ? 'sign-in.provider-unknown' : 'sign-in.provider-failed' });
  }
}
