import { PGlite } from '@electric-sql/pglite';
import { createPgConfig } from '@electric-sql/pglite/node-postgres';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { migrations } from '../../migrations/index.js';
import type { Settings } from '../config/settings.js';
import { lockDataDir } from './data-dir-lock.js';
import { PostgresNaming } from './naming.js';

type Where = Pick<Settings, 'DATA_DIR' | 'DATABASE_URL' | 'DATABASE_POOL'>;

/** Of the embedded database. It zeroes them when it starts: with the 128 MB of its own a start takes seconds. */
const buffers = '32MB';

/**
 * Opens PostgreSQL at DATABASE_URL, or the embedded one (PGlite) in DATA_DIR. The embedded one has a single connection:
 * a transaction blocks everybody else, so none may wait for the network. `destroy()` closes everything opened here.
 */
export async function openDatabase(where: Where, entities: DataSourceOptions['entities'] = []): Promise<DataSource> {
  const common = {
    type: 'postgres',
    namingStrategy: new PostgresNaming(),
    installExtensions: false,
    entities,
    migrations,
    logging: false,
  } satisfies DataSourceOptions;
  if (where.DATABASE_URL) {
    return new DataSource({
      ...common,
      url: where.DATABASE_URL,
      poolSize: where.DATABASE_POOL,
      applicationName: 'countersign',
    }).initialize();
  }
  await mkdir(where.DATA_DIR, { recursive: true, mode: 0o700 });
  const lock = await lockDataDir(where.DATA_DIR);
  const embedded = await PGlite.create(join(where.DATA_DIR, 'postgres'), {
    startParams: [...PGlite.defaultStartParams, '-c', `shared_buffers=${buffers}`],
  });
  const { connection } = createPgConfig(embedded);
  const dataSource = new DataSource({ ...common, poolSize: 1, extra: { connection } });
  const closePool = dataSource.destroy.bind(dataSource);
  dataSource.destroy = async () => {
    await closePool();
    await embedded.close();
    lock.close();
  };
  return dataSource.initialize();
}
