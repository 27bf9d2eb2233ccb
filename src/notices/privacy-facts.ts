import type { Settings } from '../config/settings.js';

export interface PrivacyFacts {
  mailMode: Settings['MAIL_MODE'];
  /** Host names of the servers that our messages are handed to; none unless they leave. */
  relays: string[];
  /** Where reports about letters that did not arrive come in, and how; null: they do not come to us. */
  returns: { domain: string; by: ('smtp' | 'imap' | 'webhook')[] } | null;
}

/** What the settings of this instance mean for somebody's data: the privacy page says this and no more. */
export function privacyFacts(settings: Settings): PrivacyFacts {
  const { MAIL_MODE: mailMode, SMTP_URL: relays, RETURN_DOMAIN: domain } = settings;
  const by = [
    settings.RETURN_SMTP_PORT !== undefined && 'smtp',
    settings.RETURN_IMAP_URL !== undefined && 'imap',
    settings.RETURN_WEBHOOK_SECRET !== undefined && 'webhook',
  ].filter((way): way is 'smtp' | 'imap' | 'webhook' => way !== false);
  return {
    mailMode,
    // The name of the host, never the password beside it.
    relays: mailMode === 'live' ? [...new Set((relays ?? '').split(/\s+/).filter(Boolean).map(hostOf))] : [],
    returns: domain && by.length > 0 ? { domain, by } : null,
  };
}

const hostOf = (url: string) => new URL(url).hostname;
