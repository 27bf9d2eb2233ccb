import { readEmailField, webAddress } from './contact-values.js';
import { readCsv } from './csv-rows.js';
import { readEndDate, readGender } from './field-words.js';
import { personIdentifiers } from './identifier-schemes.js';
import { type ImportedFile, type ImportedPerson, Notebook, type Place, UnreadableFile } from './import-record.js';
import { readName } from './person-names.js';
import { isSentinel, plainLine } from './plain-text.js';
import { readText, type SourceFile } from './source-file.js';
import { looksLikeXml, readXmlRecords } from './xml-records.js';

/**
 * Members of the European Parliament: the XML of its full list, the same columns as CSV, and the CSV of its open data
 * portal. The full list writes surnames in capitals and has no addresses. The party of a member is her political group.
 */

const legislature = { slug: 'eu-parliament', name: 'European Parliament', country: 'EU' };

/** What a field is called in the full list and in the portal's file. */
const fields = {
  id: ['id', 'mep_identifier'],
  name: ['fullName', 'full_name'],
  givenName: ['mep_given_name'],
  familyName: ['mep_family_name'],
  honorific: ['mep_honorific_prefix'],
  gender: ['mep_gender'],
  country: ['country', 'mep_country_of_representation'],
  group: ['politicalGroup', 'mep_political_group'],
  nationalParty: ['nationalPoliticalGroup'],
  email: ['email', 'mep_email'],
  website: ['website', 'mep_homepage'],
  died: ['mep_death_date'],
} as const;
type Field = keyof typeof fields;

export function looksLikeMepXml(text: string): boolean {
  return looksLikeXml(text, 'meps', 'mep');
}

export function looksLikeMepCsv(headers: string[]): boolean {
  const has = (field: Field) => fields[field].some((header) => headers.includes(header));
  return has('id') && (has('name') || has('familyName')) && has('country') && has('group');
}

/** `today` as ISO date; the files list present members only, but those who died in office stay in them. */
export function importEuropeanParliament(source: SourceFile, today: string): ImportedFile {
  const notebook = new Notebook();
  const file: ImportedFile = { people: [], notes: notebook.notes, spared: [], legislature };
  const text = readText(source, { xml: true });
  const records = /^\s*</.test(text) ? readXmlRecords(text, source.name, 'mep') : readRows(text, source.name, notebook);
  for (const { place, cells } of records) {
    const read = (field: Field) => plainLine(fields[field].map((header) => cells[header]).find(Boolean));
    const person = readMember(read, place, today, notebook);
    if (person) file.people.push(person);
    else file.spared.push({ identifiers: identifiersOf(read), name: read('name') || null });
  }
  return file;
}

function readRows(text: string, file: string, notebook: Notebook) {
  const table = readCsv(text, file, notebook);
  if (looksLikeMepCsv(table.headers)) return table.rows;
  throw new UnreadableFile('columns-missing', { file, line: 1 }, 'id, fullName, country, politicalGroup');
}

function readMember(
  read: (field: Field) => string,
  place: Place,
  today: string,
  notebook: Notebook,
): ImportedPerson | null {
  const [givenName, familyName] = [read('givenName'), read('familyName')];
  const name = readName(
    { name: read('name') || `${givenName} ${familyName}`, givenName, familyName, honorific: read('honorific') },
    place,
    notebook,
  );
  if (!name) return null;
  const group = read('group');
  // The portal lists every group of the term, and not which one is the last.
  const unsure = group.includes(';');
  if (unsure) notebook.add(place, 'noticed', 'several-parties', group);
  const died = readEndDate(read('died'));
  const website = webAddress(read('website'));
  return {
    place,
    identifiers: identifiersOf(read),
    ...name,
    gender: readGender(read('gender')),
    locale: null,
    website,
    chamber: null,
    party: unsure ? null : group || null,
    area: read('country') || null,
    region: null,
    role: 'Member of the European Parliament',
    sitting: true,
    endedOn: died && died < today ? died : null,
    contacts: readEmailField(read('email'), place, notebook),
    groups: groupsOf(read('nationalParty')),
  };
}

/** The party at home is a group here. The portal's file does not name it. */
function groupsOf(party: string): ImportedPerson['groups'] {
  if (!party) return undefined;
  return isSentinel(party) || party.length > 200 ? [] : [{ kind: 'group', code: party, name: party, role: null }];
}

function identifiersOf(read: (field: Field) => string): ImportedPerson['identifiers'] {
  return personIdentifiers([{ scheme: 'mep', identifier: read('id').replace(/^person\//, '') }]);
}
