import { type Calendar, dayOf, goal, openings } from './calendar.js';
import { Shares } from './shares.js';
import { domainOf, keysOf, Ledger, type Limit, type LimitScope, type Now, type Usage } from './ledger.js';

/** Letters that keep one calendar. */
export interface PlannedStream {
  calendar: Calendar;
  /** Evenly over the open time until the calendar's deadline. */
  spread: boolean;
  recipients: string[];
}

export interface PacePlan {
  /** Days of the calendars, in their order; `most`: letters to the mailbox that gets most of them on that day. */
  days: { day: string; letters: number; most: number }[];
  /** Those with something left over first, then those that get most letters. */
  mailboxes: PlannedMailbox[];
  first: string | null;
  last: string | null;
  /** Letters that would not have left at the deadline, or never. */
  leftOver: number;
  /** The limit that kept letters waiting most often, if any did. */
  binding: { scope: LimitScope; kind: string; most: number } | null;
}

/** What one mailbox gets, by days in their order. */
export interface PlannedMailbox {
  mailbox: string;
  letters: number;
  days: { day: string; letters: number }[];
  leftOver: number;
}

interface Lane {
  ready: number;
  recipients: string[];
}

/**
 * What would leave when: the rules of the claim over simulated time, with nobody else sending. The same answer for the
 * same question. A domain that has to wait waits as one, so that the plan's cost does not grow with how long it waits.
 * @param start milliseconds since 1970
 */
export function planPace(
  streams: PlannedStream[],
  limits: Limit[],
  start: number,
  of: { campaignId: string; sender: string; relays: { name: string; weight: number }[] },
  usages: Usage[] = [],
): PacePlan {
  const ledger = new Ledger(limits, usages);
  const shares = new Shares(new Map(of.relays.map(({ name, weight }) => [name, weight])));
  const names = of.relays.map(({ name }) => name);
  const perDay = new Map<string, Map<string, number>>();
  const waits = new Map<string, { n: number; binding: PacePlan['binding'] }>();
  let [first, last] = [Infinity, -Infinity];
  const running = streams.map((stream) => new Running(stream, start));
  for (;;) {
    const stream = running.reduce<Running | null>((a, b) => (b.at < (a?.at ?? Infinity) ? b : a), null);
    if (!stream) break;
    const lane = stream.lane()!;
    const recipient = lane.recipients.at(-1)!;
    const now = stream.now();
    const relays = shares.order(names);
    const relay = ledger.relayFor(relays, now);
    const keys = keysOf({ ...of, recipient, relay });
    const block = ledger.block(keys, now);
    if (!block) {
      ledger.take(keys, now);
      ledger.letGo(keys);
      shares.take(relays.slice(relays.indexOf(relay)));
      lane.recipients.pop();
      stream.took();
      const { day } = now.day('mailbox');
      const boxes = perDay.get(day) ?? new Map<string, number>();
      perDay.set(day, boxes.set(keys.mailbox, (boxes.get(keys.mailbox) ?? 0) + 1));
      first = Math.min(first, now.at);
      last = Math.max(last, now.at);
      continue;
    }
    const { scope, kind, most, until } = block;
    const wait = waits.get(`${scope} ${kind}`) ?? { n: 0, binding: { scope, kind, most } };
    waits.set(`${scope} ${kind}`, { ...wait, n: wait.n + 1 });
    if (scope === 'mailbox') stream.setAside(lane, until);
    else if (scope === 'domain') lane.ready = until;
    else stream.wait(until);
    stream.advance();
  }
  const rest = running.flatMap((stream) => stream.rest().map((recipient) => recipient.toLowerCase()));
  return {
    days: [...perDay]
      .map(([day, boxes]) => ({
        day,
        letters: [...boxes.values()].reduce((sum, n) => sum + n, 0),
        most: [...boxes.values()].reduce((most, n) => Math.max(most, n), 0),
      }))
      .sort((a, b) => (a.day < b.day ? -1 : 1)),
    first: Number.isFinite(first) ? new Date(first).toISOString() : null,
    last: Number.isFinite(last) ? new Date(last).toISOString() : null,
    leftOver: rest.length,
    mailboxes: byMailbox(perDay, rest),
    binding: [...waits.values()].sort((a, b) => b.n - a.n)[0]?.binding ?? null,
  };
}

function byMailbox(perDay: Map<string, Map<string, number>>, rest: string[]): PlannedMailbox[] {
  const boxes = new Map<string, PlannedMailbox>();
  const box = (mailbox: string) => {
    const known = boxes.get(mailbox) ?? { mailbox, letters: 0, days: [], leftOver: 0 };
    boxes.set(mailbox, known);
    return known;
  };
  for (const [day, counts] of [...perDay].sort(([a], [b]) => (a < b ? -1 : 1))) {
    for (const [mailbox, letters] of counts) {
      const known = box(mailbox);
      known.letters += letters;
      known.days.push({ day, letters });
    }
  }
  for (const mailbox of rest) box(mailbox).leftOver += 1;
  return [...boxes.values()].sort(
    (a, b) => b.leftOver - a.leftOver || b.letters - a.letters || (a.mailbox < b.mailbox ? -1 : 1),
  );
}

/** One stream on its way through time. */
class Running {
  at: number;
  private readonly lanes: Lane[] = [];
  private readonly total: number;
  private readonly duration: number;
  private windows;
  private window;
  /** Open time before the window. */
  private elapsed = 0;
  private taken = 0;
  private today: { day: string; ends: number } | null = null;

  constructor(
    private readonly stream: PlannedStream,
    start: number,
  ) {
    this.total = stream.recipients.length;
    const domains = new Map<string, string[]>();
    for (const recipient of stream.recipients.toReversed()) {
      const domain = domainOf(recipient);
      const known = domains.get(domain);
      if (known) known.push(recipient);
      else domains.set(domain, [recipient]);
    }
    for (const recipients of domains.values()) this.lanes.push({ ready: start, recipients });
    this.duration =
      stream.spread && stream.calendar.notAfter
        ? [...openings(stream.calendar, start)].reduce((sum, { from, until }) => sum + until - from, 0)
        : 0;
    this.windows = openings(stream.calendar, start);
    this.window = this.windows.next().value ?? null;
    this.at = start;
    this.advance();
  }

  /** The lane whose turn it is: the earliest that is ready. */
  lane(): Lane | null {
    return this.lanes.reduce<Lane | null>(
      (a, b) => (b.recipients.length > 0 && b.ready < (a?.ready ?? Infinity) ? b : a),
      null,
    );
  }

  now(): Now {
    const { timeZone } = this.stream.calendar;
    if (!this.today || this.at >= this.today.ends) this.today = dayOf(timeZone, this.at);
    const at = this.at;
    const local = this.today;
    return {
      at,
      day: (scope) => (scope === 'mailbox' || scope === 'campaign' ? local : utcDay(at)),
    };
  }

  took(): void {
    this.taken += 1;
    this.advance();
  }

  wait(until: number): void {
    this.at = Math.max(this.at, until);
  }

  /** Only this letter waits; others of its domain go on. */
  setAside(lane: Lane, until: number): void {
    const recipient = lane.recipients.pop()!;
    const same = this.lanes.find((each) => each.ready === until && each.recipients[0] === recipient && each !== lane);
    if (same) same.recipients.push(recipient);
    else this.lanes.push({ ready: until, recipients: [recipient] });
    const empty = this.lanes.findIndex((each) => each.recipients.length === 0);
    if (empty >= 0) this.lanes.splice(empty, 1);
  }

  /** To the next instant at which calendar, goal and lanes let a letter go; Infinity when there is none. */
  advance(): void {
    const lane = this.lane();
    if (!lane) return void (this.at = Infinity);
    this.at = Math.max(this.at, lane.ready);
    if (this.at === Infinity) return;
    for (; this.window; this.turn()) {
      if (this.at >= this.window.until) continue;
      this.at = Math.max(this.at, this.window.from);
      if (this.duration > 0) this.at = Math.max(this.at, this.dueAt());
      if (this.at < this.window.until) return;
    }
    this.at = Infinity;
  }

  /** Whoever's letter has not left. */
  rest(): string[] {
    return this.lanes.flatMap(({ recipients }) => recipients);
  }

  private turn(): void {
    this.elapsed += this.window!.until - this.window!.from;
    this.window = this.windows.next().value ?? null;
  }

  /** When the goal lets the next letter go; past the end of the window if not in it. */
  private dueAt(): number {
    const need = Math.floor((this.taken * this.duration) / this.total);
    const elapsed = goal(this.total, need, this.duration) > this.taken ? need : need + 1;
    return this.window!.from + elapsed - this.elapsed;
  }
}

export function utcDay(at: number): { day: string; ends: number } {
  const midnight = Math.floor(at / 86_400_000) * 86_400_000;
  return { day: new Date(midnight).toISOString().slice(0, 10), ends: midnight + 86_400_000 };
}
