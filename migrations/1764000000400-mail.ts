import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Everything that leaves by mail: what is to be sent, and each attempt at it. */
export class Mail1764000000400 implements MigrationInterface {
  name = 'Mail1764000000400';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE outbox (
        campaign_id uuid NOT NULL,
        id uuid NOT NULL,
        kind text NOT NULL,
        ref text NOT NULL,
        lane text NOT NULL CHECK (lane IN ('confirmations', 'letters', 'updates')),
        state text NOT NULL CHECK (state IN ('queued', 'claimed', 'handing_over', 'accepted', 'deferred', 'refused',
          'in_doubt', 'held', 'cancelled', 'suppressed', 'expired')),
        stop text CHECK (stop IN ('pause', 'part', 'cancel')),
        mode_held boolean NOT NULL DEFAULT false,
        stream text CHECK (stream IS NULL OR (lane = 'letters' AND recipient IS NOT NULL)),
        recipient text,
        payload bytea,
        raw bytea,
        tail_sha256 bytea,
        raw_sha256 bytea CHECK (octet_length(raw_sha256) = 32),
        attempt_id uuid,
        worker text,
        lease_until timestamptz,
        started_at timestamptz,
        handed_over_at timestamptz,
        pass text CHECK (pass IN ('first', 'again')),
        attempts integer NOT NULL DEFAULT 0,
        turned_away text[],
        turned_away_at timestamptz,
        passed_on integer NOT NULL DEFAULT 0,
        next_attempt_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz,
        reply_code integer,
        reply text,
        created_at timestamptz NOT NULL DEFAULT now(),
        state_at timestamptz NOT NULL DEFAULT now(),
        waits boolean NOT NULL GENERATED ALWAYS AS (state IN ('queued', 'deferred')) STORED,
        desk text GENERATED ALWAYS AS (CASE WHEN state IN ('in_doubt', 'deferred', 'refused', 'held') THEN state END) STORED,
        PRIMARY KEY (campaign_id, id),
        UNIQUE (campaign_id, kind, ref),
        FOREIGN KEY (campaign_id, tail_sha256) REFERENCES mail_tails,
        CHECK (tail_sha256 IS NULL OR raw IS NOT NULL),
        CHECK (raw IS NULL OR (raw_sha256 IS NOT NULL AND recipient IS NOT NULL)),
        CHECK ((state IN ('claimed', 'handing_over')) = (attempt_id IS NOT NULL)),
        CHECK ((attempt_id IS NULL) = (lease_until IS NULL)),
        CHECK (payload IS NULL OR state NOT IN ('accepted', 'refused', 'cancelled', 'suppressed', 'expired'))
      ) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02)`);
    // Partial, so that a claim costs the same however many mails were ever sent; and none of them looks at what changes when
    // a mail is handed over, so that this writes a row and no index.
    await runner.query(`
      CREATE INDEX outbox_due_idx ON outbox (lane, next_attempt_at) WHERE waits AND stream IS NULL`);
    await runner.query(`
      CREATE INDEX outbox_stream_idx ON outbox (campaign_id, stream, next_attempt_at, id)
      WHERE waits AND stream IS NOT NULL`);
    await runner.query(`
      CREATE INDEX outbox_lease_idx ON outbox (lease_until) WHERE lease_until IS NOT NULL`);
    await runner.query(`
      CREATE INDEX outbox_expiry_idx ON outbox (expires_at)
      WHERE (waits OR desk = 'held') AND expires_at IS NOT NULL`);
    await runner.query(`
      CREATE INDEX outbox_desk_idx ON outbox (desk, state_at) WHERE desk IS NOT NULL`);
    await runner.query(`
      CREATE TABLE attempts (
        campaign_id uuid NOT NULL,
        outbox_id uuid NOT NULL,
        attempt_id uuid NOT NULL,
        worker text NOT NULL,
        started_at timestamptz NOT NULL,
        handed_over_at timestamptz,
        ended_at timestamptz NOT NULL DEFAULT now(),
        outcome text NOT NULL CHECK (outcome IN ('accepted', 'deferred', 'refused', 'in_doubt', 'suppressed', 'unsent')),
        reply_code integer,
        reply text,
        pass text CHECK (pass IN ('first', 'again', 'kept', 'answered', 'returned')),
        PRIMARY KEY (campaign_id, outbox_id, attempt_id),
        FOREIGN KEY (campaign_id, outbox_id) REFERENCES outbox ON DELETE CASCADE
      ) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE attempts`);
    await runner.query(`DROP TABLE outbox`);
  }
}
