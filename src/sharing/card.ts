import { direction } from '../site/languages.js';

export const cardSize = { width: 1200, height: 630 };

export interface CardWords {
  /** Of the page: on which side everything begins. */
  locale: string;
  /** Of the title, which may not be there in the language of the page. */
  textLocale: string;
  eyebrow: string;
  title: string;
  count: string;
  siteName: string;
  /** `#rrggbb`, dark enough for white letters; those of the product where nobody chose others. */
  colours?: { brand: string; deep: string };
}

export type Weight = 400 | 700;
/** How wide a text is at a size of one pixel. */
export type WidthOf = (text: string, weight: Weight) => number;

const edge = 80;
const room = cardSize.width - 2 * edge;
/** The title is written as large as it fits; each size with the lines it has room for. */
const titleSizes = [
  { size: 72, most: 3 },
  { size: 60, most: 4 },
  { size: 48, most: 5 },
  { size: 42, most: 6 },
];
const own = { brand: '#0b5c53', deep: '#08453e' };

/** The picture of a petition that other sites show beside a link (Open Graph), as SVG for a renderer that shapes text. */
export function cardSvg(words: CardWords, widthOf: WidthOf): string {
  const colours = words.colours ?? own;
  const rightToLeft = direction(words.locale) === 'rtl';
  const start = rightToLeft ? cardSize.width - edge : edge;
  const end = rightToLeft ? edge : cardSize.width - edge;
  const anchor = { start: rightToLeft ? 'end' : 'start', end: rightToLeft ? 'start' : 'end' };
  const text = (at: 'start' | 'end', y: number, size: number, weight: Weight, ink: number, content: string) =>
    `<text x="${at === 'start' ? start : end}" y="${y}" text-anchor="${anchor[at]}" font-size="${size}" font-weight="${weight}" fill="#fff" fill-opacity="${ink}">${escapeXml(content)}</text>`;

  const { size, lines } = titleLines(words.title, widthOf);
  const siteName = fitted(words.siteName, 34, 400, room * 0.42, widthOf);
  const count = fitted(words.count, 38, 700, room - 34 * widthOf(siteName, 400) - 40, widthOf);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${cardSize.width}" height="${cardSize.height}" font-family="Vazirmatn">`,
    `<rect width="${cardSize.width}" height="${cardSize.height}" fill="${colours.brand}"/>`,
    `<rect y="530" width="${cardSize.width}" height="100" fill="${colours.deep}"/>`,
    text('start', 112, 34, 400, 0.85, inItsDirection(fitted(words.eyebrow, 34, 400, room, widthOf), words.locale)),
    ...lines.map((line, n) =>
      text('start', 128 + Math.round(size * 1.4 * (n + 0.95)), size, 700, 1, inItsDirection(line, words.textLocale)),
    ),
    text('start', 593, 38, 700, 1, inItsDirection(count, words.locale)),
    text('end', 592, 34, 400, 0.85, inItsDirection(siteName, words.locale)),
    '</svg>',
  ].join('\n');
}

function titleLines(title: string, widthOf: WidthOf): { size: number; lines: string[] } {
  const known = new Map<string, number>();
  const width = (text: string) => {
    if (!known.has(text)) known.set(text, widthOf(text, 700));
    return known.get(text)!;
  };
  const space = width('n n') - 2 * width('n');
  const words = title.split(/\s+/).filter(Boolean);
  for (const { size, most } of titleSizes) {
    const lines = wrapped(words, (word) => width(word) * size, space * size);
    if (lines && lines.length <= most) return { size, lines };
  }
  const { size, most } = titleSizes.at(-1)!;
  const broken = words.flatMap((word) => pieces(word, (part) => width(part) * size));
  const lines = wrapped(broken, (word) => width(word) * size, space * size)!;
  const rest = lines.slice(most - 1).join(' ');
  return { size, lines: [...lines.slice(0, most - 1), fitted(rest, size, 700, room, widthOf)] };
}

/** Words joined by a space, and so shaped apart: their widths add up. @returns null if one is wider than a line */
function wrapped(words: string[], width: (word: string) => number, space: number): string[] | null {
  const lines: string[] = [];
  let used = Infinity;
  for (const word of words) {
    const needed = width(word);
    if (needed > room) return null;
    if (used + space + needed <= room) {
      lines.push(`${lines.pop()} ${word}`);
      used += space + needed;
    } else {
      lines.push(word);
      used = needed;
    }
  }
  return lines;
}

/** A word that is wider than a line, cut where it must be. */
function pieces(word: string, width: (part: string) => number): string[] {
  if (width(word) <= room) return [word];
  const parts = [''];
  for (const { segment } of new Intl.Segmenter().segment(word)) {
    if (width(parts.at(-1)! + segment) > room) parts.push('');
    parts.push(parts.pop()! + segment);
  }
  return parts;
}

/** As much of a line as there is room for, with a sign that more followed. */
function fitted(text: string, size: number, weight: Weight, most: number, widthOf: WidthOf): string {
  if (widthOf(text, weight) * size <= most) return text;
  const letters = [...new Intl.Segmenter().segment(text)].map(({ segment }) => segment);
  let [fits, tooMany] = [0, letters.length];
  while (tooMany - fits > 1) {
    const half = Math.floor((fits + tooMany) / 2);
    const width = widthOf(`${letters.slice(0, half).join('')}…`, weight) * size;
    if (width <= most) fits = half;
    else tooMany = half;
  }
  return `${letters.slice(0, fits).join('').trimEnd()}…`;
}

/** The renderer takes every line for left-to-right: an isolate (U+2066, U+2067, U+2069) tells it otherwise. */
const inItsDirection = (text: string, locale: string) =>
  `${direction(locale) === 'rtl' ? '\u2067' : '\u2066'}${text}\u2069`;

const escapeXml = (text: string) =>
  text.replace(/[&<>"]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign]!);

/** The number a card shows: two digits that count, so that a signature a second is not a picture a second. */
export function roundedCount(count: number): { n: number; more: boolean } {
  const step = 10 ** Math.max(String(Math.max(count, 0)).length - 2, 0);
  const n = Math.floor(Math.max(count, 0) / step) * step;
  return { n, more: n < count };
}
