import { readGender, readLocale } from '../src/lawmakers/importers/field-words.js';

test.each([
  ['F', 'female'],
  ['Weiblich', 'female'],
  ['زن', 'female'],
  ['m', 'male'],
  ['constructor', null],
  ['toString', null],
  ['', null],
  [undefined, null],
])('reads the gender %j as %j', (word, expected) => expect(readGender(word)).toBe(expected));

test.each([
  ['Persian', 'fa'],
  ['فارسی', 'fa'],
  ['pt_br', 'pt-BR'],
  ['constructor', null],
  ['__proto__', null],
  ['e', null],
])('reads the language %j as %j', (word, expected) => expect(readLocale(word)).toBe(expected));
