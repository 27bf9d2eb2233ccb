import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A picture for the page of a petition, with what it shows in each language. */
export class PetitionPictures1764000000115 implements MigrationInterface {
  name = 'PetitionPictures1764000000115';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE petition_pictures (
        petition_id uuid PRIMARY KEY REFERENCES petitions,
        type text NOT NULL CHECK (type IN ('image/png', 'image/jpeg', 'image/webp')),
        width integer NOT NULL CHECK (width > 0),
        height integer NOT NULL CHECK (height > 0),
        version text NOT NULL,
        bytes bytea NOT NULL,
        alt jsonb NOT NULL,
        credit text
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE petition_pictures`);
  }
}
