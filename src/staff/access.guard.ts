import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SETTINGS, type Settings } from '../config/settings.js';
import { defaultLocale, isLocale } from '../site/languages.js';
import { Limits } from '../site/limits.service.js';
import { Pages } from '../site/pages.service.js';
import { Problem, problems } from '../site/problem.js';
import { ACCESS, type Access, type Actor, roles } from './access.js';
import { REAUTHENTICATED } from './reauthenticated.js';
import { csrfToken, equalText } from './secrets.js';
import { type LiveSession, Sessions } from './sessions.service.js';
import { Staff } from './staff.service.js';
import { Tokens } from './tokens.service.js';

export interface StaffRequest extends FastifyRequest {
  actor: Actor;
  session?: LiveSession;
}

type Fields = Record<string, unknown>;

/**
 * Stands before every route. Programs come with a bearer token and only to /api, people with a session cookie and only
 * to pages, so that a cookie can never be used across sites against the API.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly sessions: Sessions,
    private readonly tokens: Tokens,
    private readonly staff: Staff,
    private readonly limits: Limits,
    private readonly pages: Pages,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const targets = [context.getHandler(), context.getClass()];
    const access = this.reflector.getAllAndOverride<Access>(ACCESS, targets);
    if ('public' in access) return true;
    const request = context.switchToHttp().getRequest<StaffRequest>();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    reply.header('cache-control', 'no-store');
    if (request.url.startsWith('/api/')) {
      const actor = await this.tokens.find(/^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '');
      if (!actor) throw problems.unauthenticated('This needs an API token with the right scope.');
      request.actor = actor;
    } else {
      const session = await this.sessions.find(request.cookies[cookieName(this.settings)] ?? '');
      if (!session) return this.toSignIn(request, reply);
      request.session = session;
      request.actor = { kind: 'staff', id: session.staffId, name: session.name, rights: roles[session.role] };
      if (request.method !== 'GET' && request.method !== 'HEAD') this.checkForm(request, session);
    }
    if (!request.actor.rights.includes(access.right)) throw problems.forbidden();
    const again = this.reflector.getAllAndOverride<boolean | undefined>(REAUTHENTICATED, targets);
    return !again || !request.session || request.session.fresh || this.askAgain(request, reply, request.session);
  }

  /** @throws Problem bad-csrf unless the form came from a page of ours, in this session */
  private checkForm(request: StaffRequest, session: LiveSession): void {
    const { origin, 'sec-fetch-site': site } = request.headers;
    const own = [new URL(this.settings.PUBLIC_URL).origin, `${request.protocol}://${request.host}`];
    const foreign = (site && site !== 'same-origin' && site !== 'none') || (origin && !own.includes(origin));
    // A file upload is read later, so its form carries the token in its address.
    const given = (request.body as Fields | undefined)?._csrf ?? (request.query as Fields)._csrf;
    if (foreign || !equalText(csrfToken(session.secret), given)) throw new Problem('bad-csrf');
  }

  private toSignIn(request: StaffRequest, reply: FastifyReply): false {
    const next = request.method === 'GET' ? `?next=${encodeURIComponent(request.url)}` : '';
    reply
      .status(303)
      .header('location', `/${localeOf(request)}/console/sign-in${next}`)
      .send();
    return false;
  }

  /** Takes the password from the form, or answers with a page that asks for it and carries the form along. */
  private async askAgain(request: StaffRequest, reply: FastifyReply, session: LiveSession): Promise<boolean> {
    const body = (request.body ?? {}) as Fields;
    const given = typeof body._password === 'string' ? body._password : null;
    if (given !== null) {
      this.limits.check('sign-in', request);
      if (
        this.limits.allows('sign-in-account', session.email) &&
        (await this.staff.passwordIs(session.staffId, given))
      ) {
        await this.sessions.reauthenticate(session.id);
        delete body._password;
        return true;
      }
    }
    const fields = Object.entries(body)
      .filter(([name]) => !name.startsWith('_'))
      .flatMap(([name, value]) => [value].flat().map((each) => ({ name, value: String(each) })));
    const page = await this.pages.render('staff-reauthenticate', localeOf(request), {
      ...{ actor: request.actor, csrf: csrfToken(session.secret), path: '/console' },
      ...{ action: request.url, method: request.method.toLowerCase(), fields, wrong: given !== null },
    });
    reply.status(403).type('text/html; charset=utf-8').send(page);
    return false;
  }
}

/** `__Host-` makes browsers refuse the cookie from anything but this host over HTTPS. */
export const cookieName = (settings: Settings) =>
  settings.PUBLIC_URL.startsWith('https:') ? '__Host-session' : 'countersign-session';

export function localeOf(request: FastifyRequest) {
  const first = request.url.split('/')[1] ?? '';
  return isLocale(first) ? first : defaultLocale;
}
