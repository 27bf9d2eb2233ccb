import { Notebook } from '../src/lawmakers/importers/import-record.js';
import { nameKey, type NameParts, readName } from '../src/lawmakers/importers/person-names.js';

function read(parts: NameParts) {
  const notebook = new Notebook();
  return {
    read: readName(parts, { file: 'list.csv', line: 2 }, notebook),
    codes: notebook.notes.map(({ code }) => code),
  };
}

test.each<[parts: NameParts, name: string, honorific: string | null, familyName: string | null, codes: string[]]>([
  [{ name: 'Anna Berg' }, 'Anna Berg', null, null, []],
  [{ name: 'Dr. Anna Berg' }, 'Anna Berg', 'Dr.', null, ['honorific-in-name']],
  [{ name: 'Rt Hon. Anna Berg' }, 'Anna Berg', 'Rt Hon.', null, ['honorific-in-name']],
  [{ name: 'The Honourable Anna Berg' }, 'Anna Berg', 'The Honourable', null, ['honorific-in-name']],
  [{ name: 'دکتر نرگس بهرامی' }, 'نرگس بهرامی', 'دکتر', null, ['honorific-in-name']],
  [{ name: 'Dr Anna Berg', honorific: 'Prof.' }, 'Anna Berg', 'Prof.', null, ['honorific-in-name']],
  [{ name: 'Sen Nguyen' }, 'Sen Nguyen', null, null, []],
  [{ name: 'M. Michael Rounds' }, 'M. Michael Rounds', null, null, []],
  [{ name: 'Berg, Anna' }, 'Anna Berg', null, 'Berg', ['sort-name']],
  [{ name: 'Berg, Hon. Anna' }, 'Anna Berg', 'Hon.', 'Berg', ['sort-name', 'honorific-in-name']],
  [{ name: 'Bishop, Sanford D., Jr.' }, 'Sanford D. Bishop, Jr.', null, 'Bishop', ['sort-name']],
  [{ name: 'Sanford D. Bishop, Jr.' }, 'Sanford D. Bishop, Jr.', null, null, []],
  [{ name: 'Cynthia NÍ MHURCHÚ' }, 'Cynthia NÍ MHURCHÚ', null, 'NÍ MHURCHÚ', ['surname-in-capitals']],
  [{ name: 'ANNA BERG' }, 'ANNA BERG', null, null, []],
  [{ name: 'Pablo José III' }, 'Pablo José III', null, null, []],
  [{ name: '', givenName: 'Anna', familyName: 'Berg' }, 'Anna Berg', null, 'Berg', ['name-from-parts']],
  [{ name: 'N/A', familyName: 'Berg' }, 'Berg', null, 'Berg', ['name-from-parts']],
])('reads %j', (parts, name, honorific, familyName, codes) => {
  const found = read(parts);
  expect(found.read).toMatchObject({ name, honorific, familyName });
  expect(found.codes).toEqual(codes);
});

test('leaves out where there is nobody', () => {
  expect(read({ name: ' ' })).toEqual({ read: null, codes: ['no-name'] });
  expect(read({ name: 'Vacant' })).toEqual({ read: null, codes: ['vacant-seat'] });
  expect(read({ name: 'x'.repeat(201) })).toEqual({ read: null, codes: ['name-too-long'] });
});

test.each([
  ['Ioana Ţurcanu', 'Ioana Țurcanu'],
  ['BERG Anna', 'Anna Berg'],
  ['علي كاظمي', 'علی کاظمی'],
  ['نیک‌نام', 'نیکنام'],
  ['José Hernández', 'Jose Hernandez'],
  ['Anna-Maria Berg', 'Anna Maria Berg'],
  ['Anna\u200bBerg', 'AnnaBerg'],
])('%s and %s are one person', (one, other) => expect(nameKey(one)).toBe(nameKey(other)));

test('different names stay different', () => expect(nameKey('Anna Berg')).not.toBe(nameKey('Anne Berg')));
