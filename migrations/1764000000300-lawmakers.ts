import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Lawmakers in Popolo's shape, and the imports they come from. A lawmaker is never deleted: letters and objections point at her. */
export class Lawmakers1764000000300 implements MigrationInterface {
  name = 'Lawmakers1764000000300';

  async up(runner: QueryRunner): Promise<void> {
    // `version` counts applied imports; a preview made from an older version is out of date.
    await runner.query(`
      CREATE TABLE legislatures (
        id uuid PRIMARY KEY,
        slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z][a-z0-9-]{0,58}[a-z0-9]$'),
        name text NOT NULL,
        country character(2) NOT NULL,
        version integer NOT NULL DEFAULT 0,
        created_at timestamptz NOT NULL DEFAULT now()
      )`);
    // `source` is kept only until the import is decided, so that its columns can be mapped again.
    await runner.query(`
      CREATE TABLE imports (
        id uuid PRIMARY KEY,
        legislature_slug text NOT NULL,
        legislature_name text NOT NULL,
        country character(2) NOT NULL,
        format text NOT NULL CHECK (format IN ('congress-legislators', 'congress-committees', 'openstates', 'popolo', 'european-parliament', 'uk-commons', 'ca-commons', 'represent', 'csv')),
        state text NOT NULL CHECK (state IN ('uploaded', 'previewed', 'applied', 'discarded')),
        partial boolean NOT NULL,
        base_version integer NOT NULL,
        source_name text NOT NULL,
        source_sha256 bytea NOT NULL CHECK (octet_length(source_sha256) = 32),
        source bytea,
        columns jsonb,
        counts jsonb NOT NULL DEFAULT '{}',
        report jsonb NOT NULL DEFAULT '[]',
        made_by text NOT NULL,
        made_at timestamptz NOT NULL DEFAULT now(),
        decided_by text,
        decided_at timestamptz,
        undoes uuid REFERENCES imports
      )`);
    await runner.query(`CREATE INDEX imports_legislature_slug_idx ON imports (legislature_slug)`);
    await runner.query(`
      CREATE TABLE lawmakers (
        id uuid PRIMARY KEY,
        legislature_id uuid NOT NULL REFERENCES legislatures,
        name text NOT NULL,
        sort_name text NOT NULL,
        given_name text,
        family_name text,
        honorific text,
        gender text,
        locale text,
        website text,
        left_at timestamptz,
        merged_into uuid REFERENCES lawmakers CONSTRAINT lawmakers_merged_into_check CHECK (merged_into <> id),
        import_id uuid NOT NULL REFERENCES imports,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query(
      `CREATE INDEX lawmakers_legislature_id_sort_name_id_idx ON lawmakers (legislature_id, sort_name, id)`,
    );
    await runner.query(
      `CREATE INDEX lawmakers_merged_into_idx ON lawmakers (merged_into) WHERE merged_into IS NOT NULL`,
    );
    await runner.query(`
      CREATE TABLE lawmaker_identifiers (
        legislature_id uuid NOT NULL REFERENCES legislatures,
        scheme text NOT NULL,
        identifier text NOT NULL,
        lawmaker_id uuid NOT NULL REFERENCES lawmakers,
        PRIMARY KEY (legislature_id, scheme, identifier)
      )`);
    await runner.query(`CREATE INDEX lawmaker_identifiers_lawmaker_id_idx ON lawmaker_identifiers (lawmaker_id)`);
    await runner.query(`
      CREATE TABLE memberships (
        id uuid PRIMARY KEY,
        lawmaker_id uuid NOT NULL REFERENCES lawmakers,
        chamber text,
        party text,
        area text,
        region text,
        role text,
        sitting boolean NOT NULL,
        import_id uuid NOT NULL REFERENCES imports,
        started_at timestamptz NOT NULL DEFAULT now(),
        ended_at timestamptz
      )`);
    await runner.query(`CREATE INDEX memberships_lawmaker_id_idx ON memberships (lawmaker_id)`);
    await runner.query(
      `CREATE UNIQUE INDEX memberships_present_idx ON memberships (lawmaker_id) WHERE ended_at IS NULL`,
    );
    // `listed`: the last import names it. Staff may add points of their own, and strike out any; imports change neither.
    await runner.query(`
      CREATE TABLE contact_points (
        id uuid PRIMARY KEY,
        lawmaker_id uuid NOT NULL REFERENCES lawmakers,
        channel text NOT NULL CHECK (channel IN ('email', 'form', 'post', 'phone')),
        value text NOT NULL,
        normal_form text NOT NULL,
        label text,
        position integer NOT NULL,
        source text NOT NULL CHECK (source IN ('import', 'staff')),
        listed boolean NOT NULL,
        made_by text,
        struck_at timestamptz,
        struck_by text,
        bounced_at timestamptz,
        bounced_status text,
        created_at timestamptz NOT NULL DEFAULT now(),
        UNIQUE (lawmaker_id, channel, normal_form)
      )`);
    await runner.query(`CREATE INDEX contact_points_normal_form_idx ON contact_points (normal_form)`);
    await runner.query(`
      CREATE TABLE import_rows (
        import_id uuid NOT NULL REFERENCES imports,
        position integer NOT NULL,
        change text NOT NULL CHECK (change IN ('new', 'changed', 'gone')),
        lawmaker_id uuid NOT NULL,
        person jsonb,
        fields jsonb NOT NULL DEFAULT '[]',
        before jsonb,
        ended_on date,
        PRIMARY KEY (import_id, position)
      )`);
    await runner.query(`
      CREATE TABLE objections (
        id uuid PRIMARY KEY,
        lawmaker_id uuid NOT NULL REFERENCES lawmakers,
        source text NOT NULL CHECK (source IN ('staff', 'office')),
        note text NOT NULL,
        recorded_by text NOT NULL,
        recorded_at timestamptz NOT NULL DEFAULT now(),
        lifted_by text,
        lifted_at timestamptz,
        lift_reason text
      )`);
    await runner.query(
      `CREATE UNIQUE INDEX objections_standing_idx ON objections (lawmaker_id) WHERE lifted_at IS NULL`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    const tables = ['objections', 'import_rows', 'contact_points', 'memberships', 'lawmaker_identifiers'];
    for (const table of [...tables, 'lawmakers', 'imports', 'legislatures']) await runner.query(`DROP TABLE ${table}`);
  }
}
