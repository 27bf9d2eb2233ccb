import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Audiences under a name, for more than one letter. */
export class Audiences1764000000490 implements MigrationInterface {
  name = 'Audiences1764000000490';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE audiences (
        id uuid PRIMARY KEY,
        name text NOT NULL UNIQUE,
        rules jsonb NOT NULL,
        version integer NOT NULL DEFAULT 1 CHECK (version > 0),
        edited_by uuid,
        edited_at timestamptz NOT NULL DEFAULT now()
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE audiences`);
  }
}
