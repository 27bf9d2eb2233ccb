import { asBuffer } from '../database/bytes.js';
import type { Lane } from './mail-states.js';

/** Seconds a worker may be silent before others take it for dead. It says that it lives four times as often. */
export const leaseSeconds = 60;

export interface ClaimedMail {
  campaignId: string;
  id: string;
  attemptId: string;
  kind: string;
  ref: string;
  lane: Lane;
  /** By which it leaves in this attempt. */
  relay: string;
  recipient: string | null;
  payload: Buffer | null;
  raw: Buffer | null;
  /** False when `raw` is not what its hash was made of. */
  intact: boolean;
  attempts: number;
  /** Those of them after which another relay was asked at once: the mail was not put off. */
  passedOn: number;
  /** Relays that have turned it away because of us since it was last put off. */
  turnedAway: string[];
  createdAt: Date;
}

/** The frozen bytes with what they end with; NULL, and so not intact, where that is gone. */
const whole = `CASE WHEN tail_sha256 IS NULL THEN raw ELSE raw || (
    SELECT bytes FROM mail_tails t WHERE t.campaign_id = claimed.campaign_id AND t.sha256 = claimed.tail_sha256) END`;

/** The columns of an outbox row that a worker gets. */
export const claimedColumns = `campaign_id AS "campaignId", id, attempt_id AS "attemptId", kind, ref, lane, relay, recipient,
  payload, ${whole} AS raw, raw IS NULL OR sha256(${whole}) = raw_sha256 AS intact, attempts,
  passed_on AS "passedOn", coalesce(turned_away, '{}') AS "turnedAway", created_at AS "createdAt"`;

export const asClaimed = (row: ClaimedMail): ClaimedMail => ({
  ...row,
  payload: asBuffer(row.payload),
  raw: asBuffer(row.raw),
});
