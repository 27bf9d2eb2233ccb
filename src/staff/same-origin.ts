import type { FastifyRequest } from 'fastify';
import type { Settings } from '../config/settings.js';

/**
 * True unless the browser says that another site sent the form. Sec-Fetch-Site comes from browsers of today over HTTPS
 * and on localhost, Origin also over plain HTTP and from Tor onion services.
 */
export function isSameOrigin(request: FastifyRequest, settings: Settings): boolean {
  const { origin, 'sec-fetch-site': site } = request.headers;
  if (site && site !== 'same-origin' && site !== 'none') return false;
  return !origin || [new URL(settings.PUBLIC_URL).origin, `${request.protocol}://${request.host}`].includes(origin);
}
