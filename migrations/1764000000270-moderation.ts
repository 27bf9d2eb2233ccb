import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Suspicion, what came of it, and how many people got how far. */
export class Moderation1764000000270 implements MigrationInterface {
  name = 'Moderation1764000000270';

  async up(runner: QueryRunner): Promise<void> {
    // Signatures whose entry waits for a person (log_queue.due_at is infinity). Gone when she has decided.
    await runner.query(`
      CREATE TABLE flags (
        petition_id uuid NOT NULL REFERENCES petitions,
        signature_id uuid NOT NULL,
        signals text[] NOT NULL CHECK (cardinality(signals) > 0),
        PRIMARY KEY (petition_id, signature_id)
      )`);
    await runner.query(`
      CREATE TABLE invalidations (
        petition_id uuid NOT NULL REFERENCES petitions,
        id uuid NOT NULL,
        rule jsonb NOT NULL,
        reason smallint NOT NULL CHECK (reason IN (3, 4)),
        note text NOT NULL,
        signatures integer NOT NULL,
        by_name text NOT NULL,
        at timestamptz NOT NULL DEFAULT now(),
        undone_at timestamptz,
        undone_by_name text,
        PRIMARY KEY (petition_id, id),
        CONSTRAINT invalidations_undone_check CHECK ((undone_at IS NULL) = (undone_by_name IS NULL))
      )`);
    // Either the entry that was kept from the log, or where it stands there.
    await runner.query(`
      CREATE TABLE invalidated (
        petition_id uuid NOT NULL,
        signature_id uuid NOT NULL,
        invalidation_id uuid NOT NULL,
        entry bytea,
        index bigint,
        PRIMARY KEY (petition_id, signature_id),
        CONSTRAINT invalidated_where_check CHECK (num_nonnulls(entry, index) = 1),
        FOREIGN KEY (petition_id, invalidation_id) REFERENCES invalidations
      )`);
    await runner.query(
      `CREATE INDEX invalidated_petition_id_invalidation_id_idx ON invalidated (petition_id, invalidation_id)`,
    );
    await runner.query(`
      CREATE TABLE funnel (
        petition_id uuid NOT NULL REFERENCES petitions,
        day date NOT NULL,
        asked bigint NOT NULL DEFAULT 0,
        mailed bigint NOT NULL DEFAULT 0,
        confirmed bigint NOT NULL DEFAULT 0,
        PRIMARY KEY (petition_id, day)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['funnel', 'invalidated', 'invalidations', 'flags']) {
      await runner.query(`DROP TABLE ${table}`);
    }
  }
}
