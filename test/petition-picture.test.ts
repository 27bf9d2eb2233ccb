import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../src/config/root.js';
import { readPicture } from '../src/site/pictures.js';
import { startApp, type TestApp } from './support/app.js';
import { type SignedIn, signIn } from './support/cast.js';
import { multipart } from './support/multipart.js';
import { openPetition, reviewed } from './support/petitions.js';

const fixture = (name: string) => readFileSync(join(projectRoot, 'test/fixtures/pictures', name));
const jpeg = fixture('plain.jpg');

/** A segment of a JPEG. */
function segment(marker: number, content: Buffer): Buffer {
  const head = Buffer.of(0xff, marker, 0, 0);
  head.writeUInt16BE(content.length + 2, 2);
  return Buffer.concat([head, content]);
}

/** As a telephone writes it: which side is up, and where it was taken. */
function exif(orientation: number, little = false): Buffer {
  const tiff = Buffer.alloc(64);
  tiff.write(little ? 'II\x2a\0' : 'MM\0\x2a', 'latin1');
  const short = (value: number, at: number) => (little ? tiff.writeUInt16LE(value, at) : tiff.writeUInt16BE(value, at));
  const long = (value: number, at: number) => (little ? tiff.writeUInt32LE(value, at) : tiff.writeUInt32BE(value, at));
  long(8, 4);
  short(2, 8);
  short(0x0112, 10);
  short(3, 12);
  long(1, 14);
  short(orientation, 18);
  short(0x8825, 22);
  short(4, 24);
  long(1, 26);
  long(38, 30);
  tiff.write('GPS 35.6892N 51.3890E', 38, 'latin1');
  return segment(0xe1, Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff]));
}
const withSegments = (...segments: Buffer[]) => Buffer.concat([jpeg.subarray(0, 2), ...segments, jpeg.subarray(2)]);

/** Chunks of a WebP put into another one. */
function webp(...chunks: [type: string, content: Buffer][]): Buffer {
  const body = Buffer.concat(
    chunks.map(([type, content]) => {
      const size = Buffer.alloc(4);
      size.writeUInt32LE(content.length);
      return Buffer.concat([Buffer.from(type, 'latin1'), size, content, Buffer.alloc(content.length % 2)]);
    }),
  );
  const head = Buffer.from('RIFF\0\0\0\0WEBP', 'latin1');
  head.writeUInt32LE(body.length + 4, 4);
  return Buffer.concat([head, body]);
}

describe('a picture is read by its content, and written without what it should not tell', () => {
  test.each([
    ['plain.png', 'image/png', 20, 10],
    ['plain.jpg', 'image/jpeg', 48, 32],
    ['progressive.jpg', 'image/jpeg', 48, 32],
    ['lossy.webp', 'image/webp', 48, 32],
    ['alpha.webp', 'image/webp', 20, 10],
  ])('%s', (name, type, width, height) => {
    const read = readPicture(fixture(name))!;
    expect(read).toMatchObject({ type, width, height });
    // What was written is read again as the same.
    expect(readPicture(read.bytes)).toEqual(read);
  });

  test('place, time, camera, words, thumbnails and what stands behind the end of a JPEG', () => {
    const secrets = [
      exif(1),
      segment(0xe1, Buffer.from('http://ns.adobe.com/xap/1.0/\0<x:GPSLatitude>35,41N</x:GPSLatitude>')),
      segment(0xe0, Buffer.from('JFXX\0thumbnail of a face')),
      segment(0xe2, Buffer.from('ICC_PROFILE\0Canary phone')),
      segment(0xed, Buffer.from('Photoshop 3.0\0Canary city')),
      segment(0xfe, Buffer.from('Canary comment')),
    ];
    const file = Buffer.concat([withSegments(...secrets), Buffer.from('Canary film behind the end')]);
    const read = readPicture(file)!;
    expect(read.bytes.toString('latin1')).not.toMatch(/Exif|GPS|35|thumbnail|Canary|adobe|Photoshop/);
    expect(read.bytes.subarray(-2)).toEqual(Buffer.of(0xff, 0xd9));
    // The picture itself is byte for byte as it was.
    expect(read.bytes).toEqual(readPicture(jpeg)!.bytes);
  });

  test.each([
    [3, 48, 32, false],
    [6, 32, 48, false],
    [8, 32, 48, true],
  ])('a JPEG turned %i stays the right way up, and tells nothing else', (turned, width, height, little) => {
    const read = readPicture(withSegments(exif(turned, little)))!;
    expect(read).toMatchObject({ width, height });
    expect(read.bytes.toString('latin1')).not.toContain('GPS');
    expect(readPicture(read.bytes)).toEqual(read);
  });

  test('the same of a WebP, whose flags say what is left', () => {
    const lossy = fixture('lossy.webp');
    const vp8 = lossy.subarray(20, 20 + lossy.readUInt32LE(16));
    const head = Buffer.alloc(10);
    head[0] = 0x20 | 0x08 | 0x04;
    head.writeUIntLE(47, 4, 3);
    head.writeUIntLE(31, 7, 3);
    const chunks: [string, Buffer][] = [
      ['VP8X', head],
      ['ICCP', Buffer.from('Canary profile')],
      ['VP8 ', vp8],
      ['EXIF', Buffer.from('GPS 35.6892N!')],
      ['XMP ', Buffer.from('Canary words')],
      ['odd ', Buffer.from('Canary')],
    ];
    const read = readPicture(Buffer.concat([webp(...chunks), Buffer.from('Canary')]))!;
    expect(read).toMatchObject({ type: 'image/webp', width: 48, height: 32 });
    expect(read.bytes.toString('latin1')).not.toMatch(/GPS|Canary|EXIF|ICCP|XMP|odd /);
    expect(read.bytes[20]).toBe(0);
    expect(read.bytes.readUInt32LE(4)).toBe(read.bytes.length - 8);
    head[0] = 0x02;
    expect(readPicture(webp(['VP8X', head], ['VP8 ', vp8]))).toBeNull();
  });

  test('what is cut off, or is something else, is none; nothing makes the reading hang or throw', () => {
    for (const text of ['', '<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', 'GIF89a', '%PDF-1.7'])
      expect(readPicture(Buffer.from(text))).toBeNull();
    for (const name of ['plain.png', 'plain.jpg', 'progressive.jpg', 'lossy.webp', 'alpha.webp']) {
      const file = fixture(name);
      for (let cut = 0; cut < file.length; cut += Math.ceil(file.length / 60))
        expect({ name, cut, read: readPicture(file.subarray(0, cut)) }).toEqual({ name, cut, read: null });
      fc.assert(
        fc.property(fc.nat(file.length - 1), fc.nat(255), (at, byte) => {
          const broken = Buffer.from(file);
          broken[at] = byte;
          const read = readPicture(broken);
          if (read) expect(readPicture(read.bytes)).not.toBeNull();
        }),
        { numRuns: 200 },
      );
    }
  });
});

describe('the picture of a petition', () => {
  let app: TestApp;
  let olga: SignedIn;
  let amir: SignedIn;
  beforeEach(async () => {
    app = await startApp({ LIMITS: 'off' });
    await openPetition(app);
    [olga, amir] = [await signIn(app, 'olga'), await signIn(app, 'amir')];
  });
  afterEach(() => app.close());

  const api = '/api/v1/petitions/wetlands/picture';
  const words = { 'alt-en': 'A dry well', 'alt-fa': 'چاهی خشک', credit: 'Sara, CC BY' };
  const page = '/en/console/petitions/wetlands/picture';
  async function upload(bytes: Buffer | null, fields: Record<string, string> = words, who = olga, url = page) {
    const files = bytes ? [{ name: 'IMG_2041.jpg', bytes }] : [];
    const { payload, headers } = await multipart({ _csrf: who.csrf, ...fields }, files);
    return app.inject({ method: 'POST', url, payload, headers: { ...headers, cookie: who.cookie } });
  }
  const view = async () => (await olga.api('GET', api)).json<{ url: string; alt: Record<string, string> }>();
  const later = () => new Promise((done) => setTimeout(done, 1100));
  const shown = async (locale = 'en') =>
    /<figure class="picture">[^]*?<\/figure>/.exec((await app.inject({ url: `/${locale}/p/wetlands` })).body)?.[0];

  test('stands under the ask with its size, its words and whose it is, and is kept for ever under its address', async () => {
    expect(await shown()).toBeUndefined();
    expect((await upload(withSegments(exif(6)))).statusCode).toBe(303);
    await later();
    const { url } = await view();
    expect(url).toMatch(/^\/petition-pictures\/wetlands\/[0-9a-f]{12}\.jpg$/);
    const html = (await shown())!;
    expect(html).toContain(`<img src="${url}" width="32" height="48" decoding="async" alt="A dry well">`);
    expect(html).toContain('<bdi>Sara, CC BY</bdi>');
    expect(await shown('fa')).toContain('alt="چاهی خشک"');
    // Nobody has said it in German: the words of the original, marked.
    expect(await shown('de')).toContain('alt="A dry well" lang="en"');
    const file = await app.inject({ url });
    expect(file.headers).toMatchObject({
      'content-type': 'image/jpeg',
      'cache-control': 'public, max-age=31536000, immutable',
      'content-security-policy': "default-src 'none'; sandbox",
      'x-content-type-options': 'nosniff',
    });
    expect(file.rawPayload.toString('latin1')).not.toContain('GPS');
    const { entries } = (await (await signIn(app, 'ada')).api('GET', '/api/v1/audit?subject=wetlands')).json<{
      entries: { action: string }[];
    }>();
    expect(entries[0]!.action).toBe('petition.picture-changed');
  });

  test('its words change without it, another one has another address, and a removed one is gone', async () => {
    await upload(jpeg);
    const first = await view();
    expect((await upload(null, { 'alt-en': 'A dried-up well', credit: '' })).statusCode).toBe(303);
    expect(await view()).toEqual({ ...first, alt: { en: 'A dried-up well' }, credit: null });
    await upload(fixture('lossy.webp'));
    const second = await view();
    expect(second.url).not.toBe(first.url);
    expect((await app.inject({ url: first.url })).statusCode).toBe(404);
    expect((await app.inject({ url: second.url })).headers['content-type']).toBe('image/webp');
    expect((await olga.post(`${page}/removal`)).statusCode).toBe(303);
    expect((await app.inject({ url: second.url })).statusCode).toBe(404);
    await later();
    expect(await shown()).toBeUndefined();
    expect((await olga.api('DELETE', api)).statusCode).toBe(404);
  });

  test.each([
    ['file', null, words],
    ['file', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), words],
    ['file', Buffer.alloc(401 * 1024, jpeg), words],
    ['alt-en', jpeg, { ...words, 'alt-en': ' ' }],
    ['alt-fa', jpeg, { ...words, 'alt-fa': 'x'.repeat(301) }],
    ['credit', jpeg, { ...words, credit: 'two\nlines' }],
  ])('refuses what is wrong with %s beside it, and keeps what was typed', async (field, bytes, fields) => {
    const answer = await upload(bytes, fields);
    expect(answer.statusCode).toBe(422);
    expect(answer.body).toContain(`id="${field}-error"`);
    expect(answer.body).toContain(field === 'credit' ? 'A dry well' : 'Sara, CC BY');
    expect((await olga.api('GET', api)).statusCode).toBe(404);
  });

  test('a program sends it as the body, with its words in the address', async () => {
    const put = (url: string, who = olga) =>
      app.inject({
        ...{ method: 'PUT', url, payload: fixture('plain.png') },
        headers: { authorization: `Bearer ${who.token}`, 'content-type': 'image/png' },
      });
    expect((await put(`${api}?credit=Sara`)).json()).toMatchObject({ errors: [{ field: 'alt-en', code: 'required' }] });
    const answer = await put(`${api}?alt-en=A%20well&credit=Sara`);
    expect(answer.json()).toMatchObject({
      type: 'image/png',
      width: 20,
      height: 10,
      alt: { en: 'A well' },
      credit: 'Sara',
    });
    const vera = await signIn(app, 'vera');
    expect((await put(`${api}?alt-en=x`, vera)).statusCode).toBe(403);
    expect((await upload(jpeg, words, vera)).statusCode).toBe(403);
    const stranger = await multipart(words, [{ name: 'x.jpg', bytes: jpeg }]);
    expect((await app.inject({ method: 'POST', url: page, ...stranger })).statusCode).toBe(303);
  });

  test('is no part of what is signed; a reviewer sees it first, and whoever chose it does not open the petition', async () => {
    const draft = {
      slug: 'mill',
      startedBy: 'R',
      texts: { en: { title: 'Mill', ask: 'A', addressee: 'T', body: 'B' } },
    };
    const ada = await signIn(app, 'ada');
    await ada.api('POST', '/api/v1/petitions', draft);
    const { textsSha256 } = (await ada.api('POST', '/api/v1/petitions/mill/review')).json<{ textsSha256: string }>();
    const send = (who: SignedIn) => upload(jpeg, words, who, '/en/console/petitions/mill/picture');
    expect((await send(olga)).statusCode).toBe(303);
    // It went back to its authors: what a reviewer has read was without the picture.
    const opening = () => amir.api('POST', '/api/v1/petitions/mill/opening', reviewed(textsSha256));
    expect((await opening()).statusCode).toBe(409);
    await ada.api('POST', '/api/v1/petitions/mill/review');
    const review = (await amir.get('/en/console/petitions/mill/review')).body;
    const address = /<img src="([^"]+\/picture\/files\/[^"]+)"/.exec(review)![1]!;
    expect((await amir.get(address)).headers['content-type']).toBe('image/jpeg');
    // Nobody else sees it before the petition is open.
    expect((await app.inject({ url: address })).statusCode).toBe(303);
    const open = address.replace(/.*files/, '/petition-pictures/mill');
    expect((await app.inject({ url: open })).statusCode).toBe(404);
    expect((await opening()).statusCode).toBeLessThan(300);
    expect((await app.inject({ url: open })).statusCode).toBe(200);
    const record = (await amir.api('GET', '/api/v1/petitions/mill')).json<{ textsSha256?: string }>();
    if (record.textsSha256) expect(record.textsSha256).toBe(textsSha256);
    await app.database.query(`UPDATE petitions SET state = 'archived' WHERE slug = 'mill'`);
    expect((await send(olga)).statusCode).toBe(409);
  });
});
