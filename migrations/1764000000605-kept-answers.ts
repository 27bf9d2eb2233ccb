import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a request with an Idempotency-Key was answered, for a day. */
export class KeptAnswers1764000000605 implements MigrationInterface {
  name = 'KeptAnswers1764000000605';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE kept_answers (
        token_id uuid NOT NULL REFERENCES api_tokens ON DELETE CASCADE,
        key bytea NOT NULL,
        request bytea NOT NULL,
        answer bytea,
        asked_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (token_id, key)
      )`);
    await runner.query(`CREATE INDEX kept_answers_asked_at_idx ON kept_answers (asked_at)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE kept_answers`);
  }
}
