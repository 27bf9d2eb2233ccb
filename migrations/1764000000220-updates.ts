import type { MigrationInterface, QueryRunner } from 'typeorm';

/** News that goes to signers who want it. Their mails are rows of the outbox. */
export class Updates1764000000220 implements MigrationInterface {
  name = 'Updates1764000000220';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE updates (
        petition_id uuid NOT NULL REFERENCES petitions,
        id uuid NOT NULL,
        organisation_id uuid,
        state text NOT NULL DEFAULT 'draft',
        authors uuid[] NOT NULL DEFAULT '{}',
        return_reason text,
        approved_by_name text,
        approved_at timestamptz,
        planned_to uuid,
        planned_at timestamptz,
        queued integer NOT NULL DEFAULT 0,
        unsubscribed integer NOT NULL DEFAULT 0,
        accepted integer NOT NULL DEFAULT 0,
        failed integer NOT NULL DEFAULT 0,
        left_out integer NOT NULL DEFAULT 0,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (petition_id, id),
        FOREIGN KEY (petition_id, organisation_id) REFERENCES organisations,
        CONSTRAINT updates_state_check CHECK (state IN ('draft', 'in_review', 'sending', 'sent', 'stopped'))
      )`);
    await runner.query(`
      CREATE TABLE update_texts (
        petition_id uuid NOT NULL,
        update_id uuid NOT NULL,
        locale text NOT NULL,
        title text NOT NULL,
        body text NOT NULL,
        PRIMARY KEY (petition_id, update_id, locale),
        FOREIGN KEY (petition_id, update_id) REFERENCES updates ON DELETE CASCADE
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE update_texts`);
    await runner.query(`DROP TABLE updates`);
  }
}
