import { Decrypter, generateIdentity, identityToRecipient } from 'age-encryption';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { buffer } from 'node:stream/consumers';
import { Logs } from '../src/countlog/logs.service.js';
import { Publisher } from '../src/countlog/publisher.js';
import { Sequencer } from '../src/countlog/sequencer.js';
import { nextTold, nothingTold, shownOf } from '../src/exports/breakdown-steps.js';
import { CountsExport } from '../src/exports/counts-export.service.js';
import { suppressSmall } from '../src/exports/suppress.js';
import { xlsx } from '../src/exports/xlsx.js';
import { plainCell } from '../src/site/csv.js';
import { startApp, type TestApp } from './support/app.js';
import { cast, formBody, type SignedIn, signIn } from './support/cast.js';
import { queueEntries } from './support/log-queue.js';
import { askForLink, confirm, openPetition } from './support/petitions.js';
import { until } from './support/server.js';
import { sheetOf } from './support/unzip.js';

let app: TestApp;
let ada: SignedIn;
let vera: SignedIn;
let petitionId: string;
beforeAll(async () => {
  app = await startApp({ LIMITS: 'off' });
  petitionId = await openPetition(app);
  await openPetition(app, 'rivers');
  ada = await signIn(app, 'ada');
  vera = await signIn(app, 'vera');
  await app.database.query(
    `INSERT INTO tallies (petition_id, day, country, source, signed, withdrawn) VALUES
     ($1, '2026-11-20', 'SE', 'page', 40, 1), ($1, '2026-11-20', 'SE', 'api', 10, 0), ($1, '2026-11-21', 'IR', 'page', 3, 0),
     ($1, '2026-11-21', 'DE', 'page', 9, 0), ($1, '2026-11-21', 'FR', 'page', 20, 0)`,
    [petitionId],
  );
});
afterAll(() => app.close());

const rowsOf = (body: string) => parse(body, { columns: true, bom: true }) as Record<string, string>[];

test('counts as CSV: a rectangle with method, time and a sum that is the count', async () => {
  const answer = await vera.api('GET', '/api/v1/exports/counts.csv?petition=wetlands');
  expect(answer.statusCode).toBe(200);
  expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8');
  expect(answer.headers['content-disposition']).toBe('attachment; filename="counts.csv"');
  const rows = rowsOf(answer.body);
  expect(rows[0]).toEqual({
    petition: 'wetlands',
    day: '2026-11-20',
    country: 'SE',
    source: '',
    signed: '50',
    withdrawn: '1',
    count: '49',
  });
  expect(rows.at(-3)).toMatchObject({ petition: '# total', signed: '82', withdrawn: '1', count: '81' });
  expect(rows.at(-2)!.petition).toContain('Confirmed e-mail addresses');
  expect(rows.at(-1)!.petition).toMatch(/^# as of 2\d{3}-/);
  const json = (await vera.api('GET', '/api/v1/exports/counts.json?petition=wetlands')).json<{
    total: object;
    rows: object[];
  }>();
  expect(json).toMatchObject({
    total: { signed: 82, withdrawn: 1, count: 81 },
    method: expect.any(String),
    asOf: expect.any(String),
  });
  expect(json.rows).toHaveLength(4);
});

test.each([
  ['petition', 2, { petition: 'rivers', day: '', country: '', source: '', signed: '0', withdrawn: '0', count: '0' }],
  [
    'day',
    2,
    { petition: 'wetlands', day: '2026-11-20', country: '', source: '', signed: '50', withdrawn: '1', count: '49' },
  ],
  [
    'source',
    2,
    { petition: 'wetlands', day: '', country: '', source: 'api', signed: '10', withdrawn: '0', count: '10' },
  ],
  ['country', 4, { petition: 'wetlands', day: '', country: 'DE', source: '', signed: '9', withdrawn: '0', count: '9' }],
])('breaks counts down by %s', async (by, lines, first) => {
  const rows = rowsOf((await vera.post('/en/console/exports/counts', { petition: '', by, format: 'csv' })).body);
  expect(rows).toHaveLength(lines + 3);
  expect(rows[0]).toEqual(first);
});

test('the same as a workbook: numbers are numbers, no text is a formula', async () => {
  const answer = await vera.post('/en/console/exports/counts', { petition: 'wetlands', format: 'xlsx' });
  expect(answer.headers).toMatchObject({
    'content-type': 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
    'content-disposition': 'attachment; filename="counts.xlsx"',
  });
  const rows = sheetOf(answer.rawPayload);
  expect(rows[0]).toEqual(['petition', 'day', 'country', 'source', 'signed', 'withdrawn', 'count']);
  expect(rows[1]).toEqual(['wetlands', '2026-11-20', 'SE', null, 50, 1, 49]);
  expect(rows.at(-3)).toEqual(['# total', null, null, null, 82, 1, 81]);
  expect(rows.at(-2)![0]).toContain('Confirmed e-mail addresses');
  expect((await vera.api('GET', '/api/v1/exports/counts.xlsx')).statusCode).toBe(200);

  async function* evil() {
    yield ['=1+1', '+1', '-1', '@SUM(A1)', 'plain <&> text', 5];
  }
  const bytes = await buffer(xlsx('evil', ['a', 'b', 'c', 'd', 'e', 'f'], evil()));
  expect(sheetOf(bytes)[1]).toEqual(["'=1+1", "'+1", "'-1", "'@SUM(A1)", 'plain <&> text', 5]);
});

test('a workbook of 200,000 rows is written as it is read', async () => {
  let made = 0;
  async function* rows() {
    for (; made < 200_000; made++) yield ['wetlands', '2026-11-20', 'SE', made];
  }
  const stream = xlsx('counts', ['petition', 'day', 'country', 'count'], rows());
  const chunks: Buffer[] = [];
  stream.once('data', () => stream.pause());
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  await new Promise((done) => setTimeout(done, 300));
  // Nobody reads on, so nobody writes on: what is in between is bounded, whatever is to come.
  expect(made).toBeGreaterThan(0);
  expect(made).toBeLessThan(60_000);
  stream.resume();
  await new Promise((done) => stream.once('end', done));
  const lines = sheetOf(Buffer.concat(chunks));
  expect(lines).toHaveLength(200_001);
  expect(lines.at(-1)).toEqual(['wetlands', '2026-11-20', 'SE', 199_999]);
}, 30_000);

test('names the checkpoint that the rows are the sum of, also while the log grows', async () => {
  const id = await openPetition(app, 'lakes');
  await queueEntries(app, id, 12);
  await app.get(Sequencer).drain();
  let growing = true;
  const grow = (async () => {
    while (growing) {
      await queueEntries(app, id, 3);
      await app.get(Sequencer).drain();
    }
  })();
  for (let n = 0; n < 5; n++) {
    const file = (await vera.api('GET', '/api/v1/exports/counts.json?petition=lakes')).json<{
      total: { count: number };
      checkpoints: { petition: string; size: number; root: string }[];
    }>();
    // Entry 0 is the opening.
    expect(file.checkpoints).toEqual([
      { petition: 'lakes', size: file.total.count + 1, root: expect.stringMatching(/^[\w+/]{43}=$/) },
    ]);
    const published = await app
      .get(Publisher)
      .file(await app.get(Logs).origin(id), `checkpoints/${file.total.count + 1}`);
    expect(published?.toString() ?? file.checkpoints[0]!.root).toContain(file.checkpoints[0]!.root);
  }
  growing = false;
  await grow;
  const csv = (await vera.api('GET', '/api/v1/exports/counts.csv?petition=lakes&by=petition')).body;
  expect(csv).toMatch(/# checkpoint of lakes: \d+ entries, root [\w+/]{43}=/);
});

/** What came of an export is written down after its last byte. */
const finished = () =>
  until('the export is written down', async () => {
    const { exports } = (await vera.api('GET', '/api/v1/exports')).json<{ exports: Record<string, unknown>[] }>();
    return exports[0]?.state !== 'running' && exports;
  });

test('the history says what was taken, by whom, in which format, and whether it arrived', async () => {
  await vera.api('GET', '/api/v1/exports/counts.xlsx?petition=wetlands');
  const exports = await finished();
  expect(exports[0]).toMatchObject({
    kind: 'counts',
    format: 'xlsx',
    petition: 'wetlands',
    by: 'Vera (test)',
    state: 'done',
  });
  expect(exports[0]!.bytes).toBeGreaterThan(1000);
  const older = (await vera.api('GET', `/api/v1/exports?before=${String(exports[0]!.id)}`)).json<{
    exports: object[];
  }>();
  expect(older.exports[0]).toEqual(exports[1]);
  const page = await vera.get('/en/console/exports');
  expect(page.body).toMatch(/Counts<\/a>[^]*?wetlands[^]*?xlsx[^]*?Vera[^]*?Handed out/);
});

test('an export that breaks off is said to have broken off', async () => {
  const content = await app.get(CountsExport).take({ by: 'day-country', petition: 'rivers' }, 'csv', 'system');
  content.destroy();
  expect((await finished())[0]).toMatchObject({ petition: 'rivers', by: 'command line', state: 'failed' });
});

test('writes down who took which counts', async () => {
  await vera.post('/en/console/exports/counts', { petition: 'wetlands', by: 'day', format: 'csv' });
  const { entries } = (await ada.api('GET', '/api/v1/audit?action=export.counts')).json<{ entries: object[] }>();
  expect(entries[0]).toMatchObject({ actor: 'Vera', subject: 'wetlands', detail: { by: 'day', format: 'csv' } });
});

test('reads thousands of rows without losing or repeating one', async () => {
  await app.database.query(
    `INSERT INTO tallies (petition_id, day, country, source, signed)
     SELECT p.id, date '2000-01-01' + n, 'SE', 'api', 1 FROM petitions p, generate_series(1, 4500) n WHERE p.slug = 'rivers'`,
  );
  const { rows, total } = (await vera.api('GET', '/api/v1/exports/counts.json?petition=rivers&by=day')).json<{
    rows: { day: string }[];
    total: { count: number };
  }>();
  expect(total.count).toBe(4500);
  expect(new Set(rows.map(({ day }) => day)).size).toBe(4500);
});

test.each(['/api/v1/exports/counts.csv?by=name', '/api/v1/petitions/wetlands/counts.json?by=day-country'])(
  'refuses a breakdown that there is not: %s',
  async (url) => expect((await vera.api('GET', url)).statusCode).toBe(422),
);

test('answers 404 for a petition that does not exist', async () => {
  expect((await vera.api('GET', '/api/v1/exports/counts.csv?petition=nothing')).statusCode).toBe(404);
});

interface Breakdown {
  total: number;
  size: number;
  rest: number;
  rounding: string;
  countriesAsOf: string;
  cells: { key: string; count: number }[];
}
const byCountry = async () =>
  (await app.inject({ url: '/api/v1/petitions/wetlands/counts.json?by=country' })).json<Breakdown>();
const shown = ({ cells }: Breakdown) => Object.fromEntries(cells.map(({ key, count }) => [key, count]));
const tally = (country: string, signed: number, withdrawn = 0) =>
  app.database.query(
    `INSERT INTO tallies (petition_id, day, country, source, signed, withdrawn)
     VALUES ($1, (now() AT TIME ZONE 'UTC')::date, $2, 'page', $3, $4)
     ON CONFLICT (petition_id, day, country, source) DO UPDATE SET signed = tallies.signed + $3, withdrawn = tallies.withdrawn + $4`,
    [petitionId, country, signed, withdrawn],
  );
const nextDay = () => app.database.query(`UPDATE country_breakdowns SET taken_on = taken_on - 1`);

describe('countries, as the public sees them', () => {
  test('are rounded down, small ones are not named, and the total is exact', async () => {
    const { size } = (await app.inject({ url: '/api/v1/petitions/wetlands/count.json' })).json<{ size: number }>();
    const answer = await byCountry();
    expect(shown(answer)).toEqual({ DE: 5, FR: 20, SE: 45 });
    expect(answer).toMatchObject({
      total: 81,
      rest: 11,
      size,
      rounding: expect.stringContaining('multiples of 5') as string,
    });
  });

  test('stay for the day, whatever comes; the total goes on', async () => {
    const before = await byCountry();
    await tally('SE', 50);
    const after = await byCountry();
    expect(after).toMatchObject({ cells: before.cells, countriesAsOf: before.countriesAsOf, total: 131, rest: 61 });
    await app.database.query(`DELETE FROM tallies WHERE signed = 50 AND withdrawn = 0`);
  });

  test('a single signer changes nothing on the next day, nor on any before there are five', async () => {
    const before = shown(await byCountry());
    for (const country of ['SE', 'IR', 'DE', 'NO']) {
      await tally(country, 1);
      await nextDay();
      expect({ country, shown: shown(await byCountry()) }).toEqual({ country, shown: before });
    }
    await tally('NO', 1);
    await nextDay();
    // Five came, but nowhere five.
    expect(shown(await byCountry())).toEqual(before);
    await tally('SE', 4);
    await tally('NO', 1);
    await nextDay();
    const answer = await byCountry();
    expect(shown(answer)).toEqual({ ...before, SE: 50 });
    expect(answer).toMatchObject({ total: 91, rest: 16 });
  });

  test('who take their names back are hidden in the same way', async () => {
    await tally('FR', 0, 4);
    await nextDay();
    expect(shown(await byCountry())).toMatchObject({ FR: 20 });
    await tally('FR', 0, 1);
    await nextDay();
    expect(shown(await byCountry())).toMatchObject({ FR: 15 });
  });

  test('of many who ask first on a day, all are told the same', async () => {
    await tally('DE', 30);
    await nextDay();
    const answers = await Promise.all(Array.from({ length: 8 }, byCountry));
    expect(new Set(answers.map((answer) => JSON.stringify([answer.cells, answer.countriesAsOf]))).size).toBe(1);
    expect(shown(answers[0]!)).toMatchObject({ DE: 40 });
  });
});

describe('two answers about countries', () => {
  const codes = ['SE', 'IR', 'DE'];
  const event = fc.record({
    country: fc.constantFrom(...codes),
    signed: fc.integer({ min: 0, max: 3 }).map((n) => n > 0),
  });
  const days = fc.array(fc.array(event, { maxLength: 7 }), { minLength: 10, maxLength: 60 });

  test('never part fewer than five people from the rest, whoever compares which', () => {
    let changes = 0;
    fc.assert(
      fc.property(days, (history) => {
        const now = { signed: 0, withdrawn: 0, counts: {} as Record<string, number> };
        const moved: Record<string, number> = {};
        let told = nothingTold;
        for (const day of history) {
          for (const { country, signed } of day) {
            const count = now.counts[country] ?? 0;
            // Nobody is left who could go.
            const comes = signed || count === 0;
            now[comes ? 'signed' : 'withdrawn'] += 1;
            now.counts[country] = count + (comes ? 1 : -1);
          }
          const next = nextTold(told, now, 5);
          if (next === told) continue;
          // Whatever this answer gives away is about at least five who came, or five who went.
          expect(Math.max(next.signed - told.signed, next.withdrawn - told.withdrawn)).toBeGreaterThanOrEqual(5);
          const figures = [told, next].map((each) => new Map(shownOf(each, 5).map(({ key, count }) => [key, count])));
          for (const country of codes) {
            const [was, is] = figures.map((each) => each.get(country) ?? 0) as [number, number];
            if (was === is) continue;
            changes += 1;
            // And what it says of a country about at least five of its people since its figure last moved.
            expect(Math.abs(now.counts[country]! - (moved[country] ?? 0))).toBeGreaterThanOrEqual(5);
            expect(is % 5).toBe(0);
            moved[country] = now.counts[country]!;
          }
          told = next;
        }
      }),
      { numRuns: 500 },
    );
    expect(changes).toBeGreaterThan(500);
  });
});

test('the public sees a day only when it is over', async () => {
  await tally('NO', 50);
  const { cells } = (await app.inject({ url: '/api/v1/petitions/wetlands/counts.json?by=day' })).json<Breakdown>();
  expect(cells.map(({ key }) => key)).toEqual(['2026-11-20', '2026-11-21']);
  await app.database.query(`DELETE FROM tallies WHERE day > '2026-11-21'`);
});

test.each([
  [[1], [null]],
  [
    [5, 6],
    [5, 6],
  ],
  [
    [4, 3, 9],
    [null, null, 9],
  ],
  [
    [4, 7, 9],
    [null, null, 9],
  ],
  [
    [-1, 7, 9],
    [null, null, 9],
  ],
  [
    [1, 1, 20],
    [null, null, null],
  ],
  [
    [20, 1, 1, 30],
    [null, null, null, 30],
  ],
  [[], []],
])('of %j the public sees %j', (counts, expected) => {
  expect(
    suppressSmall(
      counts.map((count, n) => ({ key: String(n), count })),
      5,
    ).map(({ count }) => count),
  ).toEqual(expected);
});

test.each([
  '=1+1',
  '+1',
  '-1',
  '@SUM(A1)',
  '\t=1',
  '\r=1',
  '\n=1',
  '＝1',
  '＋1',
  '－1',
  '＠A',
  '=HYPERLINK("https://evil.example")',
])('a spreadsheet does not take %j for a formula', (text) => expect(plainCell(text)).toBe(`'${text}`));

describe('persons', () => {
  let recipient: string;
  let decrypter: Decrypter;
  beforeAll(async () => {
    const identity = await generateIdentity();
    recipient = await identityToRecipient(identity);
    decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    await confirm(
      app,
      await askForLink(app, { email: 'yes@example.org', name: '=HYPERLINK(1)', consents: { sign: true, news: true } }),
    );
    await confirm(app, await askForLink(app, { email: 'no@example.org' }));
  });
  const wanted = (change: object = {}) => ({ petition: 'wetlands', purpose: 'news', recipient, ...change });

  test('only who agreed is in the file, only the recipient can read it, and the log says who took it', async () => {
    const answer = await ada.api('POST', '/api/v1/exports/persons', wanted());
    expect(answer.statusCode).toBe(200);
    expect(answer.rawPayload.includes('yes@example.org')).toBe(false);
    const rows = rowsOf(await decrypter.decrypt(new Uint8Array(answer.rawPayload), 'text'));
    expect(rows).toEqual([{ name: `'=HYPERLINK(1)`, email: 'yes@example.org', country: 'SE', locale: 'en' }]);
    const { entries } = (await ada.api('GET', '/api/v1/audit?action=export.persons')).json<{ entries: object[] }>();
    expect(entries[0]).toMatchObject({ subject: 'wetlands', detail: { purpose: 'news', recipient } });
  });

  test('nobody without the right gets them', async () => {
    for (const who of ['olga', 'amir', 'vera'] as const satisfies (keyof typeof cast)[]) {
      const person = await signIn(app, who);
      expect((await person.api('POST', '/api/v1/exports/persons', wanted())).statusCode).toBe(403);
      expect((await person.post('/en/console/exports/persons', wanted() as never)).statusCode).toBe(403);
    }
  });

  test('the console asks for the password again, keeps what was filled in, and goes on with it', async () => {
    const send = (fields: Record<string, string> = {}) =>
      ada.post('/en/console/exports/persons', { ...(wanted() as never as Record<string, string>), ...fields });
    await app.database.query(`UPDATE sessions SET reauthenticated_at = now() - interval '11 minutes'`);
    const asked = await send();
    expect(asked.statusCode).toBe(403);
    expect(asked.body).toContain('name="_password"');
    expect(asked.body).toContain(recipient);
    expect((await send({ _password: 'wrong' })).statusCode).toBe(403);
    const answer = await send({ _password: ada.password });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['content-disposition']).toContain('persons.csv.age');
    expect((await send()).statusCode).toBe(200);
  });

  test.each([
    ['petition', { petition: '' }],
    ['purpose', { purpose: 'everything' }],
    ['recipient', { recipient: 'age1nonsense' }],
  ])('refuses a wrong %s beside its field', async (field, change) => {
    const answer = await ada.api('POST', '/api/v1/exports/persons', wanted(change));
    expect(answer.json<{ errors: object[] }>().errors[0]).toMatchObject({ field });
    const page = await ada.post('/en/console/exports/persons', wanted(change) as never);
    expect(page.statusCode).toBe(422);
  });
});

test.each(['counts', 'paper'])('%s are handed to nobody at a screen left open', async (kind) => {
  const send = (fields: Record<string, string> = {}) =>
    vera.post(`/en/console/exports/${kind}`, { petition: 'wetlands', format: 'json', ...fields });
  await app.database.query(`UPDATE sessions SET reauthenticated_at = now() - interval '11 minutes'`);
  const asked = await send();
  expect(asked.statusCode).toBe(403);
  expect(asked.body).toContain('name="format" value="json"');
  expect(asked.body).not.toContain('asOf');
  const given = await send({ _password: vera.password });
  expect(given.json()).toMatchObject({ method: expect.any(String), asOf: expect.any(String) });
  expect(given.headers['content-disposition']).toBe(`attachment; filename="${kind}.json"`);
  // No address gives them, to a link in a mail or to a tab that is reloaded.
  for (const url of [`${kind}.csv`, `${kind}.xlsx`, `${kind}.json`, `${kind}?format=csv`])
    expect((await vera.get(`/en/console/exports/${url}`)).statusCode).toBe(404);
  expect((await vera.get('/en/console/petitions/wetlands/paper/paper.csv')).statusCode).toBe(404);
  expect((await send({ format: 'exe' })).statusCode).toBe(422);
});

test('a stranger gets no export', async () => {
  const form = formBody({});
  expect((await app.inject({ url: '/api/v1/exports/counts.csv' })).statusCode).toBe(401);
  expect((await app.inject({ method: 'POST', url: '/en/console/exports/persons', ...form })).statusCode).toBe(303);
});
