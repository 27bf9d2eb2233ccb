import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What staff has turned off in an emergency. A row is an off; `petition_id` of zeros means all petitions. */
export class Switches1764000000700 implements MigrationInterface {
  name = 'Switches1764000000700';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE switches (
        petition_id uuid NOT NULL,
        name text NOT NULL CHECK (name IN ('signing', 'easy-signing', 'counting', 'mailing')),
        reason text NOT NULL,
        by_name text NOT NULL,
        off_since timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (petition_id, name)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE switches`);
  }
}
