import { startApp, type TestApp } from './support/app.js';

let app: TestApp;
beforeAll(async () => (app = await startApp()));
afterAll(() => app.close());

test.each(['live', 'ready'])('says that it is %s', async (name) => {
  const answer = await app.inject({ url: `/health/${name}` });
  expect(answer.statusCode).toBe(200);
  expect(answer.json()).toMatchObject({ status: name });
  expect(answer.headers['cache-control']).toBe('no-store');
});

test('answers what does not exist with a problem, as JSON for clients and as a page for people', async () => {
  const api = await app.inject({ url: '/api/v1/nothing' });
  expect(api.statusCode).toBe(404);
  expect(api.headers['content-type']).toContain('application/problem+json');
  expect(api.json()).toMatchObject({ status: 404, code: 'not-found', instance: '/api/v1/nothing' });
  const page = await app.inject({ url: '/fa/nothing' });
  expect(page.statusCode).toBe(404);
  expect(page.body).toContain('dir="rtl"');
});
