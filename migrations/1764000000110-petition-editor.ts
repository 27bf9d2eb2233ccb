import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who wrote a petition, which language is the original and what each translation follows, and what a check of facts was about. */
export class PetitionEditor1764000000110 implements MigrationInterface {
  name = 'PetitionEditor1764000000110';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE petitions
        ADD COLUMN original_locale text,
        ADD COLUMN authors uuid[] NOT NULL DEFAULT '{}',
        ADD COLUMN fact_checked_sha256 bytea CHECK (octet_length(fact_checked_sha256) = 32)`);
    await runner.query(`
      ALTER TABLE petition_texts
        ADD COLUMN written_by text,
        ADD COLUMN follows bytea CHECK (octet_length(follows) = 32)`);
    // The first language that was written; of several at once English, as pages fall back to it.
    await runner.query(`
      UPDATE petitions SET original_locale = coalesce((
        SELECT locale FROM petition_texts WHERE petition_id = petitions.id
        ORDER BY created_at, locale <> 'en', locale LIMIT 1), 'en')`);
    await runner.query(`ALTER TABLE petitions ALTER COLUMN original_locale SET NOT NULL`);
    // Whatever was written after the original's newest words is taken to follow them.
    await runner.query(`
      UPDATE petition_texts t SET follows = o.sha256
      FROM petitions p, LATERAL (
        SELECT sha256, created_at FROM petition_texts
        WHERE petition_id = p.id AND locale = p.original_locale ORDER BY version DESC LIMIT 1) o
      WHERE p.id = t.petition_id AND t.locale <> p.original_locale AND t.created_at >= o.created_at`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE petition_texts DROP COLUMN follows, DROP COLUMN written_by`);
    await runner.query(
      `ALTER TABLE petitions DROP COLUMN fact_checked_sha256, DROP COLUMN authors, DROP COLUMN original_locale`,
    );
  }
}
