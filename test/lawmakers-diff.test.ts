import type { KnownLawmaker } from '../src/lawmakers/import-changes.js';
import { diffImport } from '../src/lawmakers/import-diff.js';
import type { ImportedFile, ImportedPerson } from '../src/lawmakers/importers/import-record.js';

const base = {
  givenName: null,
  familyName: null,
  honorific: null,
  gender: null,
  locale: null,
  website: null,
  chamber: 'house',
  party: 'Green',
  area: 'Harbour',
  region: null,
  role: null,
  sitting: true,
  contacts: [],
  identifiers: [],
};
const known = (id: string, name: string, more: Partial<KnownLawmaker> = {}): KnownLawmaker => ({
  ...base,
  id,
  name,
  left: false,
  leftOn: null,
  groups: [],
  alsoAs: [],
  ...more,
});
const person = (name: string, more: Partial<ImportedPerson> = {}): ImportedPerson => ({
  ...base,
  name,
  place: { file: 'list.csv', line: 2 },
  endedOn: null,
  ...more,
});
const ids = (scheme: string, identifier: string) => ({ identifiers: [{ scheme, identifier }] });

function diff(
  before: KnownLawmaker[],
  people: ImportedPerson[],
  more: Partial<ImportedFile> & { partial?: boolean } = {},
) {
  const file: ImportedFile = { people, notes: [], spared: [], ...more };
  const found = diffImport(before, file, { partial: more.partial ?? false });
  const changes = found.changes.map((one) =>
    one.change === 'changed' ? `changed ${one.id}: ${one.fields.map(({ field }) => field).join()}` : describe(one),
  );
  return { changes, same: found.same, notes: found.notes.map(({ code }) => code) };
}
const describe = (one: { change: string; id?: string; person?: ImportedPerson }) =>
  `${one.change} ${one.id ?? one.person!.name}`;

test('tells new, changed, gone and unchanged apart', () => {
  const before = [known('1', 'Anna Berg'), known('2', 'Bo Nolan'), known('3', 'Carla Diaz')];
  const after = [person('Anna Berg'), person('Bo Nolan', { party: 'Blue' }), person('David Eze')];
  expect(diff(before, after)).toEqual({
    changes: ['changed 2: party', 'new David Eze', 'gone 3'],
    same: 1,
    notes: [],
  });
});

test('an identifier is stronger than a name', () => {
  const before = [known('1', 'Anna Berg', ids('csv', 'M1')), known('2', 'Anna Berg', ids('csv', 'M2'))];
  const after = [person('Anna Berg', ids('csv', 'M2')), person('Anna Lind', ids('csv', 'M1'))];
  expect(diff(before, after)).toEqual({ changes: ['changed 1: name'], same: 1, notes: [] });
});

test('people with other identifiers of the same scheme are others, whatever their name and seat', () => {
  const before = [known('1', 'Anna Berg', ids('csv', 'M1'))];
  expect(diff(before, [person('Anna Berg', ids('csv', 'M2'))]).changes).toEqual(['new Anna Berg', 'gone 1']);
});

test('without a common scheme, name, area and chamber decide, and the new identifier is learnt', () => {
  const before = [known('1', 'Ioana Ţurcanu')];
  const after = [person('TURCANU Ioana', { name: 'Ioana Țurcanu', ...ids('wikidata', 'Q1') })];
  expect(diff(before, after).changes).toEqual(['changed 1: name,identifiers']);
});

test('one common identifier of many is enough', () => {
  const before = [known('1', 'Anna Berg', { identifiers: [{ scheme: 'bioguide', identifier: 'B1' }] })];
  const both = [
    { scheme: 'ocd-person', identifier: 'o1' },
    { scheme: 'bioguide', identifier: 'B1' },
  ];
  expect(diff(before, [person('A. Berg', { identifiers: both })]).changes).toEqual(['changed 1: name,identifiers']);
});

test('a name that occurs once on both sides is followed to another seat, with a note', () => {
  const before = [known('1', 'Anna Berg')];
  expect(diff(before, [person('Anna Berg', { area: 'Mill' })])).toEqual({
    changes: ['changed 1: area'],
    same: 0,
    notes: ['matched-by-name'],
  });
  const two = [person('Anna Berg', { area: 'Mill' }), person('Anna Berg', { area: 'Quay' })];
  expect(diff(before, two).changes).toEqual(['new Anna Berg', 'new Anna Berg', 'gone 1']);
});

test('who cannot be told apart is rejected and does not count as gone', () => {
  const twins = [known('1', 'Anna Berg', ids('a', '1')), known('2', 'Anna Berg', ids('a', '2'))];
  expect(diff(twins, [person('Anna Berg')])).toEqual({ changes: [], same: 0, notes: ['ambiguous-person'] });
  const torn = person('Anna Berg', { identifiers: twins.flatMap(({ identifiers }) => identifiers) });
  expect(diff(twins, [torn])).toEqual({ changes: [], same: 0, notes: ['identifiers-conflict'] });
});

test('a rejected row still spares whom it mentions', () => {
  const before = [known('1', 'Anna Berg'), known('2', 'Bo Nolan', ids('csv', 'M2')), known('3', 'Carla Diaz')];
  const spared = [
    { identifiers: [], name: 'BERG Anna' },
    { identifiers: [{ scheme: 'csv', identifier: 'M2' }], name: null },
  ];
  expect(diff(before, [], { spared }).changes).toEqual(['gone 3']);
});

test('a partial file takes nobody away', () => {
  expect(diff([known('1', 'Anna Berg')], [person('Bo Nolan')], { partial: true }).changes).toEqual(['new Bo Nolan']);
});

test('says so when a file of committees, cut at the end of a line, would end much', () => {
  const group = (code: string) => ({ kind: 'committee' as const, code, name: code, role: null });
  const before = Array.from({ length: 6 }, (_, i) =>
    known(`${i}`, `M ${i}`, { ...ids('b', `${i}`), groups: [group('A')] }),
  );
  const seat = { place: { file: 'm.yaml', line: 2 }, ...ids('b', '0'), name: 'M 0', group: group('A') };
  expect(diff(before, [], { committees: [seat] })).toMatchObject({ same: 1, notes: ['many-gone'] });
  expect(diff(before, [], { committees: [seat], partial: true })).toEqual({ changes: [], same: 6, notes: [] });
});

test('an end date marks who is known as left, and never makes anybody new', () => {
  const ended = { endedOn: '2024-05-31' };
  expect(diff([known('1', 'Anna Berg')], [person('Anna Berg', ended)]).changes).toEqual(['gone 1']);
  expect(diff([known('1', 'Anna Berg', { left: true })], [person('Anna Berg', ended)]).notes).toEqual(['left-already']);
  expect(diff([], [person('Anna Berg', ended)])).toEqual({ changes: [], same: 0, notes: ['left-already'] });
});

test('who comes back is the same person', () => {
  const before = [known('1', 'Anna Berg', { left: true })];
  expect(diff(before, [person('Anna Berg')]).changes).toEqual(['changed 1: returned']);
});

test('says so when much of a parliament is missing', () => {
  const before = Array.from({ length: 10 }, (_, i) => known(String(i), `Member Number${i}`));
  expect(
    diff(
      before,
      before.slice(0, 4).map(({ name }) => person(name)),
    ).notes,
  ).toEqual(['many-gone']);
});

test('contact points count with value, order and office, whatever the case of a domain', () => {
  const at = (value: string, label: string | null = null) => ({
    contacts: [{ channel: 'email' as const, value, label }],
  });
  const before = [known('1', 'Anna Berg', at('a@parl.example'))];
  expect(diff(before, [person('Anna Berg', at('a@parl.example'))]).same).toBe(1);
  expect(diff(before, [person('Anna Berg', at('b@parl.example'))]).changes).toEqual(['changed 1: contacts']);
  expect(diff(before, [person('Anna Berg', at('a@parl.example', 'capitol'))]).changes).toEqual(['changed 1: contacts']);
});
