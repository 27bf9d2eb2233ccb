import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Supporters' letters that go together, one mail a day to each lawmaker; and how many one supporter may send. */
export class Digests1764000000596 implements MigrationInterface {
  name = 'Digests1764000000596';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE letter_campaigns
        ADD digest boolean NOT NULL DEFAULT false,
        ADD supporter_per_day integer NOT NULL DEFAULT 10,
        ADD supporter_total integer NOT NULL DEFAULT 10,
        ADD CONSTRAINT letter_campaigns_digest_check CHECK (NOT digest OR mode = 'supporters'),
        ADD CONSTRAINT letter_campaigns_per_supporter_check CHECK (
          supporter_per_day BETWEEN 1 AND 100 AND supporter_total BETWEEN 1 AND 100)`);
    await runner.query(`
      ALTER TABLE letters
        ADD supporters integer,
        ADD CONSTRAINT letters_supporters_check CHECK (
          (supporters IS NOT NULL) = (sender LIKE 'digest %') AND supporters >= 0)`);
    await runner.query(`
      ALTER TABLE consents
        DROP CONSTRAINT consents_purpose_check,
        ADD CONSTRAINT consents_purpose_check CHECK (
          purpose IN ('sign', 'showName', 'news', 'organisation', 'passWords', 'passName', 'passArea'))`);
    await runner.query(`
      CREATE TABLE digest_supporters (
        campaign_id uuid NOT NULL REFERENCES letter_campaigns,
        id uuid NOT NULL,
        lawmaker_id uuid NOT NULL,
        lawmaker_name text NOT NULL,
        area text,
        petition_id uuid NOT NULL,
        signature_id uuid NOT NULL,
        copy_id uuid NOT NULL,
        consents integer[] NOT NULL,
        box bytea,
        likeness integer[],
        written_at timestamptz NOT NULL DEFAULT now(),
        digest_id uuid,
        failed_at timestamptz,
        told_at timestamptz,
        PRIMARY KEY (campaign_id, id),
        UNIQUE (campaign_id, lawmaker_id, signature_id),
        FOREIGN KEY (campaign_id, digest_id) REFERENCES letters,
        CONSTRAINT digest_supporters_likeness_check CHECK (cardinality(likeness) = 32)
      )`);
    await runner.query(
      `CREATE INDEX digest_supporters_petition_id_signature_id_idx ON digest_supporters (petition_id, signature_id)`,
    );
    await runner.query(
      `CREATE INDEX digest_supporters_campaign_id_digest_id_idx ON digest_supporters (campaign_id, digest_id)`,
    );
  }

  /** Digests cannot be told from other letters any more: they are called by their days all the same. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE digest_supporters`);
    await runner.query(`DELETE FROM consents WHERE purpose IN ('passWords', 'passName', 'passArea')`);
    await runner.query(`
      ALTER TABLE consents
        DROP CONSTRAINT consents_purpose_check,
        ADD CONSTRAINT consents_purpose_check CHECK (purpose IN ('sign', 'showName', 'news', 'organisation'))`);
    await runner.query(`ALTER TABLE letters DROP supporters`);
    await runner.query(`ALTER TABLE letter_campaigns DROP digest, DROP supporter_per_day, DROP supporter_total`);
  }
}
