import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../src/config/root.js';
import { bundledPetitions } from '../src/petitions/bundled.js';
import { fieldInWords } from '../src/site/error-words.js';
import {
  countries,
  formatDate,
  formatDateTime,
  formatNumber,
  isolated,
  languageName,
  type Locale,
  locales,
  pageLocale,
  preferredLocale,
  translate,
  translateIsolated,
} from '../src/site/languages.js';
import { messagesOf } from './support/english.js';
import { lettersOf } from './support/font-letters.js';

/** What people read of a message: without the names of placeholders and the words of ICU's syntax. */
function readable(message: string): string {
  let depth = 0;
  return [...message]
    .map((letter) => {
      if (letter === '{') depth += 1;
      if (letter === '}') depth -= 1;
      return letter === '{' || letter === '}' ? '\u0001' : depth % 2 === 0 ? letter : '';
    })
    .join('');
}

const strings = (value: unknown): string[] =>
  typeof value === 'string' ? [value] : Object.values(value ?? {}).flatMap(strings);
/** Everything we have written in this language, each with where it stands. Code, and titles of documents, are no words of ours. */
const written = (locale: Locale) =>
  [
    ...Object.entries(messagesOf(locale)).map(([key, text]) => [key, readable(text)] as const),
    ...bundledPetitions().flatMap(({ slug, texts }) =>
      strings({ ...texts[locale], sources: [] }).map((text) => [slug, text] as const),
    ),
  ].map(([where, text]) => [where, text.replaceAll(/https?:\S+|"en\/1"|\bmailto:|\d:\d/g, 'x')] as const);
const breaking = (locale: Locale, rule: RegExp) => written(locale).filter(([, text]) => rule.test(text));
const count = (text: string, sign: string) => text.split(sign).length;
const unpaired = (locale: Locale, ...pairs: [string, string][]) =>
  written(locale).filter(([, text]) => pairs.some(([open, close]) => count(text, open) !== count(text, close)));

/** Words that are the same in English and in that language, and names that are the same everywhere. */
const same: Partial<Record<Locale | 'all', string[]>> = {
  all: [':', 'DKIM', 'DMARC', 'MX', 'SPF', 'API', '{n, number} KB', ', ', '{list} {row, number}, {part}'],
  fr: [
    ...['Action', 'Actions', 'Audit', 'Code', 'Console', 'E-mail', 'Exports', 'Format', 'Import', 'Imports', 'Logo'],
    ...['Note', 'Pages'],
    ...['Organisation', 'Publication', 'Sessions', 'Signatures', 'Sources', 'Type', 'Version', 'Version {n, number}'],
    ...['Date', 'Export', 'Organisations', 'Signature', 'Source {n, number}', 'Total', 'Versions', 'original'],
  ],
  de: [
    ...[
      'Admin',
      'Code',
      'Format',
      'Import',
      'Logo',
      'Rest',
      'Mail',
      'Mails',
      'Name',
      'Organisation',
      'Passkeys',
      'Petition',
      'Post',
      'Status',
      'Text',
    ],
    'Website',
    ...['Export', 'Export: {subject}', 'Moderation', 'Person {n, number}'],
  ],
  es: ['Id', 'Total', 'original'],
  it: [
    ...['Canada: Represent CSV', 'Console', 'E-mail', 'File', 'Id', 'Logo', 'Password', 'Privacy', 'Staff'],
    '{at}, in {seconds} s',
  ],
};

test.each(locales.filter((locale) => locale !== 'en'))('%s has no message that was left in English', (locale) => {
  const english = messagesOf('en');
  const known = [...same.all!, ...(same[locale] ?? [])];
  const left = Object.entries(messagesOf(locale)).filter(([key, text]) => text === english[key]);
  expect(left.filter(([, text]) => !known.includes(text))).toEqual([]);
  const idle = (same[locale] ?? []).filter((text) => !left.some(([, other]) => other === text));
  expect(idle).toEqual([]);
});

test('Arabic is written with its own letters and marks', () => {
  expect(breaking('ar', /[یکپچژگۀھہ]/u)).toEqual([]);
  expect(breaking('ar', /[۰-۹٠-٩]/)).toEqual([]);
  expect(breaking('ar', /[“”„"]|\p{Script=Arabic}\s?[,;?]/u)).toEqual([]);
  expect(unpaired('ar', ['«', '»'])).toEqual([]);
  // A mark belongs to the word before it.
  expect(breaking('ar', /\s[،؛؟]/)).toEqual([]);
});

test('French keeps its double marks on the line of their word', () => {
  expect(breaking('fr', /[^\u202f\u00a0][;:!?»]/u)).toEqual([]);
  expect(breaking('fr', /«[^\u202f\u00a0]/u)).toEqual([]);
  expect(breaking('fr', /["“”„']/u)).toEqual([]);
});

test('German quotes „so“', () => {
  expect(breaking('de', /["”«»']|“\p{L}/u)).toEqual([]);
  expect(unpaired('de', ['„', '“'])).toEqual([]);
});

test('Spanish opens its questions and exclamations, and quotes «so»', () => {
  expect(unpaired('es', ['¿', '?'], ['¡', '!'], ['«', '»'])).toEqual([]);
  expect(breaking('es', /["“”„']/u)).toEqual([]);
});

test('Italian quotes «so»', () => {
  expect(breaking('it', /["“”„']/u)).toEqual([]);
  expect(unpaired('it', ['«', '»'])).toEqual([]);
});

test.each<[Locale, string, string]>([
  ['en', '1,988', '14 July 2022'],
  ['fa', '۱٬۹۸۸', '۲۳ تیر ۱۴۰۱'],
  ['ar', '1,988', '14 يوليو 2022'],
  ['fr', '1\u202f988', '14 juillet 2022'],
  ['de', '1.988', '14. Juli 2022'],
  ['es', '1988', '14 de julio de 2022'],
  ['it', '1988', '14 luglio 2022'],
])('%s writes numbers and days its own way', (locale, number, day) => {
  expect(formatNumber(locale, 1988)).toBe(number);
  expect(translate(locale, 'history.version', { n: 1988 })).toContain(number);
  expect(formatDate(locale, '2022-07-14')).toBe(day);
});

test('Arabic has one kind of digits, also where a region would have others', () => {
  const all = formatDateTime('ar', '2022-07-14T13:05:00Z') + translate('ar', 'count.people', { n: 12_345 });
  expect(all).not.toMatch(/[٠-٩]/);
  expect(formatNumber('ar-EG', 12)).toBe('١٢');
});

test.each(locales)('%s names every country, in its own order', (locale) => {
  const names = countries(locale).map(({ name }) => name);
  expect(names.length).toBeGreaterThan(240);
  expect(names).toEqual(names.toSorted(new Intl.Collator(locale).compare));
  if (locale === 'ar' || locale === 'fa') expect(names.filter((name) => /[a-z]/i.test(name))).toEqual([]);
});

test('a language is called what it calls itself', () => {
  expect(locales.map(languageName)).toEqual([
    ...['English', 'فارسی', 'العربية', 'Français', 'Deutsch', 'Español', 'Italiano'],
  ]);
});

test.each([
  ['de-CH', 'de'],
  ['fr-CA,en;q=0.5', 'fr'],
  ['ar-EG', 'ar'],
  ['nl', 'en'],
  ['sv;q=1,es;q=0.3', 'es'],
])('who asks for %s reads %s', (asked, locale) => {
  expect(preferredLocale(asked)).toBe(locale);
});

test.each([
  ['de-CH', 'de'],
  ['ar', 'ar'],
  ['pt-BR', 'en'],
  ['', 'en'],
])('a link in a letter in "%s" leads to the page in %s', (tag, locale) => {
  expect(pageLocale(tag)).toBe(locale);
});

test('Latin words keep to themselves in a text from right to left, and nowhere else', () => {
  const place = { file: 'twins.csv', line: 3 };
  expect(translateIsolated('fa', 'lawmakers.place', place)).toBe('\u2068twins.csv\u2069، سطر ۳');
  // What a filter has isolated before.
  const again = { ...place, file: isolated('fa', place.file) };
  expect(translateIsolated('fa', 'lawmakers.place', again)).toBe('\u2068twins.csv\u2069، سطر ۳');
  expect(translateIsolated('en', 'lawmakers.place', place)).toBe('twins.csv, line 3');
  expect(isolated('ar', 'عمر')).toBe('عمر');
  expect(isolated('fa', 'https://example.org/fa')).toBe('https://example.org/fa');
  // What a message chooses by is no word in it.
  const trend = { way: 'more', latest: 2, before: 1 };
  expect(translateIsolated('fa', 'figures.trend', trend)).toBe(translate('fa', 'figures.trend', trend));
});

test('the font of right-to-left pages has every Arabic letter, digit and mark they use', () => {
  const letters = lettersOf(join(projectRoot, 'public/fonts/vazirmatn-arabic.woff2'));
  const wanted = (['ar', 'fa'] as const).flatMap((locale) => [
    ...written(locale).map(([, text]) => text),
    ...countries(locale).map(({ name }) => name),
    formatDateTime(locale, '2022-07-14T13:05:00Z'),
    '٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹٪٫٬',
  ]);
  const missing = new Set(
    wanted
      .join('')
      .match(/[\u0600-\u06ff]/g)!
      .filter((letter) => !letters.has(letter.codePointAt(0)!)),
  );
  expect([...missing]).toEqual([]);
  expect(letters.has('א'.codePointAt(0)!)).toBe(false);
  // What the style sheet sends to this font is in it.
  expect(readFileSync(join(projectRoot, 'public/app.css'), 'utf8')).toContain('unicode-range: U+600-6FF');
});

test.each(bundledPetitions())('$slug says the same in every language, from the same sources', ({ texts }) => {
  expect(Object.keys(texts)).toEqual(locales);
  const facts = Object.values(texts).map(({ body, sources, persons, timeline }) => ({
    references: body.match(/\[\d+\]/g)!.toSorted(),
    sources: sources.map(({ url }) => url),
    checked: persons.map(({ asOf }) => asOf),
    events: timeline.length,
    headings: body.match(/^#+ /gm)!.length,
  }));
  for (const other of facts) expect(other).toEqual(facts[0]);
});

test('a field is named as its label is, of a language or of several too', () => {
  expect(fieldInWords('en', 'replyTo', 'letters.')).toBe('Answers go to');
  expect(fieldInWords('en', 'name', 'letters.audience- letters.')).toBe('Name of the audience');
  expect(fieldInWords('en', 'names-fa', 'settings.')).toBe('Name of the site (فارسی)');
  expect(fieldInWords('fa', 'lines-2', 'paper.field.')).toBe('امضاهای برگهٔ ۲');
  expect(fieldInWords('en', 'nothing', 'letters.')).toBe('');
  expect(fieldInWords('en', 'name')).toBe('');
});

test('every drawing in a page runs from left to right, also where its words do not', () => {
  const pages = join(projectRoot, 'templates/pages');
  const files = readdirSync(pages, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.liquid'));
  const drawings = files.flatMap((file) => readFileSync(join(pages, file), 'utf8').match(/<svg [^>]*>/g) ?? []);
  expect(drawings.length).toBeGreaterThan(3);
  expect(drawings.filter((drawing) => !drawing.includes('direction="ltr"'))).toEqual([]);
});
