/**
 * Whether a column is among what a query gives, by a look into a hash for each row. Plain IN becomes a join, and where the
 * planner knows nothing yet of what was just written, or of a queue that was empty a minute ago, one that compares each with
 * each: with 5,000 on both sides five seconds. The hash must fit into `work_mem` (some 200,000 ids with what PostgreSQL comes
 * with), and the query must not write where rows are changed that others change too: PostgreSQL cannot ask it again.
 */
export const isIn = (column: string, query: string): string => `(${column} IN (${query})) IS TRUE`;
