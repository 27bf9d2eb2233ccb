import { Injectable } from '@nestjs/common';
import type { Locale } from '../site/languages.js';
import { Pages } from '../site/pages.service.js';
import { Passkeys } from './passkeys.service.js';
import { Provider } from './provider.service.js';

/** The page with every way in. */
@Injectable()
export class SignInPage {
  constructor(
    private readonly pages: Pages,
    private readonly passkeys: Passkeys,
    private readonly provider: Provider,
  ) {}

  async render(locale: Locale, context: Record<string, unknown>): Promise<string> {
    const passkey = await this.passkeys.toProve('sign-in', null);
    const { name: provider } = this.provider;
    return this.pages.render('sign-in', locale, { path: '/console/sign-in', passkey, provider, ...context });
  }
}
