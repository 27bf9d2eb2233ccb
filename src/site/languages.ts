import { match } from '@formatjs/intl-localematcher';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { IntlMessageFormat } from 'intl-messageformat';
import { projectRoot } from '../config/root.js';

export const locales = ['en', 'fa', 'ar', 'fr', 'de', 'es', 'it'] as const;
export type Locale = (typeof locales)[number];
export const defaultLocale: Locale = 'en';

export const isLocale = (text: string): text is Locale => (locales as readonly string[]).includes(text);

/** Our language for any tag, also with a region (`de-CH`); the default one where we do not speak it. */
export const pageLocale = (tag: string): Locale => [tag, tag.split('-')[0]!].find(isLocale) ?? defaultLocale;

const rightToLeft = new Set(['ar', 'fa', 'he', 'ur', 'ckb']);
/** Writing direction of any language tag, also of languages the pages do not speak (letters may). */
export const direction = (locale: string): 'ltr' | 'rtl' => (rightToLeft.has(locale.split('-')[0]!) ? 'rtl' : 'ltr');

/**
 * What Intl is asked for. Today's CLDR writes Arabic without a region with the digits 0 to 9, older runtimes do not: said
 * here, every page and mail agrees. A region (`ar-EG`, in letters) keeps the digits of its country.
 */
const intlTag = (locale: string) => (locale === 'ar' ? 'ar-u-nu-latn' : locale);

const cached = <T>(make: (locale: string) => T) => {
  const known = new Map<string, T>();
  return (locale: string): T => {
    if (!known.has(locale)) known.set(locale, make(locale));
    return known.get(locale)!;
  };
};

const languageNames = cached((locale) => new Intl.DisplayNames([locale], { type: 'language' }));
/** A language by its name in another, as it stands within a sentence. */
export const languageNameIn = (locale: string, language: string): string =>
  languageNames(locale).of(language) ?? language;

/** The language's own name for itself, as it stands alone: with a capital, where the script has one. */
export const languageName = (locale: string): string => {
  const [first = '', ...rest] = languageNameIn(locale, locale);
  return first.toLocaleUpperCase(locale) + rest.join('');
};

/** A language with the country where most speak it, as Open Graph wants it: fa_IR. */
export function withTerritory(locale: string): string {
  const { language, region } = new Intl.Locale(locale).maximize();
  return `${language}_${region}`;
}

type Messages = Record<string, string>;
const messages = Object.fromEntries(
  locales.map((locale) => [
    locale,
    JSON.parse(readFileSync(join(projectRoot, 'templates/messages', `${locale}.json`), 'utf8')) as Messages,
  ]),
) as Record<Locale, Messages>;
const compiled = new Map<string, IntlMessageFormat>();

/**
 * The message in this language (ICU MessageFormat).
 * @throws Error for a key that no file has: a page must not show keys to people
 */
export function translate(locale: Locale, key: string, values: Record<string, unknown> = {}): string {
  const name = `${locale} ${key}`;
  let format = compiled.get(name);
  if (!format) {
    const message = messages[locale][key];
    if (message === undefined) throw new Error(`no message "${key}" in ${locale}`);
    format = new IntlMessageFormat(message, intlTag(locale), undefined, { ignoreTag: true });
    compiled.set(name, format);
  }
  return String(format.format(values as Record<string, string | number>));
}

/**
 * Words that are put into a text which runs from right to left. Those with Latin letters are isolated (U+2068, U+2069): digits
 * after them would be drawn into them. A web address stays bare, because programs look for its end; and what is isolated already
 * stays so, because Chromium tears the first digit off a date that is isolated twice.
 */
export const isolated = (locale: string, words: string): string =>
  direction(locale) === 'rtl' && /\p{Script=Latin}/u.test(words) && !/^(\u2068[^\u2069]*\u2069$|https?:)/.test(words)
    ? `\u2068${words}\u2069`
    : words;

/** As `translate`, for text that people read as a whole: what it is filled with keeps to itself. */
export function translateIsolated(locale: Locale, key: string, values: Record<string, unknown>): string {
  const chooses = (name: string) => messages[locale][key]?.includes(`{${name}, select`);
  const each = Object.entries(values).map(([name, value]): [string, unknown] => [
    name,
    typeof value === 'string' && !chooses(name) ? isolated(locale, value) : value,
  ]);
  return translate(locale, key, Object.fromEntries(each));
}

export const hasMessage = (key: string): boolean => key in messages[defaultLocale];

/** The best of our languages for an Accept-Language header. */
export function preferredLocale(acceptLanguage: string | undefined): Locale {
  const asked = (acceptLanguage ?? '')
    .split(',')
    .map((part) => part.split(';')[0]!.trim())
    .filter((tag) => /^[a-z]{2,3}(-[a-z0-9]{2,8})*$/i.test(tag));
  return match(asked, locales, defaultLocale) as Locale;
}

const numbers = cached((locale) => new Intl.NumberFormat(intlTag(locale)));
export const formatNumber = (locale: string, value: number | string) => numbers(locale).format(Number(value));

const compactNumbers = cached((locale) => new Intl.NumberFormat(intlTag(locale), { notation: 'compact' }));
/** Large numbers in a few letters, for the axis of a plot. */
export const formatCompact = (locale: string, value: number) =>
  Math.abs(value) < 10_000 ? formatNumber(locale, value) : compactNumbers(locale).format(value);

const percents = cached(
  (locale) => new Intl.NumberFormat(intlTag(locale), { style: 'percent', maximumFractionDigits: 1 }),
);
/** @param share from 0 to 1 */
export const formatPercent = (locale: string, share: number) => percents(locale).format(share);

/** English is read all over the world here, and the texts write 14 July 2022. */
const dayFirst = (locale: string) => (locale === 'en' ? 'en-GB' : intlTag(locale));

const dates = cached((locale) => new Intl.DateTimeFormat(dayFirst(locale), { dateStyle: 'long', timeZone: 'UTC' }));
export const formatDate = (locale: string, value: string | Date) => dates(locale).format(new Date(value));

const shortDates = cached(
  (locale) => new Intl.DateTimeFormat(dayFirst(locale), { dateStyle: 'medium', timeZone: 'UTC' }),
);
/** Where there is little room. */
export const formatShortDate = (locale: string, value: string | Date) => shortDates(locale).format(new Date(value));

const dateTimes = cached(
  (locale) => new Intl.DateTimeFormat(dayFirst(locale), { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' }),
);
export const formatDateTime = (locale: string, value: string | Date) =>
  `${dateTimes(locale).format(new Date(value))} UTC`;

const regionNames = cached((locale) => new Intl.DisplayNames([locale], { type: 'region', fallback: 'none' }));
/** @returns undefined for a code that is no country or territory */
export const countryName = (locale: string, code: string) => regionNames(locale).of(code);

const notCountries = new Set(['EU', 'EZ', 'UN', 'QO', 'XA', 'XB', 'ZZ', 'AC', 'CP', 'DG', 'EA', 'IC', 'TA', 'CQ']);
/** ISO 3166-1 alpha-2 codes, as far as the runtime knows a name for them. */
export const countryCodes: ReadonlySet<string> = new Set(
  Array.from({ length: 26 * 26 }, (_, n) => String.fromCharCode(65 + Math.floor(n / 26), 65 + (n % 26))).filter(
    (code) => !notCountries.has(code) && new Intl.Locale('und', { region: code }).region === code && known(code),
  ),
);

function known(code: string) {
  // Old codes (DD, SU, ...) have names too; canonicalisation turns them into today's.
  return countryName('en', code) !== undefined && Intl.getCanonicalLocales(`und-${code}`)[0] === `und-${code}`;
}

/** All countries with their names, in the order of the language. */
export const countries = cached((locale) => {
  const order = new Intl.Collator(locale);
  return [...countryCodes]
    .map((code) => ({ code, name: countryName(locale, code)! }))
    .sort((a, b) => order.compare(a.name, b.name));
});
