import { ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { z } from 'zod';
import { FastLane } from '../src/site/fast-lane.js';
import { Limits } from '../src/site/limits.service.js';
import { Pressure } from '../src/site/pressure.js';
import { Switches } from '../src/switches/switches.service.js';
import { startApp, type TestApp } from './support/app.js';
import { overOneLine } from './support/line.js';
import { inbox, openPetition, tokenOf } from './support/petitions.js';

const path = '/api/v1/petitions/wetlands/signatures';
const sara = { name: 'Sara', email: 'sara@example.org', country: 'DE', locale: 'en', consents: { sign: true } };

interface Got {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** What the lane does not take, word for word the same otherwise. */
const roundabout = { 'content-type': 'application/json; charset=utf-8' };

let app: TestApp;
let port: number;
/** How often the lane itself has answered. */
let taken: jest.SpyInstance;

beforeAll(async () => {
  app = await startApp();
  await openPetition(app);
  await app.nest.listen(0, '127.0.0.1');
  port = (app.nest.getHttpServer().address() as AddressInfo).port;
  taken = jest.spyOn(app.get(FastLane) as unknown as { answer: () => void }, 'answer');
});
beforeEach(() => taken.mockClear());
afterAll(() => app.close());

/** Writes the pieces as they are, each as a packet of its own. */
function send(...pieces: (string | Buffer)[]): Promise<Got> {
  return new Promise((done, fail) => {
    const socket = connect(port, '127.0.0.1');
    let read = '';
    socket.setEncoding('utf8').on('data', (text: string) => (read += text));
    socket.on('error', fail).on('close', () => {
      const [head = '', body = ''] = read.split('\r\n\r\n');
      const [first = '', ...lines] = head.split('\r\n');
      const headers = Object.fromEntries(lines.map((line) => line.toLowerCase().split(': ') as [string, string]));
      done({ status: Number(first.split(' ')[1]), headers, body });
    });
    void (async () => {
      for (const piece of pieces) {
        socket.write(piece);
        await new Promise((next) => setTimeout(next, 20));
      }
    })();
  });
}

const head = (method: string, url: string, headers: Record<string, string | number>) =>
  `${method} ${url} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n${Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`;

const ask = (body: unknown, headers: Record<string, string> = {}, url = path) => {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const all = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), ...headers };
  return send(head('POST', url, all) + text);
};

/** The headers that matter to whoever reads the answer. */
const lasting = ({ headers }: Got) => {
  const { date: _, etag: __, vary: ___, ...rest } = headers;
  return rest;
};

it('answers a signature as the framework does, to the last header', async () => {
  const [fast, slow] = [await ask(sara), await ask(sara, roundabout)];
  expect(taken).toHaveBeenCalledTimes(1);
  expect(fast.status).toBe(202);
  expect({ ...fast, headers: lasting(fast) }).toEqual({ ...slow, headers: lasting(slow) });
  expect(fast.headers['content-security-policy']).toMatch("default-src 'none'");
});

it('reads a body that comes in pieces, also in the middle of a letter', async () => {
  const text = Buffer.from(JSON.stringify({ ...sara, name: 'سارا', email: 'pieces@example.org' }));
  const begun = head('POST', path, { 'content-type': 'application/json', 'content-length': text.length });
  // The name begins after ten bytes, and each of its letters has two.
  const got = await send(begun, text.subarray(0, 11), text.subarray(11));
  expect(got.status).toBe(202);
  expect(taken).toHaveBeenCalledTimes(1);
  const [mail] = await inbox(app);
  expect(mail).toMatchObject({ to: 'pieces@example.org' });
  const page = await app.inject({ url: `/en/confirm/${tokenOf(mail!)}` });
  expect(page.body).toMatch('سارا');
});

it.each([
  ['a wrong field', { ...sara, email: 'nobody' }],
  ['no consent', { ...sara, consents: { sign: false } }],
  ['no object', '[]'],
  ['no JSON', '{"name":'],
  ['nothing at all', ''],
  ['a dangerous name', `{"__proto__":{"a":1},${JSON.stringify(sara).slice(1)}`],
  ['the same, disguised', `{"\\u005f_proto__":{"a":1},${JSON.stringify(sara).slice(1)}`],
])('leaves it to the framework to refuse %s', async (_, body) => {
  const [fast, slow] = [await ask(body), await ask(body, roundabout)];
  expect(taken).not.toHaveBeenCalled();
  expect(fast.status).toBeGreaterThanOrEqual(400);
  expect({ ...fast, headers: lasting(fast) }).toEqual({ ...slow, headers: lasting(slow) });
});

it('hands on a large body that is refused, whole and in pieces', async () => {
  const text = JSON.stringify({ ...sara, name: 'x'.repeat(40_000) });
  const whole = await ask(text);
  expect(whole.status).toBe(422);
  const pieces = await send(
    head('POST', path, { 'content-type': 'application/json', 'content-length': text.length }),
    text.slice(0, 20_000),
    text.slice(20_000),
  );
  expect(pieces.body).toBe(whole.body);
  await expect(ask(JSON.stringify({ ...sara, name: 'x'.repeat(70_000) }))).resolves.toMatchObject({ status: 413 });
});

it.each([
  ['a petition that is none', '/api/v1/petitions/nothing-here/signatures'],
  ['an address with escapes', '/api/v1/petitions/wet%6cands/signatures'],
  ['a query', `${path}?a=1`],
])('answers as the framework does for %s', async (_, url) => {
  const [fast, slow] = [await ask(sara, {}, url), await ask(sara, roundabout, url)];
  expect({ ...fast, headers: lasting(fast) }).toEqual({ ...slow, headers: lasting(slow) });
});

it('answers a refusal of the door as a problem, with its headers', async () => {
  const switches = app.get(Switches);
  await switches.turn('signing', { petition: undefined, off: true, reason: 'a test' } as never, 'system');
  const [fast, slow] = [await ask(sara), await ask(sara, roundabout)];
  await switches.turn('signing', { petition: undefined, off: false, reason: 'a test' } as never, 'system');
  expect(taken).toHaveBeenCalledTimes(1);
  expect(fast).toMatchObject({ status: 503, headers: { 'retry-after': '300' } });
  expect({ ...fast, headers: lasting(fast) }).toEqual({ ...slow, headers: lasting(slow) });
});

it('tells nobody outside what went wrong inside', async () => {
  const broken = jest.spyOn(app.get(Pressure), 'isOn').mockRejectedValueOnce(new Error('secret of sara@example.org'));
  const got = await ask(sara);
  broken.mockRestore();
  expect(got.status).toBe(500);
  expect(got.body).not.toMatch('secret');
});

it('counts a signature, with and without a code of her own, and twice is once', async () => {
  await ask({ ...sara, email: 'confirms@example.org' });
  const mail = (await inbox(app)).find(({ to }) => to === 'confirms@example.org');
  const token = tokenOf(mail!);
  const url = `/api/v1/confirmations/${token}`;
  taken.mockClear();
  const first = await send(head('PUT', url, {}));
  expect(first.status).toBe(200);
  expect(JSON.parse(first.body)).toEqual({
    status: 'signed',
    petition: 'wetlands',
    code: expect.stringMatching(/^[0-9A-Z]{20}$/),
  });
  const body = JSON.stringify({ codeHash: 'ab'.repeat(32) });
  const again = await send(
    head('PUT', url, { 'content-type': 'application/json', 'content-length': body.length }) + body,
  );
  expect(JSON.parse(again.body)).toMatchObject({ status: 'signed', code: null });
  expect(taken).toHaveBeenCalledTimes(2);
  const slow = await send(head('PUT', url, { ...roundabout, 'content-length': 2 }) + '{}');
  expect(slow.body).toBe(again.body);
});

it('counts the network of the visitor, not of what she claims to come through', async () => {
  const check = jest.spyOn(app.get(Limits), 'check');
  await ask(sara, { 'x-forwarded-for': '203.0.113.7' });
  expect(check).toHaveBeenCalledWith('sign', { ip: '127.0.0.1' });
  check.mockRestore();
});

it('believes the nearest entry of a proxy of ours, and no other', async () => {
  const behind = await startApp({ TRUST_PROXY: 'on' });
  try {
    await openPetition(behind);
    await behind.nest.listen(0, '127.0.0.1');
    const check = jest.spyOn(behind.get(Limits), 'check');
    const mine = port;
    port = (behind.nest.getHttpServer().address() as AddressInfo).port;
    await ask(sara, { 'x-forwarded-for': '198.51.100.1, 203.0.113.7' });
    await ask(sara, { 'x-forwarded-for': '198.51.100.1, 203.0.113.7', ...roundabout });
    port = mine;
    expect(check.mock.calls.map(([, { ip }]) => ip)).toEqual(['203.0.113.7', '203.0.113.7']);
  } finally {
    await behind.close();
  }
});

it('answers several requests of one connection in their order', async () => {
  const text = JSON.stringify({ ...sara, email: 'order@example.org' });
  const one = `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${text.length}\r\n\r\n${text}`;
  const bad = `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}`;
  const got: string = await new Promise((done) => {
    const socket = connect(port, '127.0.0.1');
    let read = '';
    socket.on('data', (bytes) => (read += bytes.toString())).on('close', () => done(read));
    socket.write(one + bad + one + head('GET', '/health/live', {}));
  });
  expect([...got.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => status)).toEqual(['202', '422', '202', '200']);
});

describe('answers of the same second', () => {
  const ask = (name: string, more = '') => `PUT /told/${name} HTTP/1.1\r\nhost: localhost\r\n${more}\r\n`;
  let heads: jest.SpyInstance;
  /** Stands still at a second of its own. */
  const stop = (second: number) =>
    jest.useFakeTimers({ doNotFake: ['setTimeout', 'setImmediate', 'nextTick', 'queueMicrotask'], now: second * 1000 });

  beforeAll(() =>
    app.get(FastLane).open('PUT', '/told/:name', 202, z.object({}), async (name) => ({ name, word: 'نام\u{1F33F}' })),
  );
  beforeEach(() => void (heads = jest.spyOn(ServerResponse.prototype, 'writeHead')));
  afterEach(() => {
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  it('have one head, whoever asks, and a body of their own', async () => {
    stop(2_000_000_000);
    const { answers } = await overOneLine(
      port,
      ['anna', 'sara', 'mina', 'anahita'].map((name) => ask(name)),
    );
    const others = await overOneLine(port, [ask('nila')]);
    const parts = [...answers, ...others.answers].map((answer) => answer.split('\r\n\r\n'));
    expect(parts.map(([, body]) => JSON.parse(Buffer.from(body!, 'latin1').toString()))).toEqual(
      ['anna', 'sara', 'mina', 'anahita', 'nila'].map((name) => ({ name, word: 'نام\u{1F33F}' })),
    );
    const [first, ...same] = [0, 1, 2, 4].map((at) => parts[at]![0]);
    expect(first).toMatch(/^HTTP\/1\.1 202 Accepted\r\n/);
    expect(first).toMatch(/content-security-policy: /);
    expect(same).toEqual([first, first, first]);
    // A longer one needs another.
    expect(heads).toHaveBeenCalledTimes(2);
    const besides = (text = '') => text.replace(/\r\n(content-length|date): .*/gi, '');
    expect(besides(parts[3]![0])).toBe(besides(first));
  });

  it('are dated anew in the next second', async () => {
    stop(2_000_000_010);
    await overOneLine(port, [ask('anna'), ask('sara')]);
    expect(heads).toHaveBeenCalledTimes(1);
    jest.setSystemTime(2_000_000_011_000);
    await overOneLine(port, [ask('mina')]);
    expect(heads).toHaveBeenCalledTimes(2);
  });

  it('say that the connection ends, where it does', async () => {
    stop(2_000_000_020);
    await overOneLine(port, [ask('anna')]);
    const { answers, ended } = await overOneLine(port, [ask('sara', 'connection: close\r\n')]);
    expect(ended).toBe(true);
    expect(answers[0]).toMatch(/\r\nconnection: close\r\n/i);
  });
});
