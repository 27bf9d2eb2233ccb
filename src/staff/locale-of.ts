import type { FastifyRequest } from 'fastify';
import { defaultLocale, isLocale, type Locale } from '../site/languages.js';

/** The language in the address, for answers that are given before a door reads it. */
export function localeOf(request: FastifyRequest): Locale {
  const first = request.url.split('/')[1] ?? '';
  return isLocale(first) ? first : defaultLocale;
}
