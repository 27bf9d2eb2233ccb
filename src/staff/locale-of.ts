import type { FastifyRequest } from 'fastify';
import { type Locale, pageLocale } from '../site/languages.js';

/** The language in the address, for answers that are given before a door reads it. */
export function localeOf(request: FastifyRequest): Locale {
  return pageLocale(request.url.split('/')[1] ?? '');
}
