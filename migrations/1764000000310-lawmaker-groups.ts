import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Committees and groups, as seats that are kept with their end. */
export class LawmakerGroups1764000000310 implements MigrationInterface {
  name = 'LawmakerGroups1764000000310';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE group_memberships (
        id uuid PRIMARY KEY,
        lawmaker_id uuid NOT NULL REFERENCES lawmakers,
        kind text NOT NULL CHECK (kind IN ('committee', 'group')),
        code text NOT NULL,
        name text NOT NULL,
        role text,
        import_id uuid NOT NULL REFERENCES imports,
        started_at timestamptz NOT NULL DEFAULT now(),
        ended_at timestamptz
      )`);
    await runner.query(
      `CREATE UNIQUE INDEX group_memberships_present_idx ON group_memberships (lawmaker_id, kind, code) WHERE ended_at IS NULL`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE group_memberships`);
  }
}
