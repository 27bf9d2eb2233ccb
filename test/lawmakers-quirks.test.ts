import type { ImportedFile } from '../src/lawmakers/importers/import-record.js';
import { type ImportFormat, importSources } from '../src/lawmakers/importers/import-sources.js';
import { sourceOf } from './support/lawmaker-files.js';

interface Person {
  id: string;
  name: string;
  given: string;
  family: string;
  email: string;
}
const anna: Person = { id: '1', name: 'Anna Berg', given: '', family: '', email: '' };

/** How people look in a format: the first one begins on line 2, each other on the next, or in a file of its own. */
interface Shape {
  format: ImportFormat;
  name: string;
  /** The field for addresses, or what comes nearest to it. */
  field: 'email' | 'form' | null;
  /** What a district 0 is called, where districts have numbers. */
  district?: string;
  /** Given and family name have fields of their own: what is noted when there is no full name beside them. */
  parts?: string[];
  /** What a person is called by, whatever she is named. */
  ids?: true;
  files: (people: Person[]) => string[];
}

const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
const xml = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const party = 'Green — Red';
const table = (columns: string, row: (person: Person) => string[]) => (people: Person[]) => [
  [columns, ...people.map((person) => row(person).map(quote).join(',')), ''].join('\n'),
];
const lines = (before: string, each: string[], between: string, after: string) => [
  `${before}\n${each.join(`${between}\n`)}\n${after}`,
];

const congressMember = ({ id, name, given, family, email }: Person) =>
  JSON.stringify({
    id: { bioguide: id },
    name: { first: given, last: family, official_full: name },
    terms: [{ type: 'rep', start: '2025-01-03', state: 'AK', district: 0, party, contact_form: email }],
  });
const fromParts = ['repaired name-from-parts'];
const congress = {
  format: 'congress-legislators',
  field: 'form',
  district: 'AK-AL',
  parts: fromParts,
  ids: true,
} as const;

const shapes: Record<string, Shape> = {
  'the full list of the European Parliament': {
    ...{ format: 'european-parliament', name: 'meps.xml', field: null, ids: true },
    files: (people) =>
      lines(
        '<meps>',
        people.map(
          ({ id, name }) =>
            `<mep><fullName>${xml(name)}</fullName><country>A</country><politicalGroup>${party}</politicalGroup><id>${id}</id></mep>`,
        ),
        '',
        '</meps>',
      ),
  },
  'the portal of the European Parliament': {
    ...{ format: 'european-parliament', name: 'meps.csv', field: 'email', ids: true },
    files: table('id,fullName,country,politicalGroup,email', ({ id, name, email }) => [id, name, 'A', party, email]),
  },
  Canada: {
    ...{ format: 'ca-commons', name: 'members.xml', field: null, ids: true },
    files: (people) =>
      lines(
        '<ArrayOfMemberOfParliament>',
        people.map(
          ({ id, name }) =>
            `<MemberOfParliament><PersonId>${id}</PersonId><PersonOfficialFirstName>${xml(name)}</PersonOfficialFirstName><CaucusShortName>${party}</CaucusShortName></MemberOfParliament>`,
        ),
        '',
        '</ArrayOfMemberOfParliament>',
      ),
  },
  'the United Kingdom': {
    ...{ format: 'uk-commons', name: 'contacts.csv', field: 'email', parts: [] },
    files: table('Forename,Surname,Name (Display as),Party,Constituency,Email', (one) => [
      ...[one.given, one.family, one.name, party, 'Mill', one.email],
    ]),
  },
  Represent: {
    ...{ format: 'represent', name: 'council.csv', field: 'email', district: '0' },
    files: table('District name,Primary role,Name,Party name,Email', ({ name, email }) => [
      ...['0', 'Mayor', name, party, email],
    ]),
  },
  openstates: {
    ...{ format: 'openstates', name: 'Person.yml', field: 'email', district: 'CA-0', parts: fromParts, ids: true },
    files: (people) =>
      people.map(
        ({ id, name, given, family, email }) => `id: ocd-person/${id}
name: ${JSON.stringify(name)}
given_name: ${JSON.stringify(given)}
family_name: ${JSON.stringify(family)}
email: ${JSON.stringify(email)}
party:
- name: ${party}
roles:
- type: lower
  jurisdiction: ocd-jurisdiction/country:us/state:ca/government
  district: '0'
`,
      ),
  },
  'Congress as CSV': {
    ...{ ...congress, name: 'legislators-current.csv' },
    files: table(
      'last_name,first_name,full_name,type,state,district,party,contact_form,bioguide_id',
      ({ id, name, given, family, email }) => [family, given, name, 'rep', 'AK', '0', party, email, id],
    ),
  },
  'Congress as JSON': {
    ...{ ...congress, name: 'legislators-current.json' },
    files: (people) => lines('[', people.map(congressMember), ',', ']'),
  },
  'Congress as YAML': {
    ...{ ...congress, name: 'legislators-current.yaml' },
    files: (people) =>
      lines(
        '# current',
        people.map((one) => `- ${congressMember(one)}`),
        '',
        '',
      ),
  },
  Popolo: {
    ...{ format: 'popolo', name: 'popolo.json', field: 'email', district: '0', parts: fromParts, ids: true },
    files: (people) =>
      lines(
        '{"persons": [',
        people.map(({ id, name, given, family, email }) =>
          JSON.stringify({ id, name, given_name: given, family_name: family, email }),
        ),
        ',',
        `], "organizations": [{"id": "house", "classification": "legislature"}, {"id": "green", "name": "${party}", "classification": "party"}],
"areas": [{"id": "a", "name": "0"}], "memberships": [${[...new Set(people.map(({ id }) => id))]
          .map((id) =>
            JSON.stringify({ person_id: id, organization_id: 'house', on_behalf_of_id: 'green', area_id: 'a' }),
          )
          .join()}]}`,
      ),
  },
};

const names: [name: string, kept: string, notes: string[]][] = [
  ['Dr. Mona Nash', 'Mona Nash', ['repaired honorific-in-name']],
  ["O'Brien, Hon. Niamh", "Niamh O'Brien", ['repaired sort-name', 'repaired honorific-in-name']],
  ['Cynthia NÍ MHURCHÚ', 'Cynthia NÍ MHURCHÚ', ['noticed surname-in-capitals']],
  ['Otto Park, Jr.', 'Otto Park, Jr.', []],
  ['نرگس بهرامی', 'نرگس بهرامی', []],
  ['دکتر نرگس بهرامی', 'نرگس بهرامی', ['repaired honorific-in-name']],
  ['Ioana Ţurcanu', 'Ioana Ţurcanu', []],
  ['Ioana Țurcanu', 'Ioana Țurcanu', []],
  ['Zoé Abel—Côté', 'Zoé Abel—Côté', []],
  ['=HYPERLINK("http://x.example")', '=HYPERLINK("http://x.example")', []],
];
type Address = [field: string, kept: string[], notes: string[]];
const emails: Address[] = [
  ['', [], ['noticed no-contact']],
  ['https://parl.example/write', ['form https://parl.example/write'], ['repaired link-in-email-field']],
  ['No email found', [], ['repaired no-address-words', 'noticed no-contact']],
  ['a@parl.example,b@parl.example', ['email a@parl.example', 'email b@parl.example'], ['repaired several-addresses']],
  ['a@parl.example,', ['email a@parl.example'], ['repaired stray-separator']],
  ['mailto:a@parl.example', ['email a@parl.example'], ['repaired mailto']],
  ['a b@parl.example', [], ['noticed space-in-address', 'noticed no-contact']],
  ['a@parl.exam…', [], ['noticed truncated-address', 'noticed no-contact']],
  ['A.B@PARL.EXAMPLE', ['email A.B@parl.example'], []],
];
const forms: Address[] = [
  ['', [], ['noticed no-contact']],
  ['https://parl.example/write', ['form https://parl.example/write'], []],
  ['www.parl.example/write', ['form https://www.parl.example/write'], ['repaired link-slip']],
  ['hhttps://parl.example/write', ['form https://parl.example/write'], ['repaired link-slip']],
  ['https://parl.example/wri te', [], ['noticed not-a-link', 'noticed no-contact']],
  ['No email found', [], ['repaired no-address-words', 'noticed no-contact']],
  ['mailto:a@parl.example', ['email a@parl.example'], ['repaired email-in-link-field']],
  ['A.B@PARL.EXAMPLE', ['email A.B@parl.example'], ['repaired email-in-link-field']],
  ['a b@parl.example', [], ['noticed not-a-link', 'noticed no-contact']],
];

describe.each(Object.entries(shapes))('what was seen in real files, from %s', (_, shape) => {
  const { format, field } = shape;
  const read = (people: Partial<Person>[], change = (text: string) => text): ImportedFile => {
    const files = shape.files(people.map((one) => ({ ...anna, ...one })));
    const sources = files.map((text, n) =>
      sourceOf(files.length > 1 ? `${n}-${shape.name}` : shape.name, change(text)),
    );
    return importSources(sources, format, '2026-11-22');
  };
  const noted = (file: ImportedFile) => file.notes.map(({ severity, code }) => `${severity} ${code}`);
  /** Which person of the list the notes are about, by their places. */
  const about = (file: ImportedFile) =>
    file.notes.map((note) => (format === 'openstates' ? Number.parseInt(note.file, 10) : note.line! - 2));
  const contactsOf = (file: ImportedFile, n = 0) =>
    file.people[n]!.contacts.map(({ channel, value }) => `${channel} ${value}`);
  const known = field === 'form' ? 'https://parl.example/write' : 'ok@parl.example';

  test.each(names)('%s', (name, kept, expected) => {
    const file = read([
      { id: '7', email: known },
      { name, email: known.replace('ok', 'other') },
    ]);
    expect(file.people.map((one) => one.name)).toEqual(['Anna Berg', kept]);
    const unreached = field ? [] : ['noticed no-contact', 'noticed no-contact'];
    expect(noted(file)).toEqual([...expected, ...unreached]);
    expect(about(file)).toEqual([...expected.map(() => 1), ...unreached.map((_, n) => n)]);
  });

  test('an em dash in the name of a party', () => expect(read([{}]).people[0]!.party).toBe(party));

  test('the same with a byte order mark and CRLF', () => {
    const people = [{ email: known }, { id: '2', name: 'Bo Nolan' }];
    expect(read(people, (text) => `\ufeff${text.replaceAll('\n', '\r\n')}`)).toEqual(read(people));
  });

  test('the same person twice, once with cedilla and once with comma-below', () => {
    const [one, two] = field === 'form' ? ['https://a.example/', 'https://b.example/'] : ['a@a.example', 'b@b.example'];
    const file = read([
      { name: 'Ioana Ţurcanu', email: one },
      { name: 'Ioana Țurcanu', email: two },
    ]);
    expect(file.people).toHaveLength(1);
    expect(contactsOf(file)).toEqual(field ? [`${field} ${one}`, `${field} ${two}`] : []);
    expect(noted(file)).toEqual(['repaired same-person-twice', ...(field ? [] : ['noticed no-contact'])]);
    expect(about(file)[0]).toBe(1);
  });

  test('nobody: a seat without a member, and a row without a name', () => {
    const file = read([{ email: known }, { id: '2', name: 'Vacant' }, { id: '3', name: '' }]);
    expect(file.people.map(({ name }) => name)).toEqual(['Anna Berg']);
    const gone = file.notes.filter(({ severity }) => severity === 'rejected');
    expect(gone.map(({ code }) => code)).toEqual(['vacant-seat', 'no-name']);
    expect(about({ ...file, notes: gone })).toEqual([1, 2]);
  });

  if (shape.district) test('a district 0', () => expect(read([{}]).people[0]!.area).toBe(shape.district));

  if (shape.ids) {
    test('two people of one name, and an id that is not Latin', () => {
      const { people } = read([
        {},
        { id: format === 'european-parliament' || format === 'ca-commons' ? '۱۶' : 'شناسه-۱۶' },
      ]);
      expect(people).toHaveLength(2);
    });
  }

  if (shape.parts) {
    test('an empty full name beside its parts', () => {
      const file = read([{ name: '', given: 'Petra', family: 'Quill', email: known }]);
      expect(file.people[0]).toMatchObject({ name: 'Petra Quill', givenName: 'Petra', familyName: 'Quill' });
      expect(noted(file)).toEqual(shape.parts);
    });
  }

  if (!field) return;
  test.each(field === 'email' ? emails : forms)('%j as an address', (text, kept, expected) => {
    const file = read([{ email: text }]);
    expect(contactsOf(file)).toEqual(kept);
    expect(noted(file)).toEqual(expected);
  });

  test('two people with one address', () => {
    const file = read([{ email: 'shared@parl.example' }, { id: '2', name: 'Kim Lund', email: 'Shared@PARL.example' }]);
    expect([contactsOf(file, 0), contactsOf(file, 1)]).toEqual([
      ['email shared@parl.example'],
      ['email Shared@parl.example'],
    ]);
    expect(noted(file).at(-1)).toBe('noticed address-shared');
    expect(about(file).at(-1)).toBe(1);
  });

  test('an address that was cut where another goes on', () => {
    const file = read([
      { name: 'Al Bo', email: 'a@assembly.ca.gov' },
      { id: '2', name: 'Ce Do', email: 'c@assembly.ca.gov' },
      { id: '3', name: 'Ed Fo', email: 'e@assembly.ca.go' },
    ]);
    expect(contactsOf(file, 2)).toEqual([]);
    expect(noted(file).slice(-2)).toEqual(['noticed truncated-address', 'noticed no-contact']);
    expect(about(file).slice(-2)).toEqual([2, 2]);
  });
});
