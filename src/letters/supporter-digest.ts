import { oneLine } from './placeholders.js';
import { digestWords } from './supporter-digest-words.js';
import type { WrittenLetter } from './write-letter.js';

/** Texts that one mail quotes; what is beyond is counted, so that a mail stays one that servers take and people read. */
const mostQuoted = 200;
/** People named who added no words. */
const mostNamed = 200;

/** What a digest consists of before it is known who speaks in it. */
export interface DigestFrame {
  locale: string;
  subject: string;
  /** The campaign's text, once. */
  body: string;
  footer: string;
  organisation: string;
  /** When the last digest to this lawmaker was taken by her server, ISO 8601; null: none was. */
  since: string | null;
}

/** What one supporter agreed to pass on. */
export interface Voice {
  words: string;
  name: string | null;
  area: string | null;
}

/** Words that read alike: the first as written, and how many others there are. */
export interface Quote extends Voice {
  alike: number;
}

/** A letter parted where the words end that are the campaign's. */
export function frameOf(letter: WrittenLetter, organisation: string, since: string | null = null): DigestFrame {
  const { locale, subject, text } = letter;
  const at = text.lastIndexOf(footerMark);
  return {
    ...{ locale, subject, organisation, since },
    body: text.slice(0, at),
    footer: text.slice(at + footerMark.length),
  };
}

const footerMark = '\n\n-- \n';

/**
 * One mail for all who wrote. Every line of theirs begins with `> `: nobody can write something that looks like the
 * campaign's text, the footer or another person's name.
 * @param quotes those with words, in the order in which they wrote
 * @param silent those without
 */
export function writeDigest(frame: DigestFrame, quotes: Quote[], silent: Voice[]): { subject: string; text: string } {
  const words = digestWords(frame.locale);
  const total = quotes.reduce((sum, { alike }) => sum + 1 + alike, silent.length);
  const shown = quotes.slice(0, mostQuoted);
  const unshown = quotes.slice(mostQuoted).reduce((sum, { alike }) => sum + 1 + alike, 0);
  const names = silent.flatMap((voice) => (oneLine(voice.name) ? [signature(voice)] : [])).slice(0, mostNamed);
  const blocks = [
    words.opening(total, frame.organisation, frame.since),
    frame.body,
    ...(shown.length > 0 ? [words.ownWords] : []),
    ...shown.map((quote) => {
      const who = `— ${signature({ ...quote, name: oneLine(quote.name) ?? words.unnamed })}`;
      return [quoted(quote.words), '', who, ...(quote.alike > 0 ? [words.alike(quote.alike)] : [])].join('\n');
    }),
    ...(unshown > 0 ? [words.noRoom(unshown)] : []),
    ...(silent.length > 0 ? [words.without(names, silent.length - names.length)] : []),
  ];
  return {
    subject: `${frame.subject} (${words.number(total)})`,
    text: `${blocks.join('\n\n')}${footerMark}${frame.footer}`,
  };
}

/** What a digest looks like, for staff: with words that say what will stand there. */
export function sampleDigest(letter: WrittenLetter, organisation: string): WrittenLetter {
  const { sampleWords: words, sampleName: name } = digestWords(letter.locale);
  const silent = { words: '', name: null, area: null };
  return {
    ...letter,
    ...writeDigest(frameOf(letter, organisation), [{ words, name, area: null, alike: 2 }], [silent]),
  };
}

const quoted = (text: string) =>
  text
    .split('\n')
    .map((line) => `> ${line}`.trimEnd())
    .join('\n');

const signature = ({ name, area }: { name: string | null; area: string | null }) =>
  [oneLine(name), oneLine(area) && `(${oneLine(area)})`].filter(Boolean).join(' ');
