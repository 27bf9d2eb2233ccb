import { readEndDate, readStatus } from './field-words.js';
import { personIdentifiers } from './identifier-schemes.js';
import { type ImportedFile, type ImportedPerson, Notebook } from './import-record.js';
import { readName } from './person-names.js';
import { plainLine } from './plain-text.js';
import { readText, type SourceFile } from './source-file.js';
import { looksLikeXml, readXmlRecords, type XmlRecord } from './xml-records.js';

/** Members of Parliament of Canada: the XML export of the search for members. It has seats and no way to reach anybody. */

const element = 'MemberOfParliament';
const legislature = { slug: 'ca-commons', name: 'House of Commons of Canada', country: 'CA' };

export function looksLikeCaCommons(text: string): boolean {
  return looksLikeXml(text, `ArrayOf${element}`, element);
}

/** `today` as ISO date decides who has left. */
export function importCaCommons(source: SourceFile, today: string): ImportedFile {
  const notebook = new Notebook();
  const file: ImportedFile = { people: [], notes: notebook.notes, spared: [], legislature };
  for (const record of readXmlRecords(readText(source, { xml: true }), source.name, element)) {
    const person = readMember(record, today, notebook);
    if (person) file.people.push(person);
    else file.spared.push({ identifiers: identifiersOf(record), name: fullName(record) || null });
  }
  return file;
}

function readMember(record: XmlRecord, today: string, notebook: Notebook): ImportedPerson | null {
  const { place, cells } = record;
  const name = readName(
    {
      name: fullName(record),
      givenName: cells['PersonOfficialFirstName'],
      familyName: cells['PersonOfficialLastName'],
      honorific: cells['PersonShortHonorific'],
    },
    place,
    notebook,
  );
  if (!name) return null;
  const until = plainLine(cells['ToDateTime']);
  const endedOn = readEndDate(until);
  if (until && !endedOn) {
    notebook.add(place, 'rejected', 'unclear-date', until);
    return null;
  }
  return {
    place,
    identifiers: identifiersOf(record),
    ...name,
    gender: null,
    locale: null,
    website: null,
    chamber: 'House of Commons',
    party: plainLine(cells['CaucusShortName']) || null,
    area: plainLine(cells['ConstituencyName']) || null,
    region: plainLine(cells['ConstituencyProvinceTerritoryName']) || null,
    role: 'Member of Parliament',
    sitting: readStatus(cells['Status']) !== 'not-sitting',
    endedOn: endedOn && endedOn < today ? endedOn : null,
    contacts: [],
  };
}

function fullName({ cells }: XmlRecord): string {
  return [cells['PersonOfficialFirstName'], cells['PersonOfficialLastName']].map(plainLine).filter(Boolean).join(' ');
}

function identifiersOf({ cells }: XmlRecord): ImportedPerson['identifiers'] {
  return personIdentifiers([{ scheme: 'ca-commons', identifier: cells['PersonId'] }]);
}
