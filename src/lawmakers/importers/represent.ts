import { distinct, readEmailField, readPhoneField, readPostField, webAddress } from './contact-values.js';
import { type CsvRow, readCsv } from './csv-rows.js';
import { readGender, readStatus } from './field-words.js';
import { type ImportedFile, type ImportedPerson, Notebook, UnreadableFile } from './import-record.js';
import { readName } from './person-names.js';
import { plainLine } from './plain-text.js';
import { readText, type SourceFile } from './source-file.js';

/**
 * The Represent CSV schema, in which Canadian councils and legislatures publish their members. Columns may be missing;
 * several telephones and addresses are told apart by a word in brackets: "Phone (home)". Nobody has an id.
 */

export function looksLikeRepresent(headers: string[]): boolean {
  const keys = headers.map(keyOf);
  const has = (...wanted: string[]) => wanted.some((key) => keys.includes(key));
  return has('primary role', 'elected office') && has('last name', 'name') && has('district name', 'source url');
}

export function importRepresent(source: SourceFile): ImportedFile {
  const notebook = new Notebook();
  const table = readCsv(readText(source), source.name, notebook);
  if (!looksLikeRepresent(table.headers)) {
    const wanted = 'District name, Primary role, First name, Last name';
    throw new UnreadableFile('columns-missing', { file: source.name, line: 1 }, wanted);
  }
  const file: ImportedFile = { people: [], notes: notebook.notes, spared: [] };
  for (const row of table.rows) {
    const cells = cellsOf(row);
    const person = readMember(cells, row, notebook);
    if (person) file.people.push(person);
    else file.spared.push({ identifiers: [], name: fullName(cells) || null });
  }
  return file;
}

interface Cell {
  key: string;
  /** The word in brackets: which of several. */
  label: string | null;
  value: string;
}

function readMember(cells: Cell[], { place }: CsvRow, notebook: Notebook): ImportedPerson | null {
  const read = (key: string) => plainLine(cells.find((cell) => cell.key === key && cell.value)?.value);
  const name = readName(
    {
      name: fullName(cells),
      givenName: read('first name'),
      familyName: read('last name'),
      honorific: read('honorific prefix'),
    },
    place,
    notebook,
  );
  if (!name) return null;
  const role = read('primary role') || read('elected office');
  const all = (key: string) => cells.filter((cell) => cell.key === key);
  return {
    place,
    identifiers: [],
    ...name,
    gender: readGender(read('gender')),
    locale: null,
    website: webAddress(read('website') || read('personal url')) ?? webAddress(read('source url') || read('url')),
    chamber: null,
    party: read('party name') || null,
    area: read('district name') || read('district id') || null,
    region: read('province') || null,
    role: role || null,
    sitting: readStatus(role) !== 'not-sitting',
    endedOn: null,
    contacts: distinct([
      ...all('email').flatMap((cell) => readEmailField(cell.value, place, notebook)),
      ...['phone', 'cell'].flatMap((key) =>
        all(key).flatMap((cell) => readPhoneField(cell.value, cell.label, place, notebook)),
      ),
      ...addressesOf(cells).flatMap(({ label, lines }) => readPostField(lines, label, place, notebook)),
    ]),
  };
}

const addressKeys = ['address line 1', 'address line 2', 'locality', 'province', 'postal code'];

/** The parts of each address together, one line each. A province alone is no address. */
function addressesOf(cells: Cell[]): { label: string | null; lines: string }[] {
  const labels = [...new Set(cells.filter(({ key }) => key === 'address line 1').map(({ label }) => label))];
  return labels.flatMap((label) => {
    const part = (key: string) => plainLine(cells.find((cell) => cell.key === key && cell.label === label)?.value);
    return part('address line 1') ? [{ label, lines: addressKeys.map(part).filter(Boolean).join('\n') }] : [];
  });
}

function fullName(cells: Cell[]): string {
  const read = (key: string) => plainLine(cells.find((cell) => cell.key === key)?.value);
  return read('name') || [read('first name'), read('last name')].filter(Boolean).join(' ');
}

function cellsOf({ cells }: CsvRow): Cell[] {
  return Object.entries(cells).map(([header, value]) => {
    const label = /\(([^()]+)\)\s*$/.exec(header)?.[1] ?? null;
    return { key: keyOf(header), label: label && plainLine(label), value };
  });
}

function keyOf(header: string): string {
  return header
    .replace(/\([^()]*\)\s*$/, '')
    .replaceAll('_', ' ')
    .trim()
    .toLowerCase();
}
