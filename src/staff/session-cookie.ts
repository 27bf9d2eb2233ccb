import type { FastifyReply } from 'fastify';
import type { Settings } from '../config/settings.js';
import { cookieName } from './access.guard.js';

export function setSession(reply: FastifyReply, settings: Settings, secret: string): void {
  const secure = settings.PUBLIC_URL.startsWith('https:');
  reply.setCookie(cookieName(settings), secret, { path: '/', httpOnly: true, sameSite: 'lax', secure });
}
