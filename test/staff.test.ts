import { AuditService } from '../src/staff/audit.service.js';
import { Staff } from '../src/staff/staff.service.js';
import { startApp, type TestApp } from './support/app.js';
import { cast, formBody, type SignedIn, signIn } from './support/cast.js';

let app: TestApp;
let ada: SignedIn;
let olga: SignedIn;
beforeAll(async () => {
  app = await startApp({ LIMITS: 'off', ADMIN_PASSWORD: 'first-admin-password' });
  ada = await signIn(app, 'ada');
  olga = await signIn(app, 'olga');
});
afterAll(() => app.close());

const signInForm = (fields: Record<string, string>, headers: Record<string, string> = {}) => {
  const form = formBody(fields);
  return app.inject({ method: 'POST', url: '/en/console/sign-in', ...form, headers: { ...form.headers, ...headers } });
};

test('answers a wrong password, an unknown address and a disabled account alike', async () => {
  const { member, password } = await app
    .get(Staff)
    .add({ email: 'gone@example.org', name: 'Gone', role: 'viewer' }, 'system');
  await ada.post(`/en/console/staff/${member.id}/disabling`);
  // The address that was typed stands in the field, and each page asks a passkey a question of its own.
  const strip = (body: string) => body.replaceAll(/\S+@example\.org| data-passkey="[^"]*"/g, '');
  const answers = await Promise.all([
    signInForm({ email: cast.olga.email, password: 'wrong' }),
    signInForm({ email: 'nobody@example.org', password: 'wrong' }),
    signInForm({ email: 'gone@example.org', password }),
  ]);
  expect(answers.map((answer) => answer.statusCode)).toEqual([422, 422, 422]);
  expect(new Set(answers.map((answer) => strip(answer.body))).size).toBe(1);
  expect(answers.some((answer) => answer.headers['set-cookie'])).toBe(false);
});

test('gives a new cookie at every sign-in, never the one that was brought', async () => {
  const planted = 'countersign-session=planted-by-somebody-else';
  const answer = await signInForm({ email: cast.olga.email, password: olga.password }, { cookie: planted });
  const cookie = String(answer.headers['set-cookie']);
  expect(cookie).toMatch(/^countersign-session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/);
  expect((await app.inject({ url: '/en/console/account', headers: { cookie: planted } })).statusCode).toBe(303);
});

test.each([
  ['/en/console/letters?state=draft', '/en/console/letters?state=draft'],
  ['https://evil.example/', '/en/console'],
  ['//evil.example/en/console', '/en/console'],
  ['/en/console//evil.example', '/en/console'],
  ['/\\evil.example', '/en/console'],
  ['/en/consoleevil', '/en/console'],
  ['javascript:alert(1)', '/en/console'],
])('after signing in, %s leads to %s', async (next, location) => {
  const answer = await signInForm({ email: cast.olga.email, password: olga.password, next });
  expect(answer.headers.location).toBe(location);
});

test('refuses a form without the token of the session, with that of another, or from another site', async () => {
  const url = '/en/console/account/password';
  const send = (fields: Record<string, string>, headers: Record<string, string> = {}) => {
    const form = formBody({ oldPassword: olga.password, newPassword: 'another-password', ...fields });
    return app.inject({ method: 'POST', url, ...form, headers: { ...form.headers, cookie: olga.cookie, ...headers } });
  };
  expect((await send({})).statusCode).toBe(403);
  expect((await send({ _csrf: ada.csrf })).statusCode).toBe(403);
  expect((await send({ _csrf: olga.csrf }, { origin: 'https://evil.example' })).statusCode).toBe(403);
  expect((await send({ _csrf: olga.csrf }, { 'sec-fetch-site': 'cross-site' })).statusCode).toBe(403);
  expect((await signInForm({ email: olga.email, password: olga.password })).statusCode).toBe(303);
});

test('ends a session on signing out, and everywhere else when the password changes', async () => {
  await app
    .get(Staff)
    .add({ email: 'paula@example.org', name: 'Paula', role: 'viewer' }, 'system', 'paulas-first-password');
  const enter = async (password: string) =>
    String((await signInForm({ email: 'paula@example.org', password })).headers['set-cookie']).split(';')[0]!;
  const page = (cookie: string) => app.inject({ url: '/en/console/account', headers: { cookie } });
  const [first, second] = [await enter('paulas-first-password'), await enter('paulas-first-password')];
  const csrf = /name="_csrf" value="([^"]+)"/.exec((await page(first)).body)![1]!;
  const send = (url: string, fields: Record<string, string>, cookie = first) => {
    const form = formBody({ _csrf: csrf, ...fields });
    return app.inject({ method: 'POST', url, ...form, headers: { ...form.headers, cookie } });
  };
  const url = '/en/console/account/password';
  expect((await send(url, { oldPassword: 'wrong', newPassword: 'paulas-second-password' })).statusCode).toBe(422);
  expect((await send(url, { oldPassword: 'paulas-first-password', newPassword: 'short' })).statusCode).toBe(422);
  const changed = await send(url, { oldPassword: 'paulas-first-password', newPassword: 'paulas-second-password' });
  expect(changed.statusCode).toBe(303);
  expect((await page(first)).statusCode).toBe(303);
  expect((await page(second)).statusCode).toBe(303);
  const renewed = String(changed.headers['set-cookie']).split(';')[0]!;
  expect((await page(renewed)).statusCode).toBe(200);
  expect((await signInForm({ email: 'paula@example.org', password: 'paulas-first-password' })).statusCode).toBe(422);
});

test('a token has no more rights than its maker has at the time', async () => {
  const { member } = await app
    .get(Staff)
    .add({ email: 'tom@example.org', name: 'Tom', role: 'admin' }, 'system', 'toms-own-password');
  const cookie = String(
    (await signInForm({ email: 'tom@example.org', password: 'toms-own-password' })).headers['set-cookie'],
  ).split(';')[0]!;
  const account = await app.inject({ url: '/en/console/account', headers: { cookie } });
  const csrf = /name="_csrf" value="([^"]+)"/.exec(account.body)![1]!;
  const form = formBody({ _csrf: csrf, name: 't', days: '1', scopes: ['staff:manage', 'console:read'] });
  const made = await app.inject({
    method: 'POST',
    url: '/en/console/account/tokens',
    ...form,
    headers: { ...form.headers, cookie },
  });
  const authorization = `Bearer ${/cs_[\w-]{43}/.exec(made.body)![0]}`;
  const list = () => app.inject({ url: '/api/v1/staff', headers: { authorization } });
  expect((await list()).statusCode).toBe(200);
  expect((await ada.api('PUT', `/api/v1/staff/${member.id}/role`, { role: 'viewer' })).statusCode).toBe(200);
  expect((await list()).statusCode).toBe(403);
  expect((await ada.api('DELETE', `/api/v1/staff/${member.id}`)).statusCode).toBe(204);
  expect((await list()).statusCode).toBe(401);
});

test('refuses a token with rights its maker lacks, and shows a good one only once', async () => {
  const refused = await olga.post('/en/console/account/tokens', { name: 'x', days: '1', scopes: ['staff:manage'] });
  expect(refused.statusCode).toBe(422);
  expect((await olga.get('/en/console/account')).body).not.toContain(olga.token);
  const tokens = (await olga.api('GET', '/api/v1/tokens')).json<{ tokens: { id: string }[] }>().tokens;
  const { token } = await signIn(app, 'vera');
  expect(
    (
      await app.inject({
        method: 'DELETE',
        url: `/api/v1/tokens/${tokens[0]!.id}`,
        headers: { authorization: `Bearer ${token}` },
      })
    ).statusCode,
  ).toBe(404);
});

test('the last admin cannot be demoted or disabled, also not by two at once', async () => {
  const other = await startApp({ LIMITS: 'off' });
  try {
    const one = await signIn(other, 'ada');
    const staff = other.get(Staff);
    const { member } = await staff.add({ email: 'second@example.org', name: 'Second', role: 'admin' }, 'system');
    const answers = await Promise.all([
      one.api('PUT', `/api/v1/staff/${member.id}/role`, { role: 'viewer' }),
      one.api('DELETE', `/api/v1/staff/${one.id}`),
    ]);
    expect(answers.map((answer) => answer.statusCode < 300).filter(Boolean)).toHaveLength(1);
    const admins = (await staff.list()).filter(({ role, disabledAt }) => role === 'admin' && !disabledAt);
    expect(admins).toHaveLength(1);
  } finally {
    await other.close();
  }
});

test('makes one admin on the first start, with the password of the settings, and none later', async () => {
  const other = await startApp({ ADMIN_PASSWORD: 'first-admin-password', ADMIN_EMAIL: 'Root@Example.org' });
  try {
    expect(await other.get(Staff).ensureFirstAdmin()).toEqual({
      email: 'root@example.org',
      password: 'first-admin-password',
    });
    expect(await other.get(Staff).ensureFirstAdmin()).toBeNull();
  } finally {
    await other.close();
  }
});

test('slows down guessing, by account and by network, without keeping addresses', async () => {
  const other = await startApp();
  try {
    await other.get(Staff).add(cast.olga, 'system', 'correct-horse-battery');
    const guess = (password: string) =>
      other.inject({ method: 'POST', url: '/en/console/sign-in', ...formBody({ email: cast.olga.email, password }) });
    for (let n = 0; n < 10; n++) expect((await guess('wrong')).statusCode).toBe(422);
    expect((await guess('correct-horse-battery')).statusCode).toBe(422);
    for (let n = 0; n < 19; n++) await guess('wrong');
    const stopped = await guess('wrong');
    expect(stopped.statusCode).toBe(429);
    expect(Number(stopped.headers['retry-after'])).toBeGreaterThan(0);
  } finally {
    await other.close();
  }
});

test('adds somebody once, also when asked twice at once', async () => {
  const person = { name: 'Twin', email: 'twin@example.org', role: 'viewer' };
  const answers = await Promise.all([
    ada.api('POST', '/api/v1/staff', person),
    ada.api('POST', '/api/v1/staff', person),
  ]);
  expect(answers.map((answer) => answer.statusCode).sort()).toEqual([201, 409]);
});

test.each([
  ['no name', { name: ' ' }, 'name'],
  ['no address', { email: 'nobody' }, 'email'],
  ['a role that does not exist', { role: 'owner' }, 'role'],
])('refuses somebody with %s', async (_, change, field) => {
  const person = { name: 'New', email: 'new@example.org', role: 'viewer', ...change };
  const answer = await ada.api('POST', '/api/v1/staff', person);
  expect(answer.statusCode).toBe(422);
  expect(answer.json<{ errors: { field: string }[] }>().errors[0]).toMatchObject({ field });
  const page = await ada.post('/en/console/staff', person);
  expect(page.statusCode).toBe(422);
  expect(page.body).toContain(`id="${field}"`);
});

describe('audit log', () => {
  test('cannot be changed, deleted from or emptied, not even by SQL', async () => {
    for (const sql of [
      `UPDATE audit_entries SET action = 'x'`,
      `DELETE FROM audit_entries`,
      `TRUNCATE audit_entries`,
    ]) {
      await expect(app.database.query(sql)).rejects.toThrow('append-only');
    }
  });

  test('finds an entry that was changed behind its back', async () => {
    const audit = app.get(AuditService);
    expect(await audit.check()).toMatchObject({ firstBroken: null });
    const [{ id }] = await app.database.query(`SELECT id FROM audit_entries ORDER BY id LIMIT 1 OFFSET 2`);
    await app.database.transaction(async (tx) => {
      await tx.query(`ALTER TABLE audit_entries DISABLE TRIGGER audit_entries_append_only`);
      await tx.query(`UPDATE audit_entries SET detail = '{"role":"viewer","x":1}' WHERE id = $1`, [id]);
      await tx.query(`ALTER TABLE audit_entries ENABLE TRIGGER audit_entries_append_only`);
    });
    expect(await audit.check()).toMatchObject({ firstBroken: id });
    expect((await ada.get('/fa/console/audit?check=yes')).body).toContain('notice-warn');
    expect((await ada.api('GET', '/api/v1/audit/chain')).json()).toMatchObject({ firstBroken: id });
  });

  test('keeps the chain whole when many write at once', async () => {
    const other = await startApp();
    try {
      const audit = other.get(AuditService);
      await Promise.all(
        Array.from({ length: 30 }, (_, n) =>
          other.database.transaction((tx) =>
            audit.record(tx, { actor: 'system', action: 'staff.signed-in', subject: String(n) }),
          ),
        ),
      );
      expect(await audit.check()).toMatchObject({ firstBroken: null });
      expect(await audit.list({}, 100)).toHaveLength(30);
    } finally {
      await other.close();
    }
  });

  test('tells what was done, by whom, and no password or address', async () => {
    const { entries } = (await ada.api('GET', '/api/v1/audit')).json<{ entries: { action: string }[] }>();
    expect(entries.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['staff.added', 'token.made', 'staff.signed-in']),
    );
    expect(JSON.stringify(entries)).not.toMatch(/@example\.org|first-password|second-password|correct-horse/);
  });
});
