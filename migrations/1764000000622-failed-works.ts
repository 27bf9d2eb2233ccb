import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What failed is told in every language, and waits until somebody has looked at it. */
export class FailedWorks1764000000622 implements MigrationInterface {
  name = 'FailedWorks1764000000622';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE long_works ADD COLUMN failure_words jsonb, ADD COLUMN seen_by text`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE long_works DROP COLUMN failure_words, DROP COLUMN seen_by`);
  }
}
