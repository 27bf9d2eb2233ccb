import { Controller, Get } from '@nestjs/common';
import { MetadataScanner, Reflector } from '@nestjs/core';
import { Needs, roles } from '../src/staff/access.js';
import { EveryRouteHasAccess } from '../src/staff/every-route-has-access.js';
import { Reauthenticated } from '../src/staff/reauthenticated.js';
import { startApp, type TestApp } from './support/app.js';
import { cast, formBody, type SignedIn, signIn } from './support/cast.js';
import { allRoutes, type Route } from './support/routes.js';

let app: TestApp;
let routes: Route[];
const people: Partial<Record<keyof typeof cast, SignedIn>> = {};

const filled = ({ url }: Route) =>
  url
    .replace(':locale', 'en')
    .replaceAll(/:(\w*[iI]d)\b/g, '01900000-0000-7000-8000-000000000000')
    .replaceAll(/:\w+/g, 'x');

const call = (route: Route, headers: Record<string, string>, fields: Record<string, string> = {}) => {
  const form = route.method === 'GET' ? { headers: {} } : formBody(fields);
  return app.inject({ method: route.method, url: filled(route), ...form, headers: { ...form.headers, ...headers } });
};

beforeAll(async () => {
  app = await startApp({ LIMITS: 'off' });
  routes = allRoutes(app);
  for (const who of Object.keys(cast) as (keyof typeof cast)[]) people[who] = await signIn(app, who);
});
afterAll(() => app.close());

const guarded = () => routes.filter((route) => 'right' in route.access);
const isApi = (route: Route) => route.url.startsWith('/api/');

test('there are guarded routes, and every one is either for the API or for the console', () => {
  expect(guarded().length).toBeGreaterThan(20);
  for (const route of guarded()) expect(route.url).toMatch(/^\/(api\/v1|:locale\/console)(\/|$)/);
});

test('what is public is on a list, so that opening a route is a decision', () => {
  const open = routes.filter((route) => 'public' in route.access).map(({ method, url }) => `${method} ${url}`);
  expect(open.sort()).toMatchSnapshot();
});

test('a stranger gets nowhere: 401 from the API, the sign-in page from the console', async () => {
  for (const route of guarded()) {
    const answer = await call(route, {});
    const expected = isApi(route) ? 401 : 303;
    expect({ route: `${route.method} ${route.url}`, status: answer.statusCode }).toMatchObject({ status: expected });
    if (!isApi(route)) expect(answer.headers.location).toMatch(/^\/en\/console\/sign-in/);
  }
});

test('a made-up token or cookie is no better than none', async () => {
  for (const route of guarded()) {
    const headers = { authorization: `Bearer cs_${'x'.repeat(43)}`, cookie: `countersign-session=${'x'.repeat(43)}` };
    expect([401, 303]).toContain((await call(route, headers)).statusCode);
  }
});

test('a session is not accepted by the API, nor a token by the console', async () => {
  const { cookie, token, csrf } = people.ada!;
  for (const route of guarded()) {
    const answer = isApi(route)
      ? await call(route, { cookie }, { _csrf: csrf })
      : await call(route, { authorization: `Bearer ${token}` });
    expect({ route: `${route.method} ${route.url}`, status: answer.statusCode }).toMatchObject({
      status: isApi(route) ? 401 : 303,
    });
  }
});

test.each(Object.keys(cast) as (keyof typeof cast)[])('%s may do what the role says, and nothing else', async (who) => {
  const person = people[who]!;
  const rights: readonly string[] = roles[cast[who].role];
  for (const route of guarded().filter((each) => !rights.includes((each.access as { right: string }).right))) {
    const answer = isApi(route)
      ? await call(route, { authorization: `Bearer ${person.token}` })
      : await call(route, { cookie: person.cookie }, { _csrf: person.csrf });
    expect({ route: `${route.method} ${route.url}`, status: answer.statusCode }).toMatchObject({ status: 403 });
  }
});

test('no console form works without its token', async () => {
  const { cookie } = people.ada!;
  for (const route of guarded().filter((each) => !isApi(each) && each.method !== 'GET')) {
    for (const fields of [{}, { _csrf: '' }, { _csrf: 'x' }, { _csrf: people.olga!.csrf }]) {
      const answer = await call(route, { cookie }, fields as Record<string, string>);
      expect({ route: `${route.method} ${route.url}`, status: answer.statusCode }).toMatchObject({ status: 403 });
    }
  }
});

describe('the application does not start', () => {
  @Controller('forgotten')
  class Forgotten {
    @Get()
    open() {}
  }
  @Needs('console:read')
  @Controller('asks')
  class Asks {
    @Reauthenticated()
    @Get()
    inTheAddress() {}
  }
  const start = (metatype: typeof Forgotten | typeof Asks) => {
    const discovery = { getControllers: () => [{ metatype, instance: new metatype() }] };
    new EveryRouteHasAccess(discovery as never, new MetadataScanner(), new Reflector()).onModuleInit();
  };

  test('with a route that nobody guards', () => {
    expect(() => start(Forgotten)).toThrow('Routes without @Public() or @Needs(): Forgotten.open');
  });

  test('with a page that would put a password in an address', () => {
    expect(() => start(Asks)).toThrow('Routes with @Reauthenticated() that are no forms: Asks.inTheAddress');
  });
});
