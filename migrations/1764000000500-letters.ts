import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Letter campaigns, their words, who approved what, and one row per lawmaker with what she gets or why she gets nothing. */
export class Letters1764000000500 implements MigrationInterface {
  name = 'Letters1764000000500';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE letter_campaigns (
        id uuid PRIMARY KEY,
        title text NOT NULL,
        mode text NOT NULL DEFAULT 'organisation' CHECK (mode IN ('organisation', 'supporters')),
        petition_id uuid REFERENCES petitions,
        default_locale text NOT NULL,
        sender_name text NOT NULL,
        organisation text NOT NULL,
        reply_to text NOT NULL,
        forward_replies boolean NOT NULL DEFAULT false,
        audience jsonb NOT NULL,
        audience_id uuid REFERENCES audiences ON DELETE SET NULL,
        not_before timestamptz,
        not_after timestamptz,
        pace jsonb NOT NULL,
        state text NOT NULL DEFAULT 'draft'
          CHECK (state IN ('draft', 'in_review', 'approved', 'dispatching', 'paused', 'cancelled', 'finished')),
        version integer NOT NULL DEFAULT 1 CHECK (version > 0),
        authors uuid[] NOT NULL DEFAULT '{}',
        approved_hours jsonb,
        dated_at timestamptz,
        petition_count bigint,
        petition_counted_at timestamptz,
        planned_at timestamptz,
        created_at timestamptz NOT NULL DEFAULT now(),
        state_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT letter_campaigns_schedule_check CHECK (not_after > not_before),
        CONSTRAINT letter_campaigns_dated_at_check
          CHECK (dated_at IS NOT NULL OR state NOT IN ('approved', 'dispatching', 'paused', 'finished'))
      )`);
    await runner.query(`
      CREATE TABLE letter_texts (
        campaign_id uuid NOT NULL REFERENCES letter_campaigns,
        locale text NOT NULL,
        subject text NOT NULL,
        body text NOT NULL,
        edited_by uuid,
        edited_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (campaign_id, locale)
      )`);
    await runner.query(`
      CREATE TABLE approvals (
        campaign_id uuid NOT NULL REFERENCES letter_campaigns,
        id uuid NOT NULL,
        sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
        asked_by uuid NOT NULL,
        asked_by_name text NOT NULL,
        asked_at timestamptz NOT NULL DEFAULT now(),
        approved_by uuid,
        approved_by_name text,
        approved_at timestamptz,
        lawmaker_ids uuid[],
        letter_digests text[],
        voided_at timestamptz,
        voided_by_name text,
        void_reason text,
        PRIMARY KEY (campaign_id, id),
        CONSTRAINT approvals_second_person_check CHECK (approved_by <> asked_by),
        CONSTRAINT approvals_complete_check
          CHECK ((approved_at IS NULL) = (approved_by IS NULL) AND (approved_at IS NULL) = (lawmaker_ids IS NULL))
      )`);
    // One request at a time can be open for a campaign.
    await runner.query(
      `CREATE UNIQUE INDEX approvals_campaign_id_idx ON approvals (campaign_id) WHERE voided_at IS NULL`,
    );
    await runner.query(`
      CREATE TABLE letters (
        campaign_id uuid NOT NULL REFERENCES letter_campaigns,
        id uuid NOT NULL,
        lawmaker_id uuid NOT NULL,
        sender text NOT NULL DEFAULT 'organisation',
        state text NOT NULL CHECK (state IN ('mail', 'task', 'held', 'done', 'excluded', 'cancelled')),
        reason text,
        lawmaker_name text NOT NULL,
        party text,
        chamber text,
        area text,
        legislature text,
        stream text NOT NULL DEFAULT '',
        locale text,
        variant_id uuid,
        channel text CHECK (channel IN ('email', 'form', 'post', 'phone')),
        contact text,
        subject text,
        body text,
        raw_sha256 bytea CHECK (octet_length(raw_sha256) = 32),
        note text,
        proof text,
        outcome text CHECK (outcome IN ('reached', 'message', 'no-answer', 'wrong-number', 'refused')),
        tries integer NOT NULL DEFAULT 0,
        tried_at timestamptz,
        done_by uuid,
        done_by_name text,
        done_at timestamptz,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (campaign_id, id),
        UNIQUE (campaign_id, lawmaker_id, sender),
        CONSTRAINT letters_reason_check CHECK ((state = 'excluded') = (reason IS NOT NULL)),
        CONSTRAINT letters_mail_check CHECK (CASE WHEN sender = 'organisation'
          THEN (state = 'mail') = (raw_sha256 IS NOT NULL) ELSE raw_sha256 IS NULL END),
        CONSTRAINT letters_done_check CHECK ((state = 'done') = (done_at IS NOT NULL)),
        CONSTRAINT letters_call_check CHECK (outcome IS NULL OR channel = 'phone'),
        CONSTRAINT letters_tried_check CHECK ((tries > 0) = (tried_at IS NOT NULL))
      )`);
    await runner.query(
      `CREATE INDEX letters_campaign_id_lawmaker_name_id_idx ON letters (campaign_id, lawmaker_name, id)`,
    );
    await runner.query(`CREATE INDEX letters_lawmaker_id_idx ON letters (lawmaker_id)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['letters', 'approvals', 'letter_texts', 'letter_campaigns']) {
      await runner.query(`DROP TABLE ${table}`);
    }
  }
}
