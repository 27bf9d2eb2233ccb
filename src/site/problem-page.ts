import type { FastifyRequest } from 'fastify';
import type { Locale } from './languages.js';
import type { ProblemCode } from './problem.js';

/** Where a page that says no sends its reader, and the message that is written there. */
export interface WayBack {
  href: string;
  words: string;
  /** Fills the words: a place in the rail, by its message. */
  place?: string;
  /** The place in the rail. */
  nav?: string;
}

type Asked = Pick<FastifyRequest, 'url' | 'method'> & { routeOptions: { url?: string } };

const places: readonly string[] = [
  ...['petitions', 'signatures', 'letters', 'lawmakers', 'exports', 'mail', 'switches', 'staff', 'settings', 'audit'],
];
/** Those that stand elsewhere in the address than in the rail. */
const elsewhere: Record<string, string> = { legislatures: 'lawmakers' };

/** Whether an address is of the console. */
export const isOfConsole = (url: string): boolean => /^\/[^/?]+\/console(?:[/?]|$)/.test(url);

/**
 * From the console: to the nearest page above the address that was asked, as the routes are, or to the list it belongs to
 * if that page may be what is not there. A form that was refused goes back to where it stands.
 */
export function backInConsole(
  locale: Locale,
  code: ProblemCode,
  asked: Asked,
  isPage: (route: string) => boolean,
): WayBack {
  const segment = asked.url.split(/[/?]/)[3] ?? '';
  const name = elsewhere[segment] ?? segment;
  const nav = places.includes(name) ? name : 'overview';
  const list = `/${locale}/console${nav === 'overview' ? '' : `/${nav}`}`;
  const above = code === 'not-found' ? null : pageAbove(locale, asked, isPage);
  if (!above || above === list) return { href: list, words: 'problem.back-to', place: `rail.${nav}`, nav };
  return { href: above, words: asked.method === 'GET' ? 'problem.back-page' : 'problem.open-again', nav };
}

/** For everybody: to the petition it is about, or to the list of petitions. */
export function backInPublic(locale: Locale, code: ProblemCode, { url }: Asked): WayBack {
  const slug = /^\/[^/]+\/p\/([^/?]+)/.exec(url)?.[1];
  return slug && code !== 'not-found'
    ? { href: `/${locale}/p/${slug}`, words: 'problem.back-petition' }
    : { href: `/${locale}`, words: 'problem.back' };
}

function pageAbove(locale: Locale, asked: Asked, isPage: (route: string) => boolean): string | null {
  const route = (asked.routeOptions.url ?? '').split('/');
  const address = asked.url.split('?')[0]!.split('/');
  if (route.length !== address.length) return null;
  // What is above the console is not of it.
  for (let length = asked.method === 'GET' ? route.length - 1 : route.length; length >= 3; length--) {
    if (isPage(route.slice(0, length).join('/'))) return `/${[locale, ...address.slice(2, length)].join('/')}`;
  }
  return null;
}
