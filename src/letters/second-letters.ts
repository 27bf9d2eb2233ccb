import type { DataSource, EntityManager } from 'typeorm';
import { recordsOfId } from '../lawmakers/person-records.js';

/** A person gets one letter of a campaign, also where two records were joined after both had been planned. */

/** The other records of the person, each way by an index. */
const samePerson = `(other.id = l.merged_into OR other.merged_into = coalesce(l.merged_into, l.id)) AND other.id <> l.id`;

/**
 * Those of these lawmakers who must get no letter: another record stands for the person, or a letter to another record of
 * hers is planned and can still arrive. Asked in the transaction that writes the letters.
 */
export async function reachedOtherwise(tx: EntityManager, campaignId: string, ids: string[]): Promise<Set<string>> {
  const rows: { id: string }[] = await tx.query(
    `SELECT l.id FROM lawmakers l WHERE l.id = ANY ($2) AND (l.merged_into IS NOT NULL OR EXISTS (
       SELECT FROM lawmakers other JOIN letters x ON x.campaign_id = $1 AND x.lawmaker_id = other.id
       LEFT JOIN outbox o ON o.campaign_id = x.campaign_id AND o.id = x.id
       WHERE other.merged_into = l.id AND (x.state IN ('task', 'held', 'done')
         OR o.state NOT IN ('refused', 'suppressed', 'cancelled', 'expired'))))`,
    [campaignId, ids],
  );
  return new Set(rows.map(({ id }) => id));
}

/**
 * Whether a planned letter is the second to one person: the other is delivered or on its way, or it waits as this one does
 * and is addressed to the record that stands for her.
 */
export async function isSecondLetter(database: DataSource | EntityManager, campaignId: string, letterId: string) {
  const rows: unknown[] = await database.query(
    `SELECT FROM letters mine JOIN lawmakers l ON l.id = mine.lawmaker_id
     JOIN lawmakers other ON ${samePerson}
     JOIN letters x ON x.campaign_id = mine.campaign_id AND x.sender = mine.sender AND x.lawmaker_id = other.id
     LEFT JOIN outbox o ON o.campaign_id = x.campaign_id AND o.id = x.id
     WHERE mine.campaign_id = $1 AND mine.id = $2 AND (x.state = 'done' OR o.state IN ('handing_over', 'accepted', 'in_doubt')
       OR (l.merged_into = other.id AND (x.state IN ('task', 'held') OR o.state IN ('queued', 'claimed', 'deferred', 'held'))))
     LIMIT 1`,
    [campaignId, letterId],
  );
  return rows.length > 0;
}

/**
 * Mails of campaigns in which this person has several: a join may have made one of them the second. Whoever is about to hand
 * one over must ask again.
 */
export async function claimedTwice(
  tx: EntityManager,
  lawmakerId: string,
): Promise<{ campaignId: string; ids: string[] }[]> {
  return tx.query(
    `SELECT campaign_id AS "campaignId", array_agg(id ORDER BY id) FILTER (WHERE state = 'mail') AS ids FROM letters
     WHERE lawmaker_id = ANY (${recordsOfId('$1')}) AND state IN ('mail', 'task', 'held', 'done')
     GROUP BY campaign_id HAVING count(*) > 1 AND bool_or(state = 'mail') ORDER BY campaign_id`,
    [lawmakerId],
  );
}
