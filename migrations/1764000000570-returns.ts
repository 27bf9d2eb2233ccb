import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What came back for mails that were sent: bounces, delays, complaints, replies. */
export class Returns1764000000570 implements MigrationInterface {
  name = 'Returns1764000000570';

  async up(runner: QueryRunner): Promise<void> {
    // The digest of the report is part of the key: the same report twice is one fact, whichever way it came.
    await runner.query(`
      CREATE TABLE mail_returns (
        campaign_id uuid NOT NULL,
        outbox_id uuid NOT NULL,
        evidence_sha256 bytea NOT NULL CHECK (octet_length(evidence_sha256) = 32),
        kind text NOT NULL
          CHECK (kind IN ('replied', 'bounced', 'complained', 'auto_replied', 'delivered', 'relayed', 'delayed')),
        status text CHECK (status ~ '^[245]\\.[0-9]{1,3}\\.[0-9]{1,3}$'),
        diagnostic text CHECK (length(diagnostic) <= 300),
        attempt_id uuid,
        cites boolean NOT NULL DEFAULT false,
        addressed boolean NOT NULL DEFAULT true,
        source text NOT NULL CHECK (source IN ('smtp', 'imap', 'webhook')),
        returned_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (campaign_id, outbox_id, evidence_sha256),
        FOREIGN KEY (campaign_id, outbox_id) REFERENCES outbox ON DELETE CASCADE
      )`);
    // A return address holds the id of the mail alone. Confirmations have none, and do not pay for the index.
    await runner.query(`CREATE INDEX outbox_returns_idx ON outbox (id) WHERE recipient IS NOT NULL`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX outbox_returns_idx`);
    await runner.query(`DROP TABLE mail_returns`);
  }
}
