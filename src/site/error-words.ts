import { hasMessage, type Locale, translate, translateIsolated } from './languages.js';
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

/** Why something was refused, and what to do next: the reason, or what can be said of all problems of this kind. */
export const reasonInWords = (locale: Locale, { code, reason }: Pick<Problem, 'code' | 'reason'>): string =>
  reason
    ? translateIsolated(locale, `refusal.${reason.key}`, reason.values)
    : translateIsolated(locale, `problem.${code}-text`, {});
