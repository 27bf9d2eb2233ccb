import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The count log of each petition (COUNT_LOG), and the queue into it. */
export class Countlog1764000000250 implements MigrationInterface {
  name = 'Countlog1764000000250';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE logs (
        petition_id uuid PRIMARY KEY REFERENCES petitions,
        origin text NOT NULL CHECK (origin ~ '^[^/[:space:]+]+/log/[a-z0-9-]+$'),
        publication text NOT NULL DEFAULT 'ordinary' CHECK (publication IN ('ordinary', 'protected')),
        size bigint NOT NULL DEFAULT 0 CHECK (size >= 0),
        root bytea NOT NULL CHECK (octet_length(root) = 32),
        grown_at timestamptz NOT NULL DEFAULT now()
      )`);
    // The bytes of an entry, but for a withdrawal: its index is known only when it is its turn.
    await runner.query(`
      CREATE TABLE log_queue (
        petition_id uuid NOT NULL REFERENCES petitions,
        id uuid NOT NULL,
        kind text NOT NULL CHECK (kind IN ('genesis', 'sign', 'withdraw', 'note')),
        entry bytea,
        signature_id uuid,
        day date,
        country character(2),
        source text,
        PRIMARY KEY (petition_id, id),
        CONSTRAINT log_queue_entry_check CHECK ((entry IS NULL) = (kind = 'withdraw')),
        CONSTRAINT log_queue_signature_check CHECK (
          num_nonnulls(signature_id, day, country, source) = CASE WHEN kind IN ('sign', 'withdraw') THEN 4 ELSE 0 END)
      )`);
    // A tile or bundle is kept at its greatest width; the narrower ones are its beginning.
    await runner.query(`
      CREATE TABLE log_tiles (
        petition_id uuid NOT NULL REFERENCES logs,
        level smallint NOT NULL,
        index bigint NOT NULL,
        hashes bytea NOT NULL CHECK (octet_length(hashes) BETWEEN 32 AND 8192),
        PRIMARY KEY (petition_id, level, index)
      )`);
    await runner.query(`
      CREATE TABLE log_bundles (
        petition_id uuid NOT NULL REFERENCES logs,
        index bigint NOT NULL,
        width smallint NOT NULL CHECK (width BETWEEN 1 AND 256),
        entries bytea NOT NULL,
        PRIMARY KEY (petition_id, index)
      )`);
    // Two roots for one size are impossible.
    await runner.query(`
      CREATE TABLE log_checkpoints (
        petition_id uuid NOT NULL REFERENCES logs,
        size bigint NOT NULL,
        note bytea NOT NULL,
        PRIMARY KEY (petition_id, size)
      )`);
    // Where the entry of a signature stands, for her withdrawal; gone with it.
    await runner.query(`
      CREATE TABLE log_positions (
        petition_id uuid NOT NULL REFERENCES logs,
        signature_id uuid NOT NULL,
        index bigint NOT NULL,
        PRIMARY KEY (petition_id, signature_id)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['log_positions', 'log_checkpoints', 'log_bundles', 'log_tiles', 'log_queue', 'logs']) {
      await runner.query(`DROP TABLE ${table}`);
    }
  }
}
