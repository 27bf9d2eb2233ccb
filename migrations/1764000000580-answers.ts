import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What lawmakers answered, as a person has read it. */
export class Answers1764000000580 implements MigrationInterface {
  name = 'Answers1764000000580';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE letter_answers (
        campaign_id uuid NOT NULL,
        letter_id uuid NOT NULL,
        stance text NOT NULL CHECK (stance IN ('supports', 'opposes', 'undecided', 'asks', 'acknowledges')),
        answered_on date NOT NULL,
        words text CHECK (length(words) <= 1000),
        recorded_by uuid NOT NULL,
        recorded_by_name text NOT NULL,
        recorded_at timestamptz NOT NULL DEFAULT now(),
        published_by uuid,
        published_by_name text,
        published_at timestamptz,
        PRIMARY KEY (campaign_id, letter_id),
        FOREIGN KEY (campaign_id, letter_id) REFERENCES letters,
        CHECK ((published_at IS NULL) = (published_by IS NULL)),
        CHECK (published_by <> recorded_by)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE letter_answers`);
  }
}
