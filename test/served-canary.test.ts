import { Decrypter, generateIdentity, identityToRecipient } from 'age-encryption';
import { parse } from 'csv-parse/sync';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Sequencer } from '../src/countlog/sequencer.js';
import { Petitions } from '../src/petitions/petitions.service.js';
import { Rights } from '../src/signatures/rights.service.js';
import { startApp, type TestApp } from './support/app.js';
import { canary, traces, words } from './support/canary.js';
import { type SignedIn, signIn } from './support/cast.js';
import { askForLink, confirm, inbox, openPetition } from './support/petitions.js';
import { allRoutes } from './support/routes.js';
import { unzip } from './support/unzip.js';

let app: TestApp;
let ada: SignedIn;
let petitionId: string;
let token: string;
let data: string;
let recipient: string;
const decrypter = new Decrypter();
const consents = { sign: true, news: true, showName: true };

beforeAll(async () => {
  app = await startApp({ LIMITS: 'off' });
  petitionId = await openPetition(app);
  ada = await signIn(app, 'ada');
  const identity = await generateIdentity();
  recipient = await identityToRecipient(identity);
  decrypter.addIdentity(identity);
  await confirm(app, await askForLink(app, { email: 'sara@example.org', name: 'Sara Ahmadi', consents }));
  token = await askForLink(app, { ...canary, consents });
  await confirm(app, token);
  await app.inject({ method: 'PUT', url: `/api/v1/confirmations/${token}/words`, payload: { words } });
  await app.inject({
    ...{ method: 'POST', url: '/api/v1/my-data' },
    payload: { email: canary.email, locale: 'en' },
  });
  data = /\/my-data\/([\w-]+)$/.exec((await inbox(app))[0]!.links[0]!)![1]!;
  await app.get(Sequencer).drain();
});
afterAll(() => app.close());
afterEach(() => jest.restoreAllMocks());

/** The packed files one by one: what is compressed cannot be searched. */
const pieces = (bytes: Buffer): Buffer[] =>
  bytes.subarray(0, 4).equals(Buffer.from('PK\x03\x04')) ? [...unzip(bytes).values()].flatMap(pieces) : [bytes];

interface Served {
  url: string;
  status: number;
  traces: string[];
}
const look = (url: string, { statusCode, rawPayload, headers }: Awaited<ReturnType<SignedIn['get']>>): Served => ({
  ...{ url, status: statusCode },
  traces: [JSON.stringify(headers), ...pieces(rawPayload)].flatMap((each) => traces(Buffer.from(each))),
});

const asks: Record<string, string> = { proof: '?index=1', 'counts.json': '?by=country', oembed: '?url=' };

/** Every route that can be read, in two languages, by staff who may read everything; the inbox stands for the mail provider. */
async function everyRoute(): Promise<Served[]> {
  const routes = allRoutes(app).filter(({ method, url }) => method === 'GET' && !/^\/dev\/|\/events$/.test(url));
  const found: Served[] = [];
  for (const { url } of routes) {
    for (const locale of url.includes(':locale') ? ['en', 'fa'] : ['']) {
      const filled = url
        .replace(':locale', locale)
        .replace(/(my-data\/):token/, `$1${data}`)
        .replaceAll(':slug', 'wetlands')
        .replaceAll(/:(\w*[iI]d)\b/g, petitionId)
        .replaceAll(/:\w+/g, '1');
      const query = url.startsWith('/api/v1/exports') ? '?petition=wetlands' : (asks[url.split('/').at(-1)!] ?? '');
      const full =
        filled +
        (query === '?url=' ? `${query}${encodeURIComponent(`${app.settings.PUBLIC_URL}/en/p/wetlands`)}` : query);
      found.push(look(url, await (url.startsWith('/api/') ? ada.api('GET', full) : ada.get(full))));
    }
  }
  return found;
}

/** The files of the log, as the web server gives them. */
async function everyLogFile(): Promise<Served[]> {
  const folder = join(app.settings.DATA_DIR, 'log/wetlands');
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const names = files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
  return Promise.all(
    names.map(async (name) => {
      const url = `/log/wetlands${name.slice(folder.length)}`;
      return look(url, await app.inject({ url }));
    }),
  );
}

async function everyExport(): Promise<Served[]> {
  const handIn = await ada.api('POST', '/api/v1/exports/hand-in', { petition: 'wetlands', locale: 'fa' });
  const found = [look('hand-in', handIn)];
  for (const format of ['csv', 'xlsx', 'json']) {
    for (const by of ['petition', 'day', 'country', 'source']) {
      found.push(
        look(`${by}.${format}`, await ada.api('GET', `/api/v1/exports/counts.${format}?petition=wetlands&by=${by}`)),
      );
    }
  }
  return found;
}

/** What the recipient reads. */
async function persons(): Promise<string> {
  const wanted = { petition: 'wetlands', purpose: 'news', recipient };
  const answer = await ada.api('POST', '/api/v1/exports/persons', wanted);
  expect(look('persons', answer)).toMatchObject({ status: 200, traces: [] });
  return decrypter.decrypt(new Uint8Array(answer.rawPayload), 'text');
}

/** Names are shown some hours later. */
function someHoursLater(): void {
  const now = Date.now() + 6 * 3600_000;
  jest.spyOn(Date, 'now').mockImplementation(() => now);
  app.get(Petitions).forget('wetlands');
}

/** Where her own link leads. */
const own = [
  ...['/:locale/my-data/:token', '/:locale/my-data/:token/my-data.csv', '/:locale/my-data/:token/my-data.json'],
  '/api/v1/my-data/:token',
];
const telling = (served: Served[]) => [...new Set(served.filter((one) => one.traces.length > 0).map(({ url }) => url))];

test('who agreed is shown where she agreed to be, to staff who may see her, to herself, and nowhere else', async () => {
  expect(telling([...(await everyExport()), ...(await everyLogFile())])).toEqual([]);
  const rows = parse(await persons(), { columns: true, bom: true }) as { name: string }[];
  expect(rows.map(({ name }) => name).sort()).toEqual([canary.name, 'Sara Ahmadi'].sort());
  expect(telling(await everyRoute()).sort()).toEqual(own);
  someHoursLater();
  expect(telling([look('petition', await app.inject({ url: '/en/p/wetlands' }))])).toEqual(['petition']);
});

test('erased and still counted, she is on no page, in no answer and in no file, hers included', async () => {
  await app.get(Rights).erase('confirm', token);
  await app.get(Sequencer).drain();
  someHoursLater();
  const routes = await everyRoute();
  jest.restoreAllMocks();
  const files = await everyLogFile();
  const exports = await everyExport();
  expect(telling([...routes, ...files, ...exports].filter(({ url }) => !own.includes(url)))).toEqual([]);
  // Her link holds her address, sealed, and says whose it is; nothing else is known.
  const address = traces(Buffer.from(canary.email));
  const hers = routes.filter(({ url }) => own.includes(url));
  expect(hers.flatMap((one) => one.traces.filter((trace) => !address.includes(trace)))).toEqual([]);
  // There was something to search.
  const read = new Set(routes.filter(({ status }) => status === 200).map(({ url }) => url));
  for (const url of [
    ...['/:locale', '/:locale/p/:slug', '/:locale/feed.atom', '/:locale/p/:slug/feed.atom', '/:locale/p/:slug/history'],
    ...['/:locale/embed/:slug', '/sitemap.xml', '/:locale/my-data/:token', '/:locale/console'],
    ...['/api/v1/petitions', '/api/v1/petitions/:slug/count.json', '/api/v1/petitions/:slug/counts.json'],
    ...[
      '/api/v1/petitions/:slug/proof',
      '/api/v1/my-data/:token',
      '/api/v1/oembed',
      '/api/v1/exports',
      '/api/v1/audit',
    ],
    ...['/:locale/console/petitions/:slug/signatures', '/:locale/console/audit', '/:locale/console/mail'],
  ]) {
    expect(read).toContain(url);
  }
  expect(read.size).toBeGreaterThan(90);
  expect(files.map(({ url }) => url)).toEqual(
    expect.arrayContaining(['checkpoint', 'log.json'].map((name) => `/log/wetlands/${name}`)),
  );
  expect(files.some(({ url }) => url.includes('/tile/entries/'))).toBe(true);
  expect([...files, ...exports].filter(({ status }) => status !== 200)).toEqual([]);
  const rows = parse(await persons(), { columns: true, bom: true }) as { name: string }[];
  expect(rows.map(({ name }) => name)).toEqual(['Sara Ahmadi']);
  expect((await app.inject({ url: '/api/v1/petitions/wetlands/count.json' })).json()).toMatchObject({ count: 2 });
});
