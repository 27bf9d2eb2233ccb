import type { EntityManager } from 'typeorm';
import { type Calendar, dayOf, type Opening, openings } from './calendar.js';
import type { LimitScope } from './ledger.js';
import { utcDay } from './pace-plan.js';

const hour = 3_600_000;
/** Whoever cannot tell within three years cannot tell. */
const horizon = 3 * 366 * 24 * hour;

/** What a limit gives, and what was taken of it; null: no limit of this kind. */
export interface Rate {
  perHour: number | null;
  perDay: number | null;
  gapSeconds: number | null;
  total: number | null;
  /** In the hour that runs now. */
  hourUsed: number;
  /** On `day`, see Usage.day. */
  day: string;
  dayUsed: number;
  used: number;
  /** When the gap is over, milliseconds since 1970; null: it is. */
  readyAt: number | null;
}

/** Letters that share a limit, `groups` times the same. */
export interface Demand extends Rate {
  scope: LimitScope;
  /** Whose open times they have. */
  streams: string[];
  letters: number;
  groups: number;
}

export interface PaceEstimate {
  /** Null: no limit says it, so it depends on how fast the mail servers are. */
  last: string | null;
  /** Letters that would not have left at the deadline, or never. */
  leftOver: number;
}

/** How many letters of a stream wait, and the calendar it keeps. */
export interface WaitingStream {
  stream: string;
  letters: number;
  calendar: Calendar;
  spread: boolean;
}

/**
 * Everything that limits the letters of a campaign which wait, in one statement, and in as many rows as there are different
 * cases: a hundred thousand mailboxes with a letter each are one. Limits of what is in hand at once are left out: sending
 * takes no time here, as in the plan.
 */
export function readDemands(
  manager: EntityManager,
  { campaignId, sender, relays }: { campaignId: string; sender: string; relays: string[] },
): Promise<Demand[]> {
  return manager.query(
    `WITH waiting AS (
       SELECT stream, lower(recipient) AS mailbox, count(*) AS n FROM outbox
       WHERE campaign_id = $1 AND waits AND stream IS NOT NULL GROUP BY 1, 2
     ), asked AS (
       SELECT 'mailbox' AS scope, mailbox AS key, array_agg(stream ORDER BY stream) AS streams, sum(n) AS n
       FROM waiting GROUP BY mailbox
       UNION ALL
       SELECT 'domain', substring(mailbox FROM '[^@]*$'), array_agg(DISTINCT stream), sum(n) FROM waiting GROUP BY 2
       UNION ALL
       SELECT scope, key, array_agg(DISTINCT stream), sum(n)
       FROM waiting CROSS JOIN (
         VALUES ('campaign', $1::text), ('sender', lower($2)) UNION ALL SELECT 'relay', unnest($3::text[])
       ) AS whole (scope, key) GROUP BY 1, 2
     ), limited AS (
       SELECT asked.scope, asked.key, streams, n, per_hour, per_day, gap_seconds, total
       FROM asked JOIN mail_limits l ON l.scope = asked.scope AND l.key = CASE
         WHEN EXISTS (SELECT FROM mail_limits own WHERE own.scope = asked.scope AND own.key = asked.key) THEN asked.key
         ELSE '' END
       WHERE num_nonnulls(per_hour, per_day, gap_seconds, total) > 0
     )
     SELECT scope, streams, n::int AS letters, per_hour AS "perHour", per_day AS "perDay", gap_seconds AS "gapSeconds", total,
       CASE WHEN hour_at > now() - interval '1 hour' THEN hour_used ELSE 0 END AS "hourUsed", coalesce(day, '') AS day,
       coalesce(day_used, 0) AS "dayUsed", CASE WHEN total IS NULL THEN 0 ELSE coalesce(used, 0) END AS used,
       CASE WHEN last_at + gap_seconds * interval '1 second' > now()
         THEN (ceil(extract(epoch FROM last_at + gap_seconds * interval '1 second') / 60) * 60000)::float8 END AS "readyAt",
       count(*)::int AS groups
     FROM limited LEFT JOIN allowances USING (scope, key)
     GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12`,
    [campaignId, sender, relays],
  );
}

/**
 * About when the last letter leaves, from numbers alone: each limit as if it were the only one, and the slowest decides. So
 * it is as good as the plan where one limit binds, as one mostly does, and too early where several do.
 * @param demands one whose streams are not among those that wait is left out: they have begun to wait since
 * @param start milliseconds since 1970
 * @param relays by how many relays they may leave: what these give adds up
 */
export function estimatePace(
  waiting: WaitingStream[],
  demands: Demand[],
  start: number,
  relays: number,
): PaceEstimate | null {
  const known = new Set(waiting.map(({ stream }) => stream));
  const asked = demands.filter(({ streams }) => streams.some((stream) => known.has(stream)));
  const timelines = new Map<string, Timeline>();
  const timeline = (scope: LimitScope | 'stream', names: string[]) => {
    const own = waiting.filter(({ stream }) => names.includes(stream));
    const local = scope === 'mailbox' || scope === 'campaign';
    const key = JSON.stringify([local, names]);
    const made =
      timelines.get(key) ??
      new Timeline(
        own.map(({ calendar }) => calendar),
        local,
        start,
      );
    timelines.set(key, made);
    return made;
  };
  // By whichever relay is free: as one that gives what all give. One without a limit takes everything.
  const byRelay = asked.filter(({ scope }) => scope === 'relay');
  const together = byRelay.length > 0 && byRelay.reduce((sum, { groups }) => sum + groups, 0) === relays;
  const shared = asked.filter(({ scope }) => scope !== 'relay').map((demand) => ({ ...demand, rates: [demand] }));
  if (together) {
    const rates = byRelay.flatMap((each) => Array.from({ length: each.groups }, () => each));
    shared.push({ ...byRelay[0]!, groups: 1, rates });
  }
  let opens = start;
  let last = -Infinity;
  const left = new Map<string, number>();
  const note = (scope: string, run: Run | null, groups = 1) => {
    if (!run) return false;
    last = Math.max(last, run.last);
    left.set(scope, (left.get(scope) ?? 0) + run.left * groups);
    return true;
  };
  for (const { stream, letters, calendar, spread } of waiting) {
    const free = leave(letters, [], timeline('stream', [stream]));
    if (!note('stream', free)) return null;
    opens = Math.max(opens, free!.last);
    if (spread && calendar.notAfter) last = Math.max(last, lastOfSpread(letters, calendar, start));
  }
  for (const { scope, streams, letters, groups, rates } of shared) {
    if (!note(scope, leave(letters, rates, timeline(scope, streams)), groups)) return null;
  }
  return {
    last: last > opens ? new Date(last).toISOString() : null,
    leftOver: Math.max(0, ...left.values()),
  };
}

interface Run {
  last: number;
  left: number;
}

/** @returns null when it is not over within the horizon */
function leave(letters: number, rates: readonly Rate[], timeline: Timeline): Run | null {
  const open = rates.map((rate) => ({ ...rate, hourAt: timeline.start }));
  let [left, last] = [letters, -Infinity];
  for (let n = 0; left > 0; n += 1) {
    const piece = timeline.piece(n);
    if (!piece) return timeline.isCut ? null : { last, left };
    if (open.length === 0) return { last: piece.from, left: 0 };
    if (open.every(({ total, used }) => total !== null && used >= total)) return { last, left };
    for (const rate of open) {
      const took = take(rate, piece, left);
      if (took.letters === 0) continue;
      left -= took.letters;
      last = Math.max(last, took.last);
    }
  }
  return { last, left };
}

interface Piece extends Opening {
  day: string;
}

/** What one limit lets go in a piece of an hour. */
function take(rate: Rate & { hourAt: number }, { from, until, day }: Piece, wanted: number) {
  const { perHour, perDay, gapSeconds, total } = rate;
  const hourAt = Math.floor(from / hour) * hour;
  if (hourAt > rate.hourAt) Object.assign(rate, { hourAt, hourUsed: 0 });
  if (day > rate.day) Object.assign(rate, { day, dayUsed: 0 });
  const first = Math.max(from, rate.readyAt ?? from);
  const gap = (gapSeconds ?? 0) * 1000;
  const letters = Math.min(
    wanted,
    perHour === null ? Infinity : perHour - rate.hourUsed,
    perDay === null ? Infinity : perDay - rate.dayUsed,
    total === null ? Infinity : total - rate.used,
    first >= until ? 0 : gap > 0 ? Math.floor((until - 1 - first) / gap) + 1 : Infinity,
  );
  if (letters <= 0) return { letters: 0, last: -Infinity };
  rate.hourUsed += letters;
  rate.dayUsed += letters;
  rate.used += letters;
  const last = first + (letters - 1) * gap;
  rate.readyAt = gap > 0 ? last + gap : null;
  return { letters, last };
}

/** The times at which one of the calendars is open, cut at every hour and day, made as far as somebody looks. */
class Timeline {
  /** It goes on behind the horizon. */
  isCut = false;
  private readonly pieces: Piece[] = [];
  private readonly more: Generator<Piece>;

  constructor(
    private readonly calendars: Calendar[],
    private readonly local: boolean,
    readonly start: number,
  ) {
    this.more = this.cut();
  }

  piece(n: number): Piece | undefined {
    while (this.pieces.length <= n) {
      const next = this.more.next();
      if (next.done) return undefined;
      this.pieces.push(next.value);
    }
    return this.pieces[n];
  }

  private *cut(): Generator<Piece> {
    const { timeZone } = this.calendars[0]!;
    let today = { day: '', ends: -Infinity };
    for (const { from, until } of union(this.calendars, this.start)) {
      for (let at = from; at < until;) {
        if (at > this.start + horizon) {
          this.isCut = true;
          return;
        }
        if (at >= today.ends) today = this.local ? dayOf(timeZone, at) : utcDay(at);
        const ends = Math.min(until, today.ends, Math.floor(at / hour) * hour + hour);
        yield { from: at, until: ends, day: today.day };
        at = ends;
      }
    }
  }
}

/** Openings of all, in order and without overlap. */
function* union(calendars: Calendar[], start: number): Generator<Opening> {
  const lines = calendars.map((calendar) => openings(calendar, start));
  const heads = lines.map((line) => line.next().value ?? null);
  let done = start;
  for (;;) {
    const next = heads.reduce<number>(
      (first, head, n) => (head && head.from < (heads[first]?.from ?? Infinity) ? n : first),
      -1,
    );
    if (next < 0) return;
    const { from, until } = heads[next]!;
    heads[next] = lines[next]!.next().value ?? null;
    if (until <= done) continue;
    yield { from: Math.max(from, done), until };
    done = until;
  }
}

/** When the goal lets the last one go. */
function lastOfSpread(letters: number, calendar: Calendar, start: number): number {
  const all = [...openings(calendar, start)];
  const whole = all.reduce((sum, { from, until }) => sum + until - from, 0);
  let need = Math.ceil(((letters - 1) * whole) / letters);
  for (const { from, until } of all) {
    if (need < until - from) return from + need;
    need -= until - from;
  }
  return start;
}
