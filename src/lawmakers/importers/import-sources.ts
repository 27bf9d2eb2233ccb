import { type ColumnMap } from './column-map.js';
import { importCongressCommittees, looksLikeCommitteeCsv, looksLikeCommittees } from './congress-committees.js';
import { importCongressLegislators, looksLikeCongressCsv } from './congress-legislators.js';
import { csvHeaders } from './csv-rows.js';
import { importCsv } from './csv.js';
import { importCaCommons, looksLikeCaCommons } from './ca-commons.js';
import { importEuropeanParliament, looksLikeMepCsv, looksLikeMepXml } from './european-parliament.js';
import { importRepresent, looksLikeRepresent } from './represent.js';
import { importUkCommons, looksLikeUkCommons } from './uk-commons.js';
import { type ImportedFile, UnreadableFile } from './import-record.js';
import { importOpenStates, looksLikeOpenStates } from './openstates.js';
import { importPopolo, looksLikePopolo } from './popolo.js';
import { settle } from './people.js';
import { checkLimits, readText, type SourceFile, sourceLimits } from './source-file.js';

export const importFormats = [
  'congress-legislators',
  'congress-committees',
  'openstates',
  'popolo',
  'european-parliament',
  'uk-commons',
  'ca-commons',
  'represent',
  'csv',
] as const;
export type ImportFormat = (typeof importFormats)[number];

const readers: Record<
  ImportFormat,
  (sources: SourceFile[], today: string, columns: ColumnMap | undefined) => ImportedFile
> = {
  'congress-legislators': ([source], today) => importCongressLegislators(source!, today),
  'congress-committees': (sources) => importCongressCommittees(sources),
  openstates: (sources, today) => importOpenStates(sources, today),
  popolo: ([source], today) => importPopolo(source!, today),
  'european-parliament': ([source], today) => importEuropeanParliament(source!, today),
  'uk-commons': ([source]) => importUkCommons(source!),
  'ca-commons': ([source], today) => importCaCommons(source!, today),
  represent: ([source]) => importRepresent(source!),
  csv: ([source], today, columns) => importCsv(source!, today, columns),
};

/** A person a file, or names beside numbers. */
const severalFiles: ImportFormat[] = ['openstates', 'congress-committees'];

/** Files in, people and notes out. Pure: `today` (ISO date) is the only thing it knows about the world. Throws UnreadableFile. */
export function importSources(
  sources: SourceFile[],
  format: ImportFormat,
  today: string,
  columns?: ColumnMap,
): ImportedFile {
  checkLimits(sources);
  const place = { file: sources[0]!.name, line: null };
  if (!severalFiles.includes(format) && sources.length > 1) throw new UnreadableFile('one-file-only', place);
  const read = readers[format](sources, today, columns);
  // Asked before rows are compared with each other, which costs more than reading them.
  if (read.people.length > sourceLimits.people) throw new UnreadableFile('too-many-people', place);
  const file = settle(read);
  if ((file.committees?.length ?? 0) > sourceLimits.people) throw new UnreadableFile('too-many-people', place);
  if (file.people.length === 0 && !file.committees?.length) {
    throw new UnreadableFile('nobody', place, file.notes[0]?.detail, file.notes[0]?.code);
  }
  return file;
}

/** Told by content, not by file name: people rename files. */
export function detectFormat(sources: SourceFile[]): ImportFormat {
  checkLimits(sources);
  const first = sources[0]!;
  const text = readText(first, { xml: true });
  const place = { file: first.name, line: 1 };
  if (/^\s*</.test(text)) {
    if (looksLikeMepXml(text)) return 'european-parliament';
    if (looksLikeCaCommons(text)) return 'ca-commons';
    throw new UnreadableFile('web-page', place);
  }
  if (looksLikeOpenStates(first)) return 'openstates';
  if (looksLikePopolo(text)) return 'popolo';
  if (sources.some((source) => looksLikeCommittees(readText(source)))) return 'congress-committees';
  if (/^\s*\[/.test(text) && /"bioguide"/.test(text)) return 'congress-legislators';
  if (/\.ya?ml$/i.test(first.name)) {
    if (/^\s+bioguide:/m.test(text)) return 'congress-legislators';
    throw new UnreadableFile('unknown-format', place);
  }
  if (/^\s*[[{]/.test(text)) throw new UnreadableFile('unknown-format', place);
  const headers = csvHeaders(text, first.name);
  return csvFormats.find(([looksLike]) => looksLike(headers))?.[1] ?? 'csv';
}

const csvFormats: [looksLike: (headers: string[]) => boolean, format: ImportFormat][] = [
  [looksLikeCongressCsv, 'congress-legislators'],
  [looksLikeCommitteeCsv, 'congress-committees'],
  [looksLikeMepCsv, 'european-parliament'],
  [looksLikeUkCommons, 'uk-commons'],
  [looksLikeRepresent, 'represent'],
];
