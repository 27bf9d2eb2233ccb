import type { ImportedFile } from '../src/lawmakers/importers/import-record.js';
import { detectFormat, type ImportFormat, importSources } from '../src/lawmakers/importers/import-sources.js';
import { fixture, sourceOf } from './support/lawmaker-files.js';

const read = (text: string | Uint8Array, name = 'list.txt', format?: ImportFormat): ImportedFile => {
  const sources = [sourceOf(name, text)];
  return importSources(sources, format ?? detectFormat(sources), '2026-11-22');
};
const readFixture = (name: string) => read(fixture(name).bytes, name);
const person = (file: ImportedFile, name: string) => file.people.find((one) => one.name === name)!;
const notes = (file: ImportedFile) => file.notes.map(({ line, severity, code }) => `${line} ${severity} ${code}`);

describe('the European Parliament', () => {
  const file = readFixture('meps.xml');
  const anna = { scheme: 'mep', identifier: '101' };

  test('full list as XML: names as written, the political group as party, lines of the file', () => {
    expect(detectFormat([fixture('meps.xml')])).toBe('european-parliament');
    expect(file.legislature).toMatchObject({ slug: 'eu-parliament', country: 'EU' });
    expect(file.people.map(({ name, familyName, area }) => [name, familyName, area])).toEqual([
      ['Anna BERG', 'BERG', 'Meridia'],
      ['Cynthia NÍ MHURCHÚ', 'NÍ MHURCHÚ', 'Isle'],
      ['Ioana ŢURCANU', 'ŢURCANU', 'Weir'],
    ]);
    expect(file.people[0]).toMatchObject({
      party: 'Group of the Greens & Friends — Free Alliance',
      identifiers: [anna],
    });
    expect(notes(file)).toEqual([
      '3 noticed surname-in-capitals',
      '10 noticed surname-in-capitals',
      '11 noticed surname-in-capitals',
      '12 rejected no-name',
      '18 repaired same-person-twice',
      '3 noticed no-contact',
      '10 noticed no-contact',
      '11 noticed no-contact',
    ]);
    expect(file.spared).toEqual([{ identifiers: [{ scheme: 'mep', identifier: '104' }], name: null }]);
  });

  test('the portal as CSV names the same people, and says where it is unsure', () => {
    const portal = readFixture('meps-portal.csv');
    expect(person(portal, 'Anna Berg')).toMatchObject({ honorific: 'Mrs', gender: 'female', identifiers: [anna] });
    expect(person(portal, 'Bo Nolan').party).toBeNull();
    expect(person(portal, 'Carla Diaz').endedOn).toBe('2025-02-03');
    expect(notes(portal)).toEqual(['3 noticed several-parties', '3 noticed no-contact']);
  });
});

test('the Commons of Canada: riding and province, and a nil end date is none', () => {
  const file = readFixture('ca-commons.xml');
  expect(detectFormat([fixture('ca-commons.xml')])).toBe('ca-commons');
  expect(person(file, 'Zoé Abel-Côté')).toMatchObject({
    honorific: 'Hon.',
    area: 'Baie—Rivière',
    region: 'Quebec',
    endedOn: null,
    identifiers: [{ scheme: 'ca-commons', identifier: '9001' }],
  });
  expect(person(file, 'Yara Zed').endedOn).toBe('2025-04-27');
  expect(notes(file)).toEqual(['25 rejected unclear-date', '3 noticed no-contact']);
});

describe('the Commons of the United Kingdom', () => {
  test('contact details as Parliament exports them, CRLF and all', () => {
    const file = readFixture('uk-contacts.csv');
    expect(file.legislature).toMatchObject({ slug: 'uk-commons', country: 'GB' });
    expect(person(file, 'Anna Berg')).toMatchObject({ honorific: 'Ms', area: 'Harbour', sitting: true });
    expect(person(file, 'Anna Berg').contacts).toEqual([
      { channel: 'email', value: 'anna.berg.mp@parl.example', label: null },
      { channel: 'post', value: 'Hall of the House\nMeridia\nM1 0AA', label: null },
    ]);
    expect(person(file, 'Seán Doyle').sitting).toBe(false);
    expect(notes(file)).toEqual([
      '2 repaired honorific-in-name',
      '4 repaired sort-name',
      '4 repaired no-address-words',
      '5 rejected no-name',
      '4 noticed no-contact',
    ]);
  });

  test('the list of TheyWorkForYou, with ids', () => {
    const file = readFixture('uk-theyworkforyou.csv');
    expect(person(file, 'Anna Berg').identifiers).toEqual([{ scheme: 'publicwhip', identifier: '10001' }]);
    expect(notes(file)).toEqual(['3 rejected vacant-seat', '2 noticed no-contact']);
  });
});

test('Represent: labelled telephones and addresses, district 0, nobody has an id', () => {
  const file = readFixture('represent.csv');
  expect(detectFormat([fixture('represent.csv')])).toBe('represent');
  expect(person(file, 'Anna Berg')).toMatchObject({
    area: 'Ward 0',
    region: 'ON',
    role: 'Councillor',
    gender: 'female',
    website: 'https://berg.example/',
    identifiers: [],
    contacts: [
      { channel: 'email', value: 'anna@council.example', label: null },
      { channel: 'phone', value: '555 010-0100', label: 'office' },
      { channel: 'phone', value: '555 010-0101', label: 'home' },
      { channel: 'post', value: '1 Hall Street\nSuite 4\nMeridia\nON\nA1A 1A1', label: null },
      { channel: 'post', value: '2 Mill Lane\nMill', label: 'home' },
    ],
  });
  expect(notes(file)).toEqual(['3 noticed no-contact']);
});

/** One person in the shape of each format; only Parliament's own lists have no field for an address. */
const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
const xml = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const shapes: Record<string, { format: ImportFormat; email: boolean; of: (name: string, email: string) => string }> = {
  'the full list of the European Parliament': {
    format: 'european-parliament',
    email: false,
    of: (name) => `<meps>\n<mep><fullName>${xml(name)}</fullName><country>A</country><id>1</id></mep></meps>`,
  },
  'the portal of the European Parliament': {
    format: 'european-parliament',
    email: true,
    of: (name, email) => `id,fullName,country,politicalGroup,email\n1,${quote(name)},A,B,${quote(email)}\n`,
  },
  Canada: {
    format: 'ca-commons',
    email: false,
    of: (name) =>
      `<ArrayOfMemberOfParliament>\n<MemberOfParliament><PersonOfficialFirstName>${xml(name)}</PersonOfficialFirstName></MemberOfParliament></ArrayOfMemberOfParliament>`,
  },
  'the United Kingdom': {
    format: 'uk-commons',
    email: true,
    of: (name, email) =>
      `Forename,Surname,Name (Display as),Party,Constituency,Email\n,,${quote(name)},Green,Mill,${quote(email)}\n`,
  },
  Represent: {
    format: 'represent',
    email: true,
    of: (name, email) => `District name,Primary role,Name,Email\n0,Mayor,${quote(name)},${quote(email)}\n`,
  },
};

const names: [name: string, kept: string, notes: string[]][] = [
  ['Dr. Mona Nash', 'Mona Nash', ['repaired honorific-in-name']],
  ["O'Brien, Hon. Niamh", "Niamh O'Brien", ['repaired sort-name', 'repaired honorific-in-name']],
  ['Cynthia NÍ MHURCHÚ', 'Cynthia NÍ MHURCHÚ', ['noticed surname-in-capitals']],
  ['Otto Park, Jr.', 'Otto Park, Jr.', []],
  ['نرگس بهرامی', 'نرگس بهرامی', []],
  ['Ioana Ţurcanu', 'Ioana Ţurcanu', []],
  ['=HYPERLINK("http://x.example")', '=HYPERLINK("http://x.example")', []],
];
const emails: [email: string, kept: string[], notes: string[]][] = [
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

describe.each(Object.entries(shapes))('what was seen in real files, from %s', (_, { format, email, of }) => {
  const noted = (file: ImportedFile) => file.notes.map(({ severity, code }) => `${severity} ${code}`);

  test.each(names)('%s', (name, kept, expected) => {
    const file = read(of(name, 'ok@parl.example'), 'list', format);
    expect(file.people.map((one) => one.name)).toEqual([kept]);
    expect(noted(file)).toEqual(email ? expected : [...expected, 'noticed no-contact']);
    expect(file.notes.every(({ line }) => line === 2)).toBe(true);
  });

  test('the same with a byte order mark and CRLF', () => {
    const text = of('Anna Berg', '');
    expect(read(`\ufeff${text.replaceAll('\n', '\r\n')}`, 'list', format)).toEqual(read(text, 'list', format));
  });

  if (!email) return;
  test.each(emails)('%j as an address', (field, kept, expected) => {
    const file = read(of('Anna Berg', field), 'list', format);
    expect(file.people[0]!.contacts.map(({ channel, value }) => `${channel} ${value}`)).toEqual(kept);
    expect(noted(file)).toEqual(expected);
  });
});

describe('XML is read as text and nothing else', () => {
  const mep = '<mep><fullName>Anna Berg</fullName><id>1</id></mep>';
  const bomb = '<!DOCTYPE meps [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>';
  const file = '<!DOCTYPE meps [<!ENTITY secret SYSTEM "file:///etc/hostname">]>';
  test.each<[text: string, message: string]>([
    [`${bomb}\n<meps><mep><fullName>&b;</fullName></mep></meps>`, 'line 1: xml-doctype'],
    [`${file}\n<meps><mep><fullName>&secret;</fullName></mep></meps>`, 'line 1: xml-doctype'],
    ['<meps>\n<mep><fullName>&secret;</fullName></mep></meps>', 'line 2: xml'],
    [`<meps>\n${'<mep>'.repeat(100_000)}`, 'line 2: xml-deep'],
    [`<meps>\n${mep}\n<mep><fullName>Bo`, 'line 3: cut'],
    [`<meps>\n${mep}\n`, 'cut'],
    [`<meps>\n${mep}\n</mep></meps>`, 'line 3: xml'],
    ['<meps>\n</meps>', 'line 1: xml-no-members'],
    [`<meps><__proto__><mep/></__proto__></meps>`, 'line 1: xml-no-members'],
  ])('%.60s', (text, message) => {
    expect(() => read(text, 'meps.xml', 'european-parliament')).toThrow(message);
  });

  test('a name like an inherited property is a name', () => {
    const odd = read(`<meps><mep><__proto__>x</__proto__><fullName>Al Bo</fullName></mep></meps>`, 'meps.xml');
    expect(odd.people[0]).toMatchObject({ name: 'Al Bo', area: null });
  });

  test('a letter in it stays a letter', () => {
    const found = read(`<meps><mep><fullName>A&#x202E;B &lt;C&gt; D</fullName></mep></meps>`, 'meps.xml');
    expect(found.people[0]!.name).toBe('AB <C> D');
  });
});
