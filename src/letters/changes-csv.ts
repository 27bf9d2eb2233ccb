import { csvFile } from '../site/csv.js';
import { hasMessage, type Locale, translate } from '../site/languages.js';
import type { Change } from './planned-digests.js';

/** Everything that would not leave as it was approved, for whoever has to look through all of it. */
export const changesCsv = (locale: Locale, changes: Change[]) =>
  csvFile(
    [translate(locale, 'letters.lawmaker'), translate(locale, 'letters.reason')],
    changes.map(({ name, reason }) => [name, reasonInWords(locale, reason)]),
    'changes-since-approval.csv',
  );

function reasonInWords(locale: Locale, reason: string): string {
  if (reason.startsWith('missing:'))
    return translate(locale, 'letters.excluded.missing', { name: reason.slice('missing:'.length) });
  const own = `letters.excluded.${reason}`;
  return translate(locale, hasMessage(own) ? own : `lawmakers.excluded.${reason}`);
}
