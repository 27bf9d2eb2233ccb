import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Until when the organiser of a letter campaign was told which of its letters failed. */
export class LetterFailures1764000000590 implements MigrationInterface {
  name = 'LetterFailures1764000000590';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE letter_failures_told (
        campaign_id uuid PRIMARY KEY REFERENCES letter_campaigns,
        told_until timestamptz NOT NULL
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE letter_failures_told`);
  }
}
