import { locales } from '../src/site/languages.js';
import { Sequencer } from '../src/countlog/sequencer.js';
import { handInPaper } from '../src/exports/paper-files.js';
import { startApp, type TestApp } from './support/app.js';
import { signIn } from './support/cast.js';
import { queueEntries } from './support/log-queue.js';
import { openPetition } from './support/petitions.js';
import { unzip } from './support/unzip.js';
import { text } from 'node:stream/consumers';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ LIMITS: 'off', SMALL_CELLS: '8' });
  const petitionId = await openPetition(app);
  await queueEntries(app, petitionId, 50);
  await queueEntries(app, petitionId, 17, 'sign', 'DE');
  await queueEntries(app, petitionId, 7, 'sign', 'IR');
  await app.get(Sequencer).drain();
});
afterAll(() => app.close());

const inWords = (html: string) => html.replace(/[\u2066-\u2069]/g, '');

test('countries are rounded to the number that is set, and smaller ones are not named', async () => {
  const answer = (await app.inject({ url: '/api/v1/petitions/wetlands/counts.json?by=country' })).json<{
    cells: object[];
    rounding: string;
  }>();
  expect(answer).toMatchObject({ total: 74, rest: 10 });
  expect(answer.cells).toEqual([
    { key: 'DE', count: 16 },
    { key: 'SE', count: 48 },
  ]);
  expect(answer.rounding).toMatch(/multiples of 8\..*at least 8 more.*up to 7 too low.*fewer than 8 /);
});

test('days with fewer are hidden', async () => {
  await app.database.query(`UPDATE tallies SET day = '2026-11-20' WHERE country = 'IR'`);
  await app.database.query(`UPDATE tallies SET day = '2026-11-21' WHERE country = 'DE'`);
  await app.database.query(`UPDATE tallies SET day = '2026-11-22' WHERE country = 'SE'`);
  const days = (await app.inject({ url: '/api/v1/petitions/wetlands/counts.json?by=day' })).json<{ cells: object[] }>();
  expect(days.cells).toEqual([
    { key: '2026-11-20', count: null },
    { key: '2026-11-21', count: null },
    { key: '2026-11-22', count: 50 },
  ]);
});

test('a hand-in hides and rounds by it, and says so', async () => {
  const olga = await signIn(app, 'olga');
  const answer = await olga.api('POST', '/api/v1/exports/hand-in', { petition: 'wetlands', locale: 'de' });
  const files = new Map([...unzip(answer.rawPayload)].map(([name, bytes]) => [name.split('/').at(-1)!, bytes]));
  expect(JSON.parse(files.get('counts.json')!.toString())).toMatchObject({
    byCountry: [
      { key: 'SE', count: 48 },
      { key: 'DE', count: 16 },
    ],
    byDay: [
      { key: '2026-11-20', count: null },
      { key: '2026-11-21', count: null },
      { key: '2026-11-22', count: 50 },
    ],
    rest: 10,
  });
  const cover = inWords(files.get('cover-sheet.html')!.toString());
  expect(cover).toMatch(/wo es weniger als 8 sind .*auf Vielfache von 8 abgerundet/);

  const entry = (country: string, signatures: number) => ({
    ...{ kind: 'paper' as const, petition: 'wetlands', day: '2026-11-20', country, sheets: '1', folder: 'red' },
    ...{ signatures, confirmed: '2026-11-21T00:00:00Z' },
  });
  const paper = handInPaper([entry('SE', 30), entry('IR', 7), entry('DE', 9)], '2026-11-22T00:00:00.000Z', true, 8);
  expect(await text(paper)).toContain('country,SE,30\r\ncountry,IR,hidden\r\ncountry,DE,hidden');
});

test.each(locales)('the method says the number in %s', async (locale) => {
  const body = inWords((await app.inject({ url: `/${locale}/method` })).body);
  const paragraph = body.split('\n').find((line) => /<p>.*[8۸].*[7۷].*<\/p>/.test(line) && !line.includes('59'))!;
  expect(paragraph.match(/[8۸]/g)).toHaveLength(4);
  expect(paragraph.match(/[7۷]/g)).toHaveLength(1);
});
