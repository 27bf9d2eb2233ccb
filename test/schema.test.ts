import { startApp, type TestApp } from './support/app.js';

/**
 * Tables that do not grow with a campaign, and why that is so. A new table without petition_id or campaign_id belongs
 * here only if a petition with millions of signatures leaves it as small as it was.
 */
const small: Record<string, string> = {
  migrations: 'one row per migration',
  petitions: 'the root of petition_id',
  letter_campaigns: 'the root of campaign_id',
  consents: 'one row per wording',
  audiences: 'what staff saves under a name',
  legislatures: 'as many as there are parliaments',
  lawmakers: 'as many as sit in them',
  lawmaker_identifiers: 'a few per lawmaker',
  memberships: 'a few per lawmaker',
  person_decisions: 'one row per decision of a person',
  group_memberships: 'a few per lawmaker',
  contact_points: 'a few per lawmaker',
  objections: 'at most a few per lawmaker',
  imports: 'one row per file that a person imports',
  import_rows: 'as many as a file has people',
  staff_members: 'the people of the organisation',
  sessions: 'a few per member of staff',
  authenticators: 'at most one per member of staff',
  recovery_codes: 'ten per member of staff',
  passkeys: 'a few per member of staff',
  spent_challenges: 'sign-ins of staff in the last minutes',
  provider_accounts: 'at most one per member of staff and provider',
  staff_rules: 'what an admin turned on',
  api_tokens: 'a few per member of staff',
  kept_answers: 'what programs of staff sent with a key in the last day',
  audit_entries: 'what staff does, never what signers do',
  long_works: 'what staff starts, a row each',
  spent_proofs: 'proofs of work of the last minutes',
  appearance: 'one row',
  site_texts: 'two per language',
  switches: 'what is turned off, a few rows',
  mail_relays: 'a row per mail server',
  mail_limits: 'what staff has set, and a row per campaign',
  allowances: 'a row per mailbox, domain, sender and campaign',
  limits: 'counters that expire, keyed by a digest that lives one day',
};

interface Column {
  table: string;
  column: string;
  type: string;
}
interface UniqueIndex {
  table: string;
  index: string;
  first: string;
}

let app: TestApp;
let columns: Column[];
let uniqueIndexes: UniqueIndex[];

const read = <Row>(sql: string): Promise<Row[]> => app.database.query(sql);

beforeAll(async () => {
  app = await startApp();
  columns = await read(`
    SELECT relname AS "table", attname AS "column", format_type(atttypid, atttypmod) AS type
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND attnum > 0 AND NOT attisdropped`);
  uniqueIndexes = await read(`
    SELECT owner.relname AS "table", index.relname AS index, attname AS first
    FROM pg_index
    JOIN pg_class owner ON owner.oid = indrelid
    JOIN pg_class index ON index.oid = indexrelid
    LEFT JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
    WHERE owner.relnamespace = 'public'::regnamespace AND indisunique`);
});
afterAll(() => app.close());

const tables = () => [...new Set(columns.map(({ table }) => table))];
const campaignKey = (table: string) =>
  !small[table] &&
  columns.find((one) => one.table === table && ['petition_id', 'campaign_id'].includes(one.column))?.column;

test('knows for every table whether it grows with a campaign', () => {
  const undecided = tables().filter((table) => !small[table] && !campaignKey(table));
  expect(undecided).toEqual([]);
  expect(Object.keys(small).filter((table) => !tables().includes(table))).toEqual([]);
});

test('leads every primary key and unique index of a growing table with the campaign, so that it can be distributed', () => {
  const growing = uniqueIndexes.filter(({ table }) => campaignKey(table));
  expect(growing.map(({ table }) => table)).toEqual(
    expect.arrayContaining(['signatures', 'tallies', 'outbox', 'letters']),
  );
  expect(growing.filter(({ table, first }) => first !== campaignKey(table))).toEqual([]);
});

test('gives every table a primary key', async () => {
  const without = await read(`
    SELECT relname FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
      AND NOT EXISTS (SELECT FROM pg_index WHERE indrelid = pg_class.oid AND indisprimary)`);
  expect(without).toEqual([]);
});

test('counts one identity once per petition by a unique index', async () => {
  const found = await read(`
    SELECT pg_get_indexdef(indexrelid) AS definition FROM pg_index
    WHERE indrelid = 'signatures'::regclass AND indisunique AND NOT indisprimary AND indpred IS NULL`);
  expect(found).toEqual([{ definition: expect.stringMatching(/\(petition_id, identity\)/) }]);
});

test('sends one letter per lawmaker, campaign and sender by a unique index', async () => {
  const found: { definition: string }[] = await read(`
    SELECT pg_get_indexdef(indexrelid) AS definition FROM pg_index
    WHERE indrelid = 'letters'::regclass AND indisunique AND indpred IS NULL`);
  expect(found.map(({ definition }) => definition)).toContainEqual(
    expect.stringMatching(/\(campaign_id, lawmaker_id(, sender)?\)/),
  );
});

test('keeps signing cheap: at most four indexes on signatures', async () => {
  const indexes = await read(`SELECT FROM pg_index WHERE indrelid = 'signatures'::regclass`);
  expect(indexes.length).toBeGreaterThanOrEqual(2);
  expect(indexes.length).toBeLessThanOrEqual(4);
});

test('has no place for what would tell where a visitor came from', () => {
  const traces = /(^|_)(ip|ips|ip_address|remote|host|user_agent|agent|referr?er|fingerprint|city|town)($|_)/;
  expect(columns.filter(({ column }) => traces.test(column))).toEqual([]);
  expect(columns.filter(({ type }) => ['inet', 'cidr', 'macaddr'].includes(type))).toEqual([]);
});

test('keeps times with their zone, and JSON in the form that can be compared', () => {
  expect(columns.filter(({ type }) => /without time zone|^json$|^money$/.test(type))).toEqual([]);
});

test('agrees with the entities', async () => {
  const { upQueries } = await app.database.driver.createSchemaBuilder().log();
  expect(upQueries.map(({ query }) => query)).toEqual([]);
  expect(app.database.entityMetadatas.length).toBeGreaterThan(0);
});

test('migrates all the way down and up again to the same schema', async () => {
  const before = await everything();
  expect(before.length).toBeGreaterThan(100);
  for (const _ of app.database.migrations) await app.database.undoLastMigration({ transaction: 'each' });
  expect((await everything()).filter((line) => !/\bmigrations/.test(line))).toEqual([]);
  await app.database.runMigrations({ transaction: 'all' });
  expect(await everything()).toEqual(before);
});

/** Every object that a migration can make, one line each. */
async function everything(): Promise<string[]> {
  const rows: { line: string }[] = await read(`
    SELECT format('column %s.%s %s %s %s', relname, attname, format_type(atttypid, atttypmod), attnotnull,
      coalesce(pg_get_expr(adbin, adrelid), attidentity::text)) AS line
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm') AND attnum > 0 AND NOT attisdropped
    UNION ALL
    SELECT format('index %s', pg_get_indexdef(indexrelid))
    FROM pg_index JOIN pg_class ON pg_class.oid = indrelid WHERE relnamespace = 'public'::regnamespace
    UNION ALL
    SELECT format('constraint %s.%s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL
    SELECT format('trigger %s', pg_get_triggerdef(pg_trigger.oid))
    FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
    WHERE relnamespace = 'public'::regnamespace AND NOT tgisinternal
    UNION ALL
    SELECT format('function %s', pg_get_functiondef(oid)) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL
    SELECT format('sequence %s', relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'S'
    UNION ALL
    SELECT format('type %s', typname) FROM pg_type
    WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd', 'r')
    ORDER BY 1`);
  return rows.map(({ line }) => line);
}
