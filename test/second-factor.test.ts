import { AuditService } from '../src/staff/audit.service.js';
import { Staff } from '../src/staff/staff.service.js';
import { startApp, type TestApp } from './support/app.js';
import { formBody, type SignedIn, signIn } from './support/cast.js';
import { type App, enrol, fieldOf } from './support/second-factor.js';

let app: TestApp;
let ada: SignedIn;
let olga: SignedIn;
let phone: App;
let codes: string[];
beforeAll(async () => {
  app = await startApp({ LIMITS: 'off' });
  ada = await signIn(app, 'ada');
  olga = await signIn(app, 'olga');
  ({ app: phone, codes } = await enrol(olga));
});
afterAll(() => app.close());

const page = '/en/console/account/second-factor';
const send = (
  url: string,
  fields: Record<string, string | string[]>,
  headers: Record<string, string> = {},
  to = app,
) => {
  const form = formBody(fields);
  return to.inject({ method: 'POST', url, ...form, headers: { ...form.headers, ...headers } });
};
const enter = (email: string, password: string, to = app) => send('/en/console/sign-in', { email, password }, {}, to);
const cookieOf = (answer: { headers: Record<string, unknown> }) => String(answer.headers['set-cookie']).split(';')[0]!;
const stepOf = async (person = olga) => fieldOf((await enter(person.email, person.password)).body, 'step');
const withCode = (step: string, code: string, headers = {}) =>
  send('/en/console/sign-in/code', { step, code }, headers);
const forget = () => app.database.query(`UPDATE authenticators SET last_step = 0`);
/** A member of staff with a session of her own, apart from the cast. */
async function newcomer(name: string, role: 'viewer' | 'approver' | 'admin' = 'viewer') {
  const password = `password-of-${name}`;
  const { member } = await app.get(Staff).add({ email: `${name}@example.org`, name, role }, 'system', password);
  const cookie = cookieOf(await enter(member.email, password));
  const get = (url: string) => app.inject({ url, headers: { cookie } });
  const csrf = fieldOf((await get(page)).body, '_csrf');
  const post = (url: string, fields: Record<string, string | string[]> = {}) =>
    send(url, { _csrf: csrf, ...fields }, { cookie });
  return { id: member.id, email: member.email, password, cookie, get, post };
}

describe('enrolment', () => {
  test('shows the secret as a picture without styles and as text, takes a right code only, and shows ten codes once', async () => {
    const nora = await newcomer('nora');
    await nora.post(`${page}/authenticator`);
    const begun = (await nora.get(page)).body;
    expect(begun).toContain('<svg xmlns="http://www.w3.org/2000/svg"');
    expect(begun).not.toMatch(/ style=/);
    expect((await nora.post(`${page}/authenticator/confirmation`, { code: '000000' })).statusCode).toBe(422);
    expect((await nora.post(`${page}/authenticator/confirmation`)).statusCode).toBe(422);
    const made = await enrol(nora);
    expect(new Set(made.codes).size).toBe(10);
    const later = (await nora.get(page)).body;
    for (const code of made.codes) expect(later).not.toContain(code);
    expect(later).not.toContain(made.app.base32.slice(0, 8));
  });

  test('keeps the secret sealed and the codes hashed', async () => {
    const rows = JSON.stringify([
      await app.database.query(`SELECT encode(secret, 'escape') AS secret FROM authenticators`),
      await app.database.query(`SELECT encode(code_hash, 'escape') AS code FROM recovery_codes`),
    ]);
    expect(rows.length).toBeGreaterThan(500);
    expect(rows).not.toContain(phone.base32);
    for (const code of codes) expect(rows).not.toContain(code);
  });

  test('ends the sessions that were opened without it, and waits for its code a quarter of an hour', async () => {
    const mina = await newcomer('mina');
    const elsewhere = cookieOf(await enter(mina.email, mina.password));
    await mina.post(`${page}/authenticator`);
    await app.database.query(`UPDATE authenticators SET begun_at = now() - interval '16 minutes' WHERE staff_id = $1`, [
      mina.id,
    ]);
    expect((await mina.get(page)).body).not.toContain('<svg xmlns');
    await enrol(mina);
    expect((await app.inject({ url: page, headers: { cookie: elsewhere } })).statusCode).toBe(303);
    expect((await mina.get(page)).statusCode).toBe(200);
    await expect(mina.post(`${page}/authenticator`)).resolves.toMatchObject({ statusCode: 409 });
  });
});

describe('signing in', () => {
  test('answers a right password like a wrong one, an unknown address and somebody without a second step', async () => {
    const answers = await Promise.all([
      enter(olga.email, olga.password),
      enter(olga.email, 'wrong'),
      enter('nobody@example.org', 'wrong'),
      enter(ada.email, 'wrong'),
    ]);
    const strip = (body: string) =>
      body.replaceAll(/\S+@example\.org/g, '').replaceAll(/(name="step" value|data-passkey)="[^"]+"/g, '$1');
    expect(new Set(answers.map(({ statusCode, body }) => `${statusCode} ${strip(body)}`)).size).toBe(1);
    expect(new Set(answers.map(({ body }) => fieldOf(body, 'step').length)).size).toBe(1);
    expect(answers.some(({ headers }) => headers['set-cookie'])).toBe(false);
    const next = await Promise.all(answers.map(({ body }) => withCode(fieldOf(body, 'step'), '000000')));
    expect(new Set(next.map(({ statusCode, body }) => `${statusCode} ${strip(body)}`)).size).toBe(1);
  });

  test('opens nothing after the password alone, whichever console address is tried', async () => {
    const answer = await enter(olga.email, olga.password);
    const step = fieldOf(answer.body, 'step');
    expect(answer.headers['set-cookie']).toBeUndefined();
    for (const url of ['/en/console', '/en/console/account', page, '/en/console/letters']) {
      for (const cookie of [`countersign-session=${step}`, `__Host-session=${step}`])
        expect((await app.inject({ url, headers: { cookie } })).statusCode).toBe(303);
      expect((await app.inject({ url, headers: { authorization: `Bearer ${step}` } })).statusCode).toBe(303);
    }
  });

  test('takes each time step once, and none that is earlier', async () => {
    await forget();
    const code = phone.code(0);
    const answer = await withCode(await stepOf(), code);
    expect(answer.statusCode).toBe(303);
    expect((await app.inject({ url: page, headers: { cookie: cookieOf(answer) } })).statusCode).toBe(200);
    expect((await withCode(await stepOf(), code)).statusCode).toBe(422);
    expect((await withCode(await stepOf(), phone.code(-1))).statusCode).toBe(422);
    expect((await withCode(await stepOf(), phone.code(1))).statusCode).toBe(303);
    expect((await withCode(await stepOf(), phone.code(5))).statusCode).toBe(422);
  });

  test('lets one of two in who bring the same code at once', async () => {
    await forget();
    const steps = await Promise.all([stepOf(), stepOf(), stepOf()]);
    const code = phone.code();
    const answers = await Promise.all(steps.map((step) => withCode(step, code)));
    expect(answers.filter(({ statusCode }) => statusCode === 303)).toHaveLength(1);
  });

  test('takes a recovery code once, as people type it, also by two at once', async () => {
    const [code] = codes as [string];
    const typed = ` ${code.toUpperCase().replaceAll('-', ' ')}`;
    const [one, two] = await Promise.all([stepOf(), stepOf()]);
    const answers = await Promise.all([withCode(one, code), withCode(two, typed)]);
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([303, 422]);
    expect((await withCode(await stepOf(), code)).statusCode).toBe(422);
    const [newest] = await app.get(AuditService).list({ action: 'staff.signed-in' }, 1);
    expect(newest).toMatchObject({ actorName: 'Olga', detail: { by: 'recovery-code' } });
  });

  test('takes Persian digits', async () => {
    await forget();
    const persian = phone.code().replaceAll(/\d/g, (digit) => '۰۱۲۳۴۵۶۷۸۹'[Number(digit)]!);
    expect((await withCode(await stepOf(), persian)).statusCode).toBe(303);
  });

  test('takes no recovery code of somebody else, and no step that was changed, is old, or was for an older password', async () => {
    await forget();
    const pia = await newcomer('pia');
    const own = await enrol(pia);
    expect((await withCode(await stepOf(), own.codes[0]!)).statusCode).toBe(422);
    const step = await stepOf(pia as never);
    const middle = step.slice(0, 40) + (step[40] === 'A' ? 'B' : 'A') + step.slice(41);
    for (const bad of ['', 'x', middle]) expect((await withCode(bad, own.codes[1]!)).statusCode).toBe(422);
    const password = await app.get(Staff).resetPassword(pia.id, 'system');
    expect((await withCode(step, own.codes[1]!)).statusCode).toBe(422);
    const now = Date.now();
    const fresh = fieldOf((await enter(pia.email, password)).body, 'step');
    const clock = jest.spyOn(Date, 'now').mockReturnValue(now + 11 * 60_000);
    const late = await withCode(fresh, own.codes[1]!);
    clock.mockRestore();
    expect(late.statusCode).toBe(422);
    expect((await withCode(fresh, own.codes[1]!)).statusCode).toBe(303);
    await app.get(Staff).disable(pia.id, 'system' as never);
    expect((await withCode(fresh, own.codes[2]!)).statusCode).toBe(422);
  });

  test('begins a new session, and ends the one that the browser brought: a planted cookie stays a stranger', async () => {
    await forget();
    const planted = 'countersign-session=planted-by-somebody-else-who-waits-for-olga';
    const answer = await withCode(await stepOf(), phone.code(0), { cookie: planted });
    expect(cookieOf(answer)).not.toBe(planted);
    expect((await app.inject({ url: page, headers: { cookie: planted } })).statusCode).toBe(303);
    const again = await withCode(await stepOf(), phone.code(1), { cookie: cookieOf(answer) });
    expect((await app.inject({ url: page, headers: { cookie: cookieOf(answer) } })).statusCode).toBe(303);
    expect((await app.inject({ url: page, headers: { cookie: cookieOf(again) } })).statusCode).toBe(200);
  });

  test('leads to pages of the console only, and takes no form of another site', async () => {
    for (const [next, location] of [
      ['//evil.example/en/console', '/en/console'],
      ['https://evil.example/', '/en/console'],
      ['/en/console/audit?action=x', '/en/console/audit?action=x'],
    ]) {
      await forget();
      const answer = await send('/en/console/sign-in/code', { step: await stepOf(), code: phone.code(), next: next! });
      expect(answer.headers.location).toBe(location);
    }
    await forget();
    const evil = { origin: 'https://evil.example' };
    expect((await withCode(await stepOf(), phone.code(), evil)).statusCode).toBe(403);
    expect((await send('/en/console/sign-in/passkey', { passkey: '{}' }, evil)).statusCode).toBe(403);
  });

  test('slows down guessing, without telling that it does', async () => {
    const other = await startApp();
    try {
      const vera = await signIn(other, 'vera');
      const own = await enrol(vera);
      const step = fieldOf((await enter(vera.email, vera.password, other)).body, 'step');
      const guess = (code: string) => send('/en/console/sign-in/code', { step, code }, {}, other);
      const first = await guess('000000');
      for (let n = 0; n < 9; n++) await guess('000000');
      const stopped = await guess(own.codes[0]!);
      expect(stopped.statusCode).toBe(422);
      const still = (body: string) => body.replaceAll(/data-passkey="[^"]+"/g, '');
      expect(still(stopped.body)).toBe(still(first.body));
    } finally {
      await other.close();
    }
  });
});

describe('re-authentication', () => {
  const stale = (id: string) =>
    app.database.query(`UPDATE sessions SET reauthenticated_at = now() - interval '11 minutes' WHERE staff_id = $1`, [
      id,
    ]);
  const form = { name: 'after asking', days: '1', scopes: 'console:read' };

  test('asks for the code where there is one: the password alone is not enough, a used code neither', async () => {
    await forget();
    olga = await reenter(olga);
    await stale(olga.id);
    const asked = await olga.post('/en/console/account/tokens', form);
    expect(asked.statusCode).toBe(403);
    expect(asked.body).toContain('name="_code"');
    expect(asked.body).not.toContain('name="_password"');
    const wrong = await olga.post('/en/console/account/tokens', { ...form, _password: olga.password });
    expect(wrong.statusCode).toBe(403);
    const code = phone.code(1);
    const went = await olga.post('/en/console/account/tokens', { ...form, _code: code });
    expect(went.statusCode).toBe(201);
    await stale(olga.id);
    expect((await olga.post('/en/console/account/tokens', { ...form, _code: code })).statusCode).toBe(403);
    expect((await olga.post('/en/console/account/tokens', { ...form, _code: codes[5]! })).statusCode).toBe(201);
  });

  test('stands before every change of what is asked for', async () => {
    await stale(olga.id);
    for (const path of ['authenticator', 'authenticator/removal', 'recovery-codes', 'passkeys'])
      expect((await olga.post(`${page}/${path}`)).statusCode).toBe(403);
    await stale(ada.id);
    for (const path of [`${olga.id}/second-factor`, 'rules'])
      expect((await ada.post(`/en/console/staff/${path}`)).statusCode).toBe(403);
    await ada.post('/en/console/staff/rules', { _password: ada.password });
  });

  test('new recovery codes void the old ones; with the app they go', async () => {
    const tara = await newcomer('tara');
    const made = await enrol(tara);
    const renewed = await tara.post(`${page}/recovery-codes`);
    const fresh = [...renewed.body.matchAll(/<li class="mono">([^<]+)</g)].map(([, code]) => code!);
    expect(fresh).toHaveLength(10);
    expect((await withCode(await stepOf(tara as never), made.codes[0]!)).statusCode).toBe(422);
    expect((await withCode(await stepOf(tara as never), fresh[0]!)).statusCode).toBe(303);
    expect((await tara.post(`${page}/authenticator/removal`)).statusCode).toBe(303);
    expect((await enter(tara.email, tara.password)).statusCode).toBe(303);
    const left = await app.database.query(`SELECT 1 FROM recovery_codes WHERE staff_id = $1`, [tara.id]);
    expect(left).toEqual([]);
    expect((await tara.post(`${page}/recovery-codes`)).statusCode).toBe(409);
  });
});

/** Signs in with a code, for everybody else has been thrown out meanwhile. */
async function reenter(person: SignedIn): Promise<SignedIn> {
  const answer = await withCode(await stepOf(person), phone.code());
  const cookie = cookieOf(answer);
  const get: SignedIn['get'] = (url) => app.inject({ url, headers: { cookie } });
  const csrf = fieldOf((await get(page)).body, '_csrf');
  const post: SignedIn['post'] = (url, fields = {}) => {
    const { payload, headers } = formBody({ _csrf: csrf, ...fields });
    return app.inject({ method: 'POST', url, payload, headers: { ...headers, cookie } });
  };
  return { ...person, cookie, csrf, get, post };
}

describe('an admin', () => {
  test('resets what somebody lost; her sessions end, the password alone works again, and it is in the log', async () => {
    const lea = await newcomer('lea');
    await enrol(lea);
    const listed = await ada.api('GET', '/api/v1/staff');
    const entry = () => ({ id: lea.id, secondFactor: true });
    expect(listed.json<{ staff: object[] }>().staff).toContainEqual(expect.objectContaining(entry()));
    expect((await lea.get(page)).statusCode).toBe(200);
    expect((await ada.post(`/en/console/staff/${lea.id}/second-factor`)).statusCode).toBe(303);
    expect((await lea.get(page)).statusCode).toBe(303);
    expect((await enter(lea.email, lea.password)).statusCode).toBe(303);
    const [newest] = await app.get(AuditService).list({ action: 'staff.second-factor-reset' }, 1);
    expect(newest).toMatchObject({ actorName: 'Ada', subject: lea.id });
    expect((await ada.api('DELETE', `/api/v1/staff/${lea.id}/second-factor`)).statusCode).toBe(204);
    const nobody = '01900000-0000-7000-8000-000000000000';
    expect((await ada.api('DELETE', `/api/v1/staff/${nobody}/second-factor`)).statusCode).toBe(404);
  });

  test('demands a second factor of approvers and admins: they can make one or leave, and nothing else', async () => {
    const amir = await newcomer('amir2', 'approver');
    const vera = await newcomer('vera2', 'viewer');
    expect((await ada.api('PUT', '/api/v1/staff/rules', { secondFactor: 'yes' })).statusCode).toBe(422);
    expect((await ada.post('/en/console/staff/rules', { secondFactor: 'on' })).statusCode).toBe(303);
    expect((await ada.api('GET', '/api/v1/staff/rules')).json()).toEqual({ secondFactor: true });
    try {
      for (const url of ['/en/console', '/en/console/letters', '/en/console/account', '/fa/console/switches']) {
        const answer = await amir.get(url);
        expect(answer.headers.location).toBe(`/${url.slice(1, 3)}/console/account/second-factor`);
        expect((await vera.get(url)).headers.location ?? '').not.toContain('second-factor');
      }
      const turned = await amir.post('/en/console/switches', { name: 'mailing', off: 'yes', reason: 'x' });
      expect(turned.statusCode).toBe(303);
      expect((await app.database.query(`SELECT 1 FROM switches`)) as unknown[]).toEqual([]);
      expect((await amir.get(page)).body).toContain('notice-warn');
      const again = await newcomer('amir3', 'approver');
      expect((await again.get('/en/console')).headers.location).toContain('second-factor');
      expect((await again.post('/en/console/sign-out')).headers.location).toBe('/en/console/sign-in');
      await enrol(amir);
      expect((await amir.get('/en/console')).statusCode).toBe(200);
      expect((await ada.get('/en/console/staff')).statusCode).toBe(303);
    } finally {
      await ada.api('PUT', '/api/v1/staff/rules', { secondFactor: false });
    }
    expect((await ada.get('/en/console/staff')).statusCode).toBe(200);
    const actions = (await app.get(AuditService).list({}, 500)).map(({ action }) => action);
    expect(actions).toEqual(expect.arrayContaining(['staff.rule-on', 'staff.rule-off']));
  });
});

test('sessions are listed with their beginning, one or all others can be ended, and it is in the log', async () => {
  const uma = await newcomer('uma');
  const [second, third] = [
    cookieOf(await enter(uma.email, uma.password)),
    cookieOf(await enter(uma.email, uma.password)),
  ];
  const open = async (cookie: string) => (await app.inject({ url: page, headers: { cookie } })).statusCode;
  const listed = (await uma.get('/en/console/account')).body;
  expect(listed.match(/\/account\/sessions\/[0-9a-f-]{36}\/end/g)).toHaveLength(2);
  const { id } = (await app.database.query(`SELECT id FROM sessions WHERE staff_id = $1`, [ada.id]))[0] as {
    id: string;
  };
  expect((await uma.post(`/en/console/account/sessions/${id}/end`)).statusCode).toBe(303);
  expect((await ada.get(page)).statusCode).toBe(200);
  expect((await uma.post('/en/console/account/sessions/others/end')).statusCode).toBe(303);
  expect([await open(second), await open(third), await open(uma.cookie)]).toEqual([303, 303, 200]);
  expect((await uma.get('/en/console/account')).body).not.toContain('sessions/others/end');
  const [newest] = await app.get(AuditService).list({ action: 'staff.sessions-ended' }, 1);
  expect(newest).toMatchObject({ actorName: 'uma', detail: { sessions: 2 } });
});

test('bad input is a refusal', async () => {
  for (const text of ['\u0000', 'x'.repeat(20_000), '{"id":1}', '{"id":"x","response":null}', '[]', '‮']) {
    for (const path of ['sign-in/code', 'sign-in/passkey'])
      expect(
        (await send(`/en/console/${path}`, { step: text, code: text, passkey: text, next: text })).statusCode,
      ).toBeLessThan(500);
    const post = (path: string) => ada.post(`${page}/${path}`, { code: text, passkey: text, passkeyName: text });
    for (const path of ['authenticator/confirmation', 'passkeys']) expect((await post(path)).statusCode).toBe(422);
  }
});
