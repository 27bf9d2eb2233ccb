import { startApp, type TestApp } from './support/app.js';
import { formBody, type SignedIn, signIn } from './support/cast.js';
import { openPetition } from './support/petitions.js';
import { allRoutes, type Route } from './support/routes.js';

/** Ends the session that asks; tested with the sessions. */
const leftOut = new Set(['POST /:locale/console/sign-out']);

const unknownId = '01900000-0000-7000-8000-000000000000';
const nul = '\u0000';
const huge = 'x'.repeat(70_000);
const deep = `${'['.repeat(5000)}${']'.repeat(5000)}`;
const odd = [null, -1, 1e308, true, '', nul, '\ud800', '😀'.repeat(300), [], [null], {}, { length: -1 }, '2026-99-99'];
/** The names that fields have somewhere, each with the same odd value. */
const names = [
  'name',
  'email',
  'country',
  'locale',
  'consents',
  'words',
  'password',
  'role',
  'scopes',
  'slug',
  'title',
];
const more = [
  'petition',
  'purpose',
  'recipient',
  'by',
  'texts',
  'audience',
  'subject',
  'body',
  'reason',
  'note',
  'chambers',
  'ids',
  'sender',
];
const fieldsOf = <T>(value: T) => Object.fromEntries([...names, ...more].map((name) => [name, value]));

/** Bodies as an attacker writes them: [what it is, content type, body]. */
const bodies: [string, string, string][] = [
  ['nothing', 'application/json', ''],
  ['no JSON', 'application/json', '{"name": '],
  ['null', 'application/json', 'null'],
  ['a list', 'application/json', '[]'],
  ['a number', 'application/json', '1e999'],
  ['a deep list', 'application/json', deep],
  ['too much', 'application/json', JSON.stringify({ name: huge })],
  ['a prototype', 'application/json', '{"__proto__": {"admin": true}, "constructor": {"prototype": {}}, "name": "x"}'],
  ['two at once', 'application/json', '{"email": "a@example.org", "email": ["b@example.org"]}'],
  ['another type', 'application/xml', '<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><x>&y;</x>'],
  ['half a form with files', 'multipart/form-data; boundary=x', '--x\r\nContent-Disposition: form-data; name="file"'],
  ['a form with files and no boundary', 'multipart/form-data', 'x'],
  ...odd.map((value): [string, string, string] => [
    `fields that are ${JSON.stringify(value).slice(0, 20)}`,
    'application/json',
    JSON.stringify(fieldsOf(value)),
  ]),
];
const forms: [string, Record<string, string | string[]>][] = [
  ['no fields', {}],
  ['empty fields', fieldsOf('')],
  ['fields with NUL', fieldsOf(`a${nul}b`)],
  ['fields twice', fieldsOf(['a', 'b'])],
  ['long fields', fieldsOf('x'.repeat(2000))],
  ['fields with names of objects', { __proto__: 'x', constructor: 'x', 'a[b][c]': 'x', 'a.b': 'x' }],
];
const addresses = ['x', unknownId, '%00', '%ff', '..%2f..%2fetc%2fpasswd', 'constructor', '__proto__', '-1', 'é'];
const queries = [
  '',
  `?${new URLSearchParams({ ...fieldsOf(nul), page: '-1', limit: '1e99', format: '../x' }).toString()}`,
];

let app: TestApp;
let ada: SignedIn;
let routes: Route[];
beforeAll(async () => {
  app = await startApp({ LIMITS: 'off', LOG_LEVEL: 'silent' });
  await openPetition(app);
  ada = await signIn(app, 'ada');
  routes = allRoutes(app).filter(({ method, url }) => !leftOut.has(`${method} ${url}`));
});
afterAll(() => app.close());

const filled = ({ url }: Route, value: string) =>
  url
    .replace(':locale', 'en')
    .replace(':slug', value === 'x' ? 'wetlands' : value)
    .replaceAll(/:\w+/g, value);

/** Each address once: a route without a parameter has only one. */
const addressesOf = (route: Route, values: string[]) => [...new Set(values.map((value) => filled(route, value)))];

const isApi = ({ url }: Route) => url.startsWith('/api/');
const asAda = (route: Route) => (isApi(route) ? { authorization: `Bearer ${ada.token}` } : { cookie: ada.cookie });

/** Every row of what people made, so that a refusal that wrote something is seen. */
async function written(): Promise<Record<string, string>> {
  const tables = ['signatures', 'log_queue', 'lawmakers', 'imports', 'letter_campaigns', 'letters', 'staff_members'];
  const found: Record<string, string> = {};
  for (const table of tables) {
    const [{ rows }] = await app.database.query(`SELECT count(*)::int AS rows FROM ${table}`);
    found[table] = rows as string;
  }
  return found;
}

/** Asks, and tells what is wrong with the answer. */
async function complaint(what: string, route: Route, request: object): Promise<string | undefined> {
  const answer = await app.inject({ method: route.method, ...request });
  const type = String(answer.headers['content-type'] ?? '');
  const name = `${route.method} ${route.url}, ${what}: ${answer.statusCode} ${type}`;
  if (answer.statusCode >= 500 && route.url !== '/health/ready') return name;
  if (isApi(route) && answer.statusCode >= 400 && !type.startsWith('application/problem+json')) return name;
  if (/node_modules|\bat \w+ \(|QueryFailed|syntax error/.test(answer.body)) return `${name}: tells its inside`;
  return undefined;
}

test('there are many routes', () => expect(routes.length).toBeGreaterThan(80));

test('no address makes any route fail', async () => {
  const wrong: (string | undefined)[] = [];
  for (const route of routes) {
    for (const address of addressesOf(route, addresses)) {
      for (const query of queries) {
        const url = address + query;
        wrong.push(await complaint(url, route, { url, headers: asAda(route) }));
      }
    }
  }
  expect(wrong.filter(Boolean)).toEqual([]);
}, 600_000);

test('no body makes any route fail, nor leaves anything half-written', async () => {
  const before = await written();
  const wrong: (string | undefined)[] = [];
  for (const route of routes.filter(({ method }) => method !== 'GET')) {
    for (const url of addressesOf(route, ['x', unknownId])) {
      for (const [what, type, payload] of bodies) {
        const headers = { ...asAda(route), 'content-type': type };
        wrong.push(await complaint(`${what} (${url})`, route, { url, headers, payload }));
      }
      for (const [what, fields] of forms) {
        const { headers, payload } = formBody({ ...fields, _csrf: ada.csrf });
        wrong.push(
          await complaint(`${what} (${url})`, route, { url, headers: { ...headers, ...asAda(route) }, payload }),
        );
      }
    }
  }
  expect(wrong.filter(Boolean)).toEqual([]);
  expect(await written()).toEqual(before);
}, 600_000);
