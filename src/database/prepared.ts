import type { ClientBase, DatabaseError } from 'pg';
import type { DataSource, EntityManager } from 'typeorm';
import { v4 as uuidv4 } from 'uuid';

/** invalid_sql_statement_name and duplicate_prepared_statement (PostgreSQL, appendix A). */
const misunderstandings = ['26000', '42P05'];
const forgetful = new WeakSet<DataSource>();
const run = uuidv4();
const names = new Map<string, string>();

/**
 * Runs a statement that each connection reads and plans only once: for those that run hundreds of times a second; not for an
 * UPDATE or DELETE, whose result has another shape. A pooler that passes connections around and keeps no account of such
 * statements (PgBouncer in transaction mode without `max_prepared_statements`) has the database say that there is none of
 * this name, or one already. Then nothing was done; it is run the plain way, as all are from then on. So it is in a
 * transaction of the caller, which could not go on after that.
 */
export async function prepared<Row extends object>(
  manager: EntityManager,
  text: string,
  values: unknown[],
): Promise<Row[]> {
  const database = manager.dataSource;
  if (manager.queryRunner || forgetful.has(database)) return manager.query(text, values);
  const runner = database.createQueryRunner();
  try {
    const client = (await runner.connect()) as ClientBase;
    return (await client.query<Row>({ name: nameOf(text), text, values })).rows;
  } catch (error) {
    if (!misunderstandings.includes((error as DatabaseError).code ?? '')) throw error;
    forgetful.add(database);
  } finally {
    await runner.release();
  }
  return manager.query(text, values);
}

/** A connection that is passed around may know names that another process has given: ours are of this one alone. */
function nameOf(text: string): string {
  let name = names.get(text);
  if (!name) names.set(text, (name = `${run}-${names.size}`));
  return name;
}
