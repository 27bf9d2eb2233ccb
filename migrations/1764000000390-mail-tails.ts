import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What many mails of a campaign end with, byte for byte, kept once: their attachments. */
export class MailTails1764000000390 implements MigrationInterface {
  name = 'MailTails1764000000390';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE mail_tails (
        campaign_id uuid NOT NULL,
        sha256 bytea NOT NULL,
        bytes bytea NOT NULL CHECK (sha256 = sha256(bytes)),
        PRIMARY KEY (campaign_id, sha256)
      )`);
    // Pictures and PDF in base64 do not get smaller.
    await runner.query(`ALTER TABLE mail_tails ALTER COLUMN bytes SET STORAGE EXTERNAL`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE mail_tails`);
  }
}
