import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Several organisations on one petition, each with an agreement of its own. */
export class Coalitions1764000000210 implements MigrationInterface {
  name = 'Coalitions1764000000210';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE organisations (
        petition_id uuid NOT NULL REFERENCES petitions,
        id uuid NOT NULL,
        name text NOT NULL,
        url text NOT NULL,
        privacy_url text NOT NULL,
        recipient text NOT NULL,
        added_at timestamptz NOT NULL DEFAULT now(),
        ended_at timestamptz,
        PRIMARY KEY (petition_id, id)
      )`);
    await runner.query(
      `CREATE UNIQUE INDEX organisations_petition_id_name_idx ON organisations (petition_id, name) WHERE ended_at IS NULL`,
    );
    await runner.query(`
      CREATE TABLE organisation_people (
        petition_id uuid NOT NULL,
        organisation_id uuid NOT NULL,
        staff_id uuid NOT NULL,
        PRIMARY KEY (petition_id, organisation_id, staff_id),
        FOREIGN KEY (petition_id, organisation_id) REFERENCES organisations
      )`);
    await runner.query(`ALTER TABLE consents DROP CONSTRAINT consents_purpose_check`);
    await runner.query(`
      ALTER TABLE consents ADD COLUMN organisation_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
        ADD CONSTRAINT consents_purpose_check CHECK (
          purpose IN ('sign', 'showName', 'news', 'organisation', 'passWords', 'passName', 'passArea')),
        ADD CONSTRAINT consents_organisation_check CHECK (
          (purpose = 'organisation') = (organisation_id <> '00000000-0000-0000-0000-000000000000'))`);
    await runner.query(`ALTER TABLE consents DROP CONSTRAINT consents_purpose_locale_wording_key`);
    await runner.query(
      `ALTER TABLE consents ADD CONSTRAINT consents_purpose_organisation_id_locale_wording_key UNIQUE (purpose, organisation_id, locale, wording)`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DELETE FROM consents WHERE purpose = 'organisation'`);
    await runner.query(`ALTER TABLE consents DROP CONSTRAINT consents_purpose_organisation_id_locale_wording_key`);
    await runner.query(
      `ALTER TABLE consents ADD CONSTRAINT consents_purpose_locale_wording_key UNIQUE (purpose, locale, wording)`,
    );
    await runner.query(`
      ALTER TABLE consents DROP CONSTRAINT consents_organisation_check, DROP CONSTRAINT consents_purpose_check,
        DROP COLUMN organisation_id`);
    await runner.query(
      `ALTER TABLE consents ADD CONSTRAINT consents_purpose_check CHECK (purpose IN ('sign', 'showName', 'news'))`,
    );
    await runner.query(`DROP TABLE organisation_people`);
    await runner.query(`DROP TABLE organisations`);
  }
}
