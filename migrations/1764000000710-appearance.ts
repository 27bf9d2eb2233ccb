import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How the site presents itself: one row for all, and words per language. */
export class Appearance1764000000710 implements MigrationInterface {
  name = 'Appearance1764000000710';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE appearance (
        id integer PRIMARY KEY CHECK (id = 1),
        colour text CHECK (colour ~ '^#[0-9a-f]{6}$'),
        logo bytea,
        logo_width integer,
        logo_height integer
      )`);
    await runner.query(`
      CREATE TABLE site_texts (
        kind text NOT NULL CHECK (kind IN ('name', 'imprint')),
        locale text NOT NULL,
        words text NOT NULL CHECK (words <> ''),
        PRIMARY KEY (kind, locale)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE site_texts`);
    await runner.query(`DROP TABLE appearance`);
  }
}
