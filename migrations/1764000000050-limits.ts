import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Counters for rate limits. `bucket` is a digest under a key that lives one day: no address is kept. */
export class Limits1764000000050 implements MigrationInterface {
  name = 'Limits1764000000050';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE limits (
        bucket bytea PRIMARY KEY,
        hits integer NOT NULL,
        resets_at timestamptz NOT NULL
      )`);
    await runner.query(`CREATE INDEX limits_resets_at_idx ON limits (resets_at)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE limits`);
  }
}
