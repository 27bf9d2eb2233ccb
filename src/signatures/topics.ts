/** What a signer agreed to beside signing, and can take back alone: `news`, `showName`, or the id of an organisation for its news. */
export type Topic = string;

export const isTopic = (text: unknown): text is Topic =>
  text === 'news' ||
  text === 'showName' ||
  (typeof text === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text));

/** SQL: the topic of a row of `consents`. */
export const topicOf = (row: string) =>
  `CASE WHEN ${row}.purpose = 'organisation' THEN ${row}.organisation_id::text ELSE ${row}.purpose END`;

/** SQL: the wordings under which this topic was agreed to, as an array that a signature's `consents` overlaps. */
export const wordingsOf = (topic: string) =>
  `(SELECT array_agg(c.id) FROM consents c WHERE ${topicOf('c')} = ${topic})::int[]`;

/**
 * SQL: `consents` of a signature without those of a topic. What was taken back leaves no trace with her but in the erasure
 * journal, so that a restored backup takes it back again.
 */
export const without = (topic: string) =>
  `ARRAY(SELECT each FROM unnest(consents) AS each WHERE each <> ALL (${wordingsOf(topic)}))`;
