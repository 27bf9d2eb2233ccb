/** Invisible characters that only break comparison or turn the reading order; joiners stay, Persian needs them. */
const invisible = /[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;
const control = /(?!\n)\p{Cc}/gu;

/** One line of text: no control characters (PostgreSQL takes no NUL), no lone surrogates, spaces collapsed, NFC. */
export function plainLine(value: unknown): string {
  return plainLines(value).replace(/\s+/g, ' ').trim();
}

/** The same, keeping line breaks, for postal addresses. */
export function plainLines(value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return '';
  return String(value)
    .replace(/\r\n?/g, '\n')
    .replace(/\p{Surrogate}/gu, '\ufffd')
    .replace(invisible, '')
    .replace(control, ' ')
    .normalize('NFC')
    .split('\n')
    .map((line) => line.replace(/\s+/g, ' ').trim())
    .filter(Boolean)
    .join('\n');
}

const sentinel = new RegExp(
  `^(?:[-–—.?*]+|n\\.?\\s?/?\\s?a\\.?|none|null|nil|undefined|unknown|tba|tbc|tbd|pending|not (?:available|found|provided|known|listed|given)` +
    `|no (?:e-?mail|address|phone|fax|website|web ?form|contact|data|information)\\b.*|(?:e-?mail|address|phone) (?:not|un).*` +
    `|keine?(?: angabe)?|k\\.\\s?a\\.|aucune?(?: e-?mail| adresse)?|non (?:disponible|communiqué)|ندارد|نامشخص|لا يوجد|غير متوفر)$`,
  'i',
);

/** Words people put into a cell to say that it is empty. */
export function isSentinel(text: string): boolean {
  return sentinel.test(text);
}
