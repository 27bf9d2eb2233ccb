import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What people decided about records that look like one person. */
export class PersonDecisions1764000000320 implements MigrationInterface {
  name = 'PersonDecisions1764000000320';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE person_decisions (
        id uuid PRIMARY KEY,
        first_id uuid NOT NULL REFERENCES lawmakers,
        second_id uuid NOT NULL REFERENCES lawmakers,
        decision text NOT NULL CHECK (decision IN ('same', 'different')),
        kept_id uuid,
        decided_by text NOT NULL,
        decided_at timestamptz NOT NULL DEFAULT now(),
        undone_by text,
        undone_at timestamptz,
        CONSTRAINT person_decisions_order_check CHECK (first_id < second_id),
        CONSTRAINT person_decisions_kept_check CHECK ((decision = 'same') = (kept_id IS NOT NULL))
      )`);
    await runner.query(
      `CREATE UNIQUE INDEX person_decisions_standing_idx ON person_decisions (first_id, second_id) WHERE undone_at IS NULL`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE person_decisions`);
  }
}
