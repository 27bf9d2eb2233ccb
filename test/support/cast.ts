import type { Role } from '../../src/staff/access.js';
import { Staff } from '../../src/staff/staff.service.js';
import type { TestApp } from './app.js';

const password = 'correct-horse-battery';

/** Olga organises, Amir approves, Ada administers, Vera views. Stefan is a stranger: he has no account. */
export const cast = {
  olga: { email: 'olga@example.org', name: 'Olga', role: 'organiser' },
  amir: { email: 'amir@example.org', name: 'Amir', role: 'approver' },
  ada: { email: 'ada@example.org', name: 'Ada', role: 'admin' },
  vera: { email: 'vera@example.org', name: 'Vera', role: 'viewer' },
} satisfies Record<string, { email: string; name: string; role: Role }>;

export interface SignedIn {
  id: string;
  email: string;
  password: string;
  cookie: string;
  /** Hidden field of her forms. */
  csrf: string;
  /** GET of a console page. */
  get: (url: string) => ReturnType<TestApp['inject']>;
  /** A console form, sent as a browser does, with CSRF token. */
  post: (url: string, fields?: Record<string, string | string[]>) => ReturnType<TestApp['inject']>;
  /** A JSON call with a bearer token that has all her rights. */
  api: (
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    url: string,
    payload?: object,
  ) => ReturnType<TestApp['inject']>;
  token: string;
}

export const formBody = (fields: Record<string, string | string[]>) => ({
  payload: new URLSearchParams(
    Object.entries(fields).flatMap(([name, value]) => [value].flat().map((each): [string, string] => [name, each])),
  ).toString(),
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
});

/** Adds the person if she is not there yet, and signs her in through the real page. */
export async function signIn(app: TestApp, who: keyof typeof cast): Promise<SignedIn> {
  const person = cast[who];
  const staff = app.get(Staff);
  const known = (await staff.list()).find(({ email }) => email === person.email);
  const id = known?.id ?? (await staff.add(person, 'system', password)).member.id;
  const answer = await app.inject({
    method: 'POST',
    url: '/en/console/sign-in',
    ...formBody({ email: person.email, password }),
  });
  if (answer.statusCode !== 303) throw new Error(`sign-in of ${who} answered ${answer.statusCode}`);
  const cookie = String(answer.headers['set-cookie']).split(';')[0]!;
  const get: SignedIn['get'] = (url) => app.inject({ url, headers: { cookie } });
  const account = await get('/en/console/account');
  const csrf = /name="_csrf" value="([^"]+)"/.exec(account.body)![1]!;
  const post: SignedIn['post'] = (url, fields = {}) => {
    const { payload, headers } = formBody({ _csrf: csrf, ...fields });
    return app.inject({ method: 'POST', url, payload, headers: { ...headers, cookie } });
  };
  const scopes = [...account.body.matchAll(/name="scopes" value="([^"]+)"/g)].map((match) => match[1]!);
  const made = await post('/en/console/account/tokens', { name: 'test', days: '1', scopes });
  const token = /cs_[\w-]{43}/.exec(made.body)![0];
  const api: SignedIn['api'] = (method, url, payload) =>
    app.inject({ method, url, payload, headers: { authorization: `Bearer ${token}` } });
  return { id, email: person.email, password, cookie, csrf, get, post, api, token };
}
