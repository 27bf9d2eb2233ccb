import { Inject, Injectable, type OnModuleInit, type OnModuleDestroy } from '@nestjs/common';
import { isIPv6 } from 'node:net';
import { DataSource } from 'typeorm';
import { SETTINGS, type Settings } from '../config/settings.js';
import { Vault } from '../vault/vault.service.js';
import type { Visitor } from './fast-lane.js';
import { problems } from './problem.js';
import { TorExits } from './tor-exits.js';

interface Rule {
  hits: number;
  seconds: number;
}

/** The one table of rates: how often one visitor may do a thing within a time. */
const rules = {
  sign: { hits: 60, seconds: 3600 },
  confirm: { hits: 300, seconds: 3600 },
  // Above these nobody is refused: the signature waits for a person (signatures/suspicion.ts).
  'confirm-domain': { hits: 100, seconds: 3600 },
  'confirm-network': { hits: 30, seconds: 3600 },
  'sign-after-waiting': { hits: 10, seconds: 3600 },
  withdraw: { hits: 20, seconds: 3600 },
  code: { hits: 20, seconds: 3600 },
  // Whole parliaments sit behind one address.
  objection: { hits: 60, seconds: 3600 },
  'mail-to-address': { hits: 5, seconds: 24 * 3600 },
  // Of its own, so that nobody can keep a signer from withdrawing by asking for signatures in her name.
  'rights-mail-to-address': { hits: 5, seconds: 24 * 3600 },
  // By a member of staff or her programs: an answer for a person who asks, not for a list.
  'signature-search': { hits: 30, seconds: 3600 },
  'sign-in': { hits: 30, seconds: 900 },
  'sign-in-account': { hits: 10, seconds: 900 },
  'sign-in-account-anywhere': { hits: 100, seconds: 900 },
  'password-again': { hits: 10, seconds: 900 },
  // Whoever tries knows the password already: three codes of a million are right at a time.
  'second-step': { hits: 10, seconds: 900 },
} satisfies Record<string, Rule>;

export type LimitName = keyof typeof rules;

/** The name of the one bucket of all Tor exits, and how much more it holds. */
const tor = 'tor';
const torFactor = 50;

interface Counter {
  hits: number;
  unsaved: number;
  resetsAt: number;
}

/**
 * Rate limits without addresses: a counter's name is a digest under a key that lives one day. Counting happens in memory
 * and is added to the database once a second in one statement, so that no request waits for a row others write; what
 * other processes counted comes back with it.
 */
@Injectable()
export class Limits implements OnModuleInit, OnModuleDestroy {
  private counters = new Map<string, Counter>();
  private timer?: NodeJS.Timeout;
  private readonly torExits: TorExits;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly database: DataSource,
    private readonly vault: Vault,
  ) {
    this.torExits = new TorExits(settings.TOR_EXITS);
  }

  async onModuleInit(): Promise<void> {
    const rows: { bucket: Buffer; hits: number; resets_at: Date }[] = await this.database.query(
      `SELECT bucket, hits, resets_at FROM limits WHERE resets_at > now() LIMIT 100000`,
    );
    for (const row of rows) {
      this.counters.set(row.bucket.toString('base64'), {
        hits: row.hits,
        unsaved: 0,
        resetsAt: row.resets_at.getTime(),
      });
    }
    this.timer = setInterval(() => void this.save().catch(() => undefined), 1000).unref();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    await this.save();
  }

  /** Counts one attempt of `who` and tells whether it is within the limit. */
  allows(name: LimitName, who: string): boolean {
    return this.hit(name, who) === null;
  }

  /** The same for the network of the request. */
  allowsFrom(name: LimitName, visitor: Visitor): boolean {
    return this.allows(name, this.from(visitor));
  }

  /** Counts one attempt from the network of the request. @throws Problem too-many */
  check(name: LimitName, visitor: Visitor): void {
    const wait = this.hit(name, this.from(visitor));
    if (wait !== null) throw problems.tooMany(wait);
  }

  /** Counts one attempt of somebody who has a name here. @throws Problem too-many */
  checkOf(name: LimitName, who: string): void {
    const wait = this.hit(name, who);
    if (wait !== null) throw problems.tooMany(wait);
  }

  /** Until when a digest of `who` is remembered for this limit; null: none is. */
  async remembers(name: LimitName, who: string): Promise<Date | null> {
    const { key } = this.bucket(name, who);
    const counter = this.counters.get(key);
    if (counter) return new Date(counter.resetsAt);
    const [row] = await this.database.query(`SELECT resets_at FROM limits WHERE bucket = $1 AND resets_at > now()`, [
      Buffer.from(key, 'base64'),
    ]);
    return (row?.resets_at as Date | undefined) ?? null;
  }

  /** All Tor exits are one, so that nobody is locked out because others use the same exit. */
  private from({ ip }: Visitor): string {
    return this.torExits.has(ip) ? tor : networkOf(ip);
  }

  /** Adds what was counted since the last time to the database, and takes over what other processes counted. */
  async save(): Promise<void> {
    const now = Date.now();
    for (const [key, counter] of this.counters) if (counter.resetsAt <= now) this.counters.delete(key);
    const changed = [...this.counters].filter(([, counter]) => counter.unsaved > 0);
    if (changed.length === 0) return;
    const added = changed.map(([, counter]) => counter.unsaved);
    changed.forEach(([, counter]) => (counter.unsaved = 0));
    const rows: { bucket: Buffer; hits: number }[] = await this.database.query(
      `INSERT INTO limits (bucket, hits, resets_at)
       SELECT * FROM unnest($1::bytea[], $2::int[], $3::timestamptz[]) ORDER BY 1
       ON CONFLICT (bucket) DO UPDATE SET hits = limits.hits + excluded.hits
       RETURNING bucket, hits`,
      [
        changed.map(([key]) => Buffer.from(key, 'base64')),
        added,
        changed.map(([, { resetsAt }]) => new Date(resetsAt)),
      ],
    );
    for (const row of rows) {
      const counter = this.counters.get(row.bucket.toString('base64'));
      if (counter) counter.hits = row.hits + counter.unsaved;
    }
    await this.database.query(`DELETE FROM limits WHERE resets_at <= now()`);
  }

  /** @returns null, or the seconds until the next attempt may succeed */
  private hit(name: LimitName, who: string): number | null {
    if (!this.settings.LIMITS) return null;
    const rule = rules[name];
    const most = who === tor ? rule.hits * torFactor : rule.hits;
    const { key, resetsAt } = this.bucket(name, who);
    const counter = this.counters.get(key) ?? { hits: 0, unsaved: 0, resetsAt };
    counter.hits += 1;
    counter.unsaved += 1;
    this.counters.set(key, counter);
    return counter.hits > most ? Math.ceil((counter.resetsAt - Date.now()) / 1000) : null;
  }

  /** Where attempts of now are counted, and until when. */
  private bucket(name: LimitName, who: string): { key: string; resetsAt: number } {
    const milliseconds = rules[name].seconds * 1000;
    const window = Math.floor(Date.now() / milliseconds);
    const key = this.vault.dailyDigest(`${name}\n${window}\n${who}`).toString('base64');
    return { key, resetsAt: (window + 1) * milliseconds };
  }
}

/** One network: a whole IPv4 address, or the first 64 bits of an IPv6 one (RFC 6177: what one household gets). */
export function networkOf(ip: string): string {
  if (!isIPv6(ip)) return ip;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip);
  if (mapped) return mapped[1]!;
  const [head = '', tail] = ip.split('%')[0]!.split('::');
  const left = head.split(':').filter(Boolean);
  const right = (tail ?? '').split(':').filter(Boolean);
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  return [...left, ...Array<string>(Math.max(zeros, 0)).fill('0'), ...right]
    .slice(0, 4)
    .map((part) => parseInt(part, 16).toString(16))
    .join(':');
}
