import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Switches } from '../switches/switches.service.js';
import { AdaptiveBatch } from '../database/adaptive-batch.js';
import { columnsOf } from '../database/binary-array.js';
import type { Outcome } from './delivery.js';
import { asClaimed, type ClaimedMail, claimedColumns, leaseSeconds } from './claimed-mail.js';
import type { Lane, MailState } from './mail-states.js';
import { back, beginAttempt, letGo, mayLeaveBy, noteEnd } from './outbox-sql.js';
import { PacedClaims } from './paced-claims.js';
import type { RelayRound } from './relay-round.js';

export { type ClaimedMail, leaseSeconds } from './claimed-mail.js';

/** What an attempt comes to: the mail's next state, and after how many seconds it is due again. */
export interface Settlement {
  mail: ClaimedMail;
  state: MailState;
  delaySeconds: number;
  /** Its relay turned it away because of us, and another is asked at once. */
  passedOn?: boolean;
  outcome: Outcome;
}

/**
 * The hold a worker has on a mail: claim, mark, settle. Each write after the claim carries the attempt id as a fence, so
 * a worker that was taken for dead writes nothing.
 */
@Injectable()
export class Claims {
  private readonly marks = new AdaptiveBatch((mails: ClaimedMail[]) => this.markAll(mails));
  /** Nobody waits for it: the line carries the next mail already, and a few large batches cost half of many small ones. */
  private readonly settlements = new AdaptiveBatch((settlements: Settlement[]) => this.settleAll(settlements), {
    apartMs: 35,
  });

  private readonly paced: PacedClaims;

  constructor(
    private readonly database: DataSource,
    private readonly switches: Switches,
  ) {
    this.paced = new PacedClaims(database);
  }

  /**
   * Takes up to `attemptIds.length` due mails of the lane, with an attempt begun for each, and gives each a relay.
   * Committed when it returns. A mail that a relay has put off goes to it again, so that a server that greylists knows it; one
   * that it turned away because of us goes to another.
   */
  async claim(lane: Lane, worker: string, attemptIds: string[], round: RelayRound): Promise<ClaimedMail[]> {
    const off = await this.switches.offFor('mailing');
    if (off === 'all') return [];
    const free = await this.claimFree(lane, worker, attemptIds, { off, round });
    if (lane !== 'letters' || free.length === attemptIds.length || round.order().length === 0) return free;
    return [...free, ...(await this.paced.claim(worker, attemptIds.slice(free.length), round, { off }))];
  }

  /**
   * What keeps no pace: confirmations, and letters without a stream. They look at no limit and wait for no lock. The turn of
   * a relay that turned the mail away goes to the next one; one in trouble gets one mail, however many it falls to.
   */
  private async claimFree(
    lane: Lane,
    worker: string,
    attemptIds: string[],
    { off, round }: { off: string[]; round: RelayRound },
  ): Promise<ClaimedMail[]> {
    const turns = round.copy().next(attemptIds.length);
    if (turns.length === 0) return [];
    const rows = await this.database.query<(ClaimedMail & { again: boolean })[]>(
      `WITH due AS (
         SELECT campaign_id, id, relay, turned_away,
                coalesce(state = 'deferred' AND turned_away IS NULL AND relay = ANY ($8::text[]), false) AS again
         FROM outbox
         WHERE lane = $1 AND stream IS NULL AND waits AND next_attempt_at <= now()
           AND (expires_at IS NULL OR expires_at > now()) AND campaign_id <> ALL ($6::uuid[]) AND ${mayLeaveBy('$9::text[]')}
         ORDER BY next_attempt_at LIMIT $2 FOR UPDATE SKIP LOCKED
       ), numbered AS (
         SELECT *, ($3::uuid[])[row_number() OVER ()] AS attempt_id, ($7::text[])[row_number() OVER (PARTITION BY again)] AS turn
         FROM due
       ), routed AS (
         SELECT campaign_id, id, attempt_id, again,
                CASE WHEN again THEN relay
                     WHEN turn = ANY (turned_away) THEN (
                       SELECT name FROM unnest($9::text[]) WITH ORDINALITY AS open (name, place)
                       ORDER BY name = ANY (turned_away), place LIMIT 1)
                     ELSE turn END AS relay
         FROM numbered
       ), placed AS (
         SELECT *, row_number() OVER (PARTITION BY relay) AS place FROM routed
       ), claimed AS (
         UPDATE outbox
         SET ${beginAttempt({
           attempt: 'placed.attempt_id',
           relay: 'placed.relay',
           worker: '$4',
           seconds: '$5',
           at: 'now()',
         })}
         FROM placed
         WHERE outbox.campaign_id = placed.campaign_id AND outbox.id = placed.id
           AND (placed.relay = ANY ($8::text[]) OR place = 1)
         RETURNING outbox.*, again
       )
       SELECT ${claimedColumns}, again FROM claimed ORDER BY next_attempt_at`,
      [lane, turns.length, attemptIds, worker, leaseSeconds, off, turns, round.steady, round.order()],
    );
    // Only what was really taken counts as a turn.
    for (const { relay, turnedAway, again } of rows) {
      if (again) continue;
      round.take([relay, ...round.order().filter((name) => name !== relay && !turnedAway.includes(name))]);
    }
    return rows.map(asClaimed);
  }

  /** Marks that the server is ready for the data. False: the fence is lost, nothing may be sent. */
  handOver(mail: ClaimedMail): Promise<boolean> {
    return this.marks.add(mail);
  }

  /** Writes down how the attempt ended. False: the fence is lost, nothing was written. */
  settle(settlement: Settlement): Promise<boolean> {
    return this.settlements.add(settlement);
  }

  /** Sets no column that an index looks at, `state_at` and `lease_until` neither: this is what each mail waits for. */
  private async markAll(mails: ClaimedMail[]): Promise<boolean[]> {
    const inOrder = mails.toSorted(byKey);
    const column = columnsOf(inOrder);
    const [rows] = await this.database.query<[{ attempt_id: string }[], number]>(
      `UPDATE outbox SET state = 'handing_over', handed_over_at = now()
       FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS told (campaign_id, id, attempt_id)
       WHERE outbox.campaign_id = told.campaign_id AND outbox.id = told.id AND outbox.attempt_id = told.attempt_id
       RETURNING outbox.attempt_id`,
      [
        column('uuid', (mail) => mail.campaignId),
        column('uuid', (mail) => mail.id),
        column('uuid', (mail) => mail.attemptId),
      ],
    );
    const marked = new Set(rows.map((row) => row.attempt_id));
    return mails.map((mail) => marked.has(mail.attemptId));
  }

  private async settleAll(settlements: Settlement[]): Promise<boolean[]> {
    const inOrder = settlements.toSorted((a, b) => byKey(a.mail, b.mail));
    const column = columnsOf(inOrder);
    const rows = await this.database.query<{ attempt_id: string }[]>(
      `WITH gone AS (
         UPDATE outbox
         SET ${letGo(back('told.wanted'))}, next_attempt_at = now() + told.delay * interval '1 second',
             attempts = attempts + CASE told.outcome WHEN 'unsent' THEN 0 ELSE 1 END,
             reply_code = told.code, reply = told.answer, passed_on = passed_on + told.passed::int,
             turned_away = CASE WHEN told.passed THEN array_append(turned_away, relay) WHEN told.outcome = 'unsent' THEN turned_away END,
             turned_away_at = CASE WHEN told.passed THEN now() WHEN told.outcome = 'unsent' THEN turned_away_at END
         FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::int[], $6::text[], $7::int[], $8::text[], $9::boolean[])
           AS told (campaign_id, id, attempt_id, wanted, delay, outcome, code, answer, passed)
         WHERE outbox.campaign_id = told.campaign_id AND outbox.id = told.id
           AND outbox.attempt_id = told.attempt_id
         RETURNING told.*, relay, worker, started_at, handed_over_at, pass
       )
       ${noteEnd('gone', { outcome: 'outcome', code: 'code', reply: 'answer' })}
       RETURNING attempt_id`,
      [
        column('uuid', ({ mail }) => mail.campaignId),
        column('uuid', ({ mail }) => mail.id),
        column('uuid', ({ mail }) => mail.attemptId),
        column('text', ({ state }) => state),
        column('int', ({ delaySeconds }) => delaySeconds),
        column('text', ({ outcome }) => outcome.result),
        column('int', ({ outcome }) => outcome.code),
        column('text', ({ outcome }) => outcome.reply),
        column('boolean', ({ passedOn }) => passedOn ?? false),
      ],
    );
    const settled = new Set(rows.map((row) => row.attempt_id));
    return settlements.map(({ mail }) => settled.has(mail.attemptId));
  }
}

/** Rows are written in this order everywhere, so that two who write several do not wait for each other. */
const byKey = (a: ClaimedMail, b: ClaimedMail) =>
  a.campaignId === b.campaignId ? (a.id < b.id ? -1 : 1) : a.campaignId < b.campaignId ? -1 : 1;
