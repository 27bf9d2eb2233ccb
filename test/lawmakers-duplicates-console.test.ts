import { ImportPreviewsService } from '../src/lawmakers/import-previews.service.js';
import { ImportsService } from '../src/lawmakers/imports.service.js';
import { ImportRequest } from '../src/lawmakers/lawmakers.schema.js';
import { startApp, type TestApp } from './support/app.js';
import { type SignedIn, signIn } from './support/cast.js';
import { sourceOf } from './support/lawmaker-files.js';

let app: TestApp;
let olga: SignedIn;
let vera: SignedIn;
beforeAll(async () => {
  app = await startApp();
  [olga, vera] = [await signIn(app, 'olga'), await signIn(app, 'vera')];
  const csv = 'Id,Name,Area,Email\n1,Anna <b>Berg</b>,Harbour,a@parl.example\n2,Anna <b>Berg</b>,Mill,b@parl.example\n';
  const request = ImportRequest.parse({ legislature: 'x-pages', country: 'NL' });
  const found = await app.get(ImportPreviewsService).preview([sourceOf('l.csv', csv)], request, 'system');
  await app.get(ImportsService).apply(found.id, 'system');
});
afterAll(() => app.close());

const page = '/en/console/lawmakers/duplicates';
const pair = async () => (await olga.api('GET', '/api/v1/lawmaker-duplicates')).json().pairs[0];

test('a viewer sees the pairs and decides nothing', async () => {
  const { first, second } = await pair();
  const body = (await vera.get(page)).body;
  expect(body).toContain('Anna &lt;b&gt;Berg&lt;/b&gt;');
  expect(body).not.toContain('/decisions"');
  const fields = { first: first.id, second: second.id, keep: first.id };
  expect((await vera.post(`${page}/decisions`, fields)).statusCode).toBe(403);
  expect((await vera.api('POST', '/api/v1/lawmaker-decisions', { ...fields, decision: 'same' })).statusCode).toBe(403);
  expect((await app.inject({ url: page })).statusCode).not.toBe(200);
  expect((await app.inject({ url: '/api/v1/lawmaker-duplicates' })).statusCode).toBe(401);
  expect(await pair()).toMatchObject({ first: { id: first.id } });
});

test('an organiser joins two records on the page, sees it, and takes it back', async () => {
  const { first, second } = await pair();
  const joined = await olga.post(`${page}/decisions`, { first: first.id, second: second.id, keep: second.id });
  expect(joined.headers.location).toBe(page);
  const body = (await olga.get(page)).body;
  expect(body).toContain('No records look like one person');
  expect((await olga.get(`/en/console/lawmakers/${first.id}`)).body).toContain('This record is joined to another');
  const undo = /action="([^"]+\/undoing)"/.exec(body)![1]!;
  expect((await vera.post(undo)).statusCode).toBe(403);
  expect((await olga.post(undo)).statusCode).toBe(303);
  expect(await pair()).toMatchObject({ first: { id: first.id } });
  expect((await olga.post(undo)).statusCode).toBe(404);
});

test('the API decides and takes back, and refuses what makes no sense', async () => {
  const { first, second } = await pair();
  const url = '/api/v1/lawmaker-decisions';
  const decide = (body: object) => olga.api('POST', url, { first: first.id, second: second.id, ...body });
  expect((await decide({ decision: 'same' })).statusCode).toBe(422);
  expect((await decide({ decision: 'same', keep: '01900000-0000-7000-8000-000000000000' })).statusCode).toBe(422);
  expect((await decide({ second: first.id, decision: 'different' })).statusCode).toBe(422);
  const made = await decide({ decision: 'different' });
  expect(made.statusCode).toBe(201);
  expect((await decide({ decision: 'same', keep: first.id })).statusCode).toBe(409);
  const { decisions } = (await olga.api('GET', url)).json();
  expect(decisions[0]).toMatchObject({ id: made.json().id, decision: 'different', decidedBy: expect.any(String) });
  expect((await vera.api('DELETE', `${url}/${made.json().id}`)).statusCode).toBe(403);
  expect((await olga.api('DELETE', `${url}/${made.json().id}`)).statusCode).toBe(204);
});

test('the audit log says who decided about which records, and no name', async () => {
  const entries = await app.database.query(
    `SELECT action, detail::text FROM audit_entries WHERE action IN ('lawmakers.joined', 'lawmakers.told-apart', 'lawmakers.decision-undone') ORDER BY id`,
  );
  expect(entries.map(({ action }: { action: string }) => action)).toEqual([
    'lawmakers.joined',
    'lawmakers.decision-undone',
    'lawmakers.told-apart',
    'lawmakers.decision-undone',
  ]);
  expect(JSON.stringify(entries)).not.toContain('Anna');
});
