import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the public was last told about the countries of a petition, so that two answers never differ by one signer. */
export class CountryBreakdowns1764000000111 implements MigrationInterface {
  name = 'CountryBreakdowns1764000000111';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE country_breakdowns (
        petition_id uuid PRIMARY KEY REFERENCES petitions,
        taken_on date NOT NULL,
        as_of timestamptz NOT NULL,
        signed bigint NOT NULL,
        withdrawn bigint NOT NULL,
        cells jsonb NOT NULL
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE country_breakdowns`);
  }
}
