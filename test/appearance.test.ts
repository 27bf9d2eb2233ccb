import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import { contrast, grounds, shadesOf, styleSheet } from '../src/appearance/colour.js';
import { readPng } from '../src/site/png.js';
import { projectRoot } from '../src/config/root.js';
import { AuditService } from '../src/staff/audit.service.js';
import { createApplication } from '../src/application.js';
import { startApp, type TestApp } from './support/app.js';
import { type SignedIn, signIn } from './support/cast.js';
import { serverUrl } from './support/database.js';
import { multipart } from './support/multipart.js';

const chunk = (type: string, data: Buffer) => {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
};
const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
function png(width = 40, height = 20, more: Buffer[] = []): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const lines = deflateSync(Buffer.alloc((width * 3 + 1) * height, 0x60));
  return Buffer.concat([signature, chunk('IHDR', head), ...more, chunk('IDAT', lines), chunk('IEND', Buffer.alloc(0))]);
}

describe('colour', () => {
  test('knows the grounds of app.css', () => {
    const css = readFileSync(join(projectRoot, 'public/app.css'), 'utf8');
    const [light, dark] = [...css.matchAll(/--paper: (\S+);\s+--card: (\S+);[^}]*?--quiet: (\S+);/g)].map(
      ([, paper, card, quiet]) => ({ paper, card: card === '#fff' ? '#ffffff' : card, quiet }),
    );
    expect([light, dark]).toEqual([grounds.light, grounds.dark]);
  });

  test.each([
    ['#000000', '#ffffff', 21],
    ['#777777', '#ffffff', 4.48],
    ['#0b5c53', '#ffffff', 7.87],
  ])('%s on %s has a contrast of %d', (one, other, ratio) => {
    expect(contrast(one, other)).toBeCloseTo(ratio, 1);
    expect(contrast(other, one)).toBe(contrast(one, other));
  });

  test('whatever is taken can be read, light and dark; whatever is refused could not', () => {
    let taken = 0;
    for (let n = 0; n < 4096; n++) {
      const colour = `#${[n >> 8, (n >> 4) & 15, n & 15].map((part) => part.toString(16).repeat(2)).join('')}`;
      const shades = shadesOf(colour);
      if (!shades) {
        expect(contrast(colour, grounds.light.paper) < 4.5 || contrast(colour, grounds.light.quiet) < 3).toBe(true);
        continue;
      }
      taken += 1;
      for (const scheme of ['light', 'dark'] as const) {
        const { brand, brandDeep, onBrand, tint } = shades[scheme];
        const { paper, card, quiet } = grounds[scheme];
        const texts = [paper, card, tint].flatMap((ground) => [contrast(brand, ground), contrast(brandDeep, ground)]);
        texts.push(contrast(onBrand, brand), contrast(onBrand, brandDeep));
        expect({ colour, scheme, least: Math.min(...texts) >= 4.5 && contrast(brand, quiet) >= 3 }).toEqual({
          ...{ colour, scheme },
          least: true,
        });
      }
    }
    expect(taken).toBeGreaterThan(1000);
    expect(styleSheet('#ffff00')).toBeNull();
  });
});

describe('PNG', () => {
  test('is written anew without what tells of its maker, and without what hangs behind its end', () => {
    const text = chunk('tEXt', Buffer.from('Author\0Olga'));
    const file = Buffer.concat([png(40, 20, [text, chunk('eXIf', Buffer.from('GPS'))]), Buffer.from('<script>')]);
    expect(readPng(file)).toEqual({ width: 40, height: 20, bytes: png() });
  });

  const whole = png();
  const twisted = Buffer.from(whole);
  twisted[20]! ^= 1;
  test.each([
    ['nothing', Buffer.alloc(0)],
    ['a drawing', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')],
    ['a signature alone', signature],
    ['a file that is cut off', whole.subarray(0, whole.length - 6)],
    ['a changed byte', twisted],
    ['no picture', Buffer.concat([signature, chunk('IEND', Buffer.alloc(0))])],
    ['a length beyond the end', Buffer.concat([signature, Buffer.from([0xff, 0xff, 0xff, 0xff]), Buffer.alloc(20)])],
    ['no pixels', png(0, 0)],
  ])('is not %s', (_, file) => expect(readPng(file)).toBeNull());
});

describe('the site', () => {
  let app: TestApp;
  let ada: SignedIn;
  beforeAll(async () => {
    app = await startApp({ LIMITS: 'off' });
    ada = await signIn(app, 'ada');
  });
  afterAll(() => app.close());

  const plain = { colour: null, names: {}, imprint: {} };
  const put = (change: object) => ada.api('PUT', '/api/v1/appearance', { ...plain, ...change });
  const page = async (url: string) => (await app.inject({ url })).body;
  const upload = async (file: Buffer, fields: Record<string, string> = { _csrf: ada.csrf }) => {
    const sent = await multipart(fields, [{ name: 'logo.png', bytes: file }]);
    const headers = { ...sent.headers, cookie: ada.cookie };
    return app.inject({ method: 'POST', url: '/en/console/settings/logo', ...sent, headers });
  };

  test('wears a colour from a style sheet of its own, on public pages and in the console, at once', async () => {
    expect(await page('/en')).not.toContain('brand.css');
    expect((await app.inject({ url: '/appearance/brand.css' })).statusCode).toBe(404);
    expect((await put({ colour: '#7A1F5C' })).json()).toMatchObject({ colour: '#7a1f5c', logo: null });
    const address = /href="(\/appearance\/brand\.css\?v=\w{12})"/.exec(await page('/fa'))![1]!;
    expect((await ada.get('/en/console')).body).toContain(address);
    const css = await app.inject({ url: address });
    expect(css.headers['content-type']).toBe('text/css; charset=utf-8');
    expect(css.headers['cache-control']).toContain('immutable');
    expect(css.body).toContain('--brand:#7a1f5c');
    await put({ colour: '#1f3f7a' });
    expect(await page('/fa')).not.toContain(address);
    await put({});
    expect(await page('/fa')).not.toContain('brand.css');
  });

  test.each([
    ['colour', '#ffcc00', 'colour-too-light'],
    ['colour', 'red', 'not-a-colour'],
    ['colour', '#fff', 'not-a-colour'],
    ['colour', '#00000;}body{display:none', 'not-a-colour'],
    ['names-en', 'x'.repeat(61), 'too-long'],
    ['names-fa', 'a\u0000b', 'not-a-name'],
    ['imprint-en', 'a\u0000b', 'invalid'],
    ['imprint-en', 'x'.repeat(4001), 'too-long'],
  ])('refuses %s %j beside the field, and keeps what was entered', async (field, value, code) => {
    const [name, locale] = field.split('-') as [string, string?];
    const answer = await put({ [name]: locale ? { [locale]: value } : value });
    expect(answer.statusCode).toBe(422);
    const path = field.replace('-', '.');
    expect(answer.json<{ errors: object[] }>().errors).toEqual([expect.objectContaining({ field: path, code })]);
    const form = await ada.post('/en/console/settings', { 'names-fa': 'صدای ما', [field]: value });
    expect(form.statusCode).toBe(422);
    expect(form.body).toContain(`id="${field}-error"`);
    if (field !== 'names-fa') expect(form.body).toContain('value="صدای ما"');
    expect((await ada.api('GET', '/api/v1/appearance')).json()).toMatchObject(plain);
  });

  test('has a name for each language, in header and title, escaped; without one it keeps that of the settings', async () => {
    await ada.post('/en/console/settings', { 'names-en': 'Voices <b>& names', 'names-fa': 'صداها' });
    expect(await page('/en')).toContain('Voices &lt;b&gt;&amp; names');
    expect(await page('/fa')).toContain('· صداها</title>');
    expect((await app.inject({ url: '/fa/nowhere' })).body).toContain('صداها');
    await ada.post('/en/console/settings', { 'names-fa': 'صداها' });
    expect(await page('/en')).toContain('· Countersign</title>');
  });

  test('has an imprint once one is written, linked from every public page, without HTML of its own', async () => {
    await put({});
    expect((await app.inject({ url: '/en/imprint' })).statusCode).toBe(404);
    expect(await page('/en')).not.toContain('/en/imprint');
    await put({ imprint: { en: 'We are **Voices**.\n\n<script>alert(1)</script> [x](javascript:alert(1))' } });
    expect(await page('/en/privacy')).toContain('href="/en/imprint"');
    const english = await page('/en/imprint');
    expect(english).toContain('<strong>Voices</strong>');
    expect(english).not.toMatch(/<script>|href="javascript/);
    // Better another language than none.
    expect(await page('/fa/imprint')).toContain('<div class="words" lang="en" dir="ltr">');
    await put({ imprint: { en: 'x', fa: 'ما «صداها» هستیم.' } });
    expect(await page('/fa/imprint')).toContain('<div class="words" lang="fa" dir="rtl">');
    await put({});
    expect((await app.inject({ url: '/en/imprint' })).statusCode).toBe(404);
  });

  test('shows a logo that was sent by form or API, as a picture and nothing else', async () => {
    expect((await upload(png(520, 130, [chunk('tEXt', Buffer.from('Author\0Olga'))]))).statusCode).toBe(303);
    const html = await page('/en');
    const [, address, width, height] = /src="(\/appearance\/logo[^"]+)" width="(\d+)" height="(\d+)"/.exec(html)!;
    expect([width, height]).toEqual(['104', '26']);
    const logo = await app.inject({ url: address! });
    expect(logo.rawPayload.equals(png(520, 130))).toBe(true);
    expect(logo.headers).toMatchObject({
      'content-type': 'image/png',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
    });
    const headers = { authorization: `Bearer ${ada.token}`, 'content-type': 'application/octet-stream' };
    const send = (payload: Buffer) => app.inject({ method: 'PUT', url: '/api/v1/appearance/logo', payload, headers });
    expect((await send(png(26, 26))).json()).toMatchObject({ logo: { width: 26, height: 26 } });
    expect((await send(Buffer.from('<svg/>'))).statusCode).toBe(422);
    expect((await send(Buffer.alloc(201 * 1024))).statusCode).toBe(413);
    expect((await ada.api('DELETE', '/api/v1/appearance/logo')).statusCode).toBe(204);
    expect(await page('/en')).not.toContain('appearance/logo');
    expect((await app.inject({ url: address! })).statusCode).toBe(404);
  });

  test.each([
    ['a drawing', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>')],
    ['nothing', Buffer.alloc(0)],
    ['too much', Buffer.alloc(201 * 1024)],
    ['too wide a picture', png(2001, 1)],
  ])('refuses as a logo %s, beside the field', async (_, file) => {
    const answer = await upload(file);
    expect(answer.statusCode).toBe(422);
    expect(answer.body).toContain('id="file-error"');
    expect((await upload(png(), {})).statusCode).toBe(403);
  });

  test('is dressed by admins alone, and the log says who changed what', async () => {
    const olga = await signIn(app, 'olga');
    expect((await olga.get('/en/console/settings')).statusCode).toBe(403);
    expect((await olga.api('PUT', '/api/v1/appearance', plain)).statusCode).toBe(403);
    await put({ colour: '#1f3f7a', names: { en: 'Voices' } });
    const [newest] = await app.get(AuditService).list({}, 1);
    expect(newest).toMatchObject({
      ...{ actorName: 'Ada (test)', action: 'appearance.changed' },
      detail: { colour: '#1f3f7a', words: ['name en'] },
    });
    await put({});
  });

  test('two who save at once leave the words of one of them', async () => {
    const both = (words: string) => put({ names: { en: words, fa: words }, imprint: { en: words } });
    const answers = await Promise.all([both('one'), both('two'), both('one')]);
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200]);
    const rows: { words: string }[] = await app.database.query(`SELECT words FROM site_texts`);
    expect(rows).toHaveLength(3);
    expect(new Set(rows.map(({ words }) => words)).size).toBe(1);
    await put({});
  });

  (serverUrl ? test : test.skip)('is dressed in every process within seconds', async () => {
    const other = await createApplication(app.settings);
    await other.init();
    try {
      await other.getHttpAdapter().getInstance().ready();
      expect((await other.inject({ url: '/en/privacy' })).body).not.toContain('brand.css');
      await put({ colour: '#1f3f7a' });
      await new Promise((done) => setTimeout(done, 1500));
      expect((await other.inject({ url: '/en/privacy' })).body).toContain('brand.css');
    } finally {
      await other.close();
    }
  });
});
