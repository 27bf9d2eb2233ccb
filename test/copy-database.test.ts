import { loadSettings } from '../src/config/settings.js';
import { copyDatabase, TargetNotEmpty } from '../src/database/copy.js';
import { openDatabase } from '../src/database/data-source.js';
import { AuditEntry } from '../src/staff/audit-entry.entity.js';
import { AuditService } from '../src/staff/audit.service.js';
import { seed } from '../src/seed.js';
import { Funnel } from '../src/signatures/funnel.service.js';
import { startApp, type TestApp } from './support/app.js';
import { makeDatabase, type TestDatabase } from './support/database.js';
import { signIn } from './support/cast.js';
import { askForLink, confirm } from './support/petitions.js';

let app: TestApp;
let made: TestDatabase;
beforeAll(async () => {
  app = await startApp({ LIMITS: 'off' });
  await seed(app.nest);
  await signIn(app, 'ada');
  await confirm(app, await askForLink(app, {}, '1988-investigation'));
  // Written now, so that nothing is on its way to the database while it is copied.
  await app.get(Funnel).save();
  made = await makeDatabase();
});
afterAll(async () => {
  await app.close();
  await made.drop();
});

const everything = async (query: (sql: string) => Promise<Record<string, string>[]>) => {
  const tables = await query(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_name <> 'migrations'`,
  );
  const rows = await Promise.all(
    tables.map(async ({ name }) => [name, await query(`SELECT t::text AS row FROM ${name} t ORDER BY 1`)] as const),
  );
  return Object.fromEntries(rows);
};

test('copies every row, goes on counting where it was, and refuses a database that is in use', async () => {
  const target = await openDatabase(loadSettings(made.environment), [AuditEntry]);
  try {
    await copyDatabase(app.database, target);
    const before = await everything((sql) => app.database.query(sql));
    expect(Object.keys(before).length).toBeGreaterThan(20);
    expect(await everything((sql) => target.query(sql))).toEqual(before);
    await new AuditService(target).record(target.manager, {
      actor: 'system',
      action: 'staff.signed-in',
      subject: 'after the move',
    });
    expect(await new AuditService(target).check()).toMatchObject({ firstBroken: null });
    await expect(copyDatabase(app.database, target)).rejects.toThrow(TargetNotEmpty);
  } finally {
    await target.destroy();
  }
});
