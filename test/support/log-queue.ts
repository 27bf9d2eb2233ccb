import { v7 as uuidv7 } from 'uuid';
import type { TestApp } from './app.js';

/** Signatures nobody gave, or withdrawals of as many that were given. */
export async function queueEntries(
  { database }: TestApp,
  petitionId: string,
  n: number,
  kind: 'sign' | 'withdraw' = 'sign',
  country = 'SE',
): Promise<void> {
  const ids: { id: string }[] =
    kind === 'sign'
      ? await database.query(`SELECT gen_random_uuid() AS id FROM generate_series(1, $1)`, [n])
      : await database.query(
          `SELECT signature_id AS id FROM (
             SELECT signature_id FROM log_positions WHERE petition_id = $2
             UNION ALL SELECT signature_id FROM log_queue WHERE petition_id = $2 AND kind = 'sign'
           ) AS given WHERE signature_id NOT IN (SELECT signature_id FROM log_queue WHERE kind = 'withdraw') ORDER BY 1 DESC LIMIT $1`,
          [n, petitionId],
        );
  await database.query(
    `INSERT INTO log_queue (petition_id, id, kind, entry, reason, signature_id, day, country, source)
     SELECT $1, entry_id, $4, CASE WHEN $4 = 'sign' THEN '\\x01'::bytea || sha256(id::text::bytea) || sha256(id::text::bytea) END,
       CASE WHEN $4 = 'withdraw' THEN 2 END, id, '2026-11-22', $5, 'api'
     FROM unnest($2::uuid[], $3::uuid[]) AS q (entry_id, id)`,
    [petitionId, ids.map(() => uuidv7()), ids.map(({ id }) => id), kind, country],
  );
}
