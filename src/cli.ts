#!/usr/bin/env node
import 'reflect-metadata';
import { Command, Option } from 'commander';
import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z, ZodError } from 'zod';
import { projectRoot } from './config/root.js';
import { loadEnvFile, loadSettings, roles, SettingsError } from './config/settings.js';
import { copyDatabase, TargetNotEmpty } from './database/copy.js';
import { DataDirInUse } from './database/data-dir-lock.js';
import { openDatabase } from './database/data-source.js';
import { migrate } from './database/migrate.js';
import { exportCommands } from './exports/exports.cli.js';
import { lawmakerCommands } from './lawmakers/lawmakers.cli.js';
import { letterCommands } from './letters/letters.cli.js';
import { doctorCommand } from './mail/mail.cli.js';
import { openApiDocument } from './openapi.js';
import { logCommands } from './signatures/log.cli.js';
import { retentionCommand } from './signatures/retention.cli.js';
import { Problem } from './site/problem.js';
import { staffCommands } from './staff/staff.cli.js';
import { switchCommands } from './switches/switches.cli.js';
import { start } from './main.js';
import { keyCommands } from './rotate-keys.cli.js';
import { seed } from './seed.js';
import { withApp } from './with-app.js';

interface Json {
  json?: boolean;
}

const program = new Command('countersign').description('Petitions, letters to lawmakers, counts that can be believed');

program
  .command('start')
  .description('start the server: migrates, seeds, listens')
  .addOption(
    new Option('--role <role>', 'serve visitors and do the work behind them in processes of their own')
      .choices(roles)
      .default('all'),
  )
  .action(start);

program
  .command('migrate')
  .description('bring the database schema up to date')
  .option('--json', 'as JSON')
  .action(async ({ json }: Json) => {
    const database = await openDatabase(loadSettings());
    try {
      const ran = await migrate(database);
      if (json) console.log(JSON.stringify({ migrations: ran }, null, 2));
      else console.log(ran.length > 0 ? ran.join('\n') : 'nothing to do');
    } finally {
      await database.destroy();
    }
  });

program
  .command('copy-database')
  .description('copy everything from the embedded database into an empty PostgreSQL; stop the server first')
  .argument('<url>', 'postgres://…')
  .option('--json', 'as JSON')
  .action(async (url: string, { json }: Json) => {
    const settings = loadSettings();
    const from = await openDatabase({ ...settings, DATABASE_URL: undefined });
    try {
      await migrate(from);
      const to = await openDatabase(loadSettings({ ...process.env, DATABASE_URL: url }));
      try {
        await migrate(to);
        const tables: Record<string, number> = {};
        await copyDatabase(from, to, (table, rows) => {
          tables[table] = rows;
          if (!json) console.log(`${table}: ${rows}`);
        });
        if (json) console.log(JSON.stringify({ tables }, null, 2));
        else console.log('Done. Set DATABASE_URL to this address; keys/ and inbox/ stay in DATA_DIR.');
      } finally {
        await to.destroy();
      }
    } finally {
      await from.destroy();
    }
  });

program
  .command('seed')
  .description('put the bundled petitions, letter campaign and demo parliament in; what is there stays')
  .option('--json', 'as JSON')
  .action(({ json }: Json) =>
    withApp(async (app) => {
      const petitions = await seed(app);
      if (json) console.log(JSON.stringify({ petitions }, null, 2));
      else console.log(`Petitions, with a letter campaign and a demo parliament: ${petitions.join(', ')}`);
    }),
  );

program
  .command('verify')
  .description('recount a petition from its public log, here or anywhere; `verify --help` has the options')
  .helpOption(false)
  .allowUnknownOption()
  .argument('[words...]')
  .action((words: string[]) => {
    const file = join(projectRoot, 'verifier/countersign-verify.mjs');
    process.exitCode = spawnSync(process.execPath, [file, ...words], { stdio: 'inherit' }).status ?? 1;
  });

program
  .command('openapi')
  .description('write the description of the JSON API (OpenAPI 3.1)')
  .argument('<file>')
  .action(async (file: string) => writeFile(file, await openApiDocument()));

exportCommands(program);
lawmakerCommands(program);
logCommands(program);
retentionCommand(program);
letterCommands(program);
staffCommands(program);
switchCommands(program);
doctorCommand(program);
keyCommands(program);

try {
  loadEnvFile();
  await program.parseAsync();
} catch (error) {
  console.error(inWords(error));
  process.exitCode = 1;
}

/** A wrong setting or a refused command is said in a sentence; what nobody foresaw keeps its stack for a report. */
function inWords(error: unknown): unknown {
  if (error instanceof SettingsError) return `Wrong settings:\n${error.message}`;
  if (error instanceof DataDirInUse || error instanceof TargetNotEmpty) return error.message;
  // A file that cannot be opened, a server that does not answer.
  if (error instanceof Error && 'syscall' in error) return error.message;
  if (error instanceof ZodError) return z.prettifyError(error);
  if (!(error instanceof Problem) || error.code === 'internal') return error;
  const { title, detail, errors = [] } = error.details;
  return [detail ?? title, ...errors.map(({ field, message }) => `${field}: ${message}`)].join('\n');
}
