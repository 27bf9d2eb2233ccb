import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Petitions1764000000100 implements MigrationInterface {
  name = 'Petitions1764000000100';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE petitions (
        id uuid PRIMARY KEY,
        slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9][a-z0-9-]{1,78}[a-z0-9]$'),
        state text NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'in_review', 'open', 'closed', 'archived')),
        started_by text NOT NULL,
        goal integer CHECK (goal > 0),
        fact_checked_on date,
        review_after_days integer NOT NULL DEFAULT 90 CHECK (review_after_days > 0),
        hold_minutes integer NOT NULL DEFAULT 0 CHECK (hold_minutes BETWEEN 0 AND 10080),
        created_at timestamptz NOT NULL DEFAULT now(),
        opened_at timestamptz,
        closed_at timestamptz,
        archived_at timestamptz,
        return_reason text
      )`);
    await runner.query(`
      CREATE TABLE petition_texts (
        petition_id uuid NOT NULL REFERENCES petitions,
        locale text NOT NULL,
        version integer NOT NULL CHECK (version > 0),
        title text NOT NULL,
        ask text NOT NULL,
        addressee text NOT NULL,
        body text NOT NULL,
        sources jsonb NOT NULL DEFAULT '[]',
        persons jsonb NOT NULL DEFAULT '[]',
        timeline jsonb NOT NULL DEFAULT '[]',
        sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
        created_at timestamptz NOT NULL DEFAULT now(),
        reason text,
        note_id uuid,
        PRIMARY KEY (petition_id, locale, version)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE petition_texts`);
    await runner.query(`DROP TABLE petitions`);
  }
}
