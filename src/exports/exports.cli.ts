import { type Command, Option } from 'commander';
import { open, rm, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { defaultLocale, locales } from '../site/languages.js';
import { problems } from '../site/problem.js';
import { withApp } from '../with-app.js';
import { CountsExport } from './counts-export.service.js';
import {
  type Breakdown,
  breakdowns,
  type CountFormat,
  countFormats,
  HandIn,
  personPurposes,
  PersonsExport,
} from './exports.schema.js';
import { HandIns } from './hand-in.service.js';
import { PaperExport } from './paper-export.service.js';
import { PersonsExports } from './persons-export.service.js';

interface ToFile {
  out: string;
  json?: boolean;
}

/** To a new file, readable by its owner only, whole or not at all; or to standard output. */
async function deliver(content: Readable, out: string | undefined): Promise<void> {
  if (!out) return pipeline(content, process.stdout, { end: false });
  const file = await open(out, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'EEXIST' ? problems.badRequest(`${out} exists already; nothing was written.`) : error;
  });
  try {
    await pipeline(content, file.createWriteStream());
  } catch (error) {
    await rm(out);
    throw error;
  }
}

/** The same, always to a file, and with `json` what it became: its size in bytes. */
async function deliverFile(content: Readable, { out, json }: ToFile): Promise<void> {
  await deliver(content, out);
  if (json) console.log(JSON.stringify({ file: out, bytes: (await stat(out)).size }, null, 2));
}

export function exportCommands(program: Command): void {
  const exports = program.command('export').description('write counts, paper, persons or a hand-in to a file');

  exports
    .command('counts')
    .description('signature counts, with method and time')
    .option('--petition <slug>', 'one petition instead of all')
    .addOption(new Option('--by <what>').choices(breakdowns).default('day-country'))
    .addOption(new Option('--format <format>').choices(countFormats).default('csv'))
    .option('--json', 'the same as --format json')
    .option('--out <file>', 'a new file instead of standard output')
    .action(async (options: { petition?: string; by: Breakdown; format: CountFormat; json?: boolean; out?: string }) =>
      withApp(async (app) => {
        const format = options.json ? 'json' : options.format;
        await deliver(await app.get(CountsExport).take(options, format, 'system'), options.out);
      }),
    );

  exports
    .command('paper')
    .description('signatures on paper, which two people counted alike; apart from the counts')
    .option('--petition <slug>', 'one petition instead of all')
    .addOption(new Option('--format <format>').choices(countFormats).default('csv'))
    .option('--json', 'the same as --format json')
    .option('--out <file>', 'a new file instead of standard output')
    .action(async (options: { petition?: string; format: CountFormat; json?: boolean; out?: string }) =>
      withApp(async (app) => {
        const format = options.json ? 'json' : options.format;
        await deliver(await app.get(PaperExport).take(options, format, 'system'), options.out);
      }),
    );

  exports
    .command('hand-in')
    .description('cover sheet, counts, public log and verifier of a petition, as one ZIP file; audited')
    .requiredOption('--petition <slug>')
    .addOption(new Option('--locale <locale>', 'language of the cover sheet').choices(locales).default(defaultLocale))
    .requiredOption('--out <file>')
    .option('--json', 'say as JSON what was written')
    .action(async ({ out, json, ...wanted }: HandIn & ToFile) =>
      withApp(async (app) => deliverFile(await app.get(HandIns).open(HandIn.parse(wanted), 'system'), { out, json })),
    );

  exports
    .command('persons')
    .description('people who agreed to a purpose, encrypted to an age recipient; audited')
    .requiredOption('--petition <slug>')
    .addOption(new Option('--purpose <purpose>').choices(personPurposes).makeOptionMandatory())
    .requiredOption('--recipient <age1>')
    .requiredOption('--out <file>')
    .option('--json', 'say as JSON what was written')
    .action(async ({ out, json, ...wanted }: PersonsExport & ToFile) =>
      withApp(async (app) =>
        deliverFile(await app.get(PersonsExports).open(PersonsExport.parse(wanted), 'system'), { out, json }),
      ),
    );
}
