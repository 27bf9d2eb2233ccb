import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Legislatures and lawmakers to whom a campaign sends no letters for now, or none any more, also those still to be written. */
export class LetterStops1764000000597 implements MigrationInterface {
  name = 'LetterStops1764000000597';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE letter_stops (
        campaign_id uuid NOT NULL REFERENCES letter_campaigns,
        stream text NOT NULL,
        lawmaker_id uuid NOT NULL,
        stop text NOT NULL,
        stopped_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (campaign_id, stream, lawmaker_id),
        CONSTRAINT letter_stops_stop_check CHECK (stop IN ('pause', 'go', 'cancel'))
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE letter_stops`);
  }
}
