import { AuditService } from '../src/staff/audit.service.js';
import { Passkeys } from '../src/staff/passkeys.service.js';
import { Staff } from '../src/staff/staff.service.js';
import { startApp, type TestApp } from './support/app.js';
import { formBody, type SignedIn, signIn } from './support/cast.js';
import { fieldOf } from './support/second-factor.js';
import { SoftPasskey } from './support/soft-passkey.js';

const origin = 'https://sign.example.org';
const page = '/en/console/account/second-factor';
let app: TestApp;
let ada: SignedIn;
let olga: SignedIn;
let key: SoftPasskey;
beforeAll(async () => {
  app = await startApp({ LIMITS: 'off', PUBLIC_URL: origin });
  ada = await signIn(app, 'ada');
  olga = await signIn(app, 'olga');
  key = new SoftPasskey(origin);
  expect((await add(olga, key, 'phone')).statusCode).toBe(200);
});
afterAll(() => app.close());

const send = (url: string, fields: Record<string, string>) => app.inject({ method: 'POST', url, ...formBody(fields) });
const options = async (url = '/en/console/sign-in', cookie = '') =>
  fieldOf((await app.inject({ url, headers: { cookie } })).body, 'passkey');
const toAdd = async (person: SignedIn) => fieldOf((await person.get(page)).body, 'passkey');
async function add(person: SignedIn, passkey: SoftPasskey, name: string, lies = {}) {
  const answer = passkey.create(await toAdd(person), lies);
  return person.post(`${page}/passkeys`, { passkeyName: name, passkey: answer });
}
const enter = (passkey: string, next = '') => send('/en/console/sign-in/passkey', { passkey, next });
const cookieOf = (answer: { headers: Record<string, unknown> }) => String(answer.headers['set-cookie']).split(';')[0]!;

test('signs in by itself, finds whose it is, and leads to pages of the console only', async () => {
  const answer = await enter(key.get(await options()), 'https://evil.example/');
  expect(answer.statusCode).toBe(303);
  expect(answer.headers.location).toBe('/en/console');
  const cookie = cookieOf(answer);
  const account = (await app.inject({ url: '/en/console/account', headers: { cookie } })).body;
  expect(account).toContain('olga@example.org');
  const [newest] = await app.get(AuditService).list({ action: 'staff.signed-in' }, 1);
  expect(newest).toMatchObject({ actorName: 'Olga', detail: { by: 'passkey' } });
  expect(newest!.detail).not.toHaveProperty('credential');
});

test('is a second factor: the password alone opens nothing any more, a recovery code after it does', async () => {
  const paul = await newcomer('paul');
  const made = await add(paul, new SoftPasskey(origin), 'first');
  const codes = [...made.body.matchAll(/<li class="mono">([^<]+)</g)].map(([, code]) => code!);
  expect(codes).toHaveLength(10);
  expect((await add(paul, new SoftPasskey(origin), 'second')).body).not.toContain('<li class="mono">');
  const asked = await send('/en/console/sign-in', { email: paul.email, password: paul.password });
  expect(asked.headers['set-cookie']).toBeUndefined();
  const step = fieldOf(asked.body, 'step');
  expect((await send('/en/console/sign-in/code', { step, code: '123456' })).statusCode).toBe(422);
  expect((await send('/en/console/sign-in/code', { step, code: codes[0]! })).statusCode).toBe(303);
});

test.each([
  ['on another site', { origin: 'https://sign.example.org.evil.example' }],
  ['over plain HTTP', { origin: 'http://sign.example.org' }],
  ['for another host', { rpId: 'example.org' }],
  ['to no challenge of ours', { challenge: 'AAAAAAAAAAAAAAAAAAAAAA' }],
  ['as a registration', { type: 'webauthn.create' }],
  ['without asking for a finger or PIN', { unverified: true }],
  ['in the name of somebody else', { userHandle: 'AZAAAAAAcACAAAAAAAAAAA' }],
  ['with a counter that stands still, as a copy has it', { counter: 1 }],
  ['under an id that nobody has', { id: 'AAAA' }],
])('opens nothing when it was used %s', async (_, lies) => {
  await enter(key.get(await options(), { counter: 1000 + (await used()) }));
  const answer = await enter(key.get(await options(), lies));
  expect(answer.statusCode).toBe(422);
  expect(answer.headers['set-cookie']).toBeUndefined();
  expect((await enter(key.get(await options(), { counter: 1 + (await used()) }))).statusCode).toBe(303);
});

const used = async (): Promise<number> => {
  const [row] = await app.database.query(`SELECT max(counter) AS counter FROM passkeys WHERE staff_id = $1`, [olga.id]);
  return Number((row as { counter: string }).counter);
};

test('answers once: neither a second time, nor two at once', async () => {
  const once = key.get(await options(), { counter: 1 + (await used()) });
  const answers = await Promise.all([enter(once), enter(once), enter(once)]);
  expect(answers.filter(({ statusCode }) => statusCode === 303)).toHaveLength(1);
  expect((await enter(once)).statusCode).toBe(422);
});

test('answers once also where the device does not count', async () => {
  const zoe = await newcomer('zoe');
  const still = new SoftPasskey(origin);
  await add(zoe, still, 'still');
  const once = still.get(await options(), { counter: 0 });
  const answers = await Promise.all([enter(once), enter(once)]);
  expect(answers.filter(({ statusCode }) => statusCode === 303)).toHaveLength(1);
  expect((await enter(once)).statusCode).toBe(422);
  expect((await enter(still.get(await options(), { counter: 0 }))).statusCode).toBe(303);
});

test('takes no challenge that is too old or was for something else', async () => {
  const counter = 1 + (await used());
  expect((await enter(key.get(await toAdd(olga), { counter, rpId: 'sign.example.org' }))).statusCode).toBe(422);
  const old = key.get(await options(), { counter });
  const clock = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 31 * 60_000);
  const late = await enter(old);
  clock.mockRestore();
  expect(late.statusCode).toBe(422);
  expect((await enter(old)).statusCode).toBe(303);
});

test('of somebody disabled opens nothing', async () => {
  const dana = await newcomer('dana');
  const hers = new SoftPasskey(origin);
  await add(dana, hers, 'hers');
  await app.get(Staff).disable(dana.id, { kind: 'staff', id: ada.id, name: 'Ada', rights: [] });
  expect((await enter(hers.get(await options()))).statusCode).toBe(422);
});

describe('adding', () => {
  test.each([
    ['made on another site', { origin: 'https://evil.example' }],
    ['made for another host', { rpId: 'example.org' }],
    ['made to no challenge of ours', { challenge: 'AAAAAAAAAAAAAAAAAAAAAA' }],
    ['made without a finger or PIN', { unverified: true }],
  ])('refuses one that was %s', async (_, lies) => {
    const answer = await add(ada, new SoftPasskey(origin), 'bad', lies);
    expect(answer.statusCode).toBe(422);
    expect((await ada.get(page)).body).not.toContain('/removal');
  });

  test("refuses one without a name, with somebody else's challenge, twice, and one that somebody has", async () => {
    expect((await add(ada, new SoftPasskey(origin), ' ')).statusCode).toBe(422);
    const forOlga = new SoftPasskey(origin).create(await toAdd(olga));
    const post = (passkey: string) => ada.post(`${page}/passkeys`, { passkeyName: 'x', passkey });
    expect((await post(forOlga)).statusCode).toBe(422);
    expect((await add(ada, key, 'stolen')).statusCode).toBe(422);
    const rita = await newcomer('rita');
    const fresh = new SoftPasskey(origin).create(await toAdd(rita));
    const both = await Promise.all(
      [1, 2].map(() => rita.post(`${page}/passkeys`, { passkeyName: 'x', passkey: fresh })),
    );
    expect(both.map(({ statusCode }) => statusCode).sort()).toEqual([200, 422]);
  });

  test('several, each with a name; her own can be removed, nobody else can do it', async () => {
    await add(olga, new SoftPasskey(origin), 'Schlüssel <b>');
    const listed = (await olga.get(page)).body;
    expect(listed).toContain('Schlüssel &lt;b&gt;');
    const ids = [...listed.matchAll(/passkeys\/([0-9a-f-]{36})\/removal/g)].map(([, id]) => id!);
    expect(ids).toHaveLength(2);
    expect((await ada.post(`${page}/passkeys/${ids[1]}/removal`)).statusCode).toBe(404);
    expect((await olga.post(`${page}/passkeys/${ids[1]}/removal`)).statusCode).toBe(303);
    expect((await olga.get(page)).body).not.toContain(ids[1]!);
  });
});

test('proves again who she is, in her own session and with her own passkey', async () => {
  const stale = (id: string) =>
    app.database.query(`UPDATE sessions SET reauthenticated_at = now() - interval '11 minutes' WHERE staff_id = $1`, [
      id,
    ]);
  const form = { name: 'after asking', days: '1', scopes: 'console:read' };
  const url = '/en/console/account/tokens';
  await stale(olga.id);
  const asked = await olga.post(url, form);
  expect(asked.body).not.toContain('name="_password"');
  const question = fieldOf(asked.body, 'passkey');
  const nils = await newcomer('nils');
  const other = new SoftPasskey(origin);
  await add(nils, other, 'other');
  const counter = 1 + (await used());
  expect((await olga.post(url, { ...form, _passkey: other.get(question) })).statusCode).toBe(403);
  expect((await olga.post(url, { ...form, _passkey: key.get(await options(), { counter }) })).statusCode).toBe(403);
  const right = key.get(question, { counter });
  expect((await olga.post(url, { ...form, _passkey: right })).statusCode).toBe(201);
  await stale(olga.id);
  expect((await olga.post(url, { ...form, _passkey: right })).statusCode).toBe(403);
});

test.each([
  ['http://localhost:3000', true],
  ['https://sign.example.org', true],
  ['http://sign.example.org', false],
  ['http://127.0.0.1:3000', false],
  ['https://[::1]:3000', false],
])('on %s they are offered: %s', (url, works) => {
  const passkeys = new Passkeys({ ...app.settings, PUBLIC_URL: url }, ...([] as never as [never, never, never, never]));
  expect(passkeys.work).toBe(works);
});

/** A member of staff of whom no test speaks again. */
async function newcomer(name: string): Promise<SignedIn> {
  const password = `password-of-${name}`;
  const { member } = await app
    .get(Staff)
    .add({ email: `${name}@example.org`, name, role: 'viewer' }, 'system', password);
  const cookie = cookieOf(await send('/en/console/sign-in', { email: member.email, password }));
  const get: SignedIn['get'] = (url) => app.inject({ url, headers: { cookie } });
  const csrf = fieldOf((await get(page)).body, '_csrf');
  const post: SignedIn['post'] = (url, fields = {}) => {
    const { payload, headers } = formBody({ _csrf: csrf, ...fields });
    return app.inject({ method: 'POST', url, payload, headers: { ...headers, cookie } });
  };
  return { id: member.id, email: member.email, password, cookie, csrf, get, post, api: ada.api, token: '' };
}
