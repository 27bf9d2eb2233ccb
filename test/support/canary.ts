/** A person whose name and address occur nowhere else: wherever they turn up, they were written down. */
export const canary = { name: 'Kanaria Przewalskova قناری‌زرد', email: 'Kanaria.Przewalskova@vogelhaus-quell.example' };
/** What she says in her own words. */
export const words = 'Für meinen Bruder, Zaunkönigslied';
/** What is searched for. */
export const secrets = [
  'Zaunkönigslied',
  'Kanaria',
  'Przewalskova',
  'قناری‌زرد',
  'kanaria.przewalskova',
  'vogelhaus-quell',
];

/** How a text looks when it is stored: plain, in other encodings, and at each of the three places base64 can cut it. */
function forms(text: string): Buffer[] {
  const bytes = Buffer.from(text);
  const escaped = (prefix: string) => [...bytes].map((byte) => prefix + byte.toString(16).padStart(2, '0')).join('');
  const base64 = [0, 1, 2].map((offset) =>
    Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .slice(Math.ceil((offset * 4) / 3), Math.floor(((offset + bytes.length) * 4) / 3)),
  );
  const texts = [
    text,
    text.toLowerCase(),
    text.toUpperCase(),
    escaped(''),
    escaped('').toUpperCase(),
    escaped('%'),
    escaped('%').toUpperCase(),
    escaped('=').toUpperCase(),
    encodeURIComponent(text),
    JSON.stringify(text).replace(/[^\x20-\x7e]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`),
    ...base64,
    ...base64.map((each) => each.replaceAll('+', '-').replaceAll('/', '_')),
  ];
  return [...[...new Set(texts)].map((each) => Buffer.from(each)), Buffer.from(text, 'utf16le')];
}

const needles = secrets.flatMap(forms);
/** In bytes: so much of one piece must be looked at again with the next. */
export const longest = Math.max(...needles.map((needle) => needle.length));
/** What of her is in there, in any form. */
export const traces = (bytes: Buffer) =>
  needles.filter((needle) => bytes.includes(needle)).map((needle) => needle.toString());
