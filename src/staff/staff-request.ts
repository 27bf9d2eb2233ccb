import type { FastifyRequest } from 'fastify';
import type { Actor } from './access.js';
import type { LiveSession } from './sessions.service.js';

/** A request that the guard let through; a session belongs to the console, a token to the API. */
export interface StaffRequest extends FastifyRequest {
  actor: Actor;
  session?: LiveSession;
}
