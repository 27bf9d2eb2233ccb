import { createHash } from 'node:crypto';
import { parse } from 'csv-parse/sync';
import { text } from 'node:stream/consumers';
import { handInPaper } from '../src/exports/paper-files.js';
import { Sequencer } from '../src/countlog/sequencer.js';
import { Petitions } from '../src/petitions/petitions.service.js';
import { readSheets } from '../src/paper/paper-form.js';
import { startApp, type TestApp } from './support/app.js';
import { type SignedIn, signIn } from './support/cast.js';
import { until } from './support/server.js';
import { sheetOf, unzip } from './support/unzip.js';
import { askForLink, confirm, countOf, openPetition } from './support/petitions.js';

let app: TestApp;
let olga: SignedIn;
let amir: SignedIn;
let ada: SignedIn;

beforeEach(async () => {
  app = await startApp({ LIMITS: 'off' });
  await openPetition(app);
  [olga, amir, ada] = [await signIn(app, 'olga'), await signIn(app, 'amir'), await signIn(app, 'ada')];
});
afterEach(() => app.close());

const api = '/api/v1/petitions/wetlands/paper';
const scan = createHash('sha256').update('scan').digest('hex');
const entry = (...sheets: [number, number][]) => ({
  sheets: sheets.map(([number, lines]) => ({ number, lines, sha256: scan })),
  ...{ country: 'SE', day: '2026-11-20', folder: 'Cupboard 2, red folder' },
});
async function entered(who: SignedIn, ...sheets: [number, number][]): Promise<string> {
  const answer = await who.api('POST', `${api}/batches`, entry(...sheets));
  expect(answer.statusCode).toBe(201);
  return answer.json<{ id: string }>().id;
}
const counted = (who: SignedIn, id: string, ...lines: number[]) =>
  who.api('POST', `${api}/batches/${id}/counts`, { lines });
const total = async () => (await olga.api('GET', api)).json<{ signatures: number }>().signatures;
const later = () => new Promise((done) => setTimeout(done, 1100));

test('what two people count alike is shown apart from the count, and never added to it', async () => {
  expect((await confirm(app, await askForLink(app))).statusCode).toBe(200);
  const online = await countOf(app);
  const before = await app.inject({ url: '/api/v1/petitions/wetlands/count.json' });
  expect(before.json()).toMatchObject({ count: 1, paper: { signatures: 0 } });
  const id = await entered(olga, [1, 14], [2, 3]);
  expect(await total()).toBe(0);
  const answer = await counted(amir, id, 14, 3);
  expect(answer.json()).toMatchObject({
    result: 'confirmed',
    differing: [],
    batch: { signatures: 17, state: 'confirmed' },
  });
  await later();
  const after = await app.inject({ url: '/api/v1/petitions/wetlands/count.json' });
  expect(after.json()).toMatchObject({
    count: online,
    paper: { signatures: 17, method: expect.stringMatching(/paper/) },
  });
  // A client that has the old answer is told that it changed.
  expect(after.headers.etag).not.toBe(before.headers.etag);
  const page = (await app.inject({ url: '/en/p/wetlands' })).body;
  expect(page).toContain('1 confirmed online, 17 on paper');
  expect(page).not.toContain('>18<');
  expect((await app.inject({ url: '/en' })).body).toContain('1 confirmed online, 17 on paper');
  expect((await olga.get('/en/console/petitions/wetlands')).body).toContain('On paper, apart');
});

test('the one who entered cannot count, nor can anybody see the number before', async () => {
  const id = await entered(olga, [7, 13]);
  expect((await counted(olga, id, 13)).statusCode).toBe(409);
  const [batch] = (await amir.api('GET', api)).json<{ batches: object[] }>().batches;
  expect(batch).toEqual({
    ...{ id, state: 'counting', sheets: [{ number: 7, sha256: scan }], country: 'SE', day: '2026-11-20' },
    ...{ folder: 'Cupboard 2, red folder', corrects: null, reason: null, signatures: null, confirmedAt: null },
    ...{ enteredBy: 'Olga (test)', enteredAt: expect.any(String), mine: false },
  });
  const page = (await amir.get(`/en/console/petitions/wetlands/paper/${id}`)).body;
  expect(page).toContain('Signatures on sheet 7');
  expect(page).not.toMatch(/>13<|"13"/);
  // Nor in the audit log, which a colleague may read first.
  const { entries } = (await ada.api('GET', '/api/v1/audit?action=paper.entered')).json<{ entries: object[] }>();
  expect(entries[0]).toMatchObject({
    detail: { id, sheets: [7], country: 'SE', day: '2026-11-20', folder: 'Cupboard 2, red folder' },
  });
  expect(JSON.stringify(entries[0])).not.toMatch(/[:[]13[,\]}]/);
  // A form of hers is still her.
  const form = { 'lines-7': '13' };
  expect((await olga.post(`/en/console/petitions/wetlands/paper/${id}/counts`, form)).statusCode).toBe(409);
  expect(await total()).toBe(0);
});

test('counts that differ go back to both, and are confirmed only by two that agree', async () => {
  const id = await entered(olga, [1, 14], [2, 3]);
  const differs = await counted(amir, id, 14, 4);
  expect(differs.json()).toMatchObject({ result: 'differing', differing: [2], batch: { state: 'differing' } });
  expect(differs.json().batch.signatures).toBeNull();
  expect(await total()).toBe(0);
  // Both again: the old number of the first is not there to be hit by chance.
  expect((await counted(amir, id, 14, 3)).json()).toMatchObject({ result: 'waiting' });
  expect((await counted(amir, id, 14, 3)).statusCode).toBe(409);
  expect(await total()).toBe(0);
  expect((await counted(olga, id, 14, 3)).json()).toMatchObject({ result: 'confirmed' });
  expect(await total()).toBe(17);
  expect((await counted(ada, id, 14, 3)).statusCode).toBe(409);
});

test('two who count at once do not both confirm, nor confirm against themselves', async () => {
  const id = await entered(olga, [1, 14]);
  const answers = await Promise.all([counted(amir, id, 14), counted(ada, id, 14), counted(amir, id, 14)]);
  expect(answers.map(({ statusCode }) => statusCode).toSorted()).toEqual([200, 409, 409]);
  expect(await total()).toBe(14);
});

test('a correction is another row with two counts of its own, and the first stays as it was', async () => {
  const id = await entered(olga, [1, 14]);
  expect((await olga.api('POST', `${api}/batches/${id}/correction`, { lines: [12], reason: 'x' })).statusCode).toBe(
    409,
  );
  await counted(amir, id, 14);
  const wrong = await olga.api('POST', `${api}/batches/${id}/correction`, { lines: [12] });
  expect(wrong.statusCode).toBe(422);
  const correction = await amir.api('POST', `${api}/batches/${id}/correction`, {
    ...{ lines: [12], reason: 'Two lines were struck out' },
  });
  expect(correction.statusCode).toBe(201);
  expect(await total()).toBe(14);
  const twice = await amir.api('POST', `${api}/batches/${id}/correction`, { lines: [12], reason: 'again' });
  expect(twice.statusCode).toBe(409);
  const second = correction.json<{ id: string }>().id;
  expect((await counted(amir, second, 12)).statusCode).toBe(409);
  expect((await counted(olga, second, 12)).json()).toMatchObject({ result: 'confirmed' });
  expect(await total()).toBe(12);
  const { batches } = (await olga.api('GET', api)).json<{ batches: object[] }>();
  expect(batches).toMatchObject([
    { id: second, corrects: id, state: 'confirmed', signatures: 12, reason: 'Two lines were struck out' },
    { id, state: 'corrected', signatures: 14 },
  ]);
  const actions = await app.database.query(
    `SELECT action, detail FROM audit_entries WHERE action LIKE 'paper.%' ORDER BY id`,
  );
  expect(actions.map(({ action }: { action: string }) => action)).toEqual([
    ...['paper.entered', 'paper.confirmed', 'paper.correction-entered', 'paper.confirmed'],
  ]);
  expect(actions[3].detail).toMatchObject({ corrects: id, signatures: 12, people: ['Amir (test)', 'Olga (test)'] });
});

test('a sheet is counted once, and what is incomplete is refused beside its field', async () => {
  await entered(olga, [1, 14]);
  const known = await olga.api('POST', `${api}/batches`, entry([1, 3], [2, 5]));
  expect(known.statusCode).toBe(422);
  expect(known.json()).toMatchObject({ errors: [{ field: 'sheets', code: 'sheet-known' }] });
  const both = await Promise.all([0, 1].map(() => olga.api('POST', `${api}/batches`, entry([9, 3]))));
  expect(both.map(({ statusCode }) => statusCode).toSorted()).toEqual([201, 422]);
  for (const wrong of [
    ...[
      { sheets: [] },
      { country: 'XX' },
      { day: '2999-01-01' },
      { folder: '' },
      { sheets: [{ number: 3, lines: 101 }] },
    ],
    ...[
      {
        sheets: [
          { number: 3, lines: 1 },
          { number: 3, lines: 1 },
        ],
      },
      { sheets: [{ number: 3, lines: 1, name: 'Sara' }] },
    ],
  ]) {
    expect((await olga.api('POST', `${api}/batches`, { ...entry([3, 1]), ...wrong })).statusCode).toBe(422);
  }
  const form = { country: 'SE', day: '2026-11-20', folder: 'F', sheets: `5 | 7\n6 | many` };
  const page = await olga.post('/en/console/petitions/wetlands/paper', form);
  expect(page.statusCode).toBe(422);
  expect(page.body).toContain('id="sheets-error"');
  expect(page.body).toContain('5 | 7');
  expect((await olga.post('/en/console/petitions/wetlands/paper', { ...form, sheets: '5 | 7' })).statusCode).toBe(303);
  const vera = await signIn(app, 'vera');
  expect((await vera.api('POST', `${api}/batches`, entry([30, 1]))).statusCode).toBe(403);
});

test('exports have entries of a kind of their own, with the method', async () => {
  const id = await entered(olga, [1, 14]);
  await entered(olga, [2, 9]);
  await counted(amir, id, 14);
  const csv = (await olga.api('GET', '/api/v1/exports/paper.csv?petition=wetlands')).body;
  const rows = parse(csv, { columns: true, bom: true }) as Record<string, string>[];
  expect(rows).toHaveLength(4);
  expect(rows[0]).toMatchObject({ kind: 'paper', petition: 'wetlands', country: 'SE', sheets: '1', signatures: '14' });
  expect(rows[1]).toMatchObject({ kind: '# total on paper', signatures: '14' });
  expect(rows[2]!.kind).toContain('counted by two people');
  expect((await olga.api('GET', '/api/v1/exports/paper.json')).json()).toMatchObject({
    total: 14,
    rows: [{ kind: 'paper' }],
  });
  const sheet = sheetOf(
    (await olga.post('/en/console/exports/paper', { petition: 'wetlands', format: 'xlsx' })).rawPayload,
  );
  expect(sheet[1]!.slice(0, 2)).toEqual(['paper', 'wetlands']);
  expect(sheet[2]!.slice(0, 7)).toEqual(['# total on paper', null, null, null, null, null, 14]);
  expect((await olga.api('GET', '/api/v1/exports/paper.xlsx?petition=nothing')).statusCode).toBe(404);
  const exports = await until('the exports are written down', async () => {
    const answer = await olga.api('GET', '/api/v1/exports');
    const { exports } = answer.json<{ exports: { state: string }[] }>();
    return exports.every(({ state }) => state === 'done') && exports;
  });
  expect(exports).toMatchObject([
    { kind: 'paper', format: 'xlsx', petition: 'wetlands', by: 'Olga' },
    { kind: 'paper', format: 'json', petition: null },
    { kind: 'paper', format: 'csv', petition: 'wetlands' },
  ]);
  expect((await olga.get('/en/console/exports')).body).toMatch(/On paper<\/a>[^]*?wetlands[^]*?xlsx[^]*?Handed out/);
  // The counts of the log know nothing of it.
  expect((await olga.api('GET', '/api/v1/exports/counts.csv?petition=wetlands')).body).not.toContain('paper');
});

test('a hand-in says on every page of it how many are on paper, apart, and of few of them not where', async () => {
  await confirm(app, await askForLink(app));
  await app.get(Sequencer).drain();
  const handIn = async () => {
    const answer = await olga.api('POST', '/api/v1/exports/hand-in', { petition: 'wetlands', locale: 'en' });
    const files = unzip(answer.rawPayload);
    return (name: string) => files.get(`hand-in-wetlands/${name}`)?.toString();
  };
  const without = await handIn();
  expect(without('paper.csv')).toBeUndefined();
  expect(without('README.txt')).not.toMatch(/paper/i);
  const id = await entered(olga, [1, 14], [2, 3]);
  expect((await handIn())('paper.csv')).toBeUndefined();
  await counted(amir, id, 14, 3);
  const file = await handIn();
  const line = 'On paper, counted apart: 17 (not part of the log)';
  expect(file('cover-sheet.html')).toContain(line);
  expect(file('cover-sheet.html')).toContain('<strong>1</strong>');
  expect(file('README.txt')).toContain(line);
  expect(file('README.txt')).toContain('paper.csv');
  expect(file('paper.csv')).toMatch(/^\ufeffbreakdown,cell,count\r\ntotal on paper,,17\r\n# method,/);
  expect(file('paper.csv')).not.toMatch(/folder|SE/);
  expect(JSON.parse(file('counts.json')!)).toMatchObject({ total: { count: 1 } });
});

test('countries on paper are told when nothing can follow, small ones hidden', async () => {
  const entry = (country: string, signatures: number) => ({
    ...{ kind: 'paper' as const, petition: 'wetlands', day: '2026-11-20', country, sheets: '1', folder: 'red' },
    ...{ signatures, confirmed: '2026-11-21T00:00:00Z' },
  });
  const entries = [entry('SE', 30), entry('IR', 1), entry('DE', 7), entry('DE', 2)];
  const read = (over: boolean) => text(handInPaper(entries, '2026-11-22T00:00:00.000Z', over, 5));
  expect(await read(true)).toMatch(/total on paper,,40\r\ncountry,SE,30\r\ncountry,IR,hidden\r\ncountry,DE,hidden/);
  expect(await read(false)).not.toContain('country');
});

test('the sheet to print names text, hash, address, and who keeps it', async () => {
  await olga.api('PUT', `${api}/return-address`, { address: 'River Friends\nPO Box 12' });
  await later();
  const petition = await app.get(Petitions).find('wetlands');
  const page = (await app.inject({ url: '/en/p/wetlands/paper' })).body;
  expect(page.replaceAll(' ', '')).toContain(
    petition.texts.find(({ locale }) => locale === 'en')!.sha256.toString('hex'),
  );
  expect(page).toContain('PO Box 12');
  expect(page).toContain('<svg');
  expect(page).toContain('do not sign here');
  expect(page.match(/<th scope="row">/g)).toHaveLength(15);
  expect((await app.inject({ url: '/fa/p/wetlands/paper' })).body).toContain('dir="rtl"');
  expect((await app.inject({ url: '/en/p/wetlands' })).body).toContain('/en/p/wetlands/paper');
});

test('reads sheets as they are typed', () => {
  expect(readSheets(`1 | 14 | ${scan}\r\n\n 2|3 \n4`)).toEqual([
    { number: '1', lines: '14', sha256: scan },
    { number: '2', lines: '3', sha256: '' },
    { number: '4', lines: 'missing', sha256: '' },
  ]);
});
