import { finalStates } from './mail-states.js';

const finals = finalStates.map((state) => `'${state}'`).join(', ');

/** What a mail becomes that would go back into the queue, had nobody stopped it meanwhile. */
export const back = (state: string) =>
  `CASE WHEN ${state} NOT IN ('queued', 'deferred') OR stop IS NULL THEN ${state}
        WHEN stop = 'cancel' THEN 'cancelled' ELSE 'held' END`;

/** Lets go of a mail: sets its state, ends the attempt's hold on it, blanks the payload of what is final. */
export const letGo = (state: string) => `
  state = ${state}, state_at = now(), attempt_id = NULL, lease_until = NULL,
  payload = CASE WHEN ${state} IN (${finals}) THEN NULL ELSE payload END`;

/** Seconds for which a mail that a relay turned away because of us waits for another: then that one may be asked again. */
export const turnedAwaySeconds = 300;

/** Whether it still waits so; NULL when none has turned it away since it was last put off. */
export const waitsForAnother = `turned_away_at > now() - ${turnedAwaySeconds} * interval '1 second'`;

/** @param relays SQL for those that are open: whether one of them may take it */
export const mayLeaveBy = (relays: string) => `(${waitsForAnother} AND turned_away @> ${relays}) IS NOT TRUE`;

/** What `noteEnd` needs of a mail. */
export const attemptColumns = 'campaign_id, id, attempt_id, relay, worker, started_at, handed_over_at, pass';

/**
 * Writes down attempts that have ended. While it is under way an attempt is part of its mail's row, where it costs no second
 * one; its relay, worker and times stay there until the next claim.
 * @param from rows with `attemptColumns`
 * @param end SQL for how it ended
 */
export const noteEnd = (from: string, end: { outcome: string; code?: string; reply: string }) => `
  INSERT INTO attempts (campaign_id, outbox_id, attempt_id, relay, worker, started_at, handed_over_at, pass, outcome,
                        reply_code, reply)
  SELECT ${attemptColumns}, ${end.outcome}, ${end.code ?? 'NULL'}, ${end.reply} FROM ${from}`;

/** An attempt begins. @param claim SQL for each; `at` is when */
export const beginAttempt = (claim: {
  attempt: string;
  relay: string;
  worker: string;
  seconds: string;
  at: string;
}) => `
  state = 'claimed', state_at = now(), attempt_id = ${claim.attempt}, relay = ${claim.relay}, worker = ${claim.worker},
  lease_until = now() + ${claim.seconds} * interval '1 second', started_at = ${claim.at}, handed_over_at = NULL`;
