import type { EntityManager } from 'typeorm';
import { type Calendar, openings, openMillis } from './calendar.js';

/** Where "never again" has to be a moment. */
const never = new Date('9999-01-01T00:00:00Z');

/** A calendar as JSON keeps it. */
export type StoredCalendar = Omit<Calendar, 'notBefore' | 'notAfter'> & {
  notBefore: string | null;
  notAfter: string | null;
};

export const asCalendar = (stored: StoredCalendar): Calendar => ({
  ...stored,
  notBefore: stored.notBefore ? new Date(stored.notBefore) : null,
  notAfter: stored.notAfter ? new Date(stored.notAfter) : null,
});

export interface NewStream {
  campaignId: string;
  /** What its letters have in common, such as their legislature. */
  stream: string;
  /** The address that stands behind the letters. */
  sender: string;
  calendar: Calendar;
  spread: boolean;
}

/** Letters are added: streams that are new begin now; those that waited for letters are looked at again. */
export async function addToStreams(
  tx: EntityManager,
  streams: (NewStream & { letters: number })[],
  at?: Date,
): Promise<void> {
  for (const { campaignId, stream, sender, calendar, spread, letters } of streams) {
    await tx.query(
      `INSERT INTO mail_streams (campaign_id, stream, sender, calendar, spread, starts_at, total)
       VALUES ($1, $2, $3, $4, $5, coalesce($7, now()), $6)
       ON CONFLICT (campaign_id, stream) DO UPDATE SET total = mail_streams.total + $6, wait_until = NULL`,
      [campaignId, stream, sender, JSON.stringify(calendar), spread, letters, at ?? null],
    );
  }
}

/** Streams to which letters come one by one: each is there and awake. Rows that are need no write and no lock. */
export async function joinStreams(tx: EntityManager, streams: NewStream[]): Promise<void> {
  for (const { campaignId, stream, sender, calendar, spread } of streams) {
    await tx.query(
      `INSERT INTO mail_streams (campaign_id, stream, sender, calendar, spread, starts_at)
       VALUES ($1, $2, $3, $4, $5, now()) ON CONFLICT DO NOTHING`,
      [campaignId, stream, sender, JSON.stringify(calendar), spread],
    );
    await tx.query(
      `UPDATE mail_streams SET wait_until = NULL WHERE campaign_id = $1 AND stream = $2 AND wait_until IS NOT NULL`,
      [campaignId, stream],
    );
  }
}

/** Writes the next opening of every stream whose last one is over. The answer is the same whichever worker asks. */
export async function turnPages(tx: EntityManager, at: number): Promise<void> {
  const rows = await tx.query(
    `SELECT campaign_id, stream, calendar, spread, starts_at, open_total FROM mail_streams
     WHERE open_until IS NULL OR open_until <= $1 LIMIT 100`,
    [new Date(at)],
  );
  for (const row of rows) {
    const calendar = asCalendar(row.calendar);
    const starts = (row.starts_at as Date).getTime();
    const next = openings(calendar, Math.max(at, starts)).next().value;
    const spread = row.spread && calendar.notAfter;
    const total = spread ? (row.open_total ?? openMillis(calendar, starts, calendar.notAfter!.getTime())) : null;
    await tx.query(
      `UPDATE mail_streams SET open_from = $3, open_until = $4, open_before = $5, open_total = $6, wait_until = NULL
       WHERE campaign_id = $1 AND stream = $2`,
      [
        row.campaign_id,
        row.stream,
        next ? new Date(next.from) : never,
        next ? new Date(next.until) : never,
        next && spread ? openMillis(calendar, starts, next.from) : 0,
        total,
      ],
    );
  }
}

export interface StreamWait {
  stream: string;
  /** Null: it is closed until `next`, and nothing else keeps it. */
  scope: string | null;
  kind: string | null;
  most: number | null;
  next: string | null;
}

/** What kept each stream of a campaign at the last claim; streams that nothing keeps are not named. */
export async function streamWaits(manager: EntityManager, campaignId: string): Promise<StreamWait[]> {
  const rows = await manager.query(
    `SELECT stream, open_from, open_until, waits_for, open_from > now() OR open_from IS NULL AS closed
     FROM mail_streams WHERE campaign_id = $1 ORDER BY stream`,
    [campaignId],
  );
  return rows.flatMap((row: Record<string, never>) => {
    const {
      stream,
      open_from: from,
      waits_for: waits,
      closed,
    } = row as Record<string, unknown> as {
      stream: string;
      open_from: Date | null;
      waits_for: { scope: string; kind: string; most: number; until: string | null } | null;
      closed: boolean;
    };
    const next = from && from < never ? from.toISOString() : null;
    if (closed) return [{ stream, scope: null, kind: null, most: null, next }];
    return waits ? [{ stream, scope: waits.scope, kind: waits.kind, most: waits.most, next: waits.until }] : [];
  });
}
