import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { SETTINGS, type Settings } from '../config/settings.js';
import { ProblemFilter } from '../site/problem.filter.js';
import { roles } from './access.js';
import { csrfToken } from './secrets.js';
import { sessionOf } from './session-cookie.js';
import { Sessions } from './sessions.service.js';
import type { StaffRequest } from './staff-request.js';

/** What every console page is given: who looks at it, and the token for its forms. */
@Injectable()
export class ConsoleContext {
  constructor(
    private readonly sessions: Sessions,
    @Inject(SETTINGS) private readonly settings: Settings,
    problems: ProblemFilter,
  ) {
    problems.consoleBy((request) => this.ofRefused(request));
  }

  context(request: FastifyRequest) {
    const { actor, session } = request as StaffRequest;
    return {
      actor: { id: actor.id, name: actor.name, role: session?.role ?? null, rights: actor.rights },
      csrf: session ? csrfToken(session.secret) : '',
    };
  }

  /** For a page that says no. An address without a route has not passed the guard. */
  private async ofRefused(request: FastifyRequest) {
    const secret = sessionOf(request, this.settings);
    if (!secret) return null;
    const session =
      (request as Partial<StaffRequest>).session ?? (await this.sessions.find(secret, { asVisit: false }));
    if (!session || session.owesFactor) return null;
    const { staffId: id, name, role } = session;
    return { actor: { id, name, role, rights: roles[role] }, csrf: csrfToken(session.secret) };
  }
}
