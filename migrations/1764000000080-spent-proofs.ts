import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Proofs of work and waiting tokens that were used: each is good once. Digests of random values; nothing of a visitor. */
export class SpentProofs1764000000080 implements MigrationInterface {
  name = 'SpentProofs1764000000080';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE spent_proofs (
        digest bytea PRIMARY KEY,
        expires_at timestamptz NOT NULL
      )`);
    await runner.query(`CREATE INDEX spent_proofs_expires_at_idx ON spent_proofs (expires_at)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE spent_proofs`);
  }
}
