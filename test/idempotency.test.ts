import { startApp, type TestApp } from './support/app.js';
import { type SignedIn, signIn } from './support/cast.js';
import { multipart } from './support/multipart.js';
import { openPetition } from './support/petitions.js';

let app: TestApp;
let olga: SignedIn;
let ada: SignedIn;
beforeAll(async () => {
  app = await startApp({ LIMITS: 'off' });
  [olga, ada] = [await signIn(app, 'olga'), await signIn(app, 'ada')];
});
afterAll(() => app.close());

const petition = (slug: string) => ({
  ...{ slug, startedBy: 'River Friends' },
  texts: { en: { title: 'Canary Bird', ask: 'A', addressee: 'T', body: 'B' } },
});
const send = (key: string, payload: object, url = '/api/v1/petitions', who = olga) =>
  app.inject({
    ...{ method: 'POST', url, payload },
    headers: { authorization: `Bearer ${who.token}`, 'idempotency-key': key },
  });
const rowsOf = (slug: string) => app.database.query(`SELECT id FROM petitions WHERE slug = $1`, [slug]);
const keptOnes = () => app.database.query(`SELECT key, request, answer FROM kept_answers`);

test('what is sent again with its key is answered the same, and done once', async () => {
  const first = await send('"key-1"', petition('marsh'));
  expect(first.statusCode).toBe(201);
  const again = await send('"key-1"', petition('marsh'));
  expect([again.statusCode, again.headers['content-type']]).toEqual([201, first.headers['content-type']]);
  expect(again.json()).toEqual(first.json());
  expect(again.headers.location).toEqual(first.headers.location);
  // The key is the string, whether or not in quotation marks; the order of fields is no other request.
  const turned = Object.fromEntries(Object.entries(petition('marsh')).reverse());
  expect((await send('key-1', turned)).json()).toEqual(first.json());
  expect(await rowsOf('marsh')).toHaveLength(1);
  // Without the key it is a request of its own.
  expect((await olga.api('POST', '/api/v1/petitions', petition('marsh'))).statusCode).toBeGreaterThanOrEqual(400);
});

test('another request with a key that was used is refused, and not done', async () => {
  await send('key-2', petition('moor'));
  const other = await send('key-2', petition('fen'));
  expect(other.statusCode).toBe(422);
  expect(other.json()).toMatchObject({ errors: [{ field: 'Idempotency-Key', code: 'key-of-another' }] });
  expect(await rowsOf('fen')).toHaveLength(0);
  expect((await send('key-2', {}, '/api/v1/petitions/moor/review')).statusCode).toBe(422);
  // A key is of one token: nobody is given the answer of a colleague, nor learns that she used the key.
  const hers = await send('key-2', petition('fen'), undefined, ada);
  expect(hers.statusCode).toBe(201);
  expect(hers.json()).toMatchObject({ slug: 'fen' });
});

test('of many at once one is done; while it is, the others are told to wait', async () => {
  const answers = await Promise.all(Array.from({ length: 6 }, () => send('key-3', petition('bog'))));
  const codes = answers.map(({ statusCode }) => statusCode);
  expect(codes).toContain(201);
  expect(codes.filter((code) => code !== 201 && code !== 409)).toEqual([]);
  expect(await rowsOf('bog')).toHaveLength(1);
  // As a process leaves it that was killed in the middle.
  await app.database.query(`UPDATE kept_answers SET answer = NULL`);
  expect((await send('key-3', petition('bog'))).statusCode).toBe(409);
});

test('a refusal is not kept, for nothing was done', async () => {
  expect((await send('key-4', { slug: '' })).statusCode).toBe(422);
  expect((await send('key-4', petition('swamp'))).statusCode).toBe(201);
  // Nor is what is refused before: no right, no token.
  const vera = await signIn(app, 'vera');
  expect((await send('key-5', petition('mire'), undefined, vera)).statusCode).toBe(403);
  const stranger = { method: 'POST' as const, url: '/api/v1/petitions', payload: petition('mire') };
  expect((await app.inject({ ...stranger, headers: { 'idempotency-key': 'key-1' } })).statusCode).toBe(401);
});

test('after a day the key is as if it was never used', async () => {
  await send('key-6', petition('delta'));
  await app.database.query(`UPDATE kept_answers SET asked_at = now() - interval '25 hours'`);
  expect((await send('key-6', petition('estuary'))).statusCode).toBe(201);
  expect(await keptOnes()).toHaveLength(1);
});

test('no key, request or answer can be read in the database, nor moved to another row', async () => {
  const first = await send('canary-key', petition('canary-slug'));
  expect(first.body).toContain('canary-slug');
  const kept = JSON.stringify(
    await app.database.query(`SELECT encode(key || request || answer, 'escape') FROM kept_answers`),
  );
  expect(kept).not.toMatch(/canary|bird|texts/i);
  await send('key-7', petition('lagoon'));
  await app.database.query(
    `UPDATE kept_answers a SET answer = b.answer FROM kept_answers b WHERE a.key <> b.key AND a.answer IS NOT NULL`,
  );
  expect((await send('key-7', petition('lagoon'))).statusCode).toBe(409);
});

test.each(['', '"unfinished', 'a b', 'x'.repeat(256), '"a","b"'])('a key like %j is refused', async (key) => {
  const answer = await send(key, petition('never'));
  expect(answer.statusCode).toBe(400);
  expect(await rowsOf('never')).toHaveLength(0);
});

test('files are made anew, and uploads are read as they are', async () => {
  const { payload, headers } = await multipart({ legislature: 'keyland', name: 'Keyland', country: 'SE' }, [
    { name: 'a.csv', bytes: Buffer.from('id,name\n1,Ann\n') },
  ]);
  const upload = () =>
    app.inject({
      ...{ method: 'POST', url: '/api/v1/lawmaker-imports', payload },
      headers: { ...headers, authorization: `Bearer ${olga.token}`, 'idempotency-key': 'key-8' },
    });
  expect([(await upload()).statusCode, (await upload()).statusCode]).toEqual([201, 201]);
  await openPetition(app);
  const file = () => send('key-9', { petition: 'wetlands', locale: 'en' }, '/api/v1/exports/hand-in');
  const [one, two] = [await file(), await file()];
  expect(one.statusCode).toBe(two.statusCode);
  expect(one.headers['content-type']).toBe(two.headers['content-type']);
});
