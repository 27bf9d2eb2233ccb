import { defaultLocale, hasMessage, type Locale, locales, translate } from '../site/languages.js';
import { errorInWords, reasonInWords } from '../site/error-words.js';
import { Problem } from '../site/problem.js';

/** Says a refusal in a language; null for what nobody foresaw. */
export type InWords = (error: unknown, locale: Locale) => string | null;

export const failureOf: InWords = (error, locale) => {
  if (!(error instanceof Problem) || error.code === 'internal') return null;
  const first = error.reason ? reasonInWords(locale, error) : translate(locale, `problem.${error.code}`);
  const faults = (error.details.errors ?? []).map((fault) =>
    hasMessage(`error.${fault.code}`) ? errorInWords(locale, fault) : fault.message,
  );
  return [first, ...faults].join('\n');
};

/** For whoever reads it, whatever was spoken by the one who began it. */
export function inEveryLanguage(error: unknown, inWords: InWords): Record<Locale, string> | null {
  const words = locales.map((locale) => [locale, inWords(error, locale)] as const);
  return words.every(([, said]) => said !== null) ? (Object.fromEntries(words) as Record<Locale, string>) : null;
}

/** In the words of programs, which know more of it. */
export function englishOf(error: unknown, words: Record<Locale, string>): string {
  const detail = error instanceof Problem && error.details.detail;
  return detail || words[defaultLocale];
}
