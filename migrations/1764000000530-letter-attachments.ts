import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Files that go with a letter. */
export class LetterAttachments1764000000530 implements MigrationInterface {
  name = 'LetterAttachments1764000000530';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE letter_attachments (
        campaign_id uuid NOT NULL REFERENCES letter_campaigns,
        id uuid NOT NULL,
        name text NOT NULL,
        type text NOT NULL CHECK (type IN ('application/pdf', 'image/png', 'image/jpeg', 'text/plain')),
        size integer NOT NULL,
        sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
        content bytea NOT NULL,
        added_by uuid,
        added_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (campaign_id, id),
        UNIQUE (campaign_id, name),
        CONSTRAINT letter_attachments_size_check CHECK (size = octet_length(content))
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE letter_attachments`);
  }
}
