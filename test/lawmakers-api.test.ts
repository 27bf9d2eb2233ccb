import { readFileSync } from 'node:fs';
import { DemoParliament } from '../src/lawmakers/demo-parliament.service.js';
import { sourceLimits, type SourceFile } from '../src/lawmakers/importers/source-file.js';
import { startApp, type TestApp } from './support/app.js';
import { type SignedIn, signIn } from './support/cast.js';
import { fixture, folder, realFile, sourceOf, testRealFiles } from './support/lawmaker-files.js';
import { multipart } from './support/multipart.js';
import { projectRoot } from '../src/config/root.js';

let app: TestApp;
let olga: SignedIn;
let amir: SignedIn;
beforeAll(async () => {
  app = await startApp();
  [olga, amir] = [await signIn(app, 'olga'), await signIn(app, 'amir')];
  await app.get(DemoParliament).seed();
});
afterAll(() => app.close());

const url = '/api/v1/lawmaker-imports';
const csv = 'Name,Area,Party,Email\nAnna Berg,Harbour,Green,anna@parl.example\nBo Nolan,Mill,Blue,No email found\n';

async function upload(files: SourceFile[], fields: Record<string, string> = {}, token = olga.token) {
  const { payload, headers } = await multipart(fields, files);
  return app.inject({ method: 'POST', url, payload, headers: { ...headers, authorization: `Bearer ${token}` } });
}
function raw(content: string | Buffer, type: string, query: Record<string, string> = {}, token = olga.token) {
  const headers = { 'content-type': type, authorization: `Bearer ${token}` };
  return app.inject({ method: 'POST', url, query, payload: content, headers });
}
const count = async () => (await app.database.query(`SELECT count(*)::int AS n FROM imports`))[0].n as number;

test('a file becomes a preview, the preview becomes lawmakers', async () => {
  const preview = await upload([sourceOf('list.csv', csv)], { legislature: 'nl-test' });
  expect(preview.statusCode).toBe(201);
  const body = preview.json();
  expect(preview.headers.location).toBe(`${url}/${body.id}`);
  expect(body).toMatchObject({
    state: 'previewed',
    legislature: { slug: 'nl-test', country: 'NL' },
    counts: { new: 2, changed: 0, gone: 0, same: 0, rejected: 0 },
    report: [
      { file: 'list.csv', line: 3, severity: 'repaired', code: 'no-address-words', detail: 'No email found' },
      { file: 'list.csv', line: 3, severity: 'noticed', code: 'no-contact' },
    ],
  });
  expect(body.rows.map(({ change, name }: { change: string; name: string }) => [change, name])).toEqual([
    ['new', 'Anna Berg'],
    ['new', 'Bo Nolan'],
  ]);
  expect((await olga.api('GET', '/api/v1/lawmakers?legislature=nl-test')).json().lawmakers).toEqual([]);

  const applied = await olga.api('POST', `${url}/${body.id}/application`);
  expect(applied.statusCode).toBe(200);
  expect(applied.json()).toMatchObject({ state: 'applied', decidedBy: 'Olga (test)' });
  const { lawmakers } = (await olga.api('GET', '/api/v1/lawmakers?legislature=nl-test')).json();
  expect(lawmakers).toMatchObject([
    { name: 'Anna Berg', party: 'Green', channels: ['email'] },
    { name: 'Bo Nolan', channels: [] },
  ]);
  expect((await olga.api('POST', `${url}/${body.id}/application`)).statusCode).toBe(409);
  const { legislatures } = (await olga.api('GET', '/api/v1/legislatures')).json();
  expect(legislatures).toContainEqual(expect.objectContaining({ slug: 'nl-test', lawmakers: 2 }));
  const [entry] = await app.database.query(
    `SELECT action, subject, detail FROM audit_entries ORDER BY id DESC LIMIT 1`,
  );
  expect(entry).toMatchObject({ action: 'lawmakers.import-applied', subject: body.id, detail: { new: 2 } });
});

test.each<[type: string, name: string, query: Record<string, string>, people: number]>([
  ['text/csv', 'congress.csv', {}, 3],
  ['application/json', 'congress.json', { partial: 'true' }, 2],
  ['application/yaml', 'openstates/Ada-Fern.yml', {}, 1],
  ['application/xml', 'meps.xml', {}, 3],
  ['text/xml', 'ca-commons.xml', {}, 1],
  ['application/octet-stream', 'congress.csv', { filename: 'any.csv', format: 'congress-legislators' }, 3],
])('takes a raw body of %s', async (type, name, query, people) => {
  const answer = await raw(fixture(name).bytes as Buffer, type, query);
  expect(answer.statusCode).toBe(201);
  expect(answer.json().counts.new).toBe(people);
});

test('takes many files of openstates at once', async () => {
  const answer = await upload(folder(`${projectRoot}/test/fixtures/lawmakers/openstates`));
  expect(answer.json()).toMatchObject({ format: 'openstates', legislature: { slug: 'us-ca' }, sourceName: '4 files' });
});

testRealFiles('takes the real file of congress-legislators: 537 people', async () => {
  const content = readFileSync(realFile('us/legislators-current.json'));
  const answer = await raw(content, 'application/json', { legislature: 'x-real', country: 'US' });
  expect(answer.json().counts).toMatchObject({ new: expect.any(Number), rejected: 0 });
  const file = sourceOf('legislators-current.csv', readFileSync(realFile('us/legislators-current.csv')));
  const preview = (await upload([file], { legislature: 'x-real', country: 'US' })).json();
  expect(preview.counts.new).toBe(537);
  await olga.api('POST', `${url}/${preview.id}/application`);
  const forms = await olga.api('GET', '/api/v1/lawmakers?legislature=x-real&channel=form');
  expect(forms.headers.link).toContain('rel="next"');
});

test.each<[files: SourceFile[], fields: Record<string, string>, status: number, error: object]>([
  [[], {}, 422, { field: 'file', code: 'no-file' }],
  [[sourceOf('list.zip', Buffer.from('504b0304', 'hex'))], {}, 422, { field: 'file', code: 'zip' }],
  [[sourceOf('list.csv', `${csv}Carla`)], { legislature: 'nl-x' }, 422, { field: 'file', code: 'cut' }],
  [[sourceOf('list.csv', csv)], {}, 422, { field: 'legislature', code: 'required' }],
  [[sourceOf('list.csv', csv)], { legislature: 'No Slug' }, 422, { field: 'legislature', code: 'lawmakers-slug' }],
  [[sourceOf('list.csv', csv)], { legislature: 'somewhere' }, 422, { field: 'country', code: 'required' }],
  [
    [sourceOf('list.csv', csv)],
    { legislature: 'nl-x', country: 'ZZ' },
    422,
    { field: 'country', code: 'not-a-country' },
  ],
  [[sourceOf('list.csv', csv)], { legislature: 'nl-x', map: 'name=Who' }, 422, { code: 'map-column-missing' }],
  [[sourceOf('list.csv', csv)], { legislature: 'nl-x', format: 'word' }, 422, { field: 'format' }],
])('refuses a bad upload (%#)', async (files, fields, status, error) => {
  const before = await count();
  const answer = await upload(files, fields);
  expect(answer.statusCode).toBe(status);
  expect(answer.json().errors).toEqual([expect.objectContaining(error)]);
  expect(await count()).toBe(before);
});

test('names file and line of what cannot be read', async () => {
  const answer = await upload([sourceOf('list.csv', Buffer.from(`${csv}Jos\u00e9,a,b,c\n`, 'latin1'))], {
    legislature: 'nl-x',
  });
  expect(answer.json().errors[0].message).toBe('list.csv, line 4: This line is not in UTF-8. Save the file as UTF-8.');
});

test('an item that nests deeper than the stack, or holds itself, is reported like others that describe nobody', async () => {
  const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
  const congress = fixture('congress.json').bytes.toString().trimEnd().slice(0, -1);
  const fields = { legislature: 'x-deep', name: 'Deep', country: 'US' };
  const circle = `- id:
    bioguide: A000001
  name: {first: Vera, last: Alder}
  bio: {gender: F}
  terms: [{type: sen, start: 2023-01-03, end: 2099-01-03, state: WA, party: Democrat}]
- &circle [*circle]
`;
  for (const [name, content, people] of [
    ['congress.json', `${congress}, ${deep}]`, 2],
    ['congress.yaml', circle, 1],
  ] as const) {
    const preview = await upload([sourceOf(name, content)], fields);
    expect([name, preview.statusCode]).toEqual([name, 201]);
    expect(preview.json().counts).toMatchObject({ new: people });
    const rejected = { severity: 'rejected', code: 'not-a-member', detail: '[…]' };
    expect(preview.json().report).toContainEqual(expect.objectContaining(rejected));
  }
  const popolo = `{"persons": [${deep}], "memberships": [${deep}]}`;
  const refused = await upload([sourceOf('popolo.json', popolo)], fields);
  expect(refused.statusCode).toBe(422);
  expect(refused.json().errors[0].message).toMatch(/^popolo\.json: Nobody in this file can be imported\./);
});

test('refuses what is too large before reading all of it', async () => {
  const big = Buffer.alloc(sourceLimits.bytes + 10, 'a');
  expect((await upload([sourceOf('big.csv', big)])).statusCode).toBe(413);
  expect((await raw(big, 'text/csv')).statusCode).toBe(413);
  const halves = [1, 2].map((n) => sourceOf(`${n}.csv`, Buffer.alloc(sourceLimits.bytes * 0.6, 'a')));
  expect((await upload(halves)).statusCode).toBe(413);
});

test('refuses a body that is no file', async () => {
  expect((await raw('a=b', 'application/x-www-form-urlencoded')).statusCode).toBe(400);
  expect((await raw('x', 'image/gif')).statusCode).toBe(415);
});

test('a stranger and the wrong role get nothing, and their file is not kept', async () => {
  const before = await count();
  expect((await upload([sourceOf('list.csv', csv)], { legislature: 'nl-x' }, 'cs_wrong')).statusCode).toBe(401);
  expect((await raw(csv, 'text/csv', { legislature: 'nl-x' }, 'cs_wrong')).statusCode).toBe(401);
  expect((await upload([sourceOf('list.csv', csv)], { legislature: 'nl-x' }, amir.token)).statusCode).toBe(403);
  expect(await count()).toBe(before);
  expect((await app.inject({ url: '/api/v1/lawmakers' })).statusCode).toBe(401);
  expect((await amir.api('GET', '/api/v1/lawmakers')).statusCode).toBe(200);
});

test('a preview can be read again, paged, and taken back', async () => {
  const { id } = (await upload([sourceOf('list.csv', csv)], { legislature: 'nl-back' })).json();
  expect((await amir.api('GET', `${url}/${id}`)).json()).toMatchObject({ id, state: 'previewed' });
  const rows = await olga.api('GET', `${url}/${id}/rows?change=new&after=0`);
  expect(rows.json().rows).toMatchObject([{ name: 'Bo Nolan', position: 1 }]);
  expect((await olga.api('GET', `${url}/${id}/report`)).json().report).toHaveLength(2);
  expect((await amir.api('DELETE', `${url}/${id}`)).statusCode).toBe(403);
  expect((await olga.api('DELETE', `${url}/${id}`)).statusCode).toBe(204);
  expect((await olga.api('DELETE', `${url}/${id}`)).statusCode).toBe(409);
  for (const nothing of ['nothing', '00000000-0000-7000-8000-000000000000']) {
    expect((await olga.api('GET', `${url}/${nothing}`)).statusCode).toBe(404);
    expect((await olga.api('POST', `${url}/${nothing}/application`)).statusCode).toBe(404);
  }
});

test('two applications at once: one is told no', async () => {
  const { id } = (await upload([sourceOf('list.csv', csv)], { legislature: 'nl-twice' })).json();
  const answers = await Promise.all([1, 2, 3].map(() => olga.api('POST', `${url}/${id}/application`)));
  expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 409, 409]);
});

test('lists lawmakers page by page, by key', async () => {
  const names: string[] = [];
  let next: string | null = '/api/v1/lawmakers?legislature=demo-meridia&status=present';
  await app.get(DemoParliament).seed();
  while (next) {
    const page = await olga.api('GET', next);
    expect(page.statusCode).toBe(200);
    names.push(...page.json().lawmakers.map(({ name }: { name: string }) => name));
    next = /<([^>]+)>; rel="next"/.exec(String(page.headers.link ?? ''))?.[1] ?? null;
  }
  expect(new Set(names).size).toBe(40);
});

test.each([
  ['chamber=Senate', 14],
  ['party=Green+Bench', 10],
  ['area=East', 12],
  ['channel=form', 9],
  ['q=berg', 1],
  ['q=%25', 0],
  ['status=left', 0],
  ['status=objection', 0],
])('finds by %s', async (query, expected) => {
  const answer = await olga.api('GET', `/api/v1/lawmakers?legislature=demo-meridia&${query}`);
  expect(answer.json().lawmakers).toHaveLength(expected);
});

test.each(['status=gone', 'channel=pigeon', 'after=rubbish', 'legislature=No%20Slug'])('refuses %s', async (query) => {
  expect((await olga.api('GET', `/api/v1/lawmakers?${query}`)).statusCode).toBe(422);
});

test('an objection is recorded once and can be lifted', async () => {
  const [anna] = (await olga.api('GET', '/api/v1/lawmakers?legislature=demo-meridia&q=Anna')).json().lawmakers;
  const own = `/api/v1/lawmakers/${anna.id}`;
  expect((await amir.api('PUT', `${own}/objection`, { note: 'by letter' })).statusCode).toBe(403);
  expect((await olga.api('PUT', `${own}/objection`, { note: ' ' })).statusCode).toBe(422);
  expect((await olga.api('PUT', `${own}/objection`, { note: 'by letter' })).statusCode).toBe(204);
  expect((await olga.api('PUT', `${own}/objection`, { note: 'by letter' })).statusCode).toBe(204);
  expect((await olga.api('GET', own)).json()).toMatchObject({
    objected: true,
    contactPoints: [{ channel: 'email' }, { channel: 'post' }],
  });
  const lift = (reason: string) => olga.api('POST', `${own}/objection/lifting`, { reason });
  expect((await lift(' ')).statusCode).toBe(422);
  expect((await lift('the office wrote again')).statusCode).toBe(204);
  expect((await lift('the office wrote again')).statusCode).toBe(404);
  expect((await olga.api('GET', own)).json()).toMatchObject({ objected: false });
});
