import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Work that takes a while, and how far it is. */
export class LongWorks1764000000620 implements MigrationInterface {
  name = 'LongWorks1764000000620';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE long_works (
        id uuid PRIMARY KEY,
        kind text NOT NULL CHECK (kind IN ('log-check', 'import-preview', 'import-application', 'export')),
        subject text NOT NULL,
        needs text NOT NULL,
        queued boolean NOT NULL,
        detail jsonb NOT NULL DEFAULT '{}',
        made_by text NOT NULL,
        state text NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed')),
        attempt integer NOT NULL DEFAULT 0,
        lease_until timestamptz NOT NULL DEFAULT now(),
        step text,
        done bigint NOT NULL DEFAULT 0,
        total bigint,
        result jsonb,
        failure text,
        created_at timestamptz NOT NULL DEFAULT now(),
        ended_at timestamptz
      )`);
    await runner.query(`CREATE INDEX long_works_kind_id_idx ON long_works (kind, id)`);
    await runner.query(
      `CREATE UNIQUE INDEX long_works_kind_subject_idx ON long_works (kind, subject)
       WHERE queued AND state IN ('waiting', 'running')`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE long_works`);
  }
}
