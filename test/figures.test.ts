import { method } from '../src/countlog/counts.service.js';
import { Sequencer } from '../src/countlog/sequencer.js';
import { Petitions } from '../src/petitions/petitions.service.js';
import { Funnel } from '../src/signatures/funnel.service.js';
import { startApp, type TestApp } from './support/app.js';
import { type SignedIn, signIn } from './support/cast.js';
import { queueEntries } from './support/log-queue.js';
import { countOf, openPetition } from './support/petitions.js';

let app: TestApp;
let vera: SignedIn;
let ada: SignedIn;

const dayOf = (ago: number) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);
/** Through the public log, as every signature goes. */
async function logged(petition: string, ago: number, n: number, country: string, kind?: 'withdraw') {
  await queueEntries(app, petition, n, kind, country);
  await app.database.query(`UPDATE log_queue SET day = $1 WHERE petition_id = $2 AND day IS NOT NULL`, [
    dayOf(ago),
    petition,
  ]);
  await app.get(Sequencer).drain();
}
async function asked(petition: string, ago: number, people: [number, number, number]) {
  const funnel = app.get(Funnel);
  (['asked', 'mailed', 'confirmed'] as const).forEach((stage, n) => funnel.count(petition, stage, people[n]));
  await funnel.save();
  await app.database.query(`UPDATE funnel SET day = $1 WHERE petition_id = $2 AND day = $3`, [
    dayOf(ago),
    petition,
    dayOf(0),
  ]);
}
const page = async (slug: string, locale = 'en') =>
  (await vera.get(`/${locale}/console/petitions/${slug}/figures`)).body;
const section = (html: string, id: string) =>
  new RegExp(`<section class="card" id="${id}">[^]*?</section>`).exec(html)![0];
const words = (html: string) => html.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ');
const csv = async (name: string, slug = 'wetlands') =>
  (await vera.get(`/en/console/petitions/${slug}/figures/${name}.csv`)).body;
/** Without the columns, and what every file of counts says at its end. */
const lines = (file: string) => {
  const [columns, ...rows] = file.replace('\ufeff', '').trimEnd().split('\r\n');
  expect(rows.pop()).toBe(`"# method: ${method}"${columns!.replaceAll(/[^,]/g, '')}`);
  return rows;
};

beforeAll(async () => {
  app = await startApp({ LIMITS: 'off' });
  [vera, ada] = [await signIn(app, 'vera'), await signIn(app, 'ada')];
  const petition = await openPetition(app);
  await logged(petition, 40, 12, 'SE');
  await logged(petition, 10, 5, 'IR');
  await logged(petition, 9, 1, 'DE');
  await logged(petition, 3, 8, 'IR');
  await logged(petition, 2, 2, 'IR', 'withdraw');
  await logged(petition, 0, 4, 'SE');
  await asked(petition, 10, [20, 18, 12]);
  await asked(petition, 3, [30, 25, 8]);
});
afterAll(() => app.close());

describe('figures of a petition', () => {
  test('are those of the log, of the export and of the count', async () => {
    const figures = (await vera.api('GET', '/api/v1/petitions/wetlands/figures')).json();
    const exported = async (by: string) =>
      (await ada.api('GET', `/api/v1/exports/counts.json?petition=wetlands&by=${by}`)).json();
    const only = (rows: Record<string, unknown>[], ...names: string[]) =>
      rows.map((row) => Object.fromEntries(names.map((name) => [name, row[name]])));
    const sums = ['signed', 'withdrawn', 'count'];
    expect(only(figures.days, 'day', ...sums)).toEqual(only((await exported('day')).rows, 'day', ...sums));
    const countries = only((await exported('country')).rows, 'country', ...sums);
    expect(only(figures.countries, 'country', ...sums)).toEqual(
      countries.toSorted((a, b) => Number(b.count) - Number(a.count)),
    );
    expect(figures.count).toBe(28);
    expect(figures.count).toBe(await countOf(app));
    expect(figures.days.at(-1)).toMatchObject({ day: dayOf(0), total: 28 });
    expect(figures.countries).toEqual([
      { country: 'SE', signed: 16, withdrawn: 0, count: 16, latest: 0 },
      { country: 'IR', signed: 13, withdrawn: 2, count: 11, latest: 6 },
      { country: 'DE', signed: 1, withdrawn: 0, count: 1, latest: 0 },
    ]);
    const { days } = (await vera.api('GET', '/api/v1/petitions/wetlands/funnel')).json();
    expect(figures.funnel).toEqual(days.toReversed());
  });

  test('are drawn with the same numbers', async () => {
    const html = await page('wetlands');
    const { days, countries } = (await vera.api('GET', '/api/v1/petitions/wetlands/figures')).json();
    const bars = [...section(html, 'days').matchAll(/<title>([^<]+): (\d+)<\/title>/g)].map(([, , n]) => Number(n));
    const drawn = (name: string) => days.map((day: Record<string, number>) => day[name]).filter((n: number) => n > 0);
    expect(bars).toEqual([...drawn('signed'), ...drawn('withdrawn')]);
    const ranks = (id: string) =>
      [...section(html, id).matchAll(/<tspan class="plot-label">(\d+)<\/tspan> · ([\d.]+)%/g)].map((found) =>
        found.slice(1).map(Number),
      );
    expect(ranks('countries').map(([n]) => n)).toEqual(countries.map(({ count }: { count: number }) => count));
    expect(ranks('countries')[0]).toEqual([16, 57.1]);
    expect(ranks('funnel')).toEqual([
      [50, 100],
      [43, 86],
      [20, 40],
    ]);
    // From 40 days ago to today is 41 days; the last step is on the last of them, at the full height of the axis's 30.
    expect(section(html, 'cumulative')).toMatch(
      /<path class="plot-stroke" d="M0 140H0V84H73\.171V[^"]*H97\.561V9\.333H100"/,
    );
    expect(html).not.toMatch(/<svg[^>]*style=|NaN|undefined|null/);
  });

  test('stand in the overview for all petitions together', async () => {
    const other = await openPetition(app, 'library');
    await asked(other, 3, [7, 6, 5]);
    const overview = (await vera.get('/en/console')).body;
    expect(words(section(overview, 'funnel'))).toContain('Of 57 forms sent, 25 became signatures (44%).');
    expect(lines((await vera.get('/en/console/figures/funnel.csv')).body)).toEqual([
      `${dayOf(10)},20,18,12`,
      `${dayOf(3)},37,31,13`,
    ]);
    expect((await app.inject({ url: '/en/console/figures/funnel.csv' })).statusCode).toBe(303);
  });

  test('are said in words: the most, its day, and which way it goes', async () => {
    const html = await page('wetlands');
    const date = (ago: number) =>
      new Date(dayOf(ago)).toLocaleDateString('en-GB', { dateStyle: 'long', timeZone: 'UTC' });
    const caption = (id: string) =>
      words(new RegExp(`<figcaption id="${id}-caption">[^]*?</figcaption>`).exec(html)![0]).trim();
    expect(caption('days')).toBe(
      `In all 30 signed; the busiest day was ${date(40)}: 12. More lately: 8 in the last seven full days, 6 in the seven before.`,
    );
    expect(caption('cumulative')).toBe(
      `28 on ${date(0)}. The most was 28, first on ${date(0)}. Steady: 6 in the last seven full days, 6 in the seven before.`,
    );
    expect(caption('countries')).toBe(
      'Countries: 3. The largest number is from Sweden: 16 (57%). The largest number in the last seven full days: Iran, 6.',
    );
    expect(caption('funnel')).toBe(
      `Of 50 forms sent, 20 became signatures (40%). The busiest day was ${date(3)}: 30. ` +
        'More lately: 30 in the last seven full days, 20 in the seven before.',
    );
    for (const id of ['days', 'cumulative', 'countries', 'funnel'])
      expect(html).toMatch(
        new RegExp(`<svg class="plot[^>]*direction="ltr" role="img" aria-labelledby="${id}-caption">`),
      );
  });

  test('are files over both doors, with the numbers of the tables', async () => {
    const day = (ago: number, more: string) => `${dayOf(ago)},${more}`;
    expect(lines(await csv('days'))).toEqual([
      ...[day(40, '12,0,12'), day(10, '5,0,5'), day(9, '1,0,1'), day(3, '8,0,8'), day(2, '0,2,-2'), day(0, '4,0,4')],
    ]);
    expect(lines(await csv('cumulative'))).toEqual([
      ...[day(40, '12'), day(10, '17'), day(9, '18'), day(3, '26'), day(2, '24'), day(0, '28')],
    ]);
    expect(lines(await csv('countries'))).toEqual(['SE,16,0,16', 'IR,13,2,11', 'DE,1,0,1']);
    expect(lines(await csv('funnel'))).toEqual([day(10, '20,18,12'), day(3, '30,25,8')]);
    const html = await page('wetlands');
    for (const name of ['days', 'cumulative', 'countries', 'funnel']) {
      const answer = await vera.api('GET', `/api/v1/petitions/wetlands/figures/${name}.csv`);
      expect(answer.body).toBe(await csv(name));
      expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8');
      expect(answer.headers['content-disposition']).toMatch(/^attachment; filename="[a-z-]+\.csv"$/);
      const rows = section(html, name).match(/<tr>/g)!.length - (name === 'funnel' ? 2 : 1);
      expect([name, rows]).toEqual([name, lines(answer.body).length]);
      expect(section(html, name)).toContain(`href="/en/console/petitions/wetlands/figures/${name}.csv"`);
    }
  });

  test('run from right to left in Persian, in its digits and its calendar', async () => {
    const html = await page('wetlands', 'fa');
    expect(section(html, 'cumulative')).toContain('d="M100 140H100V84H26.829V');
    expect(words(section(html, 'countries'))).toMatch(/سوئد[^]*۱۶ · ۵۷٫۱٪/);
    expect(section(html, 'days')).not.toMatch(/<title>[^<]*\d/);
  });
});

test('a petition that nobody has signed says so, and has empty files', async () => {
  await openPetition(app, 'empty');
  const html = await page('empty');
  expect(html).not.toContain('<svg class="plot');
  expect(html.match(/Nothing counted yet\./g)).toHaveLength(3);
  expect(section(html, 'funnel')).toContain('Nobody has asked yet.');
  expect(lines(await csv('days', 'empty'))).toEqual([]);
  const figures = (await vera.api('GET', '/api/v1/petitions/empty/figures')).json();
  expect(figures).toEqual({ count: 0, days: [], countries: [], funnel: [] });
});

test('everything withdrawn again is drawn too', async () => {
  const id = await openPetition(app, 'gone');
  await logged(id, 1, 3, 'IR');
  await logged(id, 0, 3, 'IR', 'withdraw');
  const html = await page('gone');
  expect(html).not.toMatch(/NaN|undefined|Infinity/);
  expect(words(section(html, 'cumulative'))).toMatch(/0 on [^.]+\. The most was 3, first on/);
  expect(words(section(html, 'countries'))).toContain('Iran: 0 (0%)');
});

test('a closed petition ends on the day it closed', async () => {
  const id = await openPetition(app, 'over');
  await logged(id, 30, 2, 'SE');
  await app.database.query(
    `UPDATE petitions SET state = 'closed', closed_at = now() - interval '20 days' WHERE id = $1`,
    [id],
  );
  expect((await app.get(Petitions).findForStaff('over')).closedAt).not.toBeNull();
  const html = section(await page('over'), 'cumulative');
  const closed = new Date(dayOf(20)).toLocaleDateString('en-GB', { dateStyle: 'long', timeZone: 'UTC' });
  expect(html).toContain(closed);
  expect(html).not.toContain(new Date(dayOf(0)).toLocaleDateString('en-GB', { dateStyle: 'long', timeZone: 'UTC' }));
});

test('strangers get none of it, and what is not there is not found', async () => {
  for (const name of ['', '/days.csv', '/cumulative.csv', '/countries.csv', '/funnel.csv']) {
    expect((await app.inject({ url: `/en/console/petitions/wetlands/figures${name}` })).statusCode).toBe(303);
    expect((await app.inject({ url: `/api/v1/petitions/wetlands/figures${name}` })).statusCode).toBe(401);
    expect((await vera.get(`/en/console/petitions/none/figures${name}`)).statusCode).toBe(404);
    expect((await vera.api('GET', `/api/v1/petitions/none/figures${name}`)).statusCode).toBe(404);
  }
  expect((await vera.get('/en/console/petitions/wetlands/figures/names.csv')).statusCode).toBe(404);
});
