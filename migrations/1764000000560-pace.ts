import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Limits of letters, what was taken of them, and the calendars that letters keep. */
export class Pace1764000000560 implements MigrationInterface {
  name = 'Pace1764000000560';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE mail_limits (
        scope text NOT NULL CHECK (scope IN ('relay', 'sender', 'campaign', 'domain', 'mailbox')),
        key text NOT NULL DEFAULT '',
        per_hour integer CHECK (per_hour > 0),
        per_day integer CHECK (per_day > 0),
        gap_seconds integer CHECK (gap_seconds > 0),
        concurrent integer CHECK (concurrent > 0),
        total integer CHECK (total >= 0),
        PRIMARY KEY (scope, key)
      )`);
    // No office gets more than a few a day, no mail server of a parliament more than it takes for a neighbour's.
    await runner.query(`
      INSERT INTO mail_limits (scope, per_hour, per_day, gap_seconds, concurrent)
      VALUES ('mailbox', NULL, 3, 600, 1), ('domain', 240, NULL, NULL, 4)`);
    await runner.query(`
      CREATE TABLE allowances (
        scope text NOT NULL,
        key text NOT NULL,
        hour_at timestamptz NOT NULL,
        hour_used integer NOT NULL,
        day text NOT NULL,
        day_used integer NOT NULL,
        used integer NOT NULL,
        last_at timestamptz,
        last_before timestamptz,
        booked_at timestamptz,
        PRIMARY KEY (scope, key)
      ) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02)`);
    await runner.query(`
      CREATE TABLE mail_streams (
        campaign_id uuid NOT NULL,
        stream text NOT NULL,
        sender text NOT NULL,
        calendar jsonb NOT NULL,
        spread boolean NOT NULL DEFAULT false,
        starts_at timestamptz NOT NULL,
        total integer NOT NULL DEFAULT 0,
        taken integer NOT NULL DEFAULT 0,
        open_from timestamptz,
        open_until timestamptz,
        open_before double precision NOT NULL DEFAULT 0,
        open_total double precision,
        wait_until timestamptz,
        waits_for jsonb,
        served_at timestamptz,
        PRIMARY KEY (campaign_id, stream)
      ) WITH (fillfactor = 70)`);
    await runner.query(`ALTER TABLE legislatures ADD COLUMN calendar jsonb`);
    // What a claim has taken and not yet booked for good.
    await runner.query(`CREATE INDEX attempts_pass_idx ON attempts (ended_at) WHERE pass IN ('first', 'again')`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX attempts_pass_idx`);
    await runner.query(`ALTER TABLE legislatures DROP COLUMN calendar`);
    for (const table of ['mail_streams', 'allowances', 'mail_limits']) await runner.query(`DROP TABLE ${table}`);
  }
}
