import { type Locale, translate, translateIsolated } from '../site/languages.js';
import { failureOf, type InWords } from '../progress/work-failure.js';
import { Problem, problems } from '../site/problem.js';
import { type Note, type Place, UnreadableFile } from './importers/import-record.js';

/** Says what importers found in the reader's language. */
export function noteMessage(locale: Locale, note: Pick<Note, 'code'>): string {
  return translate(locale, `lawmakers.note.${note.code}`);
}

export function unreadableMessage(locale: Locale, error: UnreadableFile): string {
  const why = error.because && noteMessage(locale, { code: error.because });
  const detail = [error.detail, why].filter(Boolean).join(': ');
  const message = translate(locale, `lawmakers.unreadable.${error.code}`, { detail }).trim();
  const place = placeName(locale, error.place);
  return place ? `${place}: ${message}` : message;
}

export function placeName(locale: Locale, { file, line, column }: Place): string {
  if (line === null) return file;
  return translateIsolated(locale, column ? 'lawmakers.place-column' : 'lawmakers.place', { file, line, column });
}

/** Runs a reading of files; a file that cannot be read becomes a refusal of the field `file`, with the error as its cause. */
export function refuseUnreadable<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    const refusal = problems.invalid([{ field: 'file', code: error.code, message: unreadableMessage('en', error) }]);
    throw Object.assign(refusal, { cause: error });
  }
}

/** What became of a file that was read in the background. */
export const whyUnread: InWords = (error, locale) =>
  error instanceof Problem && error.cause instanceof UnreadableFile
    ? unreadableMessage(locale, error.cause)
    : failureOf(error, locale);

/** Why a preview was not applied in the background: mostly because another one was, in the meantime. */
export const whyNotApplied: InWords = (error, locale) =>
  error instanceof Problem && error.code === 'conflict'
    ? translate(locale, 'lawmakers.preview-outdated')
    : failureOf(error, locale);
