import type { EntityManager } from 'typeorm';
import type { PartVerb } from './campaign-states.js';

export type Stopped = 'pause' | 'cancel' | null;
/** Whether letters to a lawmaker of a stream are stopped; without one, those to the legislature as a whole. */
export type StopOf = (of: { stream: string; lawmakerId?: string }) => Stopped;

const all = '00000000-0000-0000-0000-000000000000';

/**
 * Writes down what is said of a part, for letters that are still to come. The last word counts: one about a legislature
 * goes for all its lawmakers. What is cancelled stays so. The caller holds the campaign's row.
 */
export async function noteStop(
  tx: EntityManager,
  campaignId: string,
  { stream, lawmakerId }: { stream: string; lawmakerId?: string },
  verb: PartVerb,
): Promise<void> {
  if (!lawmakerId) {
    await tx.query(`DELETE FROM letter_stops WHERE campaign_id = $1 AND stream = $2 AND stop <> 'cancel'`, [
      campaignId,
      stream,
    ]);
  }
  await tx.query(
    `INSERT INTO letter_stops (campaign_id, stream, lawmaker_id, stop) VALUES ($1, $2, $3, $4)
     ON CONFLICT (campaign_id, stream, lawmaker_id) DO UPDATE SET stop = excluded.stop, stopped_at = now()
     WHERE letter_stops.stop <> 'cancel'`,
    [campaignId, stream, lawmakerId ?? all, verb === 'resume' ? 'go' : verb],
  );
}

/** What is stopped of a campaign. Whoever then writes letters shares the campaign's row, so that a stop waits or is seen. */
export async function stopsOf(tx: Pick<EntityManager, 'query'>, campaignId: string): Promise<StopOf> {
  // Records of one person that were joined since are that person.
  const rows = await tx.query<{ stream: string; ids: string[]; stop: string }[]>(
    `SELECT s.stream, array_remove(ARRAY[s.lawmaker_id, l.merged_into], NULL) AS ids, s.stop
     FROM letter_stops s LEFT JOIN lawmakers l ON l.id = s.lawmaker_id WHERE s.campaign_id = $1`,
    [campaignId],
  );
  return ({ stream, lawmakerId }) => {
    const whole = rows.filter((row) => row.stream === stream && row.ids.includes(all));
    const own = lawmakerId ? rows.filter(({ ids }) => ids.includes(lawmakerId)) : [];
    const says = (stop: string) => (row: { stop: string }) => row.stop === stop;
    if ([...own, ...whole].some(says('cancel'))) return 'cancel';
    return (own.length > 0 ? own : whole).some(says('pause')) ? 'pause' : null;
  };
}
