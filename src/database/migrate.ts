import { MigrationExecutor, type DataSource } from 'typeorm';

/**
 * Runs what is pending, all in one transaction under an advisory lock: two servers that start at once do not migrate
 * twice, and a failed migration leaves nothing behind.
 * @returns the names of the migrations that ran
 */
export async function migrate(database: DataSource): Promise<string[]> {
  const runner = database.createQueryRunner();
  try {
    await runner.startTransaction();
    await runner.query(`SELECT pg_advisory_xact_lock(hashtext('countersign migrations'))`);
    const executor = new MigrationExecutor(database, runner);
    executor.transaction = 'none';
    const ran = await executor.executePendingMigrations();
    await runner.commitTransaction();
    return ran.map((migration) => migration.name);
  } catch (error) {
    if (runner.isTransactionActive) await runner.rollbackTransaction();
    throw error;
  } finally {
    await runner.release();
  }
}
