import { hash, parseOptions } from '@node-rs/argon2';
import { AuditService } from '../src/staff/audit.service.js';
import { Staff } from '../src/staff/staff.service.js';
import { startApp, type TestApp } from './support/app.js';
import { cast, formBody, type SignedIn, signIn } from './support/cast.js';

let app: TestApp;
let ada: SignedIn;
let olga: SignedIn;
beforeAll(async () => {
  app = await startApp({ LIMITS: 'off' });
  ada = await signIn(app, 'ada');
  olga = await signIn(app, 'olga');
});
afterAll(() => app.close());

type Headers = Record<string, string>;
const send = (url: string, fields: Record<string, string | string[]>, headers: Headers = {}, to = app) => {
  const form = formBody(fields);
  return to.inject({ method: 'POST', url, ...form, headers: { ...form.headers, ...headers } });
};
const enter = (email: string, password: string, headers: Headers = {}, to = app) =>
  send('/en/console/sign-in', { email, password }, headers, to);
const cookieOf = (answer: { headers: Record<string, unknown> }) => String(answer.headers['set-cookie']).split(';')[0]!;
const newMember = (name: string, role: 'admin' | 'viewer' = 'viewer') =>
  app.get(Staff).add({ email: `${name}@example.org`, name, role }, 'system', `password-of-${name}`);
const stale = (person: SignedIn) =>
  app.database.query(`UPDATE sessions SET reauthenticated_at = now() - interval '11 minutes' WHERE staff_id = $1`, [
    person.id,
  ]);

describe('sign-in', () => {
  test('ends the session that the same browser had before', async () => {
    const first = cookieOf(await enter(olga.email, olga.password));
    await enter(olga.email, olga.password, { cookie: first });
    expect((await app.inject({ url: '/en/console/account', headers: { cookie: first } })).statusCode).toBe(303);
    expect((await olga.get('/en/console/account')).statusCode).toBe(200);
  });

  test.each([{ origin: 'https://evil.example' }, { origin: 'null' }, { 'sec-fetch-site': 'cross-site' }])(
    'is refused from another site: %o',
    async (headers) => {
      const answer = await enter(olga.email, olga.password, headers as unknown as Headers);
      expect(answer.statusCode).toBe(403);
      expect(answer.headers['set-cookie']).toBeUndefined();
    },
  );

  test('gives no session to an old password when it is changed at the same moment', async () => {
    for (let n = 0; n < 4; n++) {
      const { member } = await newMember(`race${n}`);
      const [answer] = await Promise.all([
        enter(member.email, `password-of-race${n}`),
        app.get(Staff).resetPassword(member.id, 'system'),
      ]);
      const page = await app.inject({ url: '/en/console/account', headers: { cookie: cookieOf(answer) } });
      expect(page.statusCode).toBe(303);
    }
  });

  test('takes a password typed on another keyboard: composed and decomposed letters are the same', async () => {
    await app
      .get(Staff)
      .add({ email: 'zoe@example.org', name: 'Zoe', role: 'viewer' }, 'system', 'Zo\u00eb-has-a-password');
    expect((await enter('zoe@example.org', 'Zoe\u0308-has-a-password')).statusCode).toBe(303);
  });
});

test('a password kept at other costs is kept at the costs of today after signing in', async () => {
  const { member } = await newMember('old');
  const kept = async () => {
    const [row] = await app.database.query(`SELECT password_hash FROM staff_members WHERE id = $1`, [member.id]);
    return parseOptions((row as { password_hash: string }).password_hash);
  };
  const cheap = await hash('password-of-old', { memoryCost: 8192, timeCost: 1 });
  await app.database.query(`UPDATE staff_members SET password_hash = $2 WHERE id = $1`, [member.id, cheap]);
  expect((await enter(member.email, 'not-the-password')).statusCode).toBe(422);
  expect(await kept()).toMatchObject({ memoryCost: 8192 });
  expect((await enter(member.email, 'password-of-old')).statusCode).toBe(303);
  expect(await kept()).toMatchObject({ memoryCost: 19_456, timeCost: 2, parallelism: 1, algorithm: 2 });
  expect((await enter(member.email, 'password-of-old')).statusCode).toBe(303);
});

test('after signing in, the console speaks the language that was chosen, otherwise that of the page', async () => {
  const { member } = await newMember('lili');
  const signIn = () => send('/en/console/sign-in', { email: member.email, password: 'password-of-lili' });
  const entered = await signIn();
  expect(entered.headers.location).toBe('/en/console');
  const cookie = cookieOf(entered);
  const page = await app.inject({ url: '/en/console/account', headers: { cookie } });
  const csrf = /name="_csrf" value="([^"]+)"/.exec(page.body)![1]!;
  const choose = (locale: string) => send('/en/console/account/locale', { _csrf: csrf, locale }, { cookie });
  expect((await choose('xx')).statusCode).toBe(422);
  expect((await choose('fa')).headers.location).toBe('/fa/console/account');
  expect((await signIn()).headers.location).toBe('/fa/console');
});

test('behind https the cookie is bound to this host, and signing out takes it away', async () => {
  const other = await startApp({ PUBLIC_URL: 'https://sign.example.org', LIMITS: 'off' });
  try {
    await other.get(Staff).add(cast.olga, 'system', 'correct-horse-battery');
    const entered = await enter(cast.olga.email, 'correct-horse-battery', {}, other);
    expect(entered.headers['set-cookie']).toMatch(
      /^__Host-session=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
    const cookie = cookieOf(entered);
    const page = await other.inject({ url: '/en/console/account', headers: { cookie } });
    const csrf = /name="_csrf" value="([^"]+)"/.exec(page.body)![1]!;
    const left = await send('/en/console/sign-out', { _csrf: csrf }, { cookie }, other);
    expect(left.statusCode).toBe(303);
    // Browsers ignore whatever sets a __Host- cookie without Secure.
    expect(left.headers['set-cookie']).toMatch(/^__Host-session=;.*Secure/);
    expect((await other.inject({ url: '/en/console/account', headers: { cookie } })).statusCode).toBe(303);
  } finally {
    await other.close();
  }
});

test('a session does not open the API through an address written another way', async () => {
  for (const url of ['/%61pi/v1/staff', '/api%2Fv1/staff', '/a%70i/v1/tokens']) {
    expect([401, 404]).toContain((await app.inject({ url, headers: { cookie: ada.cookie } })).statusCode);
  }
});

test('the API says which scope a token lacks', async () => {
  const answer = await olga.api('GET', '/api/v1/staff');
  expect(answer.statusCode).toBe(403);
  expect(answer.headers['www-authenticate']).toBe('Bearer error="insufficient_scope", scope="staff:manage"');
  expect((await app.inject({ url: '/api/v1/staff' })).headers['www-authenticate']).toMatch(/^Bearer/);
});

test('a form cannot carry its token in the address, where logs and histories would keep it', async () => {
  const answer = await send(`/en/console/account/locale?_csrf=${olga.csrf}`, { locale: 'fa' }, { cookie: olga.cookie });
  expect(answer.statusCode).toBe(403);
});

describe('re-authentication', () => {
  const steps: [string, () => string, Record<string, string>][] = [
    ['a token', () => '/en/console/account/tokens', { name: 'x', days: '1', scopes: 'exports:persons' }],
    ['somebody new', () => '/en/console/staff', { name: 'Eve', email: 'eve@example.org', role: 'admin' }],
    ['a new password of somebody else', () => `/en/console/staff/${olga.id}/password`, {}],
    ['another role', () => `/en/console/staff/${olga.id}/role`, { role: 'admin' }],
    ['persons', () => '/en/console/exports/persons', { petition: 'x' }],
  ];

  test.each(steps)('is asked for before %s can be had on a screen left open', async (_, url, fields) => {
    await stale(ada);
    const asked = await ada.post(url(), fields);
    expect(asked.statusCode).toBe(403);
    expect(asked.body).toContain('name="_password"');
    for (const [name, value] of Object.entries(fields)) expect(asked.body).toContain(`name="${name}" value="${value}"`);
    const wrong = await ada.post(url(), { ...fields, _password: 'wrong' });
    expect(wrong.statusCode).toBe(403);
    expect(wrong.body).not.toContain('wrong"');
  });

  test('takes the password once, goes on, and lasts ten minutes', async () => {
    await stale(ada);
    const form = { name: 'after asking', days: '1', scopes: 'console:read' };
    const went = await ada.post('/en/console/account/tokens', { ...form, _password: ada.password });
    expect(went.statusCode).toBe(201);
    expect(went.body).toMatch(/cs_[\w-]{43}/);
    expect((await ada.post('/en/console/account/tokens', form)).statusCode).toBe(201);
    await stale(ada);
    expect((await ada.post('/en/console/account/tokens', form)).statusCode).toBe(403);
    await ada.post('/en/console/account/tokens', { ...form, _password: ada.password });
  });
});

describe('tokens', () => {
  test('act in the name of their maker, whatever they are called', async () => {
    const made = await ada.post('/en/console/account/tokens', { name: 'Olga', days: '1', scopes: 'staff:manage' });
    const authorization = `Bearer ${/cs_[\w-]{43}/.exec(made.body)![0]}`;
    const payload = { name: 'Rosa', email: 'rosa@example.org', role: 'viewer' };
    await app.inject({ method: 'POST', url: '/api/v1/staff', payload, headers: { authorization } });
    const [newest] = await app.get(AuditService).list({ action: 'staff.added' }, 1);
    expect(newest).toMatchObject({ actorKind: 'token', actorName: 'Ada (Olga)' });
  });

  test('of somebody disabled stay dead when she comes back', async () => {
    const vera = await signIn(app, 'vera');
    expect((await vera.api('GET', '/api/v1/tokens')).statusCode).toBe(200);
    expect((await ada.post(`/en/console/staff/${vera.id}/disabling`)).statusCode).toBe(303);
    expect((await vera.api('GET', '/api/v1/tokens')).statusCode).toBe(401);
    expect((await ada.post(`/en/console/staff/${vera.id}/enabling`)).statusCode).toBe(303);
    expect((await vera.api('GET', '/api/v1/tokens')).statusCode).toBe(401);
    expect((await vera.get('/en/console/account')).statusCode).toBe(303);
  });

  test('end at their time and are revoked once, by two at once', async () => {
    const { tokens } = (await olga.api('GET', '/api/v1/tokens')).json<{ tokens: { id: string }[] }>();
    const url = `/api/v1/tokens/${tokens[0]!.id}`;
    const headers = { authorization: `Bearer ${olga.token}` };
    const answers = await Promise.all([
      app.inject({ method: 'DELETE', url, headers }),
      app.inject({ method: 'DELETE', url, headers }),
    ]);
    expect(answers.filter(({ statusCode }) => statusCode === 204)).toHaveLength(1);
    expect((await app.inject({ url: '/api/v1/tokens', headers })).statusCode).toBe(401);
    olga = await signIn(app, 'olga');
    expect((await olga.api('GET', '/api/v1/tokens')).statusCode).toBe(200);
    await app.database.query(`UPDATE api_tokens SET expires_at = now() WHERE staff_id = $1`, [olga.id]);
    expect((await olga.api('GET', '/api/v1/tokens')).statusCode).toBe(401);
  });
});

test('a session ends after twelve hours without a visit, and after seven days in any case', async () => {
  const visit = async (change: string) => {
    const cookie = cookieOf(await enter(olga.email, olga.password));
    await app.database.query(`UPDATE sessions SET ${change} WHERE id = (SELECT max(id::text)::uuid FROM sessions)`);
    return (await app.inject({ url: '/en/console/account', headers: { cookie } })).statusCode;
  };
  expect(await visit(`seen_at = now() - interval '11 hours 59 minutes'`)).toBe(200);
  expect(await visit(`seen_at = now() - interval '12 hours 1 minute'`)).toBe(303);
  expect(await visit(`created_at = now() - interval '7 days 1 minute'`)).toBe(303);
});

test('guessing the password of a session left open is slowed down too', async () => {
  const other = await startApp();
  try {
    const vera = await signIn(other, 'vera');
    const guess = (oldPassword: string) =>
      vera.post('/en/console/account/password', { oldPassword, newPassword: 'a-password-of-the-thief' });
    for (let n = 0; n < 12; n++) await guess(`wrong-${n}`);
    expect((await guess(vera.password)).statusCode).toBe(422);
    expect((await enter(vera.email, 'a-password-of-the-thief', {}, other)).statusCode).toBe(422);
  } finally {
    await other.close();
  }
});

test('two servers that start at once make one first admin', async () => {
  const other = await startApp({ ADMIN_PASSWORD: 'first-admin-password' });
  try {
    const staff = other.get(Staff);
    const made = await Promise.all([staff.ensureFirstAdmin(), staff.ensureFirstAdmin(), staff.ensureFirstAdmin()]);
    expect(made.filter(Boolean)).toHaveLength(1);
    expect(await staff.list()).toHaveLength(1);
  } finally {
    await other.close();
  }
});

test('an entry with any kind of detail keeps the audit chain whole', async () => {
  const audit = app.get(AuditService);
  const detail = { at: new Date(0), none: undefined, list: [undefined, 1], big: 1e21, nested: { z: 1, a: -0 } };
  await app.database.transaction((tx) =>
    audit.record(tx, { actor: 'system', action: 'staff.signed-in', subject: 'x', detail }),
  );
  expect(await audit.check()).toMatchObject({ firstBroken: null });
});

test('says nothing personal to the log, not even at its most talkative', async () => {
  const said: string[] = [];
  const listen = (stream: NodeJS.WriteStream) =>
    jest.spyOn(stream, 'write').mockImplementation((chunk) => (said.push(String(chunk)), true));
  const spies = [listen(process.stdout), listen(process.stderr)];
  const other = await startApp({ LOG_LEVEL: 'debug' });
  try {
    const person = await signIn(other, 'olga');
    await enter(person.email, 'a-wrong-password', {}, other);
    await person.post('/en/console/account/password', { oldPassword: 'x', newPassword: 'a-good-new-password' });
    await person.api('GET', '/api/v1/staff');
    await other.inject({ url: `/en/console/account?x=${person.token}`, headers: { cookie: person.cookie } });
    const all = said.join('');
    expect(all).toContain('/console/sign-in');
    for (const secret of [person.email, person.password, 'a-wrong', 'a-good-new', person.token, person.csrf]) {
      expect(all).not.toContain(secret);
    }
    expect(all).not.toContain(person.cookie.split('=')[1]!);
    expect(all).not.toContain('127.0.0.1');
  } finally {
    spies.forEach((spy) => spy.mockRestore());
    await other.close();
  }
});

describe('bad input is a refusal, never an error of ours', () => {
  const hostile = ['\u0000', 'x\u0000y@example.org', '\ud800', '\u202e', ' ', 'x'.repeat(20_000), '%00', '{{ 7 }}'];
  const status = async (answer: ReturnType<TestApp['inject']>) => (await answer).statusCode;

  test.each(hostile.map((text) => [JSON.stringify(text).slice(0, 30), text]))('%s', async (_, text) => {
    expect(await status(enter(text, text))).toBeLessThan(500);
    expect(
      await status(app.inject({ url: `/en/console/sign-in?next=${encodeURIComponent(text.replace('\ud800', ''))}` })),
    ).toBeLessThan(500);
    const query = encodeURIComponent(text.replace('\ud800', ''));
    for (const name of ['action', 'before']) {
      expect(await status(ada.get(`/en/console/audit?${name}=${query}`))).toBeLessThan(500);
      expect(await status(ada.api('GET', `/api/v1/audit?${name}=${query}`))).toBeLessThan(500);
    }
    const person = { name: text, email: text, role: text };
    expect(await status(ada.post('/en/console/staff', person))).toBeLessThan(500);
    expect(await status(ada.api('POST', '/api/v1/staff', person))).toBeLessThan(500);
    expect(await status(ada.post(`/en/console/staff/${olga.id}/role`, { role: text }))).toBeLessThan(500);
    expect(await status(ada.api('PUT', `/api/v1/staff/${olga.id}/role`, { role: text }))).toBeLessThan(500);
    expect(
      await status(ada.post('/en/console/account/tokens', { name: text, days: text, scopes: [text] })),
    ).toBeLessThan(500);
    expect(
      await status(ada.post('/en/console/account/tokens', { name: text, days: '1', scopes: ['console:read'] })),
    ).toBeLessThan(500);
    expect(
      await status(ada.post('/en/console/account/password', { oldPassword: text, newPassword: text })),
    ).toBeLessThan(500);
    expect(await status(ada.post('/en/console/account/locale', { locale: text }))).toBeLessThan(500);
  });

  test.each(['[]', '"text"', 'null', '{', '{"name":{"a":1},"email":[],"role":null}', '{"__proto__":{"role":"admin"}}'])(
    'JSON that is %s',
    async (payload) => {
      const headers = { authorization: `Bearer ${ada.token}`, 'content-type': 'application/json' };
      const answer = await app.inject({ method: 'POST', url: '/api/v1/staff', payload, headers });
      expect([400, 422]).toContain(answer.statusCode);
      expect(answer.headers['content-type']).toContain('application/problem+json');
    },
  );

  test('forms without a body, twice the same field, and other kinds of body', async () => {
    const headers = { cookie: ada.cookie };
    const twice = { email: ['a', 'b'], password: ['c', 'd'], next: ['/', '/'] };
    expect(await status(send('/en/console/sign-in', twice))).toBeLessThan(500);
    for (const url of ['/en/console/sign-in', '/en/console/account/password', '/en/console/staff']) {
      expect(await status(app.inject({ method: 'POST', url, headers }))).toBeLessThan(500);
      expect(await status(app.inject({ method: 'POST', url, headers, payload: 'null' }))).toBeLessThan(500);
      const json = { ...headers, 'content-type': 'application/json' };
      expect(await status(app.inject({ method: 'POST', url, headers: json, payload: 'null' }))).toBeLessThan(500);
      expect(
        await status(app.inject({ method: 'POST', url, headers: json, payload: JSON.stringify({ _csrf: ada.csrf }) })),
      ).toBeLessThan(500);
      const multipart = { ...headers, 'content-type': 'multipart/form-data; boundary=x' };
      expect(await status(app.inject({ method: 'POST', url, headers: multipart, payload: '--x--\r\n' }))).toBeLessThan(
        500,
      );
    }
  });
});
