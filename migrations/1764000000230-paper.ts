import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Signatures on paper: how many, counted by two people, and never who. */
export class Paper1764000000230 implements MigrationInterface {
  name = 'Paper1764000000230';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE petitions ADD COLUMN paper_count integer NOT NULL DEFAULT 0, ADD COLUMN paper_return text,
        ADD CONSTRAINT petitions_paper_count_check CHECK (paper_count >= 0)`);
    await runner.query(`
      CREATE TABLE paper_batches (
        petition_id uuid NOT NULL REFERENCES petitions,
        id uuid NOT NULL,
        sheets integer[] NOT NULL,
        scans text[] NOT NULL,
        country character(2) NOT NULL,
        day date NOT NULL,
        folder text NOT NULL,
        corrects uuid,
        reason text,
        round integer NOT NULL DEFAULT 1,
        signatures integer,
        confirmed_at timestamptz,
        entered_by_name text NOT NULL,
        entered_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (petition_id, id),
        UNIQUE (petition_id, corrects),
        CONSTRAINT paper_batches_scans_check CHECK (cardinality(scans) = cardinality(sheets)),
        CONSTRAINT paper_batches_confirmed_check CHECK ((signatures IS NULL) = (confirmed_at IS NULL)),
        CONSTRAINT paper_batches_corrects_check CHECK ((corrects IS NULL) = (reason IS NULL))
      )`);
    await runner.query(`
      CREATE TABLE paper_sheets (
        petition_id uuid NOT NULL,
        number integer NOT NULL,
        batch_id uuid NOT NULL,
        PRIMARY KEY (petition_id, number),
        FOREIGN KEY (petition_id, batch_id) REFERENCES paper_batches
      )`);
    await runner.query(`
      CREATE TABLE paper_counts (
        petition_id uuid NOT NULL,
        batch_id uuid NOT NULL,
        round integer NOT NULL,
        staff_id uuid NOT NULL,
        staff_name text NOT NULL,
        lines integer[] NOT NULL,
        counted_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (petition_id, batch_id, round, staff_id),
        FOREIGN KEY (petition_id, batch_id) REFERENCES paper_batches
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['paper_counts', 'paper_sheets', 'paper_batches']) await runner.query(`DROP TABLE ${table}`);
    await runner.query(`ALTER TABLE petitions DROP COLUMN paper_count, DROP COLUMN paper_return`);
  }
}
