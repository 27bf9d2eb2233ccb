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
