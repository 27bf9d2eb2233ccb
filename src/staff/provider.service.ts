import { Inject, Injectable } from '@nestjs/common';
import * as oidc from 'openid-client';
import { z } from 'zod';
import { SETTINGS, type Settings } from '../config/settings.js';
import { isLocale, type Locale } from '../site/languages.js';
import { problems } from '../site/problem.js';
import { Vault } from '../vault/vault.service.js';

/** Who the identity provider says somebody is. */
export interface ProviderClaims {
  issuer: string;
  subject: string;
  /** Only an address that the provider has verified. */
  email: string | null;
}

const purpose = 'provider sign-in';
const livesFor = 10 * 60_000;

/** What the browser keeps, sealed, while it is at the provider's: it alone can come back with the answer. */
const Kept = z.object({
  at: z.number(),
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  locale: z.custom<Locale>((value) => typeof value === 'string' && isLocale(value)),
  next: z.string().nullable(),
});
export type Kept = z.infer<typeof Kept>;

/** Sign-in with an identity provider (OpenID Connect Core 1.0, authorization code flow with PKCE, RFC 7636), where one is set. */
@Injectable()
export class Provider {
  /** The provider's host name, for the button; null where none is set. */
  readonly name: string | null;
  private found: Promise<oidc.Configuration> | null = null;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly vault: Vault,
  ) {
    this.name = settings.OIDC_ISSUER ? new URL(settings.OIDC_ISSUER).hostname : null;
  }

  /** @returns where to send the browser, and what it keeps. @throws Problem unavailable if the provider does not answer */
  async begin(locale: Locale, next: string | null): Promise<{ url: string; kept: string }> {
    const config = await this.config();
    const [state, nonce, verifier] = [oidc.randomState(), oidc.randomNonce(), oidc.randomPKCECodeVerifier()];
    const url = oidc.buildAuthorizationUrl(config, {
      ...{ redirect_uri: this.redirectUri, scope: 'openid email', state, nonce },
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });
    const kept: Kept = { at: Date.now(), state, nonce, verifier, locale, next };
    return {
      url: url.href,
      kept: this.vault.sealLink(purpose, Buffer.from(JSON.stringify(kept))).toString('base64url'),
    };
  }

  /** @returns null if it is not of ours, or older than ten minutes */
  open(kept: string): Kept | null {
    const plain = this.vault.openLink(purpose, Buffer.from(kept.slice(0, 4096), 'base64url'));
    const read = plain ? Kept.parse(JSON.parse(plain.toString('utf8'))) : null;
    return read && read.at > Date.now() - livesFor ? read : null;
  }

  /**
   * Takes the code to the provider and reads its signed answer: signature, issuer, audience, nonce and times are checked.
   * @param query of the address that the browser came back with
   * @returns null if any of it does not fit
   */
  async finish(query: string, { state, nonce, verifier }: Kept): Promise<ProviderClaims | null> {
    const config = await this.config();
    try {
      const tokens = await oidc.authorizationCodeGrant(config, new URL(`${this.redirectUri}?${query}`), {
        ...{ pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true },
      });
      const { iss, sub, email, email_verified: verified } = tokens.claims()!;
      return { issuer: iss, subject: sub, email: verified === true && typeof email === 'string' ? email : null };
    } catch {
      // The library throws for whatever does not fit; to the visitor all of it is "no", and nothing of it is ours to log.
      return null;
    }
  }

  private get redirectUri(): string {
    return `${this.settings.PUBLIC_URL}/console/sign-in/provider`;
  }

  /** Asked once, and again after a failure. */
  private config(): Promise<oidc.Configuration> {
    const { OIDC_ISSUER: issuer, OIDC_CLIENT_ID: id, OIDC_CLIENT_SECRET: secret } = this.settings;
    if (!issuer || !id) throw problems.notFound();
    // Signatures are checked although the answer comes over TLS; plain HTTP is for this machine alone (settings).
    const execute = [
      oidc.enableNonRepudiationChecks,
      ...(issuer.startsWith('http:') ? [oidc.allowInsecureRequests] : []),
    ];
    this.found ??= oidc.discovery(new URL(issuer), id, secret, undefined, { execute, timeout: 10 });
    return this.found.catch(() => {
      this.found = null;
      throw problems.refusal('provider-silent');
    });
  }
}
