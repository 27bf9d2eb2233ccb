import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How often the link by which an office objects was made anew: only the latest works. */
export class LinkRenewals1764000000415 implements MigrationInterface {
  name = 'LinkRenewals1764000000415';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE lawmakers ADD COLUMN link_renewals integer NOT NULL DEFAULT 0`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE lawmakers DROP COLUMN link_renewals`);
  }
}
