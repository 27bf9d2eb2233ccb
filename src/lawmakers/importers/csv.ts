import { type ColumnMap, guessColumns, type MapField, mapProblems } from './column-map.js';
import {
  distinct,
  readEmailField,
  readFormField,
  readPhoneField,
  readPostField,
  webAddress,
} from './contact-values.js';
import { type CsvRow, readCsv } from './csv-rows.js';
import { readEndDate, readGender, readLocale, readStatus } from './field-words.js';
import { type ImportedFile, type ImportedPerson, Notebook, UnreadableFile } from './import-record.js';
import { readName } from './person-names.js';
import { plainLine } from './plain-text.js';
import { readText, type SourceFile } from './source-file.js';

/** Any CSV file with a header line, read through a column map; without one, through the guess. */
export function importCsv(source: SourceFile, today: string, columns?: ColumnMap): ImportedFile {
  const notebook = new Notebook();
  const table = readCsv(readText(source), source.name, notebook);
  const map = columns ?? guessColumns(table.headers);
  const problem = mapProblems(map, table.headers)[0];
  if (problem) throw new UnreadableFile(problem.code, { file: source.name, line: 1 }, problem.detail);
  const file: ImportedFile = { people: [], notes: notebook.notes, spared: [] };
  for (const row of table.rows) {
    const person = readRow(row, map, today, notebook);
    if (person) file.people.push(person);
    else file.spared.push({ identifiers: identifiersOf(row, map), name: cell(row, map, 'name') || null });
  }
  return file;
}

function readRow(row: CsvRow, map: ColumnMap, today: string, notebook: Notebook): ImportedPerson | null {
  const { place } = row;
  const read = (field: MapField) => cell(row, map, field);
  const name = readName(
    {
      name: read('name'),
      givenName: read('given_name'),
      familyName: read('family_name'),
      honorific: read('honorific'),
    },
    place,
    notebook,
  );
  if (!name) return null;
  const tooLong = (['role', 'chamber', 'party', 'area', 'region'] as const).find((field) => read(field).length > 200);
  if (tooLong) {
    notebook.add(place, 'rejected', 'field-too-long', read(tooLong));
    return null;
  }
  const status = readStatus(read('status'));
  const endDate = read('end_date');
  const endedOn = readEndDate(endDate);
  if (endDate && !endedOn) {
    notebook.add(place, 'rejected', 'unclear-date', endDate);
    return null;
  }
  const locale = readLocale(read('locale'));
  if (read('locale') && !locale) notebook.add(place, 'noticed', 'unknown-language', read('locale'));
  const website = read('website');
  const contacts = distinct([
    ...readEmailField(raw(row, map, 'email'), place, notebook),
    ...readFormField(read('form'), place, notebook),
    ...readPhoneField(raw(row, map, 'phone'), null, place, notebook),
    ...readPostField(raw(row, map, 'post'), null, place, notebook),
  ]);
  return {
    place,
    identifiers: identifiersOf(row, map),
    ...name,
    gender: readGender(read('gender')),
    locale,
    website: webAddress(/^www\./i.test(website) ? `https://${website}` : website),
    chamber: read('chamber') || null,
    party: read('party') || null,
    area: read('area') || null,
    region: read('region') || null,
    role: read('role') || null,
    sitting: status !== 'not-sitting',
    endedOn: status === 'left' ? (endedOn ?? today) : endedOn && endedOn < today ? endedOn : null,
    contacts,
  };
}

function raw(row: CsvRow, map: ColumnMap, field: MapField): string {
  const header = map[field];
  return header === undefined ? '' : (row.cells[header] ?? '');
}

function cell(row: CsvRow, map: ColumnMap, field: MapField): string {
  return plainLine(raw(row, map, field));
}

function identifiersOf(row: CsvRow, map: ColumnMap): ImportedPerson['identifiers'] {
  const identifier = cell(row, map, 'identifier');
  return identifier ? [{ scheme: 'csv', identifier }] : [];
}
