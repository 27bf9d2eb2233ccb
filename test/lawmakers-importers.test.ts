import type { ImportedFile } from '../src/lawmakers/importers/import-record.js';
import { detectFormat, type ImportFormat, importSources } from '../src/lawmakers/importers/import-sources.js';
import type { SourceFile } from '../src/lawmakers/importers/source-file.js';
import { projectRoot } from '../src/config/root.js';
import { readFileSync } from 'node:fs';
import { fixture, folder, realFile, sourceOf, testRealFiles } from './support/lawmaker-files.js';

const today = '2026-11-22';
const read = (sources: SourceFile[], format?: ImportFormat) =>
  importSources(sources, format ?? detectFormat(sources), today);
const person = (file: ImportedFile, name: string) => file.people.find((one) => one.name === name)!;
const contactsOf = (file: ImportedFile, name: string) =>
  person(file, name).contacts.map(({ channel, value }) => `${channel} ${value}`);
const notesAt = (file: ImportedFile, line: number | null) =>
  file.notes.filter((note) => note.line === line).map(({ severity, code }) => `${severity} ${code}`);

describe('a CSV file with everything that was seen in real ones', () => {
  const file = read([fixture('hostile.csv')]);

  test('is a generic CSV file, and its columns are guessed', () => {
    expect(detectFormat([fixture('hostile.csv')])).toBe('csv');
    expect(person(file, 'Anna Berg')).toMatchObject({
      chamber: 'House',
      area: 'Harbour',
      party: 'Green',
      locale: 'en',
    });
  });

  test.each<[line: number, notes: string[]]>([
    [3, ['repaired no-address-words']],
    [4, ['repaired link-in-email-field']],
    [5, ['repaired several-addresses']],
    [6, ['repaired stray-separator']],
    [7, ['repaired mailto']],
    [8, ['noticed space-in-address', 'noticed no-contact']],
    [9, ['noticed truncated-address', 'noticed no-contact']],
    [10, ['noticed truncated-address', 'noticed no-contact']],
    [11, ['repaired same-person-twice']],
    [13, ['noticed address-shared']],
    [15, ['repaired honorific-in-name']],
    [16, ['repaired sort-name', 'repaired honorific-in-name']],
    [17, ['noticed surname-in-capitals']],
    [18, []],
    [19, []],
    [21, ['repaired same-person-twice']],
    [23, []],
    [25, ['rejected no-name']],
    [26, ['rejected vacant-seat']],
    [27, ['rejected unclear-date']],
    [29, ['noticed unknown-language', 'noticed not-a-link', 'repaired no-address-words', 'repaired no-address-words']],
    [30, ['rejected too-few-cells']],
  ])('says what is the matter on line %i', (line, notes) => expect(notesAt(file, line)).toEqual(notes));

  test('keeps what is certain of each person', () => {
    expect(contactsOf(file, 'Anna Berg')).toEqual([
      'email anna.berg@parl.example',
      'form https://parl.example/write/berg',
    ]);
    expect(contactsOf(file, 'Bo Nolan')).toEqual(['post 1 Assembly Square, Meridia']);
    expect(contactsOf(file, 'Carla Diaz')).toEqual(['form https://parl.example/write/diaz']);
    expect(contactsOf(file, 'David Eze')).toEqual(['email david.eze@parl.example', 'email office.eze@parl.example']);
    expect(contactsOf(file, 'Farid Gul')).toEqual(['email farid.gul@parl.example']);
    expect(contactsOf(file, 'Gita Hale')).toEqual([]);
    expect(contactsOf(file, 'Lars Moe')).toEqual(['email LARS.MOE@parl.example']);
    expect(contactsOf(file, 'Kim Lund')).toEqual(contactsOf(file, 'Jan Kask'));
    expect(contactsOf(file, 'Ioana Ţurcanu')).toEqual(['email ioana@parl.example', 'email ioana.office@parl.example']);
    expect(contactsOf(file, 'Zoe Abel').at(-1)).toBe('post 12 Assembly Square\nMeridia 100');
  });

  test('keeps names as their owners write them', () => {
    expect(person(file, 'Otto Park, Jr.').familyName).toBeNull();
    expect(person(file, "Niamh O'Brien")).toMatchObject({ familyName: "O'Brien", honorific: 'Hon.' });
    expect(person(file, 'نرگس بهرامی')).toMatchObject({ honorific: 'دکتر', familyName: 'بهرامی', locale: 'fa' });
    expect(person(file, 'Petra Quill')).toMatchObject({ area: '—', party: 'Green — Red' });
  });

  test('a formula is a name like any other, and stays text', () => {
    expect(person(file, '=HYPERLINK("http://x.example")')).toBeDefined();
  });

  test('knows who left and who does not sit', () => {
    expect(person(file, 'Rosa Stein').endedOn).toBe('2024-05-31');
    expect(person(file, 'Sven Thal')).toMatchObject({ sitting: false, endedOn: null });
  });

  test('reads the same from LF, CRLF and CR, with and without byte order mark', () => {
    const plain = fixture('hostile.csv').bytes.toString().replace('\ufeff', '').replaceAll('\r\n', '\n');
    for (const text of [plain, plain.replaceAll('\n', '\r'), `\ufeff${plain}`]) {
      expect(read([sourceOf('hostile.csv', text)])).toEqual(file);
    }
  });
});

test('a column map may name any column, and a header may contain a comma', () => {
  const source = sourceOf('list.csv', 'Who;Where, exactly;Mail me\nAnna Berg;Harbour;a@parl.example\n');
  const map = { name: 'Who', area: 'Where, exactly', email: 'Mail me' };
  const { people } = importSources([source], 'csv', today, map);
  expect(people).toMatchObject([{ name: 'Anna Berg', area: 'Harbour', contacts: [{ value: 'a@parl.example' }] }]);
});

test('an address whose domain is the beginning of a more frequent one was cut, and is left out', () => {
  const rows = ['Name,Email', 'Al Bo,a@assembly.ca.gov', 'Ce Do,c@assembly.ca.gov', 'Ed Fo,e@assembly.ca.go', ''];
  const file = read([sourceOf('list.csv', rows.join('\n'))]);
  expect(contactsOf(file, 'Ed Fo')).toEqual([]);
  expect(notesAt(file, 4)).toEqual(['noticed truncated-address', 'noticed no-contact']);
});

describe('congress-legislators', () => {
  const csv = read([fixture('congress.csv')]);
  const json = read([fixture('congress.json')]);

  test('reads the CSV file: no e-mail, a form for some, telephone and post', () => {
    expect(csv.legislature).toEqual({ slug: 'us-congress', name: 'United States Congress', country: 'US' });
    expect(csv.people.map(({ name, chamber, area }) => [name, chamber, area])).toEqual([
      ['Vera Alder', 'senate', 'WA'],
      ['Omar Birch, Jr.', 'house', 'FL-4'],
      ['Ines Cedar', 'house', 'AK-AL'],
    ]);
    expect(contactsOf(csv, 'Vera Alder').map((one) => one.split(' ')[0])).toEqual(['form', 'phone', 'post']);
    expect(notesAt(csv, 4)).toEqual(['repaired name-from-parts', 'repaired link-slip']);
    expect(notesAt(csv, 5)).toEqual(['rejected vacant-seat']);
    expect(notesAt(csv, 6)).toEqual(['rejected unknown-seat']);
  });

  test('reads the JSON file: the last term counts, and one that is over means left', () => {
    expect(json.people.map(({ name, area, endedOn }) => [name, area, endedOn])).toEqual([
      ['Vera Alder', 'WA', null],
      ['Omar Birch, Jr.', 'FL-4', '2024-03-01'],
      ['Ines Cedar', 'AK-AL', null],
    ]);
    expect(json.notes.at(-1)).toMatchObject({ severity: 'rejected', code: 'not-a-member', line: 85, detail: 'terms' });
  });

  testRealFiles('reads the real files alike: 537 people, 89 forms, no e-mail', () => {
    for (const name of ['legislators-current.csv', 'legislators-current.json', 'legislators-current.yaml']) {
      const file = read([sourceOf(name, readFileSync(realFile(`us/${name}`)))]);
      expect(file.people).toHaveLength(537);
      const having = (channel: string) =>
        file.people.filter((one) => one.contacts.some((contact) => contact.channel === channel)).length;
      expect([having('form'), having('phone'), having('post'), having('email')]).toEqual([89, 536, 536, 0]);
      expect(file.notes.filter(({ severity }) => severity === 'rejected')).toEqual([]);
    }
  });
});

describe('openstates', () => {
  const file = read(folder(`${projectRoot}/test/fixtures/lawmakers/openstates`));

  test('reads a folder: the present seat, the capitol office first, the form out of the e-mail field', () => {
    expect(file.legislature).toMatchObject({ slug: 'us-ca', country: 'US' });
    expect(person(file, 'Ada Fern')).toMatchObject({ chamber: 'lower', area: 'CA-0', party: 'Democratic' });
    expect(person(file, 'Ada Fern').identifiers.map(({ scheme }) => scheme)).toEqual([
      'ocd-person',
      'legacy_openstates',
    ]);
    expect(person(file, 'Ada Fern').contacts.map(({ channel, label }) => [channel, label])).toEqual([
      ['form', null],
      ['phone', 'capitol'],
      ['post', 'capitol'],
      ['phone', 'district'],
      ['post', 'district'],
    ]);
  });

  test('reports by file who left, who is no lawmaker, who has yet to begin', () => {
    expect(person(file, 'Ben Gorsé').endedOn).toBe('2024-11-30');
    const notes = file.notes.map((note) => `${note.file} ${note.code}`);
    expect(notes).toEqual([
      'Ada-Fern.yml link-in-email-field',
      'Ben-Gorse.yml space-in-address',
      'Cora-Heath.yml never-a-member',
      'Dan-Ivy.yml not-yet-member',
    ]);
  });

  testRealFiles('reads real folders', () => {
    const [us, ca, co] = ['us', 'ca', 'co'].map((state) => read(folder(realFile(`us-states/${state}`))));
    expect([us!.legislature!.slug, ca!.legislature!.slug, co!.legislature!.slug]).toEqual([
      'us-congress',
      'us-ca',
      'us-co',
    ]);
    const forms = us!.notes.filter(({ code }) => code === 'link-in-email-field');
    expect(forms.length).toBeGreaterThan(30);
    expect(us!.people.flatMap(({ contacts }) => contacts).some(({ channel }) => channel === 'email')).toBe(false);
    expect(ca!.people.every(({ contacts }) => contacts.some(({ channel }) => channel === 'email'))).toBe(true);
    expect(co!.notes.map(({ code }) => code)).toEqual(['space-in-address']);
  });
});
