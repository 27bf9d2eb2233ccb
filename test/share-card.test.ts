import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { PetitionTexts } from '../src/petitions/petition-texts.service.js';
import { Petitions } from '../src/petitions/petitions.service.js';
import { NewPetition } from '../src/petitions/petitions.schema.js';
import { cardSvg, roundedCount } from '../src/sharing/card.js';
import { drawCard } from '../src/sharing/card-drawing.js';
import { Cards } from '../src/sharing/cards.service.js';
import { startApp, type TestApp } from './support/app.js';
import { signIn } from './support/cast.js';
import { askForLink, confirm, countOf, openPetition } from './support/petitions.js';

/** Where pictures go, if somebody wants to look: `npm run screenshots`. */
const gallery = process.env.SCREENSHOTS;

let app: TestApp;
beforeAll(async () => {
  if (gallery) mkdirSync(gallery, { recursive: true });
  app = await startApp({ LIMITS: 'off', SITE_NAME: 'River & Friends' });
  await openPetition(app);
});
afterAll(() => app.close());
afterEach(() => jest.restoreAllMocks());

const card = (locale = 'en', slug = 'wetlands', headers = {}) =>
  app.inject({ url: `/${locale}/p/${slug}/card.png`, headers });

/** Width, height and the brightness of a point, from the PNG itself (PNG specification, filters of 4 bytes a pixel). */
function readPng(png: Buffer) {
  expect(png.subarray(1, 4).toString()).toBe('PNG');
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  const pieces: Buffer[] = [];
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT')
      pieces.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
  }
  const raw = inflateSync(Buffer.concat(pieces));
  const row = width * 4;
  const pixels = Buffer.alloc(row * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < row; x++) {
      const left = x >= 4 ? pixels[y * row + x - 4]! : 0;
      const up = y > 0 ? pixels[(y - 1) * row + x]! : 0;
      const corner = x >= 4 && y > 0 ? pixels[(y - 1) * row + x - 4]! : 0;
      const guess = left + up - corner;
      const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
      const paeth = a <= b && a <= c ? left : b <= c ? up : corner;
      const filter = [0, left, up, (left + up) >> 1, paeth][raw[y * (row + 1)]!]!;
      pixels[y * row + x] = raw[y * (row + 1) + 1 + x]! + filter;
    }
  }
  /** How many pixels of a box are written on: nearly white. */
  const ink = (x0: number, y0: number, x1: number, y1: number) => {
    let n = 0;
    for (let y = y0; y < y1; y++) for (let x = x0; x < x1; x++) if (pixels[y * row + x * 4]! > 200) n += 1;
    return n;
  };
  const colour = (x: number, y: number) => `#${pixels.toString('hex', y * row + x * 4, y * row + x * 4 + 3)}`;
  return { width, height, ink, colour };
}

test.each(['en', 'fa'])(
  'is a picture of 1200 x 630 in %s, small, for every site, and can be asked for conditionally',
  async (locale) => {
    const answer = await card(locale);
    expect(answer.statusCode).toBe(200);
    expect(answer.headers).toMatchObject({
      'content-type': 'image/png',
      'cross-origin-resource-policy': 'cross-origin',
      'cache-control': 'public, max-age=60, stale-while-revalidate=600',
      etag: expect.stringMatching(/^"/),
    });
    expect(readPng(answer.rawPayload)).toMatchObject({ width: 1200, height: 630 });
    expect(answer.rawPayload.length).toBeLessThan(150 * 1024);
    const again = await card(locale, 'wetlands', { 'if-none-match': answer.headers.etag });
    expect([again.statusCode, again.rawPayload.length]).toEqual([304, 0]);
  },
);

const words = {
  ...{ locale: 'en', textLocale: 'en', eyebrow: 'Petition to the Committee', count: '12 confirmed signatures' },
  ...{ title: 'Keep the wetlands wet', siteName: 'River Friends' },
};
const inLanguages = {
  en: words,
  fa: {
    ...{ ...words, locale: 'fa', textLocale: 'fa', eyebrow: 'دادخواست خطاب به \u2068کمیسیون آب\u2069' },
    ...{ title: 'تالاب‌ها را زنده نگه داریم: «مجوز زهکشی» را متوقف کنید!', count: 'بیش از ۶٬۴۰۰ امضای تأییدشده' },
  },
  ar: {
    ...{ ...words, locale: 'ar', textLocale: 'ar', eyebrow: 'عريضة إلى \u2068لجنة المياه\u2069' },
    ...{
      title: 'حافظوا على الأراضي الرطبة: أوقفوا «تصريح الصرف» رقم 114.',
      count: 'أكثر من 6,400 من التوقيعات المؤكَّدة',
    },
  },
  de: {
    ...{ ...words, locale: 'de', textLocale: 'de', eyebrow: 'Petition an \u2068den Ausschuss für Wasser\u2069' },
    ...{
      title: 'Moore nass halten: „Entwässerungsgenehmigung“ größtenteils aussetzen',
      count: 'Mehr als 6.400 bestätigte Unterschriften',
    },
  },
};

test('wears the colour and the name that the site was given', async () => {
  const ada = await signIn(app, 'ada');
  const before = readPng((await card()).rawPayload);
  expect([before.colour(5, 5), before.colour(5, 600)]).toEqual(['#0b5c53', '#08453e']);
  const dressed = { colour: '#7a1f5c', names: { en: 'Voices of the river' }, imprint: {} };
  expect((await ada.api('PUT', '/api/v1/appearance', dressed)).statusCode).toBe(200);
  const { colour, ink } = readPng((await card()).rawPayload);
  expect([colour(5, 5), colour(5, 600)]).toEqual(['#7a1f5c', '#551640']);
  expect(ink(78, 80, 400, 125)).toBeGreaterThan(30);
  const nameOnIt = [800, 560, 1122, 610] as const;
  expect(ink(...nameOnIt)).toBeGreaterThan(before.ink(...nameOnIt) * 1.1);
  await ada.api('PUT', '/api/v1/appearance', { colour: null, names: {}, imprint: {} });
});

test('Persian and Arabic begin on the right, English and German on the left', async () => {
  for (const [locale, said] of Object.entries(inLanguages)) {
    const png = await drawCard(said);
    if (gallery) writeFileSync(join(gallery, `card-${locale}.png`), png);
    const { ink } = readPng(png);
    // At the edge where lines begin, and beside the picture's other edge, in the rows of the eyebrow.
    const ends = { left: ink(78, 80, 140, 125) > 30, right: ink(1060, 80, 1122, 125) > 30 };
    expect({ locale, ...ends }).toEqual({ locale, left: !'fa ar'.includes(locale), right: 'fa ar'.includes(locale) });
  }
});

test('there is none of what nobody may see, or of what does not exist', async () => {
  await app.get(Petitions).create(
    NewPetition.parse({
      ...{ slug: 'not-yet', startedBy: 'Olga' },
      texts: { en: { title: 'A draft', ask: 'Ask', addressee: 'somebody', body: 'Why' } },
    }),
    'draft',
    'system',
  );
  for (const url of [
    '/en/p/not-yet/card.png',
    '/en/p/nothing/card.png',
    '/xx/p/wetlands/card.png',
    '/en/p/not-yet/qr.svg',
  ])
    expect((await app.inject({ url })).statusCode).toBe(404);
});

test('a signature a second does not draw a picture a second, and in time the count is right', async () => {
  const cards = app.get(Cards);
  // Drawing takes long on a busy machine: only this clock says how old a picture is.
  const now = Date.now();
  const clock = jest.spyOn(Date, 'now').mockImplementation(() => now);
  const before = await cards.png('wetlands', 'en');
  await confirm(app, await askForLink(app));
  expect(await countOf(app)).toBe(1);
  expect(await cards.png('wetlands', 'en')).toBe(before);
  clock.mockImplementation(() => now + 61_000);
  const [one, other] = await Promise.all([cards.png('wetlands', 'en'), cards.png('wetlands', 'en')]);
  expect(one).toBe(other);
  expect(one.equals(before)).toBe(false);
});

test('new words are on the card at once', async () => {
  const before = (await app.inject({ url: '/fa/p/wetlands/card.png?a' })).rawPayload;
  const petition = await app.get(Petitions).find('wetlands');
  const text = app.get(Petitions).text(petition, 'fa');
  const { ask, addressee, body, sources, persons, timeline } = text;
  await app.get(PetitionTexts).write(
    'wetlands',
    'fa',
    {
      ...{ title: 'رودها را زنده نگه دارید', ask, addressee, body, sources, persons, timeline },
      ...{ reason: 'Better words', previousSha256: text.sha256.toString('hex'), originalSha256: null },
    },
    { kind: 'staff', id: '01900000-0000-7000-8000-000000000000', name: 'Olga', rights: [] },
  );
  expect((await app.inject({ url: '/fa/p/wetlands/card.png?b' })).rawPayload.equals(before)).toBe(false);
});

test.each([
  [0, 0, false],
  [7, 7, false],
  [99, 99, false],
  [100, 100, false],
  [101, 100, true],
  [6421, 6400, true],
  [1_234_567, 1_200_000, true],
])('%i signatures are shown as %i', (count, n, more) => {
  expect(roundedCount(count)).toEqual({ n, more });
});

/** Every letter half as wide as it is high. */
const half = (text: string) => text.length / 2;
const sizeOf = (svg: string) =>
  Number(/font-size="(\d+)" font-weight="700" fill="#fff" fill-opacity="1">\u2066[^<]*<\/text>/.exec(svg)![1]);

test('the longest title and addressee stay on the card, in smaller letters', () => {
  const long = cardSvg(
    { ...words, title: 'Many long words '.repeat(13).slice(0, 200), eyebrow: 'To '.repeat(150) },
    half,
  );
  expect(sizeOf(long)).toBeLessThan(sizeOf(cardSvg(words, half)));
  expect(long.match(/<text /g)!.length).toBeLessThanOrEqual(9);
  expect(long).toContain('…');
  const one = cardSvg({ ...words, title: 'x'.repeat(200) }, half);
  for (const [, line] of one.matchAll(/>\u2066([^<]*)\u2069</g)) expect(half(line!) * 34).toBeLessThanOrEqual(1040);
});

test('words cannot become markup of the picture', () => {
  const svg = cardSvg({ ...words, title: '</text><image href="file:///etc/passwd"/> & "x"' }, half);
  expect(svg).not.toContain('<image');
  expect(svg).toContain('&lt;/text&gt;&lt;image');
});

test('each line says in which direction it runs', () => {
  const svg = cardSvg({ ...words, locale: 'fa', textLocale: 'en', count: '۱۲ امضای تأییدشده' }, half);
  expect(svg).toContain('\u2067۱۲ امضای تأییدشده\u2069');
  expect(svg).toContain('\u2066Keep the wetlands wet\u2069');
});
