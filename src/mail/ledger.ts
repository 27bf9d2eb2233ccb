/** Whom a limit protects. A limit with the key '' holds for each of its scope that has none of its own. */
export const limitScopes = ['relay', 'sender', 'campaign', 'domain', 'mailbox'] as const;
export type LimitScope = (typeof limitScopes)[number];

/** Null: no limit of this kind. */
export interface Limit {
  scope: LimitScope;
  /** '', a campaign's id, a relay's name, a domain, a mailbox or a sender's address; in lower case. */
  key: string;
  perHour: number | null;
  perDay: number | null;
  gapSeconds: number | null;
  /** Mails in hand at once. */
  concurrent: number | null;
  /** Mails ever. */
  total: number | null;
}

/** What was taken of the limits of one key: in the hour that began at `hourAt`, on `day`, and ever. */
export interface Usage {
  scope: LimitScope;
  key: string;
  /** Milliseconds since 1970; a whole hour. */
  hourAt: number;
  hourUsed: number;
  /** `YYYY-MM-DD` in the time zone of the calendar (campaign, mailbox) or in UTC (relay, domain, sender). */
  day: string;
  dayUsed: number;
  used: number;
  lastAt: number | null;
  /** The one before: what an attempt that never left gives back. */
  lastBefore: number | null;
  inHand: number;
}

export type Keys = Record<LimitScope, string>;
export interface Now {
  at: number;
  /** Per scope, see Usage.day. */
  day: (scope: LimitScope) => { day: string; ends: number };
}
export const limitKinds = ['concurrent', 'gap', 'per-hour', 'per-day', 'total'] as const;
export interface Block {
  scope: LimitScope;
  kind: (typeof limitKinds)[number];
  most: number;
  /** When the place may be free; Infinity: never. */
  until: number;
}

const hour = 3_600_000;
/** Something in hand ends at an unknown time: ask again soon. */
const concurrentPause = 5000;

export const domainOf = (address: string) => address.slice(address.lastIndexOf('@') + 1).toLowerCase();

/** Who is asked for a letter: each of its five keys. */
export const keysOf = (letter: { campaignId: string; recipient: string; sender: string; relay: string }): Keys => ({
  relay: letter.relay,
  sender: letter.sender.toLowerCase(),
  campaign: letter.campaignId,
  domain: domainOf(letter.recipient),
  mailbox: letter.recipient.toLowerCase(),
});

/** Limits and what was taken of them, in memory: the claim and the plan ask the same rules. */
export class Ledger {
  private readonly limits = new Map<string, Limit>();
  private readonly usages = new Map<string, Usage>();
  private readonly touched = new Set<Usage>();

  constructor(limits: Limit[], usages: Usage[] = []) {
    for (const limit of limits) this.limits.set(name(limit.scope, limit.key), limit);
    for (const usage of usages) this.usages.set(name(usage.scope, usage.key), { ...usage });
  }

  /** The limit that keeps this letter longest, or null when it may leave. */
  block(keys: Keys, now: Now): Block | null {
    let worst: Block | null = null;
    for (const scope of limitScopes) {
      const block = this.blockOf(scope, keys[scope], now);
      if (block && (worst === null || block.until > worst.until)) worst = block;
    }
    return worst;
  }

  /** Of these relays the first that may take one more now; when none may, the one that may soonest. */
  relayFor(names: string[], now: Now): string {
    let soonest: { name: string; until: number } | null = null;
    for (const name of names) {
      const until = this.blockOf('relay', name, now)?.until;
      if (until === undefined) return name;
      if (soonest === null || until < soonest.until) soonest = { name, until };
    }
    return soonest!.name;
  }

  /** Whether this relay may ever take one more. */
  isSpent(relay: string, now: Now): boolean {
    return this.blockOf('relay', relay, now)?.until === Infinity;
  }

  take(keys: Keys, now: Now): void {
    for (const scope of limitScopes) {
      const usage = this.usage(scope, keys[scope]);
      const { day } = now.day(scope);
      const hourAt = Math.floor(now.at / hour) * hour;
      if (hourAt > usage.hourAt) Object.assign(usage, { hourAt, hourUsed: 0 });
      // Two calendars may disagree about the day: the later one counts, so that nobody gets more.
      if (day > usage.day) Object.assign(usage, { day, dayUsed: 0 });
      usage.hourUsed += 1;
      usage.dayUsed += 1;
      usage.used += 1;
      usage.inHand += 1;
      // Where there is a gap to keep, two never have one moment.
      if (now.at !== usage.lastAt) Object.assign(usage, { lastBefore: usage.lastAt, lastAt: now.at });
      this.touched.add(usage);
    }
  }

  /** What is in hand has left: for a plan, in which sending takes no time. */
  letGo(keys: Keys): void {
    for (const scope of limitScopes) this.usage(scope, keys[scope]).inHand -= 1;
  }

  /** The usages that `take` has changed. */
  changed(): Usage[] {
    return [...this.touched];
  }

  private blockOf(scope: LimitScope, key: string, now: Now): Block | null {
    const limit = this.limits.get(name(scope, key)) ?? this.limits.get(name(scope, ''));
    const usage = limit && this.usages.get(name(scope, key));
    if (!limit || (!usage && limit.total !== 0)) return null;
    const { day, ends } = now.day(scope);
    const hourAt = Math.floor(now.at / hour) * hour;
    const { hourAt: usedHour, hourUsed, day: usedDay, dayUsed, used, lastAt, inHand } = usage ?? empty(scope, key);
    const is = (most: number | null, taken: number): most is number => most !== null && taken >= most;
    if (is(limit.total, used)) return { scope, kind: 'total', most: limit.total, until: Infinity };
    if (usedDay >= day && is(limit.perDay, dayUsed)) return { scope, kind: 'per-day', most: limit.perDay, until: ends };
    if (usedHour >= hourAt && is(limit.perHour, hourUsed)) {
      return { scope, kind: 'per-hour', most: limit.perHour, until: hourAt + hour };
    }
    if (limit.gapSeconds !== null && lastAt !== null && now.at < lastAt + limit.gapSeconds * 1000) {
      return { scope, kind: 'gap', most: limit.gapSeconds, until: lastAt + limit.gapSeconds * 1000 };
    }
    if (is(limit.concurrent, inHand)) {
      return { scope, kind: 'concurrent', most: limit.concurrent, until: now.at + concurrentPause };
    }
    return null;
  }

  private usage(scope: LimitScope, key: string): Usage {
    const known = this.usages.get(name(scope, key));
    if (known) return known;
    const usage = empty(scope, key);
    this.usages.set(name(scope, key), usage);
    return usage;
  }
}

const empty = (scope: LimitScope, key: string): Usage => ({
  scope,
  key,
  hourAt: 0,
  hourUsed: 0,
  day: '',
  dayUsed: 0,
  used: 0,
  lastAt: null,
  lastBefore: null,
  inHand: 0,
});

const name = (scope: LimitScope, key: string) => `${scope} ${key}`;
