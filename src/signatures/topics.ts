/** What a signer agreed to beside signing, and can take back alone. */
export const topics = ['news', 'showName'] as const;
export type Topic = (typeof topics)[number];

export const isTopic = (text: unknown): text is Topic => topics.some((topic) => topic === text);

/** SQL: the wordings under which this topic was agreed to, as an array that a signature's `consents` overlaps. */
export const wordingsOf = (topic: string) => `(SELECT array_agg(c.id) FROM consents c WHERE c.purpose = ${topic})`;

/**
 * SQL: `consents` of a signature without those of a topic. What was taken back leaves no trace with her but in the erasure
 * journal, so that a restored backup takes it back again.
 */
export const without = (topic: string) =>
  `ARRAY(SELECT each FROM unnest(consents) AS each WHERE each <> ALL (${wordingsOf(topic)}))`;
