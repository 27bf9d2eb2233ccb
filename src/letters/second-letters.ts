import type { DataSource, EntityManager } from 'typeorm';

/** A person gets one letter of a campaign, also where two records were joined after both had been planned. */

/** The other records of the person, each way by an index. */
const samePerson = `(other.id = l.merged_into OR other.merged_into = coalesce(l.merged_into, l.id)) AND other.id <> l.id`;

/**
 * Those of these lawmakers who must get no letter: another record stands for the person, or a letter to another record of
 * hers is planned. Asked in the transaction that writes the letters.
 */
export async function reachedOtherwise(tx: EntityManager, campaignId: string, ids: string[]): Promise<Set<string>> {
  const rows: { id: string }[] = await tx.query(
    `SELECT l.id FROM lawmakers l WHERE l.id = ANY ($2) AND (l.merged_into IS NOT NULL OR EXISTS (
       SELECT FROM lawmakers other JOIN letters x ON x.campaign_id = $1 AND x.lawmaker_id = other.id
       WHERE other.merged_into = l.id AND x.state IN ('mail', 'task', 'done')))`,
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
       OR (l.merged_into = other.id AND (x.state = 'task' OR o.state IN ('queued', 'claimed', 'deferred', 'held'))))
     LIMIT 1`,
    [campaignId, letterId],
  );
  return rows.length > 0;
}
