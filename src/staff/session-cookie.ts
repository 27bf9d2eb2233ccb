import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Settings } from '../config/settings.js';

const secure = (settings: Settings) => settings.PUBLIC_URL.startsWith('https:');

/** `__Host-` makes browsers refuse the cookie from anything but this host over HTTPS. */
const nameOf = (settings: Settings) => (secure(settings) ? '__Host-session' : 'countersign-session');

/** Taking the cookie away needs the same words as setting it: browsers ignore a `__Host-` cookie without Secure. */
const attributes = (settings: Settings) =>
  ({ path: '/', httpOnly: true, sameSite: 'lax', secure: secure(settings) }) as const;

export const sessionOf = (request: FastifyRequest, settings: Settings): string =>
  request.cookies[nameOf(settings)] ?? '';

export function setSession(reply: FastifyReply, settings: Settings, secret: string): void {
  reply.setCookie(nameOf(settings), secret, attributes(settings));
}

const keptNameOf = (settings: Settings) => (secure(settings) ? '__Host-provider' : 'countersign-provider');

/** What a browser keeps while it is at the identity provider's. */
export const keptOf = (request: FastifyRequest, settings: Settings): string =>
  request.cookies[keptNameOf(settings)] ?? '';

export function setKept(reply: FastifyReply, settings: Settings, kept: string): void {
  reply.setCookie(keptNameOf(settings), kept, { ...attributes(settings), maxAge: 600 });
}

export function clearKept(reply: FastifyReply, settings: Settings): void {
  reply.clearCookie(keptNameOf(settings), attributes(settings));
}

export function clearSession(reply: FastifyReply, settings: Settings): void {
  reply.clearCookie(nameOf(settings), attributes(settings));
}
