import { createHash } from 'node:crypto';
import type { Diff } from './import-changes.js';
import { csvHeaders } from './importers/csv-rows.js';
import { type ImportedLegislature, type Note, UnreadableFile } from './importers/import-record.js';
import { checkLimits, readText, type SourceFile } from './importers/source-file.js';
import type { ImportCounts } from './imports.service.js';

export function otherLegislature(named: ImportedLegislature | undefined, into: ImportedLegislature): Note[] {
  if (!named || named.slug === into.slug) return [];
  return [{ file: '', line: null, severity: 'noticed', code: 'other-legislature', detail: named.name }];
}

/** @throws UnreadableFile unless there is one file with a readable header line */
export function onlyFile(sources: SourceFile[]): SourceFile {
  checkLimits(sources);
  const [source] = sources;
  if (sources.length > 1) throw new UnreadableFile('one-file-only', { file: source!.name, line: null });
  csvHeaders(readText(source!), source!.name);
  return source!;
}

export function countsOf(diff: Diff, notes: Note[]): ImportCounts {
  const of = (change: string) => diff.changes.filter((one) => one.change === change).length;
  const noted = (severity: string) => notes.filter((note) => note.severity === severity).length;
  return {
    new: of('new'),
    changed: of('changed'),
    gone: of('gone'),
    same: diff.same,
    rejected: noted('rejected'),
    repaired: noted('repaired'),
    noticed: noted('noticed'),
  };
}

/** One digest over all files, independent of the order in which a folder lists them. */
export function digest(sources: SourceFile[]): Buffer {
  const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest();
  if (sources.length === 1) return sha256(sources[0]!.bytes);
  const lines = sources.map(({ name, bytes }) => `${sha256(bytes).toString('hex')}  ${name}\n`);
  return sha256(lines.sort().join(''));
}
