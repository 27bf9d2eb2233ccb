import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What staff signs in with besides a password, and the rule that some must. */
export class SecondFactors1764000000610 implements MigrationInterface {
  name = 'SecondFactors1764000000610';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE authenticators (
        staff_id uuid PRIMARY KEY REFERENCES staff_members,
        secret bytea NOT NULL,
        begun_at timestamptz NOT NULL DEFAULT now(),
        confirmed_at timestamptz,
        last_step bigint NOT NULL DEFAULT 0
      )`);
    await runner.query(`
      CREATE TABLE recovery_codes (
        staff_id uuid NOT NULL REFERENCES staff_members,
        code_hash bytea NOT NULL CHECK (octet_length(code_hash) = 32),
        used_at timestamptz,
        PRIMARY KEY (staff_id, code_hash)
      )`);
    await runner.query(`
      CREATE TABLE passkeys (
        id uuid PRIMARY KEY,
        staff_id uuid NOT NULL REFERENCES staff_members,
        name text NOT NULL,
        credential_id bytea NOT NULL UNIQUE,
        public_key bytea NOT NULL,
        counter bigint NOT NULL,
        transports text[] NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        last_used_at timestamptz
      )`);
    await runner.query(`CREATE INDEX passkeys_staff_id_idx ON passkeys (staff_id)`);
    await runner.query(`
      CREATE TABLE spent_challenges (
        hash bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
        expires_at timestamptz NOT NULL
      )`);
    await runner.query(`
      CREATE TABLE provider_accounts (
        issuer text NOT NULL,
        subject text NOT NULL,
        staff_id uuid NOT NULL REFERENCES staff_members,
        bound_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (issuer, subject),
        UNIQUE (staff_id, issuer)
      )`);
    await runner.query(`
      CREATE TABLE staff_rules (
        name text PRIMARY KEY CHECK (name IN ('second-factor')),
        since timestamptz NOT NULL DEFAULT now()
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    const made = [
      'staff_rules',
      'provider_accounts',
      'spent_challenges',
      'passkeys',
      'recovery_codes',
      'authenticators',
    ];
    for (const table of made) await runner.query(`DROP TABLE ${table}`);
  }
}
