import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { IntlMessageFormat } from 'intl-messageformat';
import { projectRoot } from '../../src/config/root.js';
import type { Locale } from '../../src/site/languages.js';

interface Part {
  type: number;
  value: string;
  options?: Record<string, { value: Part[] }>;
}

export const messagesOf = (locale: string) =>
  JSON.parse(readFileSync(join(projectRoot, 'templates/messages', `${locale}.json`), 'utf8')) as Record<string, string>;

const literals = (parts: Part[]): string[] =>
  parts.flatMap(({ type, value, options }) => [
    ...(type === 0 ? [value] : []),
    ...Object.values(options ?? {}).flatMap((option) => literals(option.value)),
  ]);
/** The pieces of a message between its placeholders. */
const piecesOf = (locale: string, message: string) =>
  literals(new IntlMessageFormat(message, locale, undefined, { ignoreTag: true }).getAst() as Part[]);

const plain = (text: string) => text.replaceAll(/\s+/g, ' ').trim();

/** Finds words of the English messages in texts of a page in another language. */
export function englishFinder(locale: Locale): (texts: string[]) => string[] {
  const own = messagesOf(locale);
  const all = plain(Object.values(own).join('\n'));
  const messages = Object.entries(messagesOf('en')).filter(([key, text]) => text !== own[key]);
  // A short word may be the same in both languages: alone it counts only as the whole text of an element.
  const whole = new Set(messages.map(([, text]) => plain(text)).filter((text) => !all.includes(text)));
  const within = messages
    .flatMap(([, text]) => piecesOf('en', text))
    .map(plain)
    .filter((piece) => piece.length >= 12 && piece.includes(' ') && !all.includes(piece));
  return (texts) => texts.map(plain).filter((text) => whole.has(text) || within.some((piece) => text.includes(piece)));
}
