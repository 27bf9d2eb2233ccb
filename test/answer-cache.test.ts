import { createServer, type RequestListener, request, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { AnswerCache } from '../src/site/answer-cache.js';
import { Pressure } from '../src/site/pressure.js';
import { startApp, type TestApp } from './support/app.js';
import { overOneLine } from './support/line.js';

const path = '/api/v1/petitions/1988-investigation/count.json';

interface Got {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

const get = (port: number, url: string, headers: Record<string, string> = {}, method = 'GET') =>
  new Promise<Got>((resolve, reject) => {
    request({ port, path: url, headers, method, agent: false }, (answer) => {
      const pieces: Buffer[] = [];
      answer.on('data', (piece: Buffer) => pieces.push(piece));
      answer.on('end', () =>
        resolve({ status: answer.statusCode!, headers: answer.headers, body: Buffer.concat(pieces) }),
      );
    })
      .on('error', reject)
      .end();
  });

const cacheable = { 'cache-control': 'public, max-age=60, stale-while-revalidate=10' };

describe('answers kept for everybody', () => {
  let asked: number;
  let open: boolean;
  let cache: AnswerCache;
  let close = () => Promise.resolve();

  beforeEach(() => {
    asked = 0;
    open = true;
    cache = new AnswerCache();
  });
  afterEach(() => close());

  /** @returns a port behind which `handler` answers, or the cache for it */
  async function behind(handler: RequestListener): Promise<number> {
    const server = createServer(
      cache.before(
        (asking, answer) => {
          asked++;
          handler(asking, answer);
        },
        () => open,
      ),
    );
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    close = () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      });
    return (server.address() as AddressInfo).port;
  }

  describe('over a connection that stays', () => {
    const asks = (url: string, more = '') => `GET ${url} HTTP/1.1\r\nhost: test\r\n${more}\r\n`;
    const withoutDate = (answer: string) => answer.replace(/^date: .*\r\n/im, '');
    const dateOf = (answer: string) => Date.parse(/^date: (.*)$/im.exec(answer)![1]!);
    const headersOf = (answer: string) => withoutDate(answer).split('\r\n\r\n')[0]!.toLowerCase().split('\r\n');
    const bodyOf = (answer: string) => Buffer.from(answer.split('\r\n\r\n')[1]!, 'latin1').toString();
    const tells =
      (text: (url: string) => string): RequestListener =>
      (asking, answer) => {
        const body = Buffer.from(text(asking.url!));
        answer.writeHead(200, { ...cacheable, 'x-url': asking.url!, 'content-length': body.length }).end(body);
      };

    it('sends what Node wrote in this second again, byte for byte, and anew in the next', async () => {
      const port = await behind(tells((url) => `سلام ${url}`));
      const heads = jest.spyOn(ServerResponse.prototype, 'writeHead');
      const { answers } = await overOneLine(
        port,
        Array.from({ length: 6 }, () => asks('/a')),
      );
      expect(asked).toBe(1);
      // The handler's, one of this second, and maybe one of the next.
      expect(heads.mock.calls.length).toBeLessThan(4);
      heads.mockRestore();
      expect(new Set(answers.map(bodyOf))).toEqual(new Set(['سلام /a']));
      // All of the framework's own headers, and none twice.
      for (const answer of answers) expect(headersOf(answer).toSorted()).toEqual(headersOf(answers[0]!).toSorted());
      expect(new Set(answers.slice(1).map(withoutDate)).size).toBe(1);
      await new Promise((later) => setTimeout(later, 1100));
      const [later] = (await overOneLine(port, [asks('/a')])).answers;
      expect(asked).toBe(1);
      expect(dateOf(later!)).toBeGreaterThan(dateOf(answers[5]!));
    });

    it('never gives one answer for another, nor the old one when it has changed', async () => {
      let version = 1;
      const port = await behind(tells((url) => `${url} ${version}`));
      const bodies = async (...urls: string[]) => {
        const { answers } = await overOneLine(
          port,
          urls.map((url) => asks(url)),
        );
        return answers.map(bodyOf);
      };
      expect(await bodies('/a', '/b', '/a', '/b', '/a', '/b')).toEqual([
        '/a 1',
        '/b 1',
        '/a 1',
        '/b 1',
        '/a 1',
        '/b 1',
      ]);
      version = 22;
      cache.expire();
      expect(await bodies('/a', '/a', '/a', '/b', '/b')).toEqual(['/a 22', '/a 22', '/a 22', '/b 22', '/b 22']);
    });

    it('tells whoever wants to go that the connection ends', async () => {
      const port = await behind(tells(() => 'whole'));
      const closing = asks('/a', 'connection: close\r\n');
      const { answers, ended } = await overOneLine(port, [asks('/a'), asks('/a'), asks('/a'), closing]);
      expect(answers[2]).toMatch(/^connection: keep-alive\r$/im);
      expect(answers[3]).toMatch(/^connection: close\r$/im);
      expect(answers[3]).not.toMatch(/keep-alive/i);
      expect(ended).toBe(true);
      expect(await overOneLine(port, ['GET /a HTTP/1.0\r\n\r\n'])).toMatchObject({ ended: true });
    });
  });

  it('gives the same bytes and headers again, in pieces or whole', async () => {
    const whole = '{"سلام":1}';
    const port = await behind((asking, answer) => {
      answer.setHeader('x-set', 'before');
      answer.writeHead(200, { ...cacheable, 'content-type': 'text/plain; charset=utf-8' });
      if (asking.url === '/pieces') answer.write(whole.slice(0, 4));
      answer.end(asking.url === '/pieces' ? Buffer.from(whole.slice(4)) : whole);
    });
    for (const url of ['/whole', '/pieces']) {
      const first = await get(port, url);
      const again = await get(port, url);
      expect(first.body.toString()).toBe(whole);
      expect(again.body.toString()).toBe(whole);
      expect(again.headers).toMatchObject({
        ...cacheable,
        'x-set': 'before',
        'content-type': 'text/plain; charset=utf-8',
        'content-length': String(Buffer.byteLength(whole)),
      });
      expect(again.headers['transfer-encoding']).toBeUndefined();
    }
    expect(asked).toBe(2);
  });

  it.each([
    ['a cookie', '/a', { cookie: 'a=b' }, 'GET'],
    ['an authorization', '/a', { authorization: 'Bearer x' }, 'GET'],
    ['a range', '/a', { range: 'bytes=0-1' }, 'GET'],
    ['a body', '/a', { 'content-length': '0' }, 'GET'],
    ['a query', '/a?b=c', {}, 'GET'],
    ['another method', '/a', {}, 'POST'],
  ])('lets %s pass by', async (_, url, headers, method) => {
    const port = await behind((_asking, answer) => void answer.writeHead(200, cacheable).end('x'));
    await get(port, '/a');
    await get(port, url, headers, method);
    await get(port, url, headers, method);
    expect(asked).toBe(3);
  });

  it.each([
    ['no permission', 200, {}],
    ['a private answer', 200, { 'cache-control': 'private, max-age=60' }],
    ['no-store', 200, { 'cache-control': 'no-store' }],
    ['a cookie', 200, { ...cacheable, 'set-cookie': 'a=b' }],
    ['an answer that varies', 200, { ...cacheable, vary: 'cookie' }],
    ['an error', 503, cacheable],
    ['a redirection', 303, { ...cacheable, location: '/b' }],
  ])('keeps nothing with %s', async (_, status, headers) => {
    const port = await behind((_asking, answer) => void answer.writeHead(status, headers).end('x'));
    await get(port, '/a');
    expect(await get(port, '/a')).toMatchObject({ status });
    expect(asked).toBe(2);
  });

  it('says "not modified" to who has it already', async () => {
    const port = await behind(
      (_asking, answer) => void answer.writeHead(200, { ...cacheable, etag: 'W/"1"' }).end('x'),
    );
    await get(port, '/a');
    const has = await get(port, '/a', { 'if-none-match': 'W/"1"' });
    expect(has).toMatchObject({ status: 304, headers: { ...cacheable, etag: 'W/"1"' } });
    expect(has.body).toHaveLength(0);
    expect(await get(port, '/a', { 'if-none-match': 'W/"0"' })).toMatchObject({ status: 200 });
    expect(asked).toBe(1);
  });

  it('is renewed once by visitors who all have it already', async () => {
    const port = await behind((asking, answer) => {
      if (asking.headers['if-none-match'] === '"one"') return answer.writeHead(304, { etag: '"one"' }).end();
      answer.writeHead(200, { ...cacheable, etag: '"one"' }).end('one');
    });
    await get(port, '/x');
    cache.expire();
    const answers = [];
    for (let n = 0; n < 5; n += 1) answers.push(await get(port, '/x', { 'if-none-match': '"one"' }));
    expect(asked).toBe(2);
    expect(answers.map(({ status }) => status)).toEqual([200, 304, 304, 304, 304]);
  });

  it('makes an answer anew when something has changed, for one visitor, and the others do not wait', async () => {
    let number = 0;
    let release = () => {};
    const port = await behind((_asking, answer) => {
      const say = () => void answer.writeHead(200, cacheable).end(String(number));
      if (number === 0) say();
      else release = say;
    });
    await get(port, '/a');
    number = 1;
    expect((await get(port, '/a')).body.toString()).toBe('0');
    cache.expire();
    const renewing = get(port, '/a');
    for (let turn = 0; asked < 2 && turn < 10_000; turn++) await new Promise(setImmediate);
    expect((await get(port, '/a')).body.toString()).toBe('0');
    release();
    expect((await renewing).body.toString()).toBe('1');
    expect((await get(port, '/a')).body.toString()).toBe('1');
    expect(asked).toBe(2);
  });

  it('forgets an answer that is not for everybody any more', async () => {
    let headers: Record<string, string> = cacheable;
    const held: (() => void)[] = [];
    const port = await behind((_asking, answer) => {
      const say = () => void answer.writeHead(200, headers).end('x');
      if (asked > 2) held.push(say);
      else say();
    });
    await get(port, '/a');
    cache.expire();
    headers = {};
    await get(port, '/a');
    // Nobody is given the old one while the next is made.
    const both = Promise.allSettled([get(port, '/a'), get(port, '/a')]);
    for (let turn = 0; held.length < 2 && turn < 10_000; turn++) await new Promise(setImmediate);
    expect(held).toHaveLength(2);
    held.forEach((say) => say());
    await both;
    expect(asked).toBe(4);
  });

  it('tries again after a renewal that failed', async () => {
    let broken = false;
    const port = await behind((_asking, answer) => {
      if (broken) answer.destroy();
      else answer.writeHead(200, cacheable).end('x');
    });
    await get(port, '/a');
    cache.expire();
    broken = true;
    await expect(get(port, '/a')).rejects.toThrow();
    broken = false;
    expect(await get(port, '/a')).toMatchObject({ status: 200 });
    expect(asked).toBe(3);
  });

  it('holds a bounded number of bytes, and no large answer', async () => {
    const port = await behind((asking, answer) => {
      answer.writeHead(200, cacheable).end(Buffer.alloc(asking.url === '/large' ? 300_000 : 200_000));
    });
    await get(port, '/large');
    await get(port, '/large');
    expect(asked).toBe(2);
    for (let at = 0; at < 100; at++) await get(port, `/${at}`);
    await get(port, '/0');
    await get(port, '/99');
    expect(asked).toBe(103);
  });

  it('holds a bounded number of small answers, however they are asked for', async () => {
    const port = await behind((_asking, answer) => void answer.writeHead(200, cacheable).end('x'));
    const as = (at: number) => get(port, '/a', { 'accept-encoding': `${'x'.repeat(8000)}${at}` });
    for (let at = 0; at < 1500; at++) await as(at);
    await as(0);
    await as(1499);
    expect(asked).toBe(1501);
  });

  it('leaves a server that stops to answer for itself', async () => {
    const port = await behind((_asking, answer) => void answer.writeHead(200, cacheable).end('x'));
    await get(port, '/a');
    open = false;
    await get(port, '/a');
    expect(asked).toBe(2);
  });
});

describe('the application behind it', () => {
  let app: TestApp;
  let port: number;

  beforeAll(async () => {
    const { seed } = await import('../src/seed.js');
    app = await startApp();
    await seed(app.nest);
    await app.nest.listen(0, '127.0.0.1');
    port = (app.nest.getHttpServer().address() as AddressInfo).port;
  });
  afterAll(() => app.close());

  it('gives the count and the page with every header that they have without it', async () => {
    for (const url of [path, '/en/p/1988-investigation', '/fa']) {
      const without = await get(port, `${url}?`);
      await get(port, url);
      const kept = await get(port, url);
      expect(kept.status).toBe(200);
      expect(kept.headers['cache-control']).toMatch('public, max-age=1');
      const { date: _, ...headers } = kept.headers;
      expect(headers).toEqual(expect.objectContaining({ 'content-security-policy': expect.any(String) }));
      expect(Object.keys(headers).toSorted()).toEqual(
        Object.keys(without.headers)
          .filter((name) => name !== 'date')
          .toSorted(),
      );
      expect(kept.body.length).toBe(without.body.length);
    }
  });

  it('gives each browser the encoding it asked for', async () => {
    const url = '/en/p/1988-investigation';
    for (const _ of [1, 2]) {
      const plain = await get(port, url);
      const packed = await get(port, url, { 'accept-encoding': 'gzip' });
      expect([plain.status, packed.status]).toEqual([200, 200]);
      expect(packed.headers['content-encoding']).toBe('gzip');
      expect(plain.headers['content-encoding']).toBeUndefined();
      expect(gunzipSync(packed.body).toString()).toContain('<html');
      expect(plain.body.toString()).toContain('<html');
    }
  });

  it('renders a page for each visitor while each needs a challenge of her own', async () => {
    const pressure = app.get(Pressure);
    const on = jest.spyOn(pressure, 'isOn').mockResolvedValue(true);
    try {
      const url = '/fa/p/1988-investigation';
      const [one, two] = [await get(port, url), await get(port, url)];
      expect(one.status).toBe(200);
      expect(one.headers['cache-control']).toBeUndefined();
      expect(one.body.equals(two.body)).toBe(false);
    } finally {
      on.mockRestore();
    }
  });
});
