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
        grown_at timestamptz NOT NULL DEFAULT now(),
        ended_at timestamptz,
        refused text,
        fault text,
        checked_at timestamptz
      )`);
    // The bytes of an entry, but for a withdrawal and the end: what they say is known only when it is their turn.
    await runner.query(`
      CREATE TABLE log_queue (
        petition_id uuid NOT NULL,
        id uuid NOT NULL,
        kind text NOT NULL CHECK (kind IN ('genesis', 'sign', 'withdraw', 'note', 'close')),
        entry bytea,
        due_at timestamptz NOT NULL DEFAULT now(),
        promised boolean NOT NULL DEFAULT false,
        signature_id uuid,
        reason smallint,
        code_hash bytea,
        day date,
        country character(2),
        source text,
        PRIMARY KEY (petition_id, id),
        CONSTRAINT log_queue_entry_check CHECK ((entry IS NULL) = (kind IN ('withdraw', 'close'))),
        CONSTRAINT log_queue_reason_check CHECK (CASE kind WHEN 'withdraw' THEN coalesce(reason, 0) BETWEEN 1 AND 4 ELSE reason IS NULL END),
        CONSTRAINT log_queue_code_hash_check CHECK (CASE reason WHEN 1 THEN coalesce(octet_length(code_hash), 0) = 32 ELSE code_hash IS NULL END),
        CONSTRAINT log_queue_signature_check CHECK (
          num_nonnulls(signature_id, day, country, source) = CASE WHEN kind IN ('sign', 'withdraw') THEN 4 ELSE 0 END)
      ) WITH (parallel_workers = 0)`); // A queue of a second is read in less time than it takes to begin a process.
    // The few that are no signatures are found without reading those.
    await runner.query(`CREATE INDEX log_queue_others ON log_queue (petition_id, id) WHERE kind <> 'sign'`);
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
        petition_id uuid NOT NULL,
        signature_id uuid NOT NULL,
        index bigint NOT NULL,
        PRIMARY KEY (petition_id, signature_id)
      )`);
    // Rows come in the order of their index: a few bytes for each thousand of them find one by it.
    await runner.query(
      `CREATE INDEX log_positions_petition_id_index_idx ON log_positions USING brin (petition_id, index)`,
    );
    // Where a note stands, for the page that tells the history of a text.
    await runner.query(`
      CREATE TABLE log_notes (
        petition_id uuid NOT NULL REFERENCES logs,
        id uuid NOT NULL,
        index bigint NOT NULL,
        PRIMARY KEY (petition_id, id)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    const rest = ['log_positions', 'log_checkpoints', 'log_bundles', 'log_tiles', 'log_queue', 'logs'];
    for (const table of ['log_notes', ...rest]) {
      await runner.query(`DROP TABLE ${table}`);
    }
  }
}
