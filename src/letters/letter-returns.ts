import { returnKinds } from '../mail/return-kinds.js';

const ranked = returnKinds.map((kind) => `'${kind}'`).join(', ');

/** What came back for a letter and what a person read in it, as columns of a letter's row. */
export interface LetterReturn {
  /** The weightiest of what came back; null: nothing, or nothing can. */
  returned: (typeof returnKinds)[number] | null;
  returnedStatus: string | null;
  returnedDetail: string | null;
  returnedAt: Date | null;
  replies: number;
  answer: string | null;
  /** `YYYY-MM-DD` */
  answeredOn: string | null;
}

/** Joins to `l`, a letter. By primary keys, and cut to one row each: see `withMail`. */
export const joinReturns = `
  LEFT JOIN LATERAL (
    SELECT kind, status, diagnostic, returned_at FROM mail_returns
    WHERE campaign_id = l.campaign_id AND outbox_id = l.id
    ORDER BY array_position(ARRAY[${ranked}], kind), returned_at DESC LIMIT 1
  ) r ON true
  LEFT JOIN LATERAL (
    SELECT stance, answered_on FROM letter_answers WHERE campaign_id = l.campaign_id AND letter_id = l.id LIMIT 1
  ) a ON true`;

export const returnColumns = `r.kind AS returned, r.status AS "returnedStatus", r.diagnostic AS "returnedDetail",
  r.returned_at AS "returnedAt",
  (SELECT count(*)::int FROM mail_returns
   WHERE campaign_id = l.campaign_id AND outbox_id = l.id AND kind = 'replied') AS replies,
  a.stance AS answer, a.answered_on::text AS "answeredOn"`;
