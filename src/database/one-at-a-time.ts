import type { DataSource } from 'typeorm';

/**
 * Does the work while no other process on this database does work of the same name; they wait. On the embedded database
 * there is no other process, and its one connection is needed by the work.
 */
export async function oneAtATime(database: DataSource, name: string, work: () => Promise<void>): Promise<void> {
  if (database.options.poolSize === 1) return work();
  const runner = database.createQueryRunner();
  try {
    await runner.query(`SELECT pg_advisory_lock(hashtext($1))`, [name]);
    await work();
  } finally {
    await runner.query(`SELECT pg_advisory_unlock(hashtext($1))`, [name]).finally(() => runner.release());
  }
}
