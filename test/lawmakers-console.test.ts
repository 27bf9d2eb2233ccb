import { DemoParliament } from '../src/lawmakers/demo-parliament.service.js';
import { LawmakersService } from '../src/lawmakers/lawmakers.service.js';
import type { SourceFile } from '../src/lawmakers/importers/source-file.js';
import { startApp, type TestApp } from './support/app.js';
import { type SignedIn, signIn } from './support/cast.js';
import { fixture, sourceOf } from './support/lawmaker-files.js';
import { multipart } from './support/multipart.js';

let app: TestApp;
let olga: SignedIn;
let vera: SignedIn;
beforeAll(async () => {
  app = await startApp();
  [olga, vera] = [await signIn(app, 'olga'), await signIn(app, 'vera')];
  await app.get(DemoParliament).seed();
});
afterAll(() => app.close());

const base = '/en/console/lawmakers';
const csv = 'Who,Where,Reach\nAnna Berg,Harbour,anna@parl.example\nBo <b>Nolan</b>,Mill,No email found\n';

async function upload(files: SourceFile[], fields: Record<string, string> = {}, who: SignedIn = olga) {
  const { payload, headers } = await multipart({ _csrf: who.csrf, ...fields }, files);
  const url = `${base}/imports`;
  return app.inject({ method: 'POST', url, payload, headers: { ...headers, cookie: who.cookie } });
}
const locationOf = (answer: { headers: Record<string, unknown> }) => String(answer.headers.location);

test('upload, map the columns, look, apply', async () => {
  const sent = await upload([sourceOf('list.csv', csv)], { legislature: 'nl-wizard', format: 'auto', name: 'Wizards' });
  expect(sent.statusCode).toBe(303);
  const columns = await olga.get(locationOf(sent));
  expect(columns.statusCode).toBe(200);
  expect(columns.body).toContain('Reach');
  expect(columns.body).toContain('Bo &lt;b&gt;Nolan&lt;/b&gt;');

  const none = await olga.post(locationOf(sent), {});
  expect(none.statusCode).toBe(422);
  expect(none.body).toContain('Say which column has the name');

  const mapped = await olga.post(locationOf(sent), { 'map-name': 'Who', 'map-area': 'Where', 'map-email': 'Reach' });
  expect(mapped.statusCode).toBe(303);
  const preview = await olga.get(locationOf(mapped));
  expect(preview.body).toContain('Anna Berg');
  expect(preview.body).toContain('anna@parl.example');
  expect(preview.body).toContain('list.csv, line 3');
  expect(preview.body).toContain('Apply these changes');
  expect(preview.body).not.toContain('<b>');

  const report = await olga.get(`${locationOf(mapped)}/report.csv`);
  expect(report.headers['content-type']).toBe('text/csv; charset=utf-8');
  expect(report.body).toContain('No email found');

  const applied = await olga.post(`${locationOf(mapped)}/application`);
  expect(applied.statusCode).toBe(303);
  const list = await olga.get(locationOf(applied));
  expect(list.body).toContain('Anna Berg');
  expect((await olga.post(`${locationOf(mapped)}/application`)).statusCode).toBe(409);
  expect((await vera.get(locationOf(mapped))).body).not.toContain('/undoing');
  expect((await olga.get(locationOf(mapped))).body).toContain('/undoing');
  expect((await vera.post(`${locationOf(mapped)}/undoing`)).statusCode).toBe(403);
  const undo = await olga.post(`${locationOf(mapped)}/undoing`);
  expect((await olga.get(locationOf(undo))).body).toContain('This takes an import back');
  expect((await olga.get(`${base}/imports`)).body).toContain('Wizards');
  expect((await olga.get(locationOf(sent))).statusCode).toBe(409);
});

test('files of a known format need no columns', async () => {
  const sent = await upload([fixture('congress.csv')]);
  const preview = await olga.get(locationOf(sent));
  expect(preview.body).toContain('United States Congress');
  expect((await olga.get(`${locationOf(sent)}?change=gone`)).body).toContain('Nothing would change.');
  expect((await olga.post(`${locationOf(sent)}/discarding`)).statusCode).toBe(303);
  expect((await olga.get(locationOf(sent))).body).not.toContain('Apply these changes');
});

test('a changed way to reach somebody is named in the reader’s language', async () => {
  const previewed = async (email: string) => {
    const sent = await upload([sourceOf('ways.csv', `Name,Email\nAnna Berg,${email}\n`)], { legislature: 'nl-ways' });
    return locationOf(await olga.post(locationOf(sent), { 'map-name': 'Name', 'map-email': 'Email' }));
  };
  await olga.post(`${await previewed('a@parl.example')}/application`);
  const page = (await olga.get((await previewed('b@parl.example')).replace('/en/', '/fa/'))).body;
  expect(page).toContain('<ins dir="auto">رایانامه: <bdi>b@parl.example</bdi></ins>');
  expect(page).not.toContain('email:');
});

test('a later import makes a preview out of date, and the page says so', async () => {
  const csvOf = (party: string) =>
    sourceOf('c.csv', fixture('congress.csv').bytes.toString().replaceAll('Democrat', party));
  const [first, second] = [await upload([csvOf('A')]), await upload([csvOf('B')])];
  await olga.post(`${locationOf(second)}/application`);
  expect((await olga.get(locationOf(first))).body).toContain('no longer fits');
  expect((await olga.post(`${locationOf(first)}/application`)).statusCode).toBe(409);
});

test.each<[files: SourceFile[], fields: Record<string, string>, message: string]>([
  [[], {}, 'Choose a file.'],
  [[sourceOf('', '')], {}, 'Choose a file.'],
  [[sourceOf('a.xlsx', Buffer.from('504b0304', 'hex'))], {}, 'a.xlsx, line 1: This is a packed file'],
  [[sourceOf('a.csv', `${csv}"`)], { legislature: 'nl-x' }, ''],
  [[sourceOf('a.csv', csv)], { legislature: 'X Y' }, 'Use lower-case letters'],
  [[sourceOf('a.csv', csv)], {}, 'Please fill this in'],
  [[sourceOf('a.csv', csv), sourceOf('b.csv', csv)], { legislature: 'nl-x' }, 'This format takes one file.'],
])('shows what is wrong beside the field (%#)', async (files, fields, message) => {
  const answer = await upload(files, fields);
  expect(answer.statusCode).toBe(message ? 422 : 303);
  expect(answer.body).toContain(message);
  if (message) expect(answer.body).toContain('role="alert"');
});

const unclosed = fixture('meps.xml').bytes.toString().replace('</id>', '');
test.each<[file: SourceFile, place: string, message: string]>([
  [sourceOf('a.json', '[\n{"bioguide": "A1"},\n oops]'), 'سطر ۳، ستون ۲', 'JSON خواند.'],
  [sourceOf('a.yml', 'id: ocd-person/1\nname: Ada\nname: Fern\n'), 'سطر ۳، ستون ۱', 'YAML خواند.'],
  [sourceOf('a.yml', 'id: ocd-person/1\nname: *nobody\n'), '', 'به‌جای ارجاع (*)'],
  [sourceOf('a.csv', 'Who "W" ,Reach\nAnna,a@parl.example\n'), 'سطر ۱', 'CSV خواند:'],
  [sourceOf('a.xml', unclosed), 'سطر ۹، ستون ۸', 'XML خواند.'],
])(
  'says in Persian what is wrong and where, and nothing in the words of a parser (%#)',
  async (file, place, message) => {
    const { payload, headers } = await multipart({ _csrf: olga.csrf, legislature: 'nl-x' }, [file]);
    const url = '/fa/console/lawmakers/imports';
    const answer = await app.inject({ method: 'POST', url, payload, headers: { ...headers, cookie: olga.cookie } });
    expect(answer.statusCode).toBe(422);
    const said = /<a href="#file">(.*?)<\/a>/.exec(answer.body)![1]!;
    expect(said).toContain(place);
    expect(said).toContain(message);
    expect(said.replace(/a\.\w+|JSON|YAML|CSV|XML|Tab|&\w+;/g, '')).not.toMatch(/[a-z]/i);
  },
);

test('an upload without token, from a stranger or from the wrong role is refused', async () => {
  const files = [fixture('congress.csv')];
  expect((await upload(files, { _csrf: 'wrong' })).statusCode).toBe(403);
  const { payload, headers } = await multipart({}, files);
  const url = `${base}/imports`;
  expect(
    (await app.inject({ method: 'POST', url, payload, headers: { ...headers, cookie: olga.cookie } })).statusCode,
  ).toBe(403);
  const stranger = await app.inject({ method: 'POST', url, payload, headers });
  expect([stranger.statusCode, locationOf(stranger)]).toEqual([303, '/en/console/sign-in']);
  expect((await upload(files, {}, vera)).statusCode).toBe(403);
  const garbage = { 'content-type': 'multipart/form-data; boundary=x', cookie: olga.cookie };
  expect((await app.inject({ method: 'POST', url, payload: 'rubbish', headers: garbage })).statusCode).toBeLessThan(
    500,
  );
});

test('a viewer sees lawmakers and no buttons', async () => {
  const list = await vera.get(base);
  expect(list.statusCode).toBe(200);
  expect(list.body).not.toContain('/imports/new');
  expect((await vera.get(`${base}/imports/new`)).statusCode).toBe(403);
});

test('filters are in the address and kept by the link to the next page', async () => {
  const list = await olga.get(`${base}?legislature=demo-meridia&chamber=Senate`);
  expect(list.body).toContain('Victor Amsel, Jr.');
  expect(list.body).not.toContain('Anna Berg');
  expect((await olga.get(`${base}?legislature=demo-meridia&q=nobody`)).body).toContain('Nobody matches these filters.');
  const persian = await olga.get('/fa/console/lawmakers?legislature=demo-meridia');
  expect(persian.body).toContain('dir="rtl"');
  expect(persian.body).toContain('نرگس بهرامی');
});

test('contact points are added and struck out by hand, objections recorded and lifted', async () => {
  const [anna] = (await app.get(LawmakersService).list({ legislature: 'demo-meridia', q: 'Anna Berg' })).lawmakers;
  const own = `${base}/${anna!.id}`;
  const bad = await olga.post(`${own}/contact-points`, { channel: 'email', value: 'nonsense' });
  expect(bad.statusCode).toBe(422);
  expect(bad.body).toContain('Please give one e-mail address');
  expect((await olga.post(`${own}/contact-points`, { channel: 'email', value: 'own@parl.example' })).statusCode).toBe(
    303,
  );
  const page = (await olga.get(own)).body;
  expect(page).toContain('own@parl.example');
  const [, strike] = /action="([^"]+\/striking)"/.exec(page)!;
  expect((await olga.post(strike!)).statusCode).toBe(303);
  expect((await olga.get(own)).body).toContain('<s dir="auto">own@parl.example</s>');
  expect((await olga.post(strike!)).statusCode).toBe(404);

  expect((await olga.post(`${own}/objection`, { note: '' })).statusCode).toBe(422);
  expect((await olga.post(`${own}/objection`, { note: 'by <i>letter</i>' })).statusCode).toBe(303);
  const objected = (await olga.get(own)).body;
  expect(objected).toContain('by &lt;i&gt;letter&lt;/i&gt;');
  expect(objected).toContain('Lift the objection');
  expect((await olga.get(`${base}?status=objection`)).body).toContain('Anna Berg');
  expect((await vera.post(`${own}/objection/lifting`)).statusCode).toBe(403);
  expect((await olga.post(`${own}/objection/lifting`, { reason: ' ' })).statusCode).toBe(422);
  expect((await olga.post(`${own}/objection/lifting`, { reason: 'wrote <b>again</b>' })).statusCode).toBe(303);
  expect((await olga.get(own)).body).toContain('wrote &lt;b&gt;again&lt;/b&gt;');
  expect((await olga.get(own)).body).toContain('Record the objection');
});

test('an address of nobody is a page that does not exist', async () => {
  for (const id of ['nobody', '00000000-0000-7000-8000-000000000000']) {
    expect((await olga.get(`${base}/${id}`)).statusCode).toBe(404);
    expect((await olga.get(`${base}/imports/${id}`)).statusCode).toBe(404);
    expect((await olga.post(`${base}/${id}/objection`, { note: 'x' })).statusCode).toBe(404);
  }
});
