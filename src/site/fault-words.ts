import { type Locale, translate } from './languages.js';

const number = String.raw`(\d+)`;

/** What a count log may be found to be, as the log says it in English: the key of the same in every language, and its numbers. */
const faults: [key: string, said: RegExp, ...names: string[]][] = [
  ['older', new RegExp(`^The database has ${number} entries, but ${number} were published`), 'size', 'released'],
  ['root', /^The first \d+ entries are not those published|has another root\.$|^The entries do not make the root/],
  ['sums', new RegExp(`^The tallies add up to ${number}, the entries to ${number}`), 'count', 'entries'],
  ['places', new RegExp(`^${number} signatures stand, and the places of ${number} are known`), 'count', 'known'],
  ['missing', /^Entry bundle \d+ is missing|^Entries are missing/],
  ['checkpoint', /^The checkpoint of size \d+ is not that of these entries/],
  [
    'file',
    /^The tile .* is not that of the entries|^The published file .* is (another|missing)|with another content\.$/,
  ],
  ['written', /^The edge of the tree|^The log has grown|would change that has been written|taken from the queue/],
  ['entry', new RegExp(`^Entry ${number} breaks the rules`), 'n'],
  ['signature', /^The signature of |has not signed this checkpoint|^No known key has signed/],
];

/** Says what is wrong with a log in the reader's language; what has no words of its own is given to whoever runs the server. */
export function faultInWords(locale: Locale, fault: string): string {
  for (const [key, said, ...names] of faults) {
    const match = said.exec(fault);
    if (!match) continue;
    return translate(
      locale,
      `fault.${key}`,
      Object.fromEntries(names.map((name, at) => [name, Number(match[at + 1])])),
    );
  }
  return translate(locale, 'fault.other', { detail: fault });
}
