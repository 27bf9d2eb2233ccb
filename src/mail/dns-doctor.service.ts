import { Inject, Injectable } from '@nestjs/common';
import { Resolver } from 'node:dns/promises';
import { SETTINGS, type Settings } from '../config/settings.js';
import { domainOf } from './compose.js';
import { Dkim } from './dkim.js';

/** What is looked at, in the order in which it is put right. */
export const subjects = ['mode', 'relay', 'from', 'spf', 'dkim', 'dmarc', 'mx'] as const;
export type Subject = (typeof subjects)[number];

/**
 * `good`; `missing`: there is none; `wrong`: there is one that does not do; `weak`: it does, but could be better;
 * `unknown`: DNS did not answer.
 */
export const verdicts = ['good', 'missing', 'wrong', 'weak', 'unknown'] as const;
export type Verdict = (typeof verdicts)[number];

export interface Finding {
  about: Subject;
  verdict: Verdict;
  /** What stands there today. */
  found: string[];
  /** What should stand in DNS, ready to paste. */
  record: { name: string; type: 'TXT' | 'MX'; value: string } | null;
}

type Answer<T> = T[] | 'none' | 'unknown';

/** Compares what DNS says of the domain that our mail is from with what receivers look for. */
@Injectable()
export class DnsDoctor {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly dkim: Dkim,
  ) {}

  async examine(): Promise<Finding[]> {
    const dns = new Resolver({ timeout: 2000, tries: 2 });
    if (this.settings.DNS_SERVER) dns.setServers([this.settings.DNS_SERVER]);
    const domain = domainOf(this.settings.MAIL_FROM).toLowerCase();
    const texts = (name: string) => ask(async () => (await dns.resolveTxt(name)).map((parts) => parts.join('')));
    const published = this.dkim.published;
    const [spf, key, dmarc, mx] = await Promise.all([
      texts(domain),
      published ? texts(published.name) : null,
      texts(`_dmarc.${domain}`),
      ask(() => dns.resolveMx(domain)),
    ]);
    return [
      this.mode(),
      this.relay(),
      this.from(domain),
      spfOf(domain, spf, this.settings.SMTP_URL),
      dkimOf(published, key),
      dmarcOf(domain, dmarc),
      mxOf(domain, mx),
    ];
  }

  private mode(): Finding {
    const mode = this.settings.MAIL_MODE;
    return { about: 'mode', verdict: mode === 'live' ? 'good' : 'missing', found: [mode], record: null };
  }

  private relay(): Finding {
    const { SMTP_URL: url } = this.settings;
    // Never the password.
    const found = url ? [new URL(url).host] : [];
    return { about: 'relay', verdict: url ? 'good' : 'missing', found, record: null };
  }

  private from(domain: string): Finding {
    const reserved = /(^|\.)(example|invalid|test|localhost|localdomain)$|^example\.(com|net|org)$/.test(domain);
    return { about: 'from', verdict: reserved ? 'wrong' : 'good', found: [this.settings.MAIL_FROM], record: null };
  }
}

/** RFC 7208: one record, that does not let everybody in. Which hosts it must name is known to the relay's provider alone. */
function spfOf(domain: string, answer: Answer<string>, smtpUrl: string | undefined): Finding {
  const host = smtpUrl ? new URL(smtpUrl).hostname : '';
  const own = host.endsWith(`.${domain}`) || host === domain ? ` a:${host}` : ' mx';
  const record = { name: domain, type: 'TXT' as const, value: `v=spf1${own} -all` };
  const found = answer === 'unknown' || answer === 'none' ? [] : answer.filter((text) => /^v=spf1( |$)/i.test(text));
  const said = (verdict: Verdict): Finding => ({
    about: 'spf',
    verdict,
    found,
    record: verdict === 'good' ? null : record,
  });
  if (answer === 'unknown') return said('unknown');
  if (found.length === 0) return said('missing');
  // Two records are an error for every receiver.
  if (found.length > 1 || / \+?all( |$)/i.test(found[0]!)) return said('wrong');
  return said(/ [-~]all( |$)| redirect=/i.test(found[0]!) ? 'good' : 'weak');
}

/** RFC 6376: the public half of our key, under our selector. */
function dkimOf(published: Dkim['published'], answer: Answer<string> | null): Finding {
  if (!published) return { about: 'dkim', verdict: 'missing', found: [], record: null };
  const record = { name: published.name, type: 'TXT' as const, value: `v=DKIM1; k=rsa; p=${published.publicKey}` };
  const found = answer === 'unknown' || answer === 'none' || answer === null ? [] : answer;
  const said = (verdict: Verdict): Finding => ({
    about: 'dkim',
    verdict,
    found,
    record: verdict === 'good' ? null : record,
  });
  if (answer === 'unknown') return said('unknown');
  if (found.length === 0) return said('missing');
  const ours = found.length === 1 && tags(found[0]!).get('p')?.replace(/\s/g, '') === published.publicKey;
  if (!ours) return said('wrong');
  // t=y tells receivers to take it for a trial.
  return said(tags(found[0]!).get('t')?.split(':').includes('y') ? 'weak' : 'good');
}

/** RFC 7489: what receivers do with mail in our name that is not ours. */
function dmarcOf(domain: string, answer: Answer<string>): Finding {
  const record = { name: `_dmarc.${domain}`, type: 'TXT' as const, value: 'v=DMARC1; p=quarantine' };
  const found =
    answer === 'unknown' || answer === 'none' ? [] : answer.filter((text) => /^v=DMARC1 *(;|$)/i.test(text));
  const said = (verdict: Verdict): Finding => ({
    about: 'dmarc',
    verdict,
    found,
    record: verdict === 'good' ? null : record,
  });
  if (answer === 'unknown') return said('unknown');
  if (found.length === 0) return said('missing');
  const policy = tags(found[0]!).get('p')?.toLowerCase();
  if (found.length > 1 || !policy || !['none', 'quarantine', 'reject'].includes(policy)) return said('wrong');
  return said(policy === 'none' ? 'weak' : 'good');
}

/** Answers and failure reports need a way back; a null MX (RFC 7505) refuses them all. */
function mxOf(domain: string, answer: Answer<{ exchange: string; priority: number }>): Finding {
  const record = { name: domain, type: 'MX' as const, value: `10 mail.${domain}` };
  const found =
    answer === 'unknown' || answer === 'none' ? [] : answer.map((mx) => `${mx.priority} ${mx.exchange || '.'}`);
  const said = (verdict: Verdict): Finding => ({
    about: 'mx',
    verdict,
    found,
    record: verdict === 'good' ? null : record,
  });
  if (answer === 'unknown') return said('unknown');
  if (answer === 'none' || answer.length === 0) return said('missing');
  return said(answer.some(({ exchange }) => exchange !== '' && exchange !== '.') ? 'good' : 'wrong');
}

const tags = (text: string) =>
  new Map(
    text.split(';').flatMap((tag) => {
      const at = tag.indexOf('=');
      return at < 0 ? [] : [[tag.slice(0, at).trim().toLowerCase(), tag.slice(at + 1).trim()] as const];
    }),
  );

async function ask<T>(question: () => Promise<T[]>): Promise<Answer<T>> {
  try {
    return await question();
  } catch (error) {
    return ['ENODATA', 'ENOTFOUND'].includes((error as NodeJS.ErrnoException).code!) ? 'none' : 'unknown';
  }
}
