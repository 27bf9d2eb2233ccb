import { Inject, Injectable } from '@nestjs/common';
import { Resolver } from 'node:dns/promises';
import { DataSource } from 'typeorm';
import { SETTINGS, type Settings } from '../config/settings.js';
import { alignmentOf } from './alignment.js';
import { domainOf } from './compose.js';
import { lanes } from './mail-states.js';
import { Dkim } from './dkim.js';
import type { Finding, Subject, Verdict } from './dns-verdicts.js';
import { relaysIn } from './mail-settings.js';
import type { Relay } from './relay.js';
import { RelayStates } from './relay-states.service.js';

type Answer<T> = T[] | 'none' | 'unknown';

/**
 * Compares what DNS says of the domains that our mail is from and comes back to with what receivers look for, and looks
 * whether the log of the database stays free of what people typed.
 */
@Injectable()
export class DnsDoctor {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly dkim: Dkim,
    private readonly states: RelayStates,
    private readonly database: DataSource,
  ) {}

  async examine(): Promise<Finding[]> {
    const dns = this.resolver();
    const domain = domainOf(this.settings.MAIL_FROM).toLowerCase();
    const texts = (name: string) => ask(async () => (await dns.resolveTxt(name)).map((parts) => parts.join('')));
    const exchanges = (name: string) => ask(() => dns.resolveMx(name));
    const published = this.dkim.published;
    const returns = this.settings.RETURN_DOMAIN;
    const [spf, key, dmarc, mx, returnsMx, returnsSpf] = await Promise.all([
      texts(domain),
      published ? texts(published.name) : null,
      texts(`_dmarc.${domain}`),
      exchanges(domain),
      returns ? exchanges(returns) : null,
      returns ? texts(returns) : null,
    ]);
    const hosts = relaysIn(this.settings).map(({ host }) => host);
    return [
      this.mode(),
      await this.relay(),
      this.from(domain),
      spfOf('spf', domain, spf, hosts),
      dkimOf(published, key),
      dmarcOf(domain, dmarc),
      alignmentOf(
        { from: domain, dkim: published && domain, sender: returns ?? domain },
        dmarc === 'unknown' ? null : tags(dmarcIn(dmarc)[0] ?? ''),
      ),
      mxOf('mx', domain, mx, `mail.${domain}`),
      ...(returns && returnsMx && returnsSpf
        ? [
            mxOf('returns', returns, returnsMx, `mail.${domain}`),
            // The envelope sender of a letter is there: this is the record that receivers look at (RFC 7208, 2.4).
            spfOf('returns-spf', returns, returnsSpf, hosts),
          ]
        : [{ about: 'returns' as const, verdict: 'weak' as const, found: [], record: null }]),
      await this.databaseLog(),
    ];
  }

  /** Whether a domain takes mail at all: its MX records, or its own address (RFC 5321, 5.1); a null MX (RFC 7505) says no. */
  async receives(domain: string): Promise<Verdict> {
    const dns = this.resolver();
    const mx = await ask(() => dns.resolveMx(domain));
    if (mx === 'unknown') return 'unknown';
    if (mx !== 'none') return mx.some(({ exchange }) => exchange !== '' && exchange !== '.') ? 'good' : 'wrong';
    const own = await ask(() => dns.resolve4(domain));
    return own === 'unknown' ? 'unknown' : own === 'none' ? 'wrong' : 'weak';
  }

  private resolver(): Resolver {
    const dns = new Resolver({ timeout: 2000, tries: 2 });
    if (this.settings.DNS_SERVER) dns.setServers([this.settings.DNS_SERVER]);
    return dns;
  }

  private mode(): Finding {
    const mode = this.settings.MAIL_MODE;
    return { about: 'mode', verdict: mode === 'live' ? 'good' : 'missing', found: [mode], record: null };
  }

  /** Weak while one of several is paused; wrong while mail of one kind cannot leave at all. */
  private async relay(): Promise<Finding> {
    const relays = relaysIn(this.settings);
    const states = await this.states.list();
    const isPaused = ({ name }: Relay) => states.some((each) => each.name === name && each.state === 'paused');
    const found = relays.map((relay) => {
      const { since, lastError } = states.find(({ name }) => name === relay.name) ?? {};
      return spelledOut(relay, relays.length > 1) + (isPaused(relay) ? `: paused since ${since}: ${lastError}` : '');
    });
    const stuck = lanes.some((lane) => relays.filter((relay) => relay.lanes.includes(lane)).every(isPaused));
    const paused = stuck ? 'wrong' : relays.some(isPaused) ? 'weak' : 'good';
    return { about: 'relay', verdict: relays.length > 0 ? paused : 'missing', found, record: null };
  }

  /** Parameters of statements are people's data. The embedded database writes no log; PostgreSQL, as it comes, only of errors. */
  private async databaseLog(): Promise<Finding> {
    if (!this.settings.DATABASE_URL) return { about: 'database', verdict: 'good', found: ['embedded'], record: null };
    const settings: { name: string; setting: string; usual: boolean }[] = await this.database.query(
      `SELECT name, setting, setting = boot_val AS usual FROM pg_settings
       WHERE name LIKE 'log\\_parameter\\_max\\_length%' OR name IN ('log_statement', 'log_min_duration_statement',
         'log_min_duration_sample', 'log_transaction_sample_rate') ORDER BY name`,
    );
    const [lengths, logging] = [settings.filter(isLength), settings.filter((each) => !isLength(each))];
    const found = lengths.map(({ name, setting }) => `${name} = ${setting}`);
    const [ofStatements, ofErrors] = lengths.map(({ setting }) => setting !== '0');
    const writes = ofErrors || (ofStatements && logging.some(({ usual }) => !usual));
    return { about: 'database', verdict: writes ? 'wrong' : ofStatements ? 'weak' : 'good', found, record: null };
  }

  private from(domain: string): Finding {
    const reserved = /(^|\.)(example|invalid|test|localhost|localdomain)$|^example\.(com|net|org)$/.test(domain);
    return { about: 'from', verdict: reserved ? 'wrong' : 'good', found: [this.settings.MAIL_FROM], record: null };
  }
}

/** Never the name and password. */
function spelledOut({ name, host, port, weight, lanes: carries }: Relay, several: boolean): string {
  const place = `${host}:${port}`;
  const only = carries.length < lanes.length ? `, ${carries.join()}` : '';
  return several ? `${name} (${place}), weight ${weight}${only}` : place;
}

/**
 * @param answer everything that DNS said, of which `found` is what is about the subject
 * @param judge asked only when there is something
 */
function compare(
  about: Subject,
  record: NonNullable<Finding['record']>,
  answer: Answer<unknown>,
  found: string[],
  judge: (first: string) => Verdict,
): Finding {
  const verdict = answer === 'unknown' ? 'unknown' : found.length === 0 ? 'missing' : judge(found[0]!);
  return { about, verdict, found, record: verdict === 'good' ? null : record };
}

const known = <T>(answer: Answer<T>): T[] => (typeof answer === 'string' ? [] : answer);

/** RFC 7208: one record, that does not let everybody in. Which hosts it must name is known to the provider of a relay alone. */
function spfOf(about: Subject, domain: string, answer: Answer<string>, hosts: string[]): Finding {
  const ours = hosts.filter((host) => host.endsWith(`.${domain}`) || host === domain);
  const own = ours.length > 0 ? [...new Set(ours)].map((host) => ` a:${host}`).join('') : ' mx';
  const found = known(answer).filter((text) => /^v=spf1( |$)/i.test(text));
  return compare(about, { name: domain, type: 'TXT', value: `v=spf1${own} -all` }, answer, found, (spf) => {
    // Two records are an error for every receiver.
    if (found.length > 1 || / \+?all( |$)/i.test(spf)) return 'wrong';
    return / [-~]all( |$)| redirect=/i.test(spf) ? 'good' : 'weak';
  });
}

/** RFC 6376: the public half of our key, under our selector. */
function dkimOf(published: Dkim['published'], answer: Answer<string> | null): Finding {
  if (!published || answer === null) return { about: 'dkim', verdict: 'missing', found: [], record: null };
  const { name, publicKey } = published;
  const found = known(answer);
  return compare('dkim', { name, type: 'TXT', value: `v=DKIM1; k=rsa; p=${publicKey}` }, answer, found, (key) => {
    if (found.length > 1 || tags(key).get('p')?.replace(/\s/g, '') !== publicKey) return 'wrong';
    // t=y tells receivers to take it for a trial.
    return tags(key).get('t')?.split(':').includes('y') ? 'weak' : 'good';
  });
}

const dmarcIn = (answer: Answer<string>) => known(answer).filter((text) => /^v=DMARC1 *(;|$)/i.test(text));

/** RFC 7489: what receivers do with mail in our name that is not ours. */
function dmarcOf(domain: string, answer: Answer<string>): Finding {
  const name = `_dmarc.${domain}`;
  const found = dmarcIn(answer);
  return compare('dmarc', { name, type: 'TXT', value: 'v=DMARC1; p=quarantine' }, answer, found, (dmarc) => {
    const policy = tags(dmarc).get('p')?.toLowerCase();
    if (found.length > 1 || !policy || !['none', 'quarantine', 'reject'].includes(policy)) return 'wrong';
    return policy === 'none' ? 'weak' : 'good';
  });
}

/** Answers and failure reports need a way back; a null MX (RFC 7505) refuses them all. */
function mxOf(about: Subject, domain: string, answer: Answer<{ exchange: string; priority: number }>, host: string) {
  const hosts = known(answer);
  const found = hosts.map((mx) => `${mx.priority} ${mx.exchange || '.'}`);
  return compare(about, { name: domain, type: 'MX', value: `10 ${host}` }, answer, found, () =>
    hosts.some(({ exchange }) => exchange !== '' && exchange !== '.') ? 'good' : 'wrong',
  );
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

const isLength = ({ name }: { name: string }) => name.startsWith('log_parameter_max_length');
