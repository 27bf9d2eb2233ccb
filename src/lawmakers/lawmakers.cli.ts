import { type Command, Option } from 'commander';
import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { errorInWords } from '../site/error-words.js';
import { fieldErrors } from '../site/pipes.js';
import { Problem } from '../site/problem.js';
import { withApp } from '../with-app.js';
import { noteMessage, placeName } from './import-notes.js';
import { ImportPreviewsService } from './import-previews.service.js';
import type { Note } from './importers/import-record.js';
import { importFormats } from './importers/import-sources.js';
import type { SourceFile } from './importers/source-file.js';
import { type ImportRow, ImportsService, type ImportView } from './imports.service.js';
import { ImportRequest } from './lawmakers.schema.js';

interface Options {
  format: string;
  legislature?: string;
  name?: string;
  country?: string;
  map?: string;
  partial?: boolean;
  apply?: boolean;
  allowGone?: boolean;
  json?: boolean;
}

export function lawmakerCommands(program: Command): void {
  const lawmakers = program.command('lawmakers').description('lawmakers and where they come from');

  lawmakers
    .command('import')
    .description('show what a file changes; with --apply, change it')
    .argument('<path>', 'a file, or a folder of YAML files')
    .addOption(new Option('--format <format>').choices(['auto', ...importFormats]).default('auto'))
    .option('--legislature <slug>', 'such as us-congress, where the file does not say')
    .option('--name <name>', 'full name of a new legislature')
    .option('--country <code>', 'country of a new legislature, ISO 3166 alpha-2')
    .option('--map <pairs>', 'columns of a CSV file: "name=Full name,email=E-mail"')
    .option('--partial', 'the file lists only some members: mark nobody as gone')
    .option('--apply', 'apply what the file changes')
    .option('--allow-gone', 'apply also where many members are missing from the file')
    .option('--json', 'print JSON')
    .action(importFiles);
}

async function importFiles(path: string, options: Options): Promise<void> {
  const request = ImportRequest.safeParse(options);
  if (!request.success) {
    const errors = fieldErrors(request.error.issues);
    return refuse(errors.map((error) => `--${error.field}: ${errorInWords('en', error)}.`).join('\n'));
  }
  if (!existsSync(path)) return refuse(`${path}: there is no such file or folder.`);
  const sources = await readSources(path);
  await withApp(async (app) => {
    const imports = app.get(ImportsService);
    try {
      let found = await app.get(ImportPreviewsService).preview(sources, request.data, 'system');
      const report = await imports.report(found.id);
      const rows = await imports.rows(found.id, null, -1, 100_000);
      // Nobody has looked yet: a file that was cut at the end of a line must not empty a parliament.
      const doubtful = report.some(({ code }) => code === 'many-gone') && !options.allowGone;
      if (options.apply && !doubtful) found = await imports.apply(found.id, 'system');
      console.log(options.json ? JSON.stringify({ ...found, rows, report }, null, 2) : describe(found, rows, report));
      if (options.apply && doubtful) {
        refuse('Not applied: many members are missing from this file. If they have left, add --allow-gone.');
      }
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const { title, detail, errors = [] } = error.details;
      refuse([detail ?? title, ...errors.map(({ field, message }) => `${field}: ${message}`)].join('\n'));
    }
  });
}

function refuse(sentence: string): void {
  console.error(sentence);
  process.exitCode = 1;
}

const yaml = /\.ya?ml$/i;

async function readSources(path: string): Promise<SourceFile[]> {
  if (!(await stat(path)).isDirectory()) return [{ name: basename(path), bytes: await readFile(path) }];
  const names = (await readdir(path, { recursive: true })).filter((name) => yaml.test(name)).sort();
  return Promise.all(names.map(async (name) => ({ name, bytes: await readFile(join(path, name)) })));
}

function describe(found: ImportView, rows: ImportRow[], report: Note[]): string {
  const { counts, legislature } = found;
  const places = report.map((note) =>
    [placeName('en', note), note.severity, noteMessage('en', note), note.detail].filter(Boolean).join(': '),
  );
  const marks = { new: '+', changed: '~', gone: '-' };
  return [
    `${legislature.name} (${legislature.slug}), ${found.format}, ${found.state}: import ${found.id}`,
    ...rows.map(
      ({ change, name, fields }) =>
        `${marks[change]} ${name}${fields.length ? ` (${fields.map(({ field }) => field).join(', ')})` : ''}`,
    ),
    ...places,
    `${counts.new} new, ${counts.changed} changed, ${counts.gone} gone, ${counts.same} unchanged; ` +
      `${counts.rejected} rows rejected, ${counts.repaired} repairs, ${counts.noticed} to check`,
    ...(found.state === 'previewed' ? ['Nothing was changed. Add --apply, or apply this import in the console.'] : []),
  ].join('\n');
}
