import type { DataSource } from 'typeorm';

/**
 * Does the work while no other process on this database does work of the same name; they wait. The lock ends with a
 * transaction of its own, which PgBouncer lets through. On the embedded database there is no other process, and its one
 * connection is needed by the work.
 */
export async function oneAtATime(database: DataSource, name: string, work: () => Promise<void>): Promise<void> {
  if (database.options.poolSize === 1) return work();
  await database.transaction(async (tx) => {
    await tx.query(`SELECT pg_advisory_xact_lock(hashtext($1))`, [name]);
    await work();
  });
}
