/** What a reviewer says is true before a petition is opened; each is a message of its own. */
export const standards = ['ask', 'addressee', 'sources', 'persons', 'languages', 'harm'] as const;
export type Standard = (typeof standards)[number];
