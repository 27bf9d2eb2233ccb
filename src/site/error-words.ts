import {
  formatNumber,
  hasMessage,
  languageName,
  type Locale,
  locales,
  translate,
  translateIsolated,
} from './languages.js';
import type { FieldError, Problem } from './problem.js';

/**
 * What is wrong with a field, and what would be right, in the reader's language. Codes of schema libraries are open-ended:
 * one without words of its own must not break the page that explains it.
 * @param error one without a code has a message that is in the reader's language already
 */
export function errorInWords(locale: Locale, error: Partial<FieldError>): string {
  const { code, message, limit = 0, unit = 'none' } = error;
  if (code === undefined && message !== undefined) return message;
  return translate(locale, hasMessage(`error.${code}`) ? `error.${code}` : 'error.invalid', { limit, unit });
}

const manyTimes = new RegExp(`^(.+)-(\\d+|${locales.join('|')})$`);

/**
 * What a field is called on its page; '' where no message begins like that.
 * @param field its name: `replyTo`; one for each language `alt-fa`, or of several `lines-2`
 * @param labels how messages of the page begin, most fitting first: 'letters.audience- letters.'
 */
export function fieldInWords(locale: Locale, field: string, labels = ''): string {
  const [, name = field, which = ''] = manyTimes.exec(field) ?? [];
  const number = /\d/.test(which) && formatNumber(locale, Number(which));
  const own = name.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`);
  const key = labels
    .split(' ')
    .flatMap((label) => [label + name, label + own])
    .find(hasMessage);
  return key ? translateIsolated(locale, key, number ? { number } : { language: which && languageName(which) }) : '';
}

/** Why something was refused, and what to do next: the reason, or what can be said of all problems of this kind. */
export const reasonInWords = (locale: Locale, { code, reason }: Pick<Problem, 'code' | 'reason'>): string =>
  reason
    ? translateIsolated(locale, `refusal.${reason.key}`, reason.values)
    : translateIsolated(locale, `problem.${code}-text`, {});
