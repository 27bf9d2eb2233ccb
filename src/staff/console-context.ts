import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { StaffRequest } from './staff-request.js';
import { csrfToken } from './secrets.js';

/** What every console page is given: who looks at it, and the token for its forms. */
@Injectable()
export class ConsoleContext {
  context(request: FastifyRequest) {
    const { actor, session } = request as StaffRequest;
    return {
      actor: { id: actor.id, name: actor.name, role: session?.role ?? null, rights: actor.rights },
      csrf: session ? csrfToken(session.secret) : '',
    };
  }
}
