import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Confirmed people only, and the tallies that the sequencer keeps. */
export class Signatures1764000000200 implements MigrationInterface {
  name = 'Signatures1764000000200';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE consents (
        id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        purpose text NOT NULL CHECK (purpose IN ('sign', 'showName', 'news')),
        locale text NOT NULL,
        wording text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        UNIQUE (purpose, locale, wording)
      )`);
    // No foreign key here and in the queue of the log: a row is made from that of its petition, which its log keeps from being
    // deleted. To look for the petition again took a third of the work of each row, and wrote a lock into what all signers share.
    await runner.query(`
      CREATE TABLE signatures (
        petition_id uuid NOT NULL,
        id uuid NOT NULL,
        identity bytea NOT NULL CHECK (octet_length(identity) = 32),
        normal_form smallint NOT NULL,
        domain bytea CHECK (octet_length(domain) = 16),
        box bytea,
        country character(2) NOT NULL,
        locale text NOT NULL,
        text_version integer NOT NULL,
        source text NOT NULL,
        consents integer[] NOT NULL,
        confirmed_hour timestamptz NOT NULL DEFAULT date_trunc('hour', now()),
        PRIMARY KEY (petition_id, id),
        UNIQUE (petition_id, identity),
        CONSTRAINT signatures_erased_check CHECK (
          box IS NOT NULL OR domain IS NULL AND locale = '' AND text_version = 0 AND consents = '{}')
      )`);
    // So that a link from before the withdrawal does not sign again. Kept as long as such a link can live, then deleted.
    await runner.query(`
      CREATE TABLE withdrawals (
        petition_id uuid NOT NULL REFERENCES petitions,
        identity bytea NOT NULL CHECK (octet_length(identity) = 32),
        withdrawn_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (petition_id, identity)
      )`);
    await runner.query(`
      CREATE TABLE tallies (
        petition_id uuid NOT NULL REFERENCES petitions,
        day date NOT NULL,
        country character(2) NOT NULL,
        source text NOT NULL,
        signed bigint NOT NULL DEFAULT 0 CHECK (signed >= 0),
        withdrawn bigint NOT NULL DEFAULT 0 CHECK (withdrawn >= 0),
        PRIMARY KEY (petition_id, day, country, source)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['tallies', 'withdrawals', 'signatures', 'consents']) {
      await runner.query(`DROP TABLE ${table}`);
    }
  }
}
