import {
  mailAddress,
  normalForm,
  readEmailField,
  readFormField,
  readPhoneField,
  readPostField,
  webAddress,
} from '../src/lawmakers/importers/contact-values.js';
import { type ImportedContact, Notebook } from '../src/lawmakers/importers/import-record.js';

const place = { file: 'list.csv', line: 7 };

function read(reader: (notebook: Notebook) => ImportedContact[]): [string[], string[]] {
  const notebook = new Notebook();
  const contacts = reader(notebook);
  return [contacts.map(({ channel, value }) => `${channel} ${value}`), notebook.notes.map(({ code }) => code)];
}

test.each<[field: string, contacts: string[], notes: string[]]>([
  ['anna@parl.example', ['email anna@parl.example'], []],
  ['  anna@parl.example ', ['email anna@parl.example'], []],
  ['', [], []],
  ['No email found', [], ['no-address-words']],
  ['N/A', [], ['no-address-words']],
  ['-', [], ['no-address-words']],
  ['ندارد', [], ['no-address-words']],
  ['a@parl.example,b@parl.example', ['email a@parl.example', 'email b@parl.example'], ['several-addresses']],
  ['a@parl.example; b@parl.example', ['email a@parl.example', 'email b@parl.example'], ['several-addresses']],
  ['a@parl.example b@parl.example', ['email a@parl.example', 'email b@parl.example'], ['several-addresses']],
  ['a@parl.example\nb@parl.example', ['email a@parl.example', 'email b@parl.example'], ['several-addresses']],
  ['a@parl.example,', ['email a@parl.example'], ['stray-separator']],
  ['mailto:a@parl.example', ['email a@parl.example'], ['mailto']],
  ['mailto:a%40parl.example?subject=x', ['email a@parl.example'], ['mailto']],
  ['Anna Berg <a@parl.example>', ['email a@parl.example'], []],
  ['https://parl.example/write', ['form https://parl.example/write'], ['link-in-email-field']],
  ['www.parl.example/write', ['form https://www.parl.example/write'], ['link-slip', 'link-in-email-field']],
  ['lori garcia@parl.example', [], ['space-in-address']],
  ['lori @ parl.example', ['email lori@parl.example'], ['space-at-sign']],
  ['anna@parl', [], ['truncated-address']],
  ['anna@parl.e', [], ['truncated-address']],
  ['anna@', [], ['truncated-address']],
  ['anna@parl.exam...', [], ['truncated-address']],
  ['anna@parl.exam…', [], ['truncated-address']],
  ['a@parl.exampleb@parl.example', [], ['not-an-address']],
  ['anna [at] parl.example', [], ['space-in-address']],
  ['anna.parl.example', [], ['not-an-address']],
  ['ANNA@PARL.EXAMPLE', ['email ANNA@parl.example'], []],
  [
    'anna@parl.example\r\nBcc: all@parl.example',
    ['email anna@parl.example'],
    ['several-addresses', 'space-in-address'],
  ],
  ['a@parl.example, A@PARL.example', ['email a@parl.example'], ['several-addresses']],
  ['\u200eanna@parl.example\u200f', ['email anna@parl.example'], []],
])('reads the e-mail field %j', (field, contacts, notes) => {
  expect(read((notebook) => readEmailField(field, place, notebook))).toEqual([contacts, notes]);
});

test('notes carry the place and the words of the file', () => {
  const notebook = new Notebook();
  readEmailField('No email found', place, notebook);
  const note = { file: 'list.csv', line: 7, severity: 'repaired', code: 'no-address-words', detail: 'No email found' };
  expect(notebook.notes).toEqual([note]);
});

test.each<[field: string, contacts: string[], notes: string[]]>([
  ['https://parl.example/a?b=c', ['form https://parl.example/a?b=c'], []],
  ['hhttps://parl.example/', ['form https://parl.example/'], ['link-slip']],
  ['anna@parl.example', ['email anna@parl.example'], ['email-in-link-field']],
  ['javascript:alert(1)', [], ['not-a-link']],
  ['ftp://parl.example/', [], ['not-a-link']],
  ['https://anna:secret@parl.example/', [], ['not-a-link']],
  ['https://localhost/', [], ['not-a-link']],
  ['write to us', [], ['not-a-link']],
])('reads the form field %j', (field, contacts, notes) => {
  expect(read((notebook) => readFormField(field, place, notebook))).toEqual([contacts, notes]);
});

test('reads telephone numbers in any digits and leaves out what is none', () => {
  const phones = (field: string) => read((notebook) => readPhoneField(field, null, place, notebook));
  expect(phones('+99 555 0100; 555-0101')).toEqual([['phone +99 555 0100', 'phone 555-0101'], []]);
  expect(phones('۰۲۱-۵۵۵۵۰۱۲۳')).toEqual([['phone ۰۲۱-۵۵۵۵۰۱۲۳'], []]);
  expect(phones('ext 12')).toEqual([[], ['not-a-phone']]);
  expect(normalForm('phone', '۰۲۱-۵۵۵۵')).toBe('0215555');
});

test('keeps the lines of a postal address', () => {
  const post = (field: string) => read((notebook) => readPostField(field, null, place, notebook));
  expect(post(' 1 Main St \r\n\r\n Meridia 100 ')).toEqual([['post 1 Main St\nMeridia 100'], []]);
  expect(post('Room')).toEqual([[], ['not-a-postal-address']]);
  expect(normalForm('post', '1 Main St,\nMeridia')).toBe(normalForm('post', '1 main st. Meridia'));
});

test('an address that passes can stand in a header, whatever the field held', () => {
  for (const bad of [
    'a b@parl.example',
    'a@parl.example\n',
    'a,b@parl.example',
    '<a@parl.example>',
    'a@-parl.example',
  ]) {
    expect(mailAddress(bad)).toBeNull();
  }
  expect(mailAddress('a@bücher.example')).toBe('a@xn--bcher-kva.example');
  expect(webAddress('https://parl.example/a b')).toBeNull();
});
