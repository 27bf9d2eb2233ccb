import { startApp, type TestApp } from './support/app.js';
import { lawmakerId } from './support/letters.js';
import { askForLink, inbox, sara } from './support/petitions.js';
import { north, openCampaign, writer } from './support/supporters.js';

let app: TestApp;
beforeEach(async () => void (app = await startApp({ LIMITS: 'off' })));
afterEach(() => app.close());

const get = (url: string) => app.inject({ url: `/api/v1${url}` });
const post = (url: string, payload: object) => app.inject({ method: 'POST', url: `/api/v1${url}`, payload });
const anna = () => lawmakerId(app, 'Anna Berg');
const fatemeh = () => lawmakerId(app, 'فاطمه رضایی');
const codes = (answer: { json: () => { errors?: { field: string; code: string }[] } }) =>
  answer.json().errors?.map(({ field, code }) => `${field} ${code}`);

test('asks for a link, finds her lawmakers, sees the letters, sends them once', async () => {
  await openCampaign(app);
  const token = await writer(app);
  const offer = await get(`/write/${token}`);
  expect(offer.headers['cache-control']).toBe('no-store');
  expect(offer.json()).toMatchObject({
    petition: 'wetlands',
    name: sara.name,
    digest: false,
    left: 10,
    area: null,
    lawmakers: [],
  });
  expect(offer.json<{ areas: { key: string }[] }>().areas.map(({ key }) => key)).toContain(north);
  const found = (await get(`/write/${token}?area=${encodeURIComponent(north)}`)).json<{
    lawmakers: { name: string }[];
  }>();
  expect(found.lawmakers.map(({ name }) => name).sort()).toEqual(['Anna Berg', 'فاطمه رضایی']);
  expect((await get(`/write/${token}?area=SE%20East`)).json()).toMatchObject({
    byHand: expect.arrayContaining([expect.objectContaining({ channel: 'form', to: 'Noor Field' })]),
  });

  const wanted = { area: north, lawmakers: [await anna()], words: 'My well ran dry.' };
  const preview = await post(`/write/${token}/previews`, wanted);
  const { letters, seen } = preview.json<{ letters: { text: string; contact: string }[]; seen: string }>();
  expect(letters).toMatchObject([
    { contact: 'anna@upper.testland.example', text: expect.stringContaining('My well ran dry.') },
  ]);
  expect(JSON.stringify(letters)).not.toMatch(/\/o\/[0-9A-Z]{16}/);
  expect((await get(`/write/${token}/letters`)).json()).toEqual({ letters: [] });

  const stale = await post(`/write/${token}/letters`, { ...wanted, words: 'Other words.', seen });
  expect([stale.statusCode, stale.json<{ code: string }>().code]).toEqual([409, 'conflict']);
  const [one, two] = await Promise.all([
    post(`/write/${token}/letters`, { ...wanted, seen }),
    post(`/write/${token}/letters`, { ...wanted, seen }),
  ]);
  expect([one.statusCode, two.statusCode]).toEqual([201, 201]);
  expect(one.json()).toMatchObject({ letters: [{ to: 'Anna Berg', area: 'North', state: 'queued' }] });
  expect((await inbox(app)).filter(({ to }) => to.includes('anna@upper'))).toHaveLength(1);
  expect((await get(`/write/${token}/letters`)).json()).toMatchObject({ letters: [{ state: 'accepted' }] });
});

test('known and unknown addresses get one answer; bad input is a problem; a wrong link opens nothing', async () => {
  expect((await post('/petitions/nowhere/writing-links', { email: sara.email, locale: 'en' })).statusCode).toBe(404);
  await openCampaign(app);
  await writer(app);
  const before = (await inbox(app)).length;
  const [known, unknown] = [
    await post('/petitions/wetlands/writing-links', { email: sara.email, locale: 'en' }),
    await post('/petitions/wetlands/writing-links', { email: 'nobody@example.org', locale: 'en' }),
  ];
  expect([known.statusCode, known.body]).toEqual([202, unknown.body]);
  expect(unknown.statusCode).toBe(202);
  expect(Object.keys(known.headers)).toEqual(Object.keys(unknown.headers));
  const mails = await inbox(app);
  expect(mails).toHaveLength(before + 1);
  expect(mails[0]!.to).toBe(sara.email);
  expect((await post('/petitions/wetlands/writing-links', { email: 'no', locale: 'en' })).statusCode).toBe(422);

  const confirmation = await askForLink(app, { email: 'b@example.org' });
  for (const wrong of [confirmation, 'x', 'A'.repeat(200)]) {
    for (const answer of [
      await get(`/write/${wrong}`),
      await get(`/write/${wrong}/letters`),
      await post(`/write/${wrong}/previews`, { area: north, lawmakers: [await anna()] }),
      await post(`/write/${wrong}/letters`, { area: north, lawmakers: [await anna()], seen: '0'.repeat(64) }),
    ]) {
      expect([answer.statusCode, answer.headers['content-type']]).toEqual([
        410,
        expect.stringContaining('problem+json'),
      ]);
    }
  }
});

test('the rules of the pages: own area, whole words, somebody chosen', async () => {
  await openCampaign(app);
  const token = await writer(app);
  const kim = await lawmakerId(app, 'Kim Lund');
  const seen = '0'.repeat(64);
  for (const [wanted, expected] of [
    [{ area: north, lawmakers: [kim] }, ['lawmakers required']],
    [{ area: north, lawmakers: [] }, ['lawmakers required']],
    [{ area: north, lawmakers: ['x'] }, ['lawmakers.0 invalid']],
    [{ lawmakers: [kim] }, ['area required']],
    [{ area: north, lawmakers: [await anna()], words: 'x'.repeat(2001) }, ['words too-long']],
    [{ area: north, lawmakers: [await anna()], words: 'a\u202eb' }, ['words control']],
  ] as const) {
    const preview = await post(`/write/${token}/previews`, wanted);
    expect([preview.statusCode, codes(preview)]).toEqual([422, expected]);
    const sent = await post(`/write/${token}/letters`, { ...wanted, seen });
    expect([sent.statusCode, codes(sent)]).toEqual([422, expected]);
  }
  expect((await post(`/write/${token}/letters`, { area: north, lawmakers: [await anna()] })).statusCode).toBe(422);
});

test('a number a day and a number in all, the same by page and by API, and each says which is reached', async () => {
  await openCampaign(app, { supporterPerDay: 1, supporterTotal: 2 });
  const token = await writer(app);
  const both = { area: north, lawmakers: [await anna(), await fatemeh()], words: '' };
  expect(codes(await post(`/write/${token}/previews`, both))).toEqual(['lawmakers too-many-letters-today']);
  const send = async (lawmakers: string[]) => {
    const wanted = { area: north, lawmakers };
    const preview = await post(`/write/${token}/previews`, wanted);
    if (preview.statusCode !== 200) return preview;
    return post(`/write/${token}/letters`, { ...wanted, seen: preview.json<{ seen: string }>().seen });
  };
  expect((await send([await anna()])).statusCode).toBe(201);
  expect((await get(`/write/${token}`)).json()).toMatchObject({ left: 1, leftToday: 0 });
  expect(codes(await send([await fatemeh()]))).toEqual(['lawmakers too-many-letters-today']);
  const page = () => app.inject({ url: `/en/write/${token}?area=${encodeURIComponent(north)}` });
  expect((await page()).body).toContain(
    'You have written as many letters as you can within 24 hours. Come back tomorrow to write more.',
  );
  await app.database.query(`UPDATE supporter_letters SET written_at = written_at - interval '25 hours'`);
  expect((await send([await fatemeh()])).statusCode).toBe(201);
  expect((await get(`/write/${token}`)).json()).toMatchObject({ left: 0, leftToday: 0 });
  expect((await page()).body).toContain('You have written all the letters you can write here.');
  const south = { area: 'SE South', lawmakers: [await lawmakerId(app, 'Kim Lund')] };
  expect(codes(await post(`/write/${token}/previews`, south))).toEqual(['lawmakers too-many-letters']);
});

test('digests by API: what may be passed on is asked there too', async () => {
  await openCampaign(app, { digest: true });
  const token = await writer(app);
  const wanted = { area: north, lawmakers: [await anna()], words: 'My well ran dry.' };
  expect(codes(await post(`/write/${token}/previews`, wanted))).toEqual(['passWords words-not-passed']);
  const agreed = { ...wanted, passWords: true, passName: true };
  const preview = await post(`/write/${token}/previews`, agreed);
  expect(preview.json()).toMatchObject({
    digest: true,
    letters: [{ text: expect.stringContaining('— Sara Ahmadi\n') }],
  });
  // What was previewed is not what would be sent without her name.
  const { seen } = preview.json<{ seen: string }>();
  expect((await post(`/write/${token}/letters`, { ...agreed, passName: false, seen })).statusCode).toBe(409);
  const sent = await post(`/write/${token}/letters`, { ...agreed, seen, locale: 'fa' });
  expect([sent.statusCode, sent.json()]).toEqual([201, { letters: [expect.objectContaining({ state: 'queued' })] }]);
  const [kept] = await app.database.query(
    `SELECT array_agg(c.locale || ' ' || c.purpose ORDER BY c.purpose) AS given FROM digest_supporters d JOIN consents c ON c.id = ANY (d.consents)`,
  );
  expect(kept.given).toEqual(['fa passName', 'fa passWords']);
});

test('limits by API are those of the pages', async () => {
  await app.close();
  app = await startApp();
  await openCampaign(app);
  const asked = [];
  for (let n = 0; n < 21; n += 1)
    asked.push(await post('/petitions/wetlands/writing-links', { email: `n${n}@example.org`, locale: 'en' }));
  expect(asked.map(({ statusCode }) => statusCode)).toEqual([...Array.from({ length: 20 }, () => 202), 429]);
});
