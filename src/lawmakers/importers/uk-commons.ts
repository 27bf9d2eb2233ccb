import { readEmailField, readPostField, webAddress } from './contact-values.js';
import { type CsvRow, readCsv } from './csv-rows.js';
import { personIdentifiers } from './identifier-schemes.js';
import { type ImportedFile, type ImportedPerson, Notebook, UnreadableFile } from './import-record.js';
import { readName } from './person-names.js';
import { plainLine } from './plain-text.js';
import { readText, type SourceFile } from './source-file.js';

/**
 * Members of the House of Commons as CSV: the contact details that Parliament exports (with addresses, without ids), and
 * the list of TheyWorkForYou (with ids, without addresses).
 */

const legislature = { slug: 'uk-commons', name: 'House of Commons of the United Kingdom', country: 'GB' };
const shapes = [
  ['Forename', 'Surname', 'Name (Display as)', 'Party', 'Constituency', 'Email'],
  ['Person ID', 'First name', 'Last name', 'Party', 'Constituency', 'URI'],
];

export function looksLikeUkCommons(headers: string[]): boolean {
  return shapes.some((columns) => columns.every((column) => headers.some((header) => same(header, column))));
}

const same = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();

export function importUkCommons(source: SourceFile): ImportedFile {
  const notebook = new Notebook();
  const table = readCsv(readText(source), source.name, notebook);
  if (!looksLikeUkCommons(table.headers)) {
    throw new UnreadableFile('columns-missing', { file: source.name, line: 1 }, shapes[0]!.join(', '));
  }
  const file: ImportedFile = { people: [], notes: notebook.notes, spared: [], legislature };
  const header = new Map(table.headers.map((name) => [name.toLowerCase(), name]));
  for (const row of table.rows) {
    const read = (column: string) => row.cells[header.get(column) ?? ''] ?? '';
    const person = readMember(read, row, notebook);
    if (person) file.people.push(person);
    else file.spared.push({ identifiers: identifiersOf(read), name: plainLine(fullName(read)) || null });
  }
  return file;
}

function readMember(read: (column: string) => string, { place }: CsvRow, notebook: Notebook): ImportedPerson | null {
  const name = readName(
    {
      name: fullName(read),
      givenName: read('forename') || read('first name'),
      familyName: read('surname') || read('last name'),
    },
    place,
    notebook,
  );
  if (!name) return null;
  const party = plainLine(read('party'));
  const address = [read('address 1'), read('address 2'), read('postcode')].map(plainLine).filter(Boolean).join('\n');
  return {
    place,
    identifiers: identifiersOf(read),
    ...name,
    gender: null,
    locale: null,
    website: webAddress(plainLine(read('uri'))),
    chamber: 'House of Commons',
    party: party || null,
    area: plainLine(read('constituency')) || null,
    region: null,
    role: 'Member of Parliament',
    // Elected on the promise not to take their seats; the files do not say so.
    sitting: !/^sinn f[ée]in$/i.test(party),
    endedOn: null,
    contacts: [...readEmailField(read('email'), place, notebook), ...readPostField(address, null, place, notebook)],
  };
}

function fullName(read: (column: string) => string): string {
  return (
    read('name (display as)') ||
    read('name (list as)') ||
    `${read('forename') || read('first name')} ${read('surname') || read('last name')}`
  );
}

function identifiersOf(read: (column: string) => string): ImportedPerson['identifiers'] {
  return personIdentifiers([{ scheme: 'publicwhip', identifier: read('person id') }]);
}
