import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Several mail servers: which one a mail and each attempt went to, and how they are. */
export class Relays1764000000410 implements MigrationInterface {
  name = 'Relays1764000000410';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE outbox ADD COLUMN relay text`);
    await runner.query(`ALTER TABLE attempts ADD COLUMN relay text`);
    await runner.query(`
      CREATE TABLE mail_relays (
        name text NOT NULL PRIMARY KEY,
        failures integer NOT NULL,
        since timestamptz NOT NULL DEFAULT now(),
        paused_until timestamptz,
        last_error text,
        last_error_at timestamptz
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE mail_relays`);
    for (const table of ['attempts', 'outbox']) await runner.query(`ALTER TABLE ${table} DROP COLUMN relay`);
  }
}
