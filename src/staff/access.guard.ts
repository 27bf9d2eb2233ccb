import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SETTINGS, type Settings } from '../config/settings.js';
import { problems } from '../site/problem.js';
import { ACCESS, type Access, type Actor, roles } from './access.js';
import { BEFORE_SECOND_FACTOR } from './before-second-factor.js';
import { localeOf } from './locale-of.js';
import { REAUTHENTICATED } from './reauthenticated.js';
import { Reauthentication } from './reauthentication.js';
import { isSameOrigin } from './same-origin.js';
import { csrfToken, equalText } from './secrets.js';
import { sessionOf } from './session-cookie.js';
import type { StaffRequest } from './staff-request.js';
import { type LiveSession, Sessions } from './sessions.service.js';
import { Tokens } from './tokens.service.js';

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
    private readonly reauthentication: Reauthentication,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const targets = [context.getHandler(), context.getClass()];
    const access = this.reflector.getAllAndOverride<Access>(ACCESS, targets);
    if ('public' in access) return true;
    const request = context.switchToHttp().getRequest<StaffRequest>();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    reply.header('cache-control', 'no-store');
    // The route that was found decides, not the address: `/%61pi/` leads to `/api/` as well.
    if (request.routeOptions.url?.startsWith('/api/')) {
      request.actor = await this.byToken(request);
      if (request.actor.rights.includes(access.right)) return true;
      reply.header('www-authenticate', `Bearer error="insufficient_scope", scope="${access.right}"`);
      throw problems.refusal('lacks-right');
    }
    const session = await this.sessions.find(sessionOf(request, this.settings));
    if (!session) return toSignIn(request, reply);
    request.session = session;
    request.actor = { kind: 'staff', id: session.staffId, name: session.name, rights: roles[session.role] };
    if (request.method !== 'GET' && request.method !== 'HEAD') this.checkForm(request, session);
    if (session.owesFactor && !this.reflector.getAllAndOverride<boolean | undefined>(BEFORE_SECOND_FACTOR, targets))
      return toSecondFactor(request, reply);
    if (!request.actor.rights.includes(access.right)) throw problems.refusal('lacks-right');
    const again = this.reflector.getAllAndOverride<boolean | undefined>(REAUTHENTICATED, targets);
    if (!again || session.fresh || (await this.reauthentication.passed(request, session))) return true;
    await this.reauthentication.ask(request, reply, session);
    return false;
  }

  private async byToken(request: FastifyRequest): Promise<Actor> {
    const actor = await this.tokens.find(/^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '');
    if (!actor) throw problems.unauthenticated('This needs an API token with the right scope.');
    return actor;
  }

  /** @throws Problem bad-csrf unless the form came from a page of ours, in this session */
  private checkForm(request: StaffRequest, session: LiveSession): void {
    const given = (request.body as Record<string, unknown> | null | undefined)?._csrf;
    if (!isSameOrigin(request, this.settings) || !equalText(csrfToken(session.secret), given)) throw problems.badCsrf();
  }
}

function toSignIn(request: StaffRequest, reply: FastifyReply): false {
  const next = request.method === 'GET' ? `?next=${encodeURIComponent(request.url)}` : '';
  reply
    .status(303)
    .header('location', `/${localeOf(request)}/console/sign-in${next}`)
    .send();
  return false;
}

/** Whose role must have a second factor does nothing else before she has one. */
function toSecondFactor(request: StaffRequest, reply: FastifyReply): false {
  reply
    .status(303)
    .header('location', `/${localeOf(request)}/console/account/second-factor`)
    .send();
  return false;
}
