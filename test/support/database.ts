import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { loadSettings } from '../../src/config/settings.js';
import { openDatabase } from '../../src/database/data-source.js';
import { migrate } from '../../src/database/migrate.js';

/** The real PostgreSQL to test on, or undefined for the embedded one. */
export const serverUrl = process.env.TEST_DATABASE_URL || undefined;
/** Named by the run that made it, so that two runs on one server do not drop each other's. */
const template = () => process.env.TEST_TEMPLATE_DATABASE!;

const asSuperuser = async (sql: string) => {
  const client = new Client({ connectionString: serverUrl });
  await client.connect();
  await client.query(sql).finally(() => client.end());
};

const urlOf = (name: string) => Object.assign(new URL(serverUrl!), { pathname: `/${name}` }).toString();

/** Migrates once per run: into a template database, or into a data folder that is copied for each test file. */
export async function makeTemplate(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-template-'));
  process.env.TEST_TEMPLATE_DATABASE = `countersign_test_template_${process.pid}`;
  if (serverUrl) {
    await asSuperuser(`DROP DATABASE IF EXISTS ${template()} WITH (FORCE)`);
    await asSuperuser(`CREATE DATABASE ${template()}`);
  }
  const database = await openDatabase(
    loadSettings({ DATA_DIR: folder, DATABASE_URL: serverUrl && urlOf(template()), LOG_LEVEL: 'silent' }),
  );
  await migrate(database);
  await database.destroy();
  return folder;
}

/** Takes the template away again. */
export async function dropTemplate(): Promise<void> {
  if (serverUrl) await asSuperuser(`DROP DATABASE IF EXISTS ${template()} WITH (FORCE)`);
  await rm(process.env.TEST_TEMPLATE!, { recursive: true, force: true });
}

export interface TestDatabase {
  environment: { DATA_DIR: string; DATABASE_URL?: string };
  drop: () => Promise<void>;
}

let made = 0;

/** An own, migrated, empty database and data folder. */
export async function makeDatabase(): Promise<TestDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-test-'));
  const dropFolder = () => rm(folder, { recursive: true, force: true });
  if (!serverUrl) {
    await cp(join(process.env.TEST_TEMPLATE!, 'postgres'), join(folder, 'postgres'), { recursive: true });
    return { environment: { DATA_DIR: folder }, drop: dropFolder };
  }
  const name = `countersign_test_${process.env.JEST_WORKER_ID}_${process.pid}_${++made}`;
  await asSuperuser(`CREATE DATABASE ${name} TEMPLATE ${template()}`);
  return {
    environment: { DATA_DIR: folder, DATABASE_URL: urlOf(name) },
    drop: async () => {
      await asSuperuser(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      await dropFolder();
    },
  };
}
