import { isIP } from 'node:net';
import { SettingsError } from '../config/settings.js';

/** Where mail leaves: what SMTP_URL says, spelled out. */
export interface Relay {
  host: string;
  port: number;
  secure: boolean;
  requireTls: boolean;
  opportunisticTls: boolean;
  verifyCertificate: boolean;
  /** How many at once: providers allow between 2 and some dozens. */
  connections: number;
  auth?: { user: string; pass: string };
}

/**
 * `smtp://[user:password@]host[:port][?tls=optional&connections=10]` or `smtps://…`. TLS is demanded except on this machine itself and
 * where `tls=optional` gives it up; a password never goes out in clear to another machine. Throws a sentence that names
 * SMTP_URL.
 */
export function relayFromUrl(value: string): Relay {
  const url = parse(value);
  const secure = url.protocol === 'smtps:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const here = isLoopback(host);
  const optional = url.searchParams.get('tls') === 'optional';
  const user = decodeURIComponent(url.username);
  if (user && optional && !secure && !here) {
    throw new SettingsError(
      'SMTP_URL has a password and tls=optional: the password could be read on the way. Remove one of them.',
    );
  }
  return {
    host,
    port: Number(url.port) || (secure ? 465 : 587),
    secure,
    requireTls: !secure && !here && !optional,
    opportunisticTls: !secure && (here || optional),
    verifyCertificate: !here && !optional,
    connections: Number(url.searchParams.get('connections') ?? 10),
    ...(user && { auth: { user, pass: decodeURIComponent(url.password) } }),
  };
}

function parse(value: string): URL {
  const url = URL.canParse(value) ? new URL(value) : null;
  const known = [...(url?.searchParams ?? [])].every(([name, text]) =>
    name === 'tls' ? text === 'optional' : name === 'connections' && /^\d+$/.test(text) && +text >= 2 && +text <= 50,
  );
  if (!url || !['smtp:', 'smtps:'].includes(url.protocol) || !url.hostname || !known) {
    throw new SettingsError(
      'SMTP_URL must look like smtp://user:password@mail.example.org:587 (or smtps://), if needed with ?tls=optional or ?connections=2 to 50',
    );
  }
  return url;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
