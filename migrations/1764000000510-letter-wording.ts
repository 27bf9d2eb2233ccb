import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Words for some: a wording by rule, and a line by person. */
export class LetterWording1764000000510 implements MigrationInterface {
  name = 'LetterWording1764000000510';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE letter_variants (
        campaign_id uuid NOT NULL REFERENCES letter_campaigns,
        id uuid NOT NULL,
        position integer NOT NULL,
        name text NOT NULL,
        locale text NOT NULL,
        rules jsonb NOT NULL,
        subject text NOT NULL,
        body text NOT NULL,
        edited_by uuid,
        edited_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (campaign_id, id)
      )`);
    await runner.query(`
      CREATE TABLE letter_postscripts (
        campaign_id uuid NOT NULL REFERENCES letter_campaigns,
        lawmaker_id uuid NOT NULL,
        text text NOT NULL,
        edited_by uuid,
        edited_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (campaign_id, lawmaker_id)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE letter_postscripts`);
    await runner.query(`DROP TABLE letter_variants`);
  }
}
