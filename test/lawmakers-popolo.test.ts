import type { ImportedFile } from '../src/lawmakers/importers/import-record.js';
import { detectFormat, importSources } from '../src/lawmakers/importers/import-sources.js';
import { fixture, sourceOf } from './support/lawmaker-files.js';

const source = fixture('popolo.json');
const read = (text: string | Uint8Array): ImportedFile =>
  importSources([sourceOf('popolo.json', text)], 'popolo', '2026-11-22');
const file = read(source.bytes);
const lines = source.bytes.toString().split('\n');
const lineOf = (words: string) => lines.findIndex((line) => line.includes(words)) + 1;
const person = (name: string) => file.people.find((one) => one.name === name)!;
const contactsOf = (name: string) => person(name).contacts.map(({ channel, value }) => `${channel} ${value}`);
const notesAt = (words: string) =>
  file.notes.filter(({ line }) => line === lineOf(words)).map(({ severity, code }) => `${severity} ${code}`);

test('is told by its content', () => expect(detectFormat([source])).toBe('popolo'));

test('joins a person with her seat, party, area and region of today', () => {
  expect(person('Anna Berg')).toMatchObject({
    givenName: 'Anna',
    gender: 'female',
    website: 'https://berg.example/',
    chamber: 'House of Meridia',
    party: 'Green — Red',
    area: '0',
    region: 'North',
    role: null,
    endedOn: null,
    identifiers: [
      { scheme: 'popolo', identifier: 'p1' },
      { scheme: 'wikidata', identifier: 'Q1' },
      { scheme: 'mnis', identifier: '77' },
    ],
  });
  expect(contactsOf('Anna Berg')).toEqual([
    'email anna.berg@parl.example',
    'phone +99 555 0100',
    'post 1 Assembly Square\nMeridia',
    'form https://parl.example/write/berg',
    'email berg.office@parl.example',
  ]);
  expect(person('Bo Nolan')).toMatchObject({ area: 'Mill', party: 'Green — Red', role: 'Member for Mill' });
});

test.each<[words: string, notes: string[]]>([
  ['"p2", "name"', ['repaired no-address-words', 'noticed no-contact']],
  ['"p3", "name"', ['repaired link-in-email-field']],
  ['"p4", "name"', ['repaired several-addresses']],
  ['"p5", "name"', ['repaired stray-separator']],
  ['"p6", "name"', ['repaired mailto']],
  ['"p7", "name"', ['noticed space-in-address', 'noticed no-contact']],
  ['"p8", "name"', ['noticed truncated-address', 'noticed no-contact']],
  ['"id": "p1", "name": "Anna Berg", "contact', ['repaired same-person-twice']],
  ['"p11", "name"', ['noticed address-shared']],
  ['"p12", "name"', ['repaired honorific-in-name']],
  ['"p13", "name"', ['repaired sort-name']],
  ['"p14", "name"', ['noticed surname-in-capitals']],
  ['"p15", "name"', []],
  ['شناسه-۱۶", "name"', []],
  ['"p17", "name"', []],
  ['"p18", "name"', ['repaired name-from-parts']],
  ['"p21", "name"', ['rejected vacant-seat']],
  ['"p22", "name"', ['rejected unclear-date']],
  ['"p23", "name"', ['rejected not-yet-member']],
  ['"p24", "name"', ['rejected never-a-member']],
  ['"oops"', ['rejected not-a-member']],
  ['"nobody"', ['rejected unknown-person']],
  ['    {"organization_id": "house"}', ['rejected not-a-membership']],
])('says what is the matter at %s', (words, notes) => expect(notesAt(words)).toEqual(notes));

test('knows who left with her term, who died, who does not sit', () => {
  expect(person('Rosa Stein').endedOn).toBe('2019-12-31');
  expect(person('Zoe Abel').endedOn).toBe('2025-01-02');
  expect(person('Sven Thal')).toMatchObject({ sitting: false, endedOn: null });
});

test('whoever is mentioned and not used does not count as gone', () => {
  expect(file.spared.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['Vacant', 'Uma Vance', 'Wim Xavier', 'Yara Zed']),
  );
});

test('reads the same with CRLF and a byte order mark', () => {
  expect(read(`\ufeff${lines.join('\r\n')}`)).toEqual(file);
});

test.each<[text: string, message: string]>([
  ['{"persons": [', 'popolo.json, line 1: cut'],
  ['{\n"persons": [],\noops', 'popolo.json, line 3: json'],
  ['{"persons": {}, "memberships": []}', 'popolo.json, line 1: not-popolo'],
  ['[1]', 'popolo.json, line 1: not-a-list'],
  ['{"persons": [1], "memberships": []}', 'popolo.json: nobody'],
])('refuses %j', (text, message) => {
  expect(() => read(text)).toThrow(message);
});

test('strings full of brackets, and lists with inherited names, shift no line', () => {
  const odd =
    '{"__proto__": [[1]],\n"note": "}[{\\"",\n"persons": [\n{"id": "a", "name": "Al Bo"}, {"tag": ["x"]},\n7],\n';
  const { notes } = read(`${odd}"memberships": [{"person_id": "a", "legislative_period_id": "t"}]}`);
  expect(notes.map(({ line, code }) => [line, code])).toEqual([
    [4, 'never-a-member'],
    [5, 'not-a-member'],
    [4, 'no-contact'],
  ]);
});
