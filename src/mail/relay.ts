import { isIP } from 'node:net';
import { SettingsError } from '../config/settings.js';
import { type Lane, lanes } from './mail-states.js';

/** Where mail leaves: what one URL of SMTP_URL says, spelled out. */
export interface Relay {
  /** What limits, attempts, pages and logs call it: `?name=`, else its host. Never a secret. */
  name: string;
  /** Its share of the mail is this part of the sum of all weights. */
  weight: number;
  /** What it carries. */
  lanes: readonly Lane[];
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

export const relayName = /^[a-z0-9:][a-z0-9.:-]{0,252}$/;

/**
 * One relay or several, their URLs parted by spaces or commas. A comma inside a password parts nothing.
 * @throws SettingsError naming SMTP_URL, also when two have one name or a lane has none
 */
export function relaysFromUrls(value: string): Relay[] {
  const relays = value
    .trim()
    .split(/[\s,]+(?=smtps?:\/\/)/)
    .map(relayFromUrl);
  const double = relays.find(({ name }, at) => relays.findIndex((other) => other.name === name) < at);
  if (double) {
    throw new SettingsError(`SMTP_URL has two relays with the name ${double.name}: give one of them another by ?name=`);
  }
  const idle = lanes.find((lane) => !relays.some((relay) => relay.lanes.includes(lane)));
  if (idle) throw new SettingsError(`SMTP_URL has no relay for ${idle}: give one of them all lanes`);
  return relays;
}

/**
 * `smtp://[user:password@]host[:port][?tls=optional&connections=10&weight=3&lanes=letters&name=bulk]` or `smtps://…`. TLS is demanded
 * except on this machine itself and where `tls=optional` gives it up; a password never goes out in clear to another
 * machine. Throws a sentence that names SMTP_URL.
 */
export function relayFromUrl(value: string): Relay {
  const url = parse(value);
  const secure = url.protocol === 'smtps:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const here = isLoopback(host);
  const wish = (name: keyof typeof wishes) => url.searchParams.get(name);
  const optional = wish('tls') === 'optional';
  const user = decodeURIComponent(url.username);
  if (user && optional && !secure && !here) {
    throw new SettingsError(
      'SMTP_URL has a password and tls=optional: the password could be read on the way. Remove one of them.',
    );
  }
  return {
    name: wish('name') ?? host.toLowerCase(),
    weight: Number(wish('weight') ?? 1),
    // What carries letters to many carries updates to more.
    lanes: wish('lanes') === 'letters' ? ['letters', 'updates'] : wish('lanes') ? [wish('lanes') as Lane] : lanes,
    host,
    port: Number(url.port) || (secure ? 465 : 587),
    secure,
    requireTls: !secure && !here && !optional,
    opportunisticTls: !secure && (here || optional),
    verifyCertificate: !here && !optional,
    connections: Number(wish('connections') ?? 10),
    ...(user && { auth: { user, pass: decodeURIComponent(url.password) } }),
  };
}

const numberIn = (least: number, most: number) => (text: string) =>
  /^\d{1,3}$/.test(text) && Number(text) >= least && Number(text) <= most;
const wishes = {
  tls: (text: string) => text === 'optional',
  connections: numberIn(2, 50),
  weight: numberIn(1, 100),
  lanes: (text: string) => (lanes as readonly string[]).includes(text),
  name: (text: string) => relayName.test(text),
};

function parse(value: string): URL {
  const url = URL.canParse(value) ? new URL(value) : null;
  const names = [...(url?.searchParams.keys() ?? [])];
  const known = [...(url?.searchParams ?? [])].every(([name, text]) =>
    Object.hasOwn(wishes, name) ? wishes[name as keyof typeof wishes](text) : false,
  );
  if (
    !url ||
    !['smtp:', 'smtps:'].includes(url.protocol) ||
    !url.hostname ||
    !known ||
    new Set(names).size < names.length ||
    !isDecodable(url)
  ) {
    throw new SettingsError(
      'SMTP_URL must look like smtp://user:password@mail.example.org:587 (or smtps://), if needed with ?tls=optional, ' +
        '?connections=2 to 50, ?weight=1 to 100, ?lanes=letters, updates or confirmations, ?name=a-name; several of them with spaces between',
    );
  }
  return url;
}

/** A bare `%` in a password. */
function isDecodable({ username, password }: URL): boolean {
  try {
    decodeURIComponent(username + password);
    return true;
  } catch {
    return false;
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
