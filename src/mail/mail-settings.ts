import { type Settings, SettingsError } from '../config/settings.js';
import { isMailbox } from './compose.js';
import { type Relay, relayFromUrl } from './relay.js';

/**
 * Where mail leaves by these settings; null: nowhere, unless MAIL_MODE is live.
 * @throws SettingsError naming SMTP_URL or MAIL_FROM; asked before the database is opened, which would stay open
 */
export function relayOf(settings: Settings): Relay | null {
  if (!isMailbox(settings.MAIL_FROM)) {
    throw new SettingsError('MAIL_FROM: must be one mailbox, an address or Name <address>.');
  }
  const relay = settings.SMTP_URL ? relayFromUrl(settings.SMTP_URL) : null;
  return settings.MAIL_MODE === 'live' ? relay : null;
}
