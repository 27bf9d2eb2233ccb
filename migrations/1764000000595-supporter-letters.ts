import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whose signature a supporter's letter belongs to, and how her own words read. */
export class SupporterLetters1764000000595 implements MigrationInterface {
  name = 'SupporterLetters1764000000595';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE supporter_letters (
        campaign_id uuid NOT NULL,
        id uuid NOT NULL,
        petition_id uuid NOT NULL,
        signature_id uuid NOT NULL,
        copy_id uuid NOT NULL,
        likeness integer[],
        written_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (campaign_id, id),
        FOREIGN KEY (campaign_id, id) REFERENCES letters ON DELETE CASCADE,
        CONSTRAINT supporter_letters_likeness_check CHECK (cardinality(likeness) = 32)
      )`);
    await runner.query(
      `CREATE INDEX supporter_letters_petition_id_signature_id_idx ON supporter_letters (petition_id, signature_id)`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE supporter_letters`);
  }
}
