import { type Settings, SettingsError } from '../config/settings.js';
import { isMailbox } from './compose.js';
import { type Relay, relaysFromUrls } from './relay.js';

/** The way out when mail stays on this machine. */
export const inboxName = 'inbox';

/**
 * Where mail leaves by these settings; none: nowhere, unless MAIL_MODE is live.
 * @throws SettingsError naming SMTP_URL or MAIL_FROM; asked before the database is opened, which would stay open
 */
export function relaysOf(settings: Settings): Relay[] {
  if (!isMailbox(settings.MAIL_FROM)) {
    throw new SettingsError('MAIL_FROM: must be one mailbox, an address or Name <address>.');
  }
  const relays = relaysIn(settings);
  return settings.MAIL_MODE === 'live' ? relays : [];
}

/** Those of the settings, whatever the mode. */
export const relaysIn = ({ SMTP_URL: urls }: Settings): Relay[] => (urls ? relaysFromUrls(urls) : []);
