import { AuditService } from '../src/staff/audit.service.js';
import { Staff } from '../src/staff/staff.service.js';
import { startApp, type TestApp } from './support/app.js';
import { formBody, type SignedIn, signIn } from './support/cast.js';
import { type Issuer, startIssuer } from './support/issuer.js';
import { enrol, fieldOf } from './support/second-factor.js';

let issuer: Issuer;
let app: TestApp;
let ada: SignedIn;
let olga: SignedIn;
const olgas = { sub: 'olga-1', email: 'Olga@Example.org', email_verified: true };
beforeAll(async () => {
  issuer = await startIssuer();
  const { url: OIDC_ISSUER, clientId: OIDC_CLIENT_ID, clientSecret: OIDC_CLIENT_SECRET } = issuer;
  app = await startApp({ LIMITS: 'off', OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET });
  ada = await signIn(app, 'ada');
  olga = await signIn(app, 'olga');
});
afterAll(async () => {
  await app.close();
  await issuer.close();
});

const cookieOf = (answer: { headers: Record<string, unknown> }) => String(answer.headers['set-cookie']).split(';')[0]!;
const cookies = (answer: { headers: Record<string, unknown> }) => [answer.headers['set-cookie']].flat().map(String);
const sessionIn = (answer: { headers: Record<string, unknown> }) =>
  cookies(answer)
    .find((each) => /^countersign-session=[\w-]{43}/.test(each))
    ?.split(';')[0];
const go = (next = '') => app.inject({ url: `/en/console/sign-in/provider?next=${encodeURIComponent(next)}` });
async function come(claims: object, how = {}, next = '') {
  const away = await go(next);
  const url = issuer.signIn(String(away.headers.location), claims as never, how);
  const headers = { cookie: cookieOf(away) };
  return { url, headers, answer: await app.inject({ url, headers }) };
}
const count = async () => Number((await app.database.query(`SELECT count(*) AS n FROM staff_members`))[0].n);
const soon = () => Math.floor(Date.now() / 1000);

test('sends the browser away with state, nonce and PKCE, each time others, and keeps them sealed', async () => {
  const [one, two] = [await go(), await go()];
  const asked = new URL(String(one.headers.location)).searchParams;
  expect(asked.get('response_type')).toBe('code');
  expect(asked.get('code_challenge_method')).toBe('S256');
  expect(asked.get('redirect_uri')).toBe(`${app.settings.PUBLIC_URL}/console/sign-in/provider`);
  const other = new URL(String(two.headers.location)).searchParams;
  for (const name of ['state', 'nonce', 'code_challenge']) expect(asked.get(name)).not.toBe(other.get(name));
  expect(String(one.headers['set-cookie'])).toMatch(
    /^countersign-provider=[\w-]+; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/,
  );
  expect(cookieOf(one)).not.toContain(asked.get('state'));
  expect((await app.inject({ url: '/fa/console/sign-in' })).body).toContain('/fa/console/sign-in/provider');
});

test('lets somebody on staff in by her verified address, and after that by her subject, whatever her address is', async () => {
  const { answer } = await come(olgas, {}, '/en/console/letters?state=draft');
  expect(answer.headers.location).toBe('/en/console/letters?state=draft');
  const account = await app.inject({ url: '/en/console/account', headers: { cookie: sessionIn(answer)! } });
  expect(account.body).toContain('olga@example.org');
  expect(cookies(answer).some((each) => each.startsWith('countersign-provider=;'))).toBe(true);
  const again = await come({ sub: 'olga-1', email: 'married@example.net', email_verified: false });
  expect(sessionIn(again.answer)).toBeDefined();
  const actions = (await app.get(AuditService).list({ who: 'Olga' }, 10)).map(({ action, detail }) => [
    action,
    detail.by,
  ]);
  expect(actions.slice(0, 2)).toEqual([
    ['staff.signed-in', 'provider'],
    ['staff.signed-in', 'provider'],
  ]);
  expect(actions.filter(([action]) => action === 'staff.provider-bound')).toHaveLength(1);
});

test.each([
  ['an address that is not verified', { sub: 'ada-1', email: 'ada@example.org', email_verified: false }],
  ['an address verified only in words', { sub: 'ada-1', email: 'ada@example.org', email_verified: 'true' }],
  ['an address of which nothing is said', { sub: 'ada-1', email: 'ada@example.org' }],
  ['nobody on staff', { sub: 'stefan-1', email: 'stefan@example.org', email_verified: true }],
  ['no address', { sub: 'ada-1' }],
  ['no subject', { email: 'ada@example.org', email_verified: true }],
  ['an address that was given to somebody else', { sub: 'olga-2', email: 'olga@example.org', email_verified: true }],
  ['another nonce', { ...olgas, nonce: 'another' }],
  ['no nonce', { ...olgas, nonce: undefined }],
  ['an answer that has expired', { ...olgas, exp: soon() - 120, iat: soon() - 600 }],
  ['another issuer', { ...olgas, iss: 'https://evil.example' }],
  ['an answer for another client', { ...olgas, aud: 'somebody-else' }],
])('opens nothing for %s, and adds nobody', async (_, claims) => {
  const before = await count();
  const { answer } = await come(claims);
  expect(answer.statusCode).toBe(422);
  expect(sessionIn(answer)).toBeUndefined();
  expect(await count()).toBe(before);
});

test('opens nothing for an answer that somebody else signed', async () => {
  expect((await come(olgas, { foreignKey: true })).answer.statusCode).toBe(422);
});

test('opens nothing in another browser, with another state, without a code, or a second time', async () => {
  const away = await go();
  const url = issuer.signIn(String(away.headers.location), olgas);
  const refused = async (address: string, cookie: string) => {
    const answer = await app.inject({ url: address, headers: { cookie } });
    expect(answer.statusCode).toBe(422);
    expect(sessionIn(answer)).toBeUndefined();
  };
  await refused(url, '');
  await refused(url, cookieOf(await go()));
  await refused(url.replace(/state=[^&]+/, 'state=another'), cookieOf(away));
  await refused(url.replace(/code=[^&]+/, 'error=access_denied'), cookieOf(away));
  await refused('/console/sign-in/provider', cookieOf(away));
  await refused(url, `${cookieOf(away).slice(0, -2)}AA`);
  expect(sessionIn(await app.inject({ url, headers: { cookie: cookieOf(away) } }))).toBeDefined();
  await refused(url, cookieOf(away));
});

test('opens nothing after ten minutes', async () => {
  const away = await go();
  const url = issuer.signIn(String(away.headers.location), { ...olgas, exp: soon() + 3600 });
  const clock = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 11 * 60_000);
  const late = await app.inject({ url, headers: { cookie: cookieOf(away) } });
  clock.mockRestore();
  expect(late.statusCode).toBe(422);
});

test('stands in for the password, not for the second step', async () => {
  const { codes } = await enrol(olga);
  const { answer } = await come(olgas);
  expect(sessionIn(answer)).toBeUndefined();
  const step = fieldOf(answer.body, 'step');
  const entered = await app.inject({
    method: 'POST',
    url: '/en/console/sign-in/code',
    ...formBody({ step, code: codes[0]! }),
  });
  expect(entered.statusCode).toBe(303);
});

test('opens nothing for somebody disabled; a reset unbinds', async () => {
  const actor = { kind: 'staff' as const, id: ada.id, name: 'Ada', rights: [] };
  await app.get(Staff).disable(olga.id, actor);
  expect(sessionIn((await come(olgas)).answer)).toBeUndefined();
  await app.get(Staff).enable(olga.id, actor);
  expect((await ada.api('DELETE', `/api/v1/staff/${olga.id}/second-factor`)).statusCode).toBe(204);
  expect((await come({ ...olgas, email_verified: false })).answer.statusCode).toBe(422);
  expect(sessionIn((await come(olgas)).answer)).toBeDefined();
});

test('leads to pages of the console only', async () => {
  for (const next of ['https://evil.example', '//evil.example/en/console', '/en/console//evil.example'])
    expect((await come(olgas, {}, next)).answer.headers.location).toBe('/en/console');
});

test('without a provider there is no such door; one that does not answer is said to', async () => {
  const other = await startApp({ LIMITS: 'off' });
  const dead = await startApp({
    LIMITS: 'off',
    OIDC_ISSUER: 'http://127.0.0.1:9',
    OIDC_CLIENT_ID: 'x',
    OIDC_CLIENT_SECRET: 'y',
  });
  try {
    expect((await other.inject({ url: '/en/console/sign-in/provider' })).statusCode).toBe(404);
    expect((await other.inject({ url: '/en/console/sign-in' })).body).not.toContain('sign-in/provider');
    expect((await other.inject({ url: '/console/sign-in/provider?code=x&state=y' })).statusCode).toBe(422);
    expect((await dead.inject({ url: '/en/console/sign-in/provider' })).statusCode).toBe(503);
  } finally {
    await other.close();
    await dead.close();
  }
});
