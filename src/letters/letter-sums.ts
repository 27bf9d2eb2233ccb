import type { EntityManager } from 'typeorm';
import { returnKinds } from '../mail/return-kinds.js';
import { barsPerDay, daysInWords, type Direction, rankedBars } from '../site/plots.js';
import { trendOf } from '../site/trend.js';

export interface LetterReport {
  total: number;
  byStatus: LettersInState[];
  /** `open` waits for a person or a server; the rest came to nothing. */
  byChannel: { name: string | null; letters: number; open: number; reached: number }[];
  /** What came of calls. */
  byOutcome: { name: string; letters: number }[];
  byLegislature: { name: string | null; letters: number; reached: number }[];
  /** Letters by variants, by id; null: by the text of a language. */
  byVariant: { id: string | null; name: string | null; letters: number; reached: number }[];
  byParty: { name: string | null; letters: number; reached: number }[];
  /** What came back, letters by the weightiest of it. */
  byReturn: { name: string; letters: number }[];
  /** What a person read in the answers. */
  byAnswer: { name: string; letters: number }[];
  /** Mails that speak for several supporters, and those they speak for: all, and as far as a server took them. */
  digests: { letters: number; supporters: number; reached: number; supportersReached: number };
  reached: number;
  /** Letters that somebody answered, of those that reached somebody. */
  answered: number;
  of: number;
}

export interface Progress {
  letters: number;
  /** Accepted by a server and not come back, or done by a person. */
  reached: number;
  /** Refused, expired, in doubt, or come back. */
  troubled: number;
  excluded: number;
}

const kinds = returnKinds.map((kind) => `'${kind}'`).join(', ');

/**
 * Every letter as one row, by `campaign_id` and `id`: what is known of it in four tables, laid on one pile and grouped.
 * Mails that are no letters, such as tests, fall out at the end. No join, because the embedded database gathers no statistics and would compare every letter with every mail.
 * `weight` counts from 1, the weightiest of what came back.
 */
const gathered = (where: string) => `
  pile AS (
    SELECT campaign_id, id, state AS handled, lawmaker_id, legislature, party, channel, outcome, done_at,
      NULL::text AS mail, NULL::timestamptz AS mail_at, NULL::int AS weight, NULL::timestamptz AS bounced_at,
      NULL::timestamptz AS replied_at, NULL::text AS stance, NULL::date AS answered_on,
      variant_id::text AS variant, supporters
    FROM letters ${where}
    UNION ALL
    SELECT campaign_id, id, NULL, NULL::uuid, NULL, NULL, NULL, NULL, NULL, state, state_at, NULL, NULL, NULL, NULL, NULL, NULL, NULL
    FROM outbox ${where}
    UNION ALL
    SELECT campaign_id, outbox_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
      array_position(ARRAY[${kinds}], kind), CASE kind WHEN 'bounced' THEN returned_at END,
      CASE kind WHEN 'replied' THEN returned_at END, NULL, NULL, NULL, NULL
    FROM mail_returns ${where}
    UNION ALL
    SELECT campaign_id, letter_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, stance, answered_on,
      NULL, NULL
    FROM letter_answers ${where}
  ), letter AS (
    SELECT campaign_id, id, max(lawmaker_id::text) AS lawmaker_id, max(legislature) AS legislature, max(party) AS party,
      max(channel) AS channel, max(outcome) AS outcome, max(stance) AS stance, max(variant) AS variant, max(supporters) AS supporters, max(answered_on) AS answered_on,
      (ARRAY[${kinds}])[min(weight)] AS returned, min(bounced_at) AS bounced_at, min(replied_at) AS replied_at,
      coalesce(max(done_at), max(mail_at)) AS at,
      CASE max(handled) WHEN 'mail' THEN coalesce(max(mail), 'queued') ELSE max(handled) END AS status
    FROM pile GROUP BY campaign_id, id HAVING max(handled) IS NOT NULL
  )`;
const open = `status IN ('task', 'queued', 'claimed', 'handing_over', 'deferred', 'held')`;
const reached = `(status IN ('accepted', 'done') AND returned IS DISTINCT FROM 'bounced')`;

/** What a report groups letters by, and how its list is called. */
const columns = ['status', 'channel', 'outcome', 'legislature', 'party', 'returned', 'stance', 'variant'] as const;

interface Group extends Record<(typeof columns)[number], string | null> {
  /** The column of this group: 1 is `status`; 0 stands for all letters together. */
  by: number;
  /** What staff call the variant. */
  called: string | null;
  letters: number;
  open: number;
  reached: number;
  answered: number;
  of: number;
  digests: number;
  supporters: number;
  digestsReached: number;
  supportersReached: number;
}

/** All sums of a campaign, from one reading of its letters. */
export async function reportOf(manager: EntityManager, campaignId: string): Promise<LetterReport> {
  const which = columns.map((column, i) => `WHEN grouping(${column}) = 0 THEN ${i + 1}`).join(' ');
  const rows: Group[] = await manager.query(
    `WITH ${gathered('WHERE campaign_id = $1')}
     SELECT CASE ${which} ELSE 0 END AS by, ${columns.join(', ')}, count(*)::int AS letters,
       (SELECT v.name FROM letter_variants v WHERE v.campaign_id = $1 AND v.id = variant::uuid) AS called,
       count(*) FILTER (WHERE ${open})::int AS open, count(*) FILTER (WHERE ${reached})::int AS reached,
       count(supporters)::int AS digests, coalesce(sum(supporters), 0)::int AS supporters,
       count(supporters) FILTER (WHERE ${reached})::int AS "digestsReached",
       coalesce(sum(supporters) FILTER (WHERE ${reached}), 0)::int AS "supportersReached",
       count(stance)::int AS answered, count(*) FILTER (WHERE ${reached} OR stance IS NOT NULL)::int AS of
     FROM letter GROUP BY GROUPING SETS (${columns.map((column) => `(${column})`).join(', ')}, ())
     ORDER BY letters DESC, ${columns.join(', ')}`,
    [campaignId],
  );
  const groups = (column: (typeof columns)[number]) =>
    rows.filter(({ by }) => columns[by - 1] === column).map((row) => ({ ...row, name: row[column] }));
  const named = (column: (typeof columns)[number]) =>
    groups(column).flatMap(({ name, letters }) => (name === null ? [] : [{ name, letters }]));
  const withReached = (column: (typeof columns)[number]) =>
    groups(column).map(({ name, letters, reached }) => ({ name, letters, reached }));
  const all = rows.find(({ by }) => by === 0);
  return {
    total: all?.letters ?? 0,
    byStatus: named('status'),
    byChannel: groups('channel').map(({ name, letters, open, reached }) => ({ name, letters, open, reached })),
    byOutcome: named('outcome'),
    byLegislature: withReached('legislature'),
    byVariant: groups('variant').map(({ variant: id, called, letters, reached }) => ({
      ...{ id, letters, reached },
      name: called,
    })),
    byParty: withReached('party'),
    byReturn: named('returned'),
    byAnswer: named('stance'),
    digests: {
      letters: all?.digests ?? 0,
      supporters: all?.supporters ?? 0,
      reached: all?.digestsReached ?? 0,
      supportersReached: all?.supportersReached ?? 0,
    },
    reached: all?.reached ?? 0,
    answered: all?.answered ?? 0,
    of: all?.of ?? 0,
  };
}

/** Of every campaign that has letters, by its id. */
export async function progressOfAll(manager: EntityManager): Promise<Map<string, Progress>> {
  const rows: (Progress & { id: string })[] = await manager.query(
    `WITH ${gathered('')}
     SELECT campaign_id AS id, count(*)::int AS letters, count(*) FILTER (WHERE ${reached})::int AS reached,
       count(*) FILTER (WHERE status IN ('refused', 'expired', 'in_doubt') OR returned = 'bounced')::int AS troubled,
       count(*) FILTER (WHERE status = 'excluded')::int AS excluded
     FROM letter GROUP BY 1`,
  );
  return new Map(rows.map(({ id, ...progress }) => [id, progress]));
}

export interface LettersInState {
  /** The outbox's word for a mail, ours for everything else. */
  name: string;
  letters: number;
}

/** Mails that are a letter. Others of the same lane are tests, reports and what is passed on. */
const letterKinds = `'letter', 'supporter-letter', 'supporter-digest'`;

/**
 * Of all campaigns together, the most first, and what was delivered on each of the days that a trend looks at. Each table is
 * read once and nothing is joined: there may be a million.
 */
export async function statesOfAll(
  manager: EntityManager,
): Promise<{ states: LettersInState[]; days: Pick<LetterDay, 'day' | 'delivered'>[] }> {
  const day = (at: string) =>
    `CASE WHEN state IN ('accepted', 'done') AND ${at} > now() - interval '15 days' THEN (${at} AT TIME ZONE 'UTC')::date::text END`;
  const rows: { name: string; day: string | null; letters: number }[] = await manager.query(
    `SELECT name, day, sum(letters)::int AS letters FROM (
       SELECT state AS name, ${day('state_at')} AS day, count(*) AS letters FROM outbox WHERE kind IN (${letterKinds}) GROUP BY 1, 2
       UNION ALL
       SELECT state, ${day('done_at')}, count(*) FROM letters WHERE state <> 'mail' GROUP BY 1, 2) AS counted
     GROUP BY name, day`,
  );
  const sums = new Map<string, number>();
  for (const { name, letters } of rows) sums.set(name, (sums.get(name) ?? 0) + letters);
  return {
    states: [...sums]
      .map(([name, letters]) => ({ name, letters }))
      .toSorted((a, b) => b.letters - a.letters || (a.name < b.name ? -1 : 1)),
    days: rows.flatMap(({ day: on, letters }) => (on === null ? [] : [{ day: on, delivered: letters }])),
  };
}

export interface LetterDay {
  /** `YYYY-MM-DD`, in UTC. */
  day: string;
  /** Taken by a mail server, or done by a person. */
  delivered: number;
  /** Refused, expired, or come back: these were delivered before. */
  failed: number;
  /** Letters whose first answer came on this day: a person recorded it, or a reply came to the return address. */
  answered: number;
}

/** Days on which something happened, in their order. */
export function timelineOf(manager: EntityManager, campaignId: string): Promise<LetterDay[]> {
  return manager.query(
    `WITH ${gathered('WHERE campaign_id = $1')}, event AS (
       SELECT CASE WHEN status IN ('accepted', 'done') THEN 'delivered' ELSE 'failed' END AS what,
         (at AT TIME ZONE 'UTC')::date AS day
       FROM letter WHERE status IN ('accepted', 'done', 'refused', 'expired')
       UNION ALL
       SELECT 'failed', (bounced_at AT TIME ZONE 'UTC')::date FROM letter
       WHERE bounced_at IS NOT NULL AND status NOT IN ('refused', 'expired')
       UNION ALL
       SELECT 'answered', coalesce(answered_on, (replied_at AT TIME ZONE 'UTC')::date) FROM letter
       WHERE answered_on IS NOT NULL OR replied_at IS NOT NULL
     )
     SELECT day::text, count(*) FILTER (WHERE what = 'delivered')::int AS delivered,
       count(*) FILTER (WHERE what = 'failed')::int AS failed, count(*) FILTER (WHERE what = 'answered')::int AS answered
     FROM event GROUP BY 1 ORDER BY 1`,
    [campaignId],
  );
}

/** The report's plots, with what their captions say. @param today `YYYY-MM-DD` */
export function letterPlots(report: LetterReport, days: LetterDay[], dir: Direction, today: string) {
  const series = ['delivered', 'failed', 'answered'] as const;
  return {
    timeline: {
      plot: barsPerDay(days, series, { dir, panel: 70 }),
      days,
      series,
      ...daysInWords(days, 'delivered', today),
    },
    states: statesPlot({ states: report.byStatus, days }, dir, today),
  };
}

/** @param of states, the most first, and when letters were delivered */
export function statesPlot({ states, days }: Awaited<ReturnType<typeof statesOfAll>>, dir: Direction, today: string) {
  const total = states.reduce((sum, { letters }) => sum + letters, 0);
  const rows = states.map(({ name, letters }) => ({ name, value: letters }));
  return {
    ...{ plot: rankedBars(rows, { dir, whole: total }), rows: states, total, most: rows[0] ?? null },
    lately: trendOf(days, 'delivered', today),
  };
}

/** Letters of one way and state: those to one office, and all of the campaign. */
export interface OfficeCount {
  channel: string | null;
  status: string;
  yours: number;
  all: number;
}

/** An office is a lawmaker, by all her records, or everybody of a legislature. Who gets no letter is not counted. */
export function officeCounts(
  manager: EntityManager,
  campaignId: string,
  { lawmakerIds, legislature }: { lawmakerIds: string[]; legislature: string | null },
): Promise<(OfficeCount & { first: Date | null; last: Date | null })[]> {
  const yours = `(lawmaker_id = ANY ($2::text[]) OR legislature = $3)`;
  return manager.query(
    `WITH ${gathered('WHERE campaign_id = $1')}
     SELECT channel, status, count(*) FILTER (WHERE ${yours})::int AS yours, count(*)::int AS all,
       min(at) FILTER (WHERE ${yours} AND status IN ('accepted', 'done')) AS first,
       max(at) FILTER (WHERE ${yours} AND status IN ('accepted', 'done')) AS last
     FROM letter WHERE status <> 'excluded' GROUP BY 1, 2 ORDER BY 4 DESC, 1, 2`,
    [campaignId, lawmakerIds, legislature],
  );
}
