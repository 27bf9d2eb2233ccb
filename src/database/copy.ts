import type { DataSource, EntityManager } from 'typeorm';

const most = 1000;

/** A target that somebody already works in. */
export class TargetNotEmpty extends Error {}

/**
 * Copies every row of one migrated database into another, empty one, in one transaction: all or nothing. Constant memory.
 * @param tell called with each table and the number of its rows
 * @throws TargetNotEmpty
 */
export async function copyDatabase(
  from: DataSource,
  to: DataSource,
  tell: (table: string, rows: number) => void = () => undefined,
): Promise<void> {
  await to.transaction(async (target) => {
    // Nobody else writes in the target meanwhile, nor in the source, which has a single connection.
    const tables = await tablesInOrder(target);
    for (const table of tables) {
      if (table === 'mail_limits') continue;
      const [{ used }] = await target.query(`SELECT EXISTS (SELECT 1 FROM ${table}) AS used`);
      if (used) throw new TargetNotEmpty(`The database to copy to is not empty: there are rows in ${table}.`);
    }
    // Its first rows came with the schema: they make room for those that staff has set.
    await target.query('DELETE FROM mail_limits');
    await from.transaction(async (source) => {
      for (const table of tables) tell(table, await copyTable(source, target, table));
    });
  });
}

/** Tables that others refer to come first. */
async function tablesInOrder(tx: EntityManager): Promise<string[]> {
  const rows: { name: string }[] = await tx.query(
    `WITH RECURSIVE tables AS (
       SELECT oid, relname::text AS name FROM pg_class
       WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'migrations'
     ), depth AS (
       SELECT oid, name, 0 AS level FROM tables
       UNION
       SELECT child.oid, child.name, depth.level + 1 FROM depth
       JOIN pg_constraint c ON c.confrelid = depth.oid AND c.contype = 'f' AND c.conrelid <> c.confrelid
       JOIN tables child ON child.oid = c.conrelid
       WHERE depth.level < 50
     )
     SELECT quote_ident(name) AS name FROM depth GROUP BY name ORDER BY max(level), name`,
  );
  return rows.map(({ name }) => name);
}

/** Those that are not made of others by the database itself. */
async function storedColumns(tx: EntityManager, table: string): Promise<string> {
  const [{ columns }]: [{ columns: string }] = await tx.query(
    `SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) AS columns FROM pg_attribute
     WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''`,
    [table],
  );
  return columns;
}

async function copyTable(source: EntityManager, target: EntityManager, table: string): Promise<number> {
  let copied = 0;
  const columns = await storedColumns(target, table);
  await source.query(`DECLARE copied NO SCROLL CURSOR FOR SELECT row_to_json(t)::text AS row FROM ${table} t`);
  for (;;) {
    const rows: { row: string }[] = await source.query(`FETCH ${most} FROM copied`);
    if (rows.length === 0) break;
    await target.query(
      `INSERT INTO ${table} (${columns}) OVERRIDING SYSTEM VALUE
       SELECT ${columns} FROM unnest($1::json[]) AS each, json_populate_record(NULL::${table}, each)`,
      [rows.map(({ row }) => row)],
    );
    copied += rows.length;
  }
  await source.query(`CLOSE copied`);
  const identities: { name: string }[] = await target.query(
    `SELECT quote_ident(attname) AS name FROM pg_attribute WHERE attrelid = $1::regclass AND attidentity <> ''`,
    [table],
  );
  for (const { name } of identities) {
    await target.query(
      `SELECT setval(pg_get_serial_sequence($1, $2), (SELECT coalesce(max(${name}), 0) + 1 FROM ${table}), false)`,
      [table, name.replaceAll('"', '')],
    );
  }
  return copied;
}
