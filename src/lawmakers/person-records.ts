/**
 * SQL for the records of one person. Joining two lawmakers moves nothing: one record points at the other, and whatever
 * asks about a person asks about all her records. That is why a decision can be taken back at any time.
 */

/**
 * The ids of all records of the person that `lawmaker` (an alias of the table) stands for, as an array for `= ANY (...)`: so
 * the few ids are found first, and what is asked about them by index.
 */
export const recordsOf = (lawmaker: string) =>
  `ARRAY(SELECT ${lawmaker}.id UNION ALL SELECT record.id FROM lawmakers record WHERE record.merged_into = ${lawmaker}.id)`;

/** The same within her legislature: what another parliament says of her is not changed by this one's file. */
export const ownRecordsOf = (lawmaker: string) =>
  `ARRAY(SELECT ${lawmaker}.id UNION ALL SELECT record.id FROM lawmakers record
      WHERE record.merged_into = ${lawmaker}.id AND record.legislature_id = ${lawmaker}.legislature_id)`;

/** All records of the person, from any one of them: `lawmaker` is an alias of the table. */
export const allRecordsOf = (lawmaker: string) => {
  const standing = `coalesce(${lawmaker}.merged_into, ${lawmaker}.id)`;
  return `ARRAY(SELECT ${standing} UNION ALL SELECT record.id FROM lawmakers record WHERE record.merged_into = ${standing})`;
};

/** The same where only the id of one of them is known: `id` is a parameter. */
export const recordsOfId = (id: string) =>
  `(SELECT ${allRecordsOf('asked')} FROM lawmakers asked WHERE asked.id = ${id}::uuid)::uuid[]`;

/** Whether any record of the person has a standing objection: she said it once, it holds for all. */
export const hasObjected = (lawmaker: string) =>
  `EXISTS (SELECT FROM objections o WHERE o.lifted_at IS NULL AND o.lawmaker_id = ANY (${allRecordsOf(lawmaker)}))`;

/** Whether a contact point (alias `c`) may be used for this person: listed or made by hand, and struck out on none of her records. */
export const isUsable = (lawmaker: string) =>
  `c.struck_at IS NULL AND (c.listed OR c.source = 'staff') AND NOT EXISTS (SELECT FROM contact_points struck
     WHERE struck.channel = c.channel AND struck.normal_form = c.normal_form AND struck.struck_at IS NOT NULL
       AND struck.lawmaker_id = ANY (${recordsOf(lawmaker)}))`;

/** Whether something came back from a contact point that may be used for this person, and nothing has proved since that it works. */
export const hasMarked = (lawmaker: string) =>
  `EXISTS (SELECT FROM contact_points c WHERE c.bounced_at IS NOT NULL AND c.lawmaker_id = ANY (${recordsOf(lawmaker)})
     AND ${isUsable(lawmaker)})`;
