import type { DataSource, EntityManager } from 'typeorm';
import { type Calendar, dayOf, goal } from './calendar.js';
import { asClaimed, type ClaimedMail, claimedColumns, leaseSeconds } from './claimed-mail.js';
import { Allowances } from './allowances.js';
import { type Block, keysOf, type Ledger, type Now } from './ledger.js';
import { beginAttempt, mayLeaveBy, turnedAwaySeconds, waitsForAnother } from './outbox-sql.js';
import { utcDay } from './pace-plan.js';
import type { RelayRound } from './relay-round.js';
import { asCalendar, type StoredCalendar, turnPages } from './streams.js';

/** Streams looked at in one claim, those first that were served longest ago. */
const streamsPerClaim = 32;
/** Looks again at a stream that has to wait at least this often: its limits may have been changed. */
const longestWait = 60_000;
/** The same for a letter that waits for the relay that put it off. */
const longestRelayWait = 3_600_000;

interface OpenStream {
  campaignId: string;
  stream: string;
  sender: string;
  calendar: Calendar;
  spread: boolean;
  total: number;
  taken: number;
  openFrom: number;
  openBefore: number;
  openTotal: number | null;
}
interface Candidate {
  campaignId: string;
  stream: string;
  id: string;
  recipient: string;
  state: 'queued' | 'deferred';
  attempts: number;
  /** Which one it went to last. */
  relay: string | null;
  /** Those that have turned it away because of us since it was last put off: any other is asked before them. */
  turnedAway: string[];
  /** Whether it is too early to ask those again. */
  waitsForAnother: boolean;
}
/** A letter and where it leaves. */
type Routed = Candidate & { relay: string };
interface Verdict {
  taken: Routed[];
  parked: { candidate: Routed; block: Block }[];
  waiting: Map<OpenStream, { until: number; block: Omit<Block, 'scope'> & { scope: string } }>;
}

/**
 * Takes letters that keep a pace. One claim at a time in the whole installation, by a lock of the transaction: so every
 * limit holds with any number of workers, and what is counted is what was committed. The cost does not depend on how
 * many letters wait: a stream that is closed, paused or at a limit is not looked into, and a letter that waits for its
 * mailbox or domain is put to the time when its turn may come.
 *
 * What counts: an attempt that reached the server's 354 counts everywhere. One that got an answer before counts with the
 * relay and the domain, and gives back the rest; one that got none gives back all.
 */
export class PacedClaims {
  constructor(private readonly database: DataSource) {}

  /**
   * @param round the relays that letters may leave by now, each within its own limits
   * @param more.at milliseconds since 1970 instead of the database's time, for simulated days
   */
  async claim(
    worker: string,
    attemptIds: string[],
    round: RelayRound,
    more: { off: string[]; at?: number },
  ): Promise<ClaimedMail[]> {
    const at = more.at ?? null;
    const [{ due }] = await this.database.query(
      `SELECT EXISTS (
         SELECT FROM mail_streams
         WHERE campaign_id <> ALL ($2::uuid[])
           AND (open_until IS NULL OR open_until <= moment OR (open_from <= moment AND coalesce(wait_until <= moment, true)))
       ) AS due FROM (SELECT coalesce($1::timestamptz, now()) AS moment) AS clock`,
      [at === null ? null : new Date(at), more.off],
    );
    if (!due) return [];
    return this.database.transaction(async (tx) => {
      await tx.query(`SELECT pg_advisory_xact_lock(hashtext('countersign.pace'))`);
      // Not now(): the transaction may have waited for the lock.
      const [clock] = await tx.query(`SELECT clock_timestamp() AS now`);
      return this.claimLocked(tx, worker, attemptIds, {
        round,
        off: more.off,
        at: at ?? (clock.now as Date).getTime(),
      });
    });
  }

  private async claimLocked(
    tx: EntityManager,
    worker: string,
    attemptIds: string[],
    { round, off, at }: { round: RelayRound; off: string[]; at: number },
  ) {
    const allowances = new Allowances(tx);
    await turnPages(tx, at);
    const streams = await openStreams(tx, off, at);
    const candidates = await dueLetters(tx, streams, attemptIds.length * 4, at, round.order());
    // Not before: an attempt that ends in between would keep its letter, due again, by what it still holds itself.
    const turnsBack = await allowances.giveBack();
    if (streams.length === 0) return [];
    const byKey = new Map(streams.map((stream) => [`${stream.campaignId} ${stream.stream}`, stream]));
    for (const { campaignId, stream, n } of turnsBack) {
      const its = byKey.get(`${campaignId} ${stream}`);
      if (its) its.taken -= n;
    }
    const streamOf = (candidate: Candidate) => byKey.get(`${candidate.campaignId} ${candidate.stream}`)!;
    const keys = (letter: Routed) => keysOf({ ...letter, sender: streamOf(letter).sender });
    const letters = candidates.flatMap((each) => round.names.map((relay) => keys({ ...each, relay })));
    const ledger = await allowances.ledger(letters);
    const verdict = judge(fairly(candidates), streamOf, { ledger, round, most: attemptIds.length, at });
    const parked = verdict.parked.map(({ candidate, block: { scope, until } }) => ({
      ...candidate,
      until:
        scope === 'relay'
          ? Math.min(until, at + (candidate.turnedAway.length > 0 ? turnedAwaySeconds * 1000 : longestRelayWait))
          : allowances.book(keys(candidate), until, at),
    }));
    await park(tx, parked);
    await allowances.write();
    await noteStreams(tx, streams, verdict, candidates, at);
    return take(tx, verdict.taken, worker, attemptIds, at);
  }
}

/** The first of each campaign, then the second of each, and so on: nobody waits behind the many of another. */
function fairly(candidates: Candidate[]): Candidate[] {
  const seen = new Map<string, number>();
  return candidates
    .map((candidate) => {
      const turn = seen.get(candidate.campaignId) ?? 0;
      seen.set(candidate.campaignId, turn + 1);
      return { candidate, turn };
    })
    .sort((a, b) => a.turn - b.turn)
    .map(({ candidate }) => candidate);
}

function judge(
  candidates: Candidate[],
  streamOf: (candidate: Candidate) => OpenStream,
  { ledger, round, most, at }: { ledger: Ledger; round: RelayRound; most: number; at: number },
): Verdict {
  const verdict: Verdict = { taken: [], parked: [], waiting: new Map() };
  const clocks = new Map<string, { day: string; ends: number }>();
  for (const candidate of candidates) {
    if (verdict.taken.length === most) break;
    const stream = streamOf(candidate);
    if (verdict.waiting.has(stream)) continue;
    const first = candidate.attempts === 0;
    const behind = first && stream.spread ? untilGoal(stream, at) : null;
    if (behind) {
      verdict.waiting.set(stream, behind);
      continue;
    }
    const { timeZone } = stream.calendar;
    const local = clocks.get(timeZone) ?? dayOf(timeZone, at);
    clocks.set(timeZone, local);
    const now: Now = { at, day: (scope) => (scope === 'mailbox' || scope === 'campaign' ? local : utcDay(at)) };
    const away = round.order().filter((name) => candidate.turnedAway.includes(name));
    const others = round.order().filter((name) => !away.includes(name));
    const again = againBy(candidate, round, ledger, now);
    const relays = again ? [again] : candidate.waitsForAnother ? others : [...others, ...away];
    if (relays.length === 0 && away.length > 0) continue;
    if (relays.length === 0) break;
    const relay = ledger.relayFor(relays, now);
    const keys = keysOf({ ...candidate, sender: stream.sender, relay });
    const block = ledger.block(keys, now);
    if (!block) {
      ledger.take(keys, now);
      if (!again) round.take(relays.slice(relays.indexOf(relay)));
      verdict.taken.push({ ...candidate, relay });
      if (first) stream.taken += 1;
    } else if (block.scope === 'relay' && (again || candidate.turnedAway.length > 0)) {
      verdict.parked.push({ candidate: { ...candidate, relay }, block });
    } else if (block.scope !== 'mailbox' && block.scope !== 'domain') {
      verdict.waiting.set(stream, { until: block.until, block });
    } else if (block.kind !== 'concurrent') {
      verdict.parked.push({ candidate: { ...candidate, relay }, block });
    }
  }
  return verdict;
}

/**
 * The relay that a letter was put off by: a server that greylists knows it again only when it comes from the same place.
 * Null while that relay is in trouble, or may never take another, and for one that was turned away.
 */
function againBy({ state, relay, turnedAway }: Candidate, round: RelayRound, ledger: Ledger, now: Now): string | null {
  const kept =
    state === 'deferred' &&
    turnedAway.length === 0 &&
    relay !== null &&
    round.steady.includes(relay) &&
    !ledger.isSpent(relay, now);
  return kept ? relay : null;
}

/** When the goal lets one more letter of the stream go, or null if it does now. */
function untilGoal({ total, taken, openBefore, openFrom, openTotal }: OpenStream, at: number) {
  const duration = openTotal ?? 0;
  if (duration <= 0 || taken < goal(total, openBefore + at - openFrom, duration)) return null;
  const until = openFrom + (taken * duration) / Math.max(total, 1) - openBefore;
  return { until, block: { scope: 'spread', kind: 'gap' as const, most: total, until } };
}

async function openStreams(tx: EntityManager, off: string[], at: number): Promise<OpenStream[]> {
  const rows = await tx.query<(Omit<OpenStream, 'openFrom'> & { openFrom: Date; stored: StoredCalendar })[]>(
    `SELECT campaign_id AS "campaignId", stream, sender, calendar AS stored, spread, total, taken, open_from AS "openFrom",
            open_before AS "openBefore", open_total AS "openTotal"
     FROM mail_streams
     WHERE open_from <= $1 AND open_until > $1 AND coalesce(wait_until <= $1, true) AND campaign_id <> ALL ($2::uuid[])
     ORDER BY served_at NULLS FIRST LIMIT $3`,
    [new Date(at), off, streamsPerClaim],
  );
  return rows.map(({ stored, openFrom, ...row }) => ({
    ...row,
    calendar: asCalendar(stored),
    openFrom: openFrom.getTime(),
  }));
}

/** The cost is that of the letters it answers, whatever waits behind them. */
export const dueLettersSql = `
  SELECT due.* FROM unnest($1::uuid[], $2::text[]) AS open (campaign_id, stream)
  CROSS JOIN LATERAL (
    SELECT campaign_id AS "campaignId", stream, id, recipient, state, attempts, relay,
           coalesce(turned_away, '{}') AS "turnedAway", coalesce(${waitsForAnother}, false) AS "waitsForAnother"
    FROM outbox
    WHERE outbox.campaign_id = open.campaign_id AND outbox.stream = open.stream AND waits
      AND next_attempt_at <= $3 AND (expires_at IS NULL OR expires_at > $3) AND ${mayLeaveBy('$5::text[]')}
    ORDER BY next_attempt_at, id LIMIT $4 FOR UPDATE SKIP LOCKED
  ) AS due`;

const dueLetters = (
  tx: EntityManager,
  streams: OpenStream[],
  each: number,
  at: number,
  relays: string[],
): Promise<Candidate[]> => {
  const [campaigns, names] = [streams.map((one) => one.campaignId), streams.map((one) => one.stream)];
  return tx.query(dueLettersSql, [campaigns, names, new Date(at), each, relays]);
};

async function park(tx: EntityManager, letters: (Candidate & { until: number })[]): Promise<void> {
  if (letters.length === 0) return;
  await tx.query(
    `UPDATE outbox SET next_attempt_at = parked.until
     FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) AS parked (campaign_id, id, until)
     WHERE outbox.campaign_id = parked.campaign_id AND outbox.id = parked.id`,
    [letters.map((one) => one.campaignId), letters.map((one) => one.id), letters.map((one) => new Date(one.until))],
  );
}

/** A stream in which nothing was due is left alone for a while; a new letter in it ends that. */
async function noteStreams(
  tx: EntityManager,
  streams: OpenStream[],
  { waiting }: Verdict,
  candidates: Candidate[],
  at: number,
): Promise<void> {
  const due = new Set(candidates.map((one) => `${one.campaignId} ${one.stream}`));
  const waits = streams.map((stream) => {
    const wait = waiting.get(stream);
    const pause = due.has(`${stream.campaignId} ${stream.stream}`) ? null : at + 1000;
    if (wait?.block.kind === 'concurrent') return { until: null, block: wait.block };
    return { until: wait ? Math.min(wait.until, at + longestWait) : pause, block: wait?.block ?? null };
  });
  const moment = (time: number | null) => (time === null || time === Infinity ? null : new Date(Math.ceil(time)));
  await tx.query(
    `UPDATE mail_streams SET taken = told.taken, wait_until = told.until, waits_for = told.block::jsonb, served_at = $6
     FROM unnest($1::uuid[], $2::text[], $3::int[], $4::timestamptz[], $5::text[]) AS told (campaign_id, stream, taken, until, block)
     WHERE mail_streams.campaign_id = told.campaign_id AND mail_streams.stream = told.stream`,
    [
      streams.map((one) => one.campaignId),
      streams.map((one) => one.stream),
      streams.map((one) => one.taken),
      waits.map(({ until }) => moment(until)),
      waits.map(
        ({ block }) => block && JSON.stringify({ ...block, until: moment(block.until)?.toISOString() ?? null }),
      ),
      new Date(at),
    ],
  );
}

async function take(tx: EntityManager, letters: Routed[], worker: string, attemptIds: string[], at: number) {
  if (letters.length === 0) return [];
  const rows: ClaimedMail[] = await tx.query(
    `WITH claimed AS (
       UPDATE outbox
       SET ${beginAttempt({ attempt: 'told.attempt_id', relay: 'told.relay', worker: '$5', seconds: '$6', at: '$4' })},
           pass = CASE attempts WHEN 0 THEN 'first' ELSE 'again' END
       FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $7::text[]) AS told (campaign_id, id, attempt_id, relay)
       WHERE outbox.campaign_id = told.campaign_id AND outbox.id = told.id
       RETURNING outbox.*
     )
     SELECT ${claimedColumns} FROM claimed ORDER BY next_attempt_at, id`,
    [
      letters.map((one) => one.campaignId),
      letters.map((one) => one.id),
      attemptIds.slice(0, letters.length),
      new Date(at),
      worker,
      leaseSeconds,
      letters.map((one) => one.relay),
    ],
  );
  return rows.map(asClaimed);
}
