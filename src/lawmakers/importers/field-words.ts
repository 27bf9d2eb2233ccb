import { plainLine } from './plain-text.js';

/** Small fields that files fill with words of several languages. What is not understood stays empty, it is never guessed. */

const genders = new Map(
  Object.entries({
    f: 'female',
    female: 'female',
    woman: 'female',
    w: 'female',
    weiblich: 'female',
    femme: 'female',
    زن: 'female',
    أنثى: 'female',
    m: 'male',
    male: 'male',
    man: 'male',
    männlich: 'male',
    homme: 'male',
    مرد: 'male',
    ذكر: 'male',
  }),
);

export function readGender(value: unknown): string | null {
  return genders.get(plainLine(value).toLowerCase()) ?? null;
}

const languages = new Map(
  Object.entries({
    english: 'en',
    persian: 'fa',
    farsi: 'fa',
    فارسی: 'fa',
    french: 'fr',
    français: 'fr',
    german: 'de',
    deutsch: 'de',
    arabic: 'ar',
    العربية: 'ar',
    spanish: 'es',
    español: 'es',
    italian: 'it',
    italiano: 'it',
    kurdish: 'ku',
  }),
);

/** A canonical BCP 47 tag, or null. */
export function readLocale(value: unknown): string | null {
  const word = plainLine(value);
  const named = languages.get(word.toLowerCase());
  if (named) return named;
  if (!/^[a-z]{2,3}(?:[-_][a-z0-9]{2,8})*$/i.test(word)) return null;
  try {
    return Intl.getCanonicalLocales(word.replaceAll('_', '-'))[0] ?? null;
  } catch {
    return null;
  }
}

const notSitting =
  /^(?:suspended|does not sit|not sitting|non[- ]sitting|abstention(?:ist)?|on leave|absent|inactive|ruht|suspendue?|معلق|تعلیق)$/i;
const left = /^(?:left|former|resigned|retired|died|deceased|ausgeschieden|ancien(?:ne)?|سابق|درگذشته)$/i;

export function readStatus(value: unknown): 'sitting' | 'not-sitting' | 'left' {
  const word = plainLine(value);
  if (left.test(word)) return 'left';
  return notSitting.test(word) ? 'not-sitting' : 'sitting';
}

/** An ISO date from `2026-06-30`, `2026-06` or `2026` (the last day meant); null for what could be read in two ways. */
export function readEndDate(value: unknown): string | null {
  const match = /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?(?:T.*)?$/.exec(plainLine(value));
  if (!match) return null;
  const [, year, month = '12', day] = match;
  const last = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  const date = `${year}-${month}-${day ?? String(last).padStart(2, '0')}`;
  return Number(month) >= 1 && Number(month) <= 12 && Number(day ?? 1) <= last && Number(day ?? 1) >= 1 ? date : null;
}
