import type { EntityManager } from 'typeorm';
import { dayOf } from './calendar.js';
import { type Keys, keysOf, Ledger, type Limit, limitScopes, type LimitScope, type Usage } from './ledger.js';
import { utcDay } from './pace-plan.js';

const hour = 3_600_000;
/** A letter that waits asks again after this time, in case limits or other letters have changed. */
const longestBooking = 7 * 86_400_000;

interface Ended {
  campaign_id: string;
  relay: string | null;
  recipient: string;
  stream: string;
  sender: string;
  time_zone: string;
  started_at: Date;
  was: 'first' | 'again';
  pass: 'kept' | 'answered' | 'returned';
}

/** Limits and what was taken of them, read and written by whoever holds the lock of the paced claim. */
export class Allowances {
  private bookings = new Map<string, number>();
  private booked = new Set<string>();
  private limits: Limit[] = [];
  private current: Ledger;

  constructor(private readonly tx: EntityManager) {}

  /**
   * Books for good what attempts took that have ended since, and gives back what they did not need.
   * @returns the streams that have first letters before them again, and how many
   */
  async giveBack(): Promise<{ campaignId: string; stream: string; n: number }[]> {
    const [ended] = await this.tx.query<[Ended[], number]>(
      `WITH ended AS (
         SELECT attempts.campaign_id, outbox_id, attempts.attempt_id, attempts.pass AS was, attempts.relay, recipient, outbox.stream, sender,
                calendar->>'timeZone' AS time_zone
         FROM attempts
         JOIN outbox ON outbox.campaign_id = attempts.campaign_id AND outbox.id = outbox_id
         JOIN mail_streams ON mail_streams.campaign_id = outbox.campaign_id AND mail_streams.stream = outbox.stream
         WHERE attempts.pass IN ('first', 'again')
         LIMIT 1000
       )
       UPDATE attempts
       SET pass = CASE WHEN attempts.handed_over_at IS NOT NULL THEN 'kept'
                       WHEN outcome IN ('unsent', 'suppressed') THEN 'returned' ELSE 'answered' END
       FROM ended
       WHERE attempts.campaign_id = ended.campaign_id AND attempts.outbox_id = ended.outbox_id
         AND attempts.attempt_id = ended.attempt_id
       RETURNING ended.*, attempts.started_at, attempts.pass`,
    );
    const back = ended.filter(({ pass }) => pass !== 'kept');
    if (back.length === 0) return [];
    const rows = back.flatMap((one) => {
      const keys = keysOf({ ...one, campaignId: one.campaign_id, relay: one.relay ?? '' });
      const scopes = limitScopes.filter(
        (scope) => one.pass === 'returned' || (scope !== 'relay' && scope !== 'domain'),
      );
      const at = one.started_at.getTime();
      const local = dayOf(one.time_zone, at).day;
      return scopes.map((scope) => ({
        scope,
        key: keys[scope],
        at: one.started_at,
        hour: new Date(Math.floor(at / hour) * hour),
        day: scope === 'mailbox' || scope === 'campaign' ? local : utcDay(at).day,
      }));
    });
    await this.tx.query(
      `UPDATE allowances
       SET hour_used = hour_used - back.of_hour, day_used = day_used - back.of_day, used = used - back.n,
           last_at = CASE WHEN back.latest THEN last_before ELSE last_at END
       FROM (
         SELECT told.scope, told.key, count(*)::int AS n,
                count(*) FILTER (WHERE told.hour = now.hour_at)::int AS of_hour,
                count(*) FILTER (WHERE told.day = now.day)::int AS of_day, bool_or(told.at = now.last_at) AS latest
         FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::timestamptz[])
           AS told (scope, key, hour, day, at)
         JOIN allowances AS now ON now.scope = told.scope AND now.key = told.key
         GROUP BY 1, 2
       ) AS back
       WHERE allowances.scope = back.scope AND allowances.key = back.key`,
      [
        rows.map((row) => row.scope),
        rows.map((row) => row.key),
        rows.map((row) => row.hour),
        rows.map((row) => row.day),
        rows.map((row) => row.at),
      ],
    );
    // A letter that never got anywhere has its turn before it again; one that was answered keeps it for its next try.
    const unsent = back.filter(({ was, pass }) => was === 'first' && pass === 'returned');
    const [turns] = await this.tx.query<[{ campaignId: string; stream: string; n: number }[], number]>(
      `UPDATE mail_streams SET taken = taken - back.n
       FROM (SELECT campaign_id, stream, count(*)::int AS n FROM unnest($1::uuid[], $2::text[]) AS told (campaign_id, stream)
             GROUP BY 1, 2) AS back
       WHERE mail_streams.campaign_id = back.campaign_id AND mail_streams.stream = back.stream
       RETURNING back.campaign_id AS "campaignId", back.stream, n`,
      [unsent.map((one) => one.campaign_id), unsent.map((one) => one.stream)],
    );
    return turns;
  }

  /** Everything that may keep one of these letters. */
  async ledger(letters: Keys[]): Promise<Ledger> {
    const pairs = pairsOf(letters);
    this.limits = await readLimits(this.tx, pairs);
    const inHand = await this.inHand();
    const known = (await readUsages(this.tx, pairs)).map(({ bookedAt, ...usage }) => {
      const name = `${usage.scope} ${usage.key}`;
      if (bookedAt) this.bookings.set(name, bookedAt);
      return { ...usage, inHand: inHand.get(name) ?? 0 };
    });
    this.current = new Ledger(this.limits, known);
    return this.current;
  }

  /** What is being sent now, by every key: a few dozen rows, whatever waits. */
  private async inHand(): Promise<Map<string, number>> {
    const rows = await this.tx.query<{ campaignId: string; recipient: string; sender: string; relay: string }[]>(
      `SELECT campaign_id AS "campaignId", recipient, sender, coalesce(relay, '') AS relay FROM outbox JOIN mail_streams USING (campaign_id, stream)
       WHERE lease_until IS NOT NULL`,
    );
    const counts = new Map<string, number>();
    for (const row of rows) {
      const keys = keysOf(row);
      for (const scope of limitScopes) {
        const name = `${scope} ${keys[scope]}`;
        counts.set(name, (counts.get(name) ?? 0) + 1);
      }
    }
    return counts;
  }

  /**
   * The turn of a letter that waits for its mailbox or domain: after those that wait already, so that a letter of many
   * is put off once, and not with every claim.
   */
  book(keys: Keys, until: number, at: number): number {
    const most = at + longestBooking;
    const scope = this.step('mailbox', keys.mailbox) >= this.step('domain', keys.domain) ? 'mailbox' : 'domain';
    const name = `${scope} ${keys[scope]}`;
    const before = this.bookings.get(name) ?? 0;
    const turn = Math.min(Math.max(until, before + this.step(scope, keys[scope])), most);
    this.bookings.set(name, turn);
    this.booked.add(name);
    return turn;
  }

  private step(scope: LimitScope, key: string): number {
    const own = (wanted: string) => this.limits.find((limit) => limit.scope === scope && limit.key === wanted);
    const { perHour, perDay, gapSeconds } = own(key) ?? own('') ?? { perHour: null, perDay: null, gapSeconds: null };
    return Math.max(perHour ? hour / perHour : 0, perDay ? (24 * hour) / perDay : 0, (gapSeconds ?? 0) * 1000);
  }

  async write(): Promise<void> {
    const changed = this.current.changed();
    await this.tx.query(
      `INSERT INTO allowances (scope, key, hour_at, hour_used, day, day_used, used, last_at, last_before)
       SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::int[], $5::text[], $6::int[], $7::int[],
                            $8::timestamptz[], $9::timestamptz[])
       ON CONFLICT (scope, key) DO UPDATE
       SET hour_at = excluded.hour_at, hour_used = excluded.hour_used, day = excluded.day, day_used = excluded.day_used,
           used = excluded.used, last_at = excluded.last_at, last_before = excluded.last_before`,
      [
        changed.map(({ scope }) => scope),
        changed.map(({ key }) => key),
        changed.map(({ hourAt }) => new Date(hourAt)),
        changed.map(({ hourUsed }) => hourUsed),
        changed.map(({ day }) => day),
        changed.map(({ dayUsed }) => dayUsed),
        changed.map(({ used }) => used),
        changed.map(({ lastAt }) => lastAt && new Date(lastAt)),
        changed.map(({ lastBefore }) => lastBefore && new Date(lastBefore)),
      ],
    );
    if (this.booked.size === 0) return;
    const names = [...this.booked].map((name) => ({ name, space: name.indexOf(' ') }));
    await this.tx.query(
      `UPDATE allowances SET booked_at = told.booked_at
       FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS told (scope, key, booked_at)
       WHERE allowances.scope = told.scope AND allowances.key = told.key`,
      [
        names.map(({ name, space }) => name.slice(0, space)),
        names.map(({ name, space }) => name.slice(space + 1)),
        names.map(({ name }) => new Date(this.bookings.get(name)!)),
      ],
    );
  }
}

/** The scopes and the keys of these letters, side by side, each pair once. */
export function pairsOf(letters: Keys[]): [LimitScope[], string[]] {
  const wanted = new Map<string, { scope: LimitScope; key: string }>();
  for (const keys of letters) {
    for (const scope of limitScopes) wanted.set(`${scope} ${keys[scope]}`, { scope, key: keys[scope] });
  }
  return [[...wanted.values()].map(({ scope }) => scope), [...wanted.values()].map(({ key }) => key)];
}

/** The limits of these scopes and keys, and those for all of a scope. */
export function readLimits(tx: EntityManager, [scopes, keys]: unknown[][] = [[], []]): Promise<Limit[]> {
  return tx.query(
    `SELECT scope, key, per_hour AS "perHour", per_day AS "perDay", gap_seconds AS "gapSeconds", concurrent, total
     FROM mail_limits
     WHERE key = '' OR (scope, key) IN (SELECT * FROM unnest($1::text[], $2::text[]))`,
    [scopes, keys],
  );
}

/** What was taken of the limits of these scopes and keys; what is in hand is not asked for. */
export async function readUsages(
  tx: EntityManager,
  pairs: unknown[][],
): Promise<(Usage & { bookedAt: number | null })[]> {
  const millis = (column: string) => `(extract(epoch FROM ${column}) * 1000)::float8`;
  const rows = await tx.query<(Usage & { bookedAt: number | null })[]>(
    `SELECT scope, key, ${millis('hour_at')} AS "hourAt", hour_used AS "hourUsed", day, day_used AS "dayUsed", used,
            ${millis('last_at')} AS "lastAt", ${millis('last_before')} AS "lastBefore",
            ${millis('booked_at')} AS "bookedAt", 0 AS "inHand"
     FROM unnest($1::text[], $2::text[]) AS wanted (scope, key) JOIN allowances USING (scope, key)`,
    pairs,
  );
  return rows;
}
