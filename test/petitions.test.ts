import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeEntry, encodeEntry, type Entry } from '../src/countlog/entries.js';
import { Tally } from '../src/countlog/tally.js';
import { parseBundle } from '../src/countlog/tiles.js';
import { startApp, type TestApp } from './support/app.js';
import { type SignedIn, signIn } from './support/cast.js';
import { ask, askForLink, confirm, reviewed } from './support/petitions.js';
import { recount } from './support/public-log.js';

let app: TestApp;
let olga: SignedIn;
let amir: SignedIn;
beforeAll(async () => {
  app = await startApp({ LIMITS: 'off' });
  [olga, amir] = [await signIn(app, 'olga'), await signIn(app, 'amir')];
});
afterAll(() => app.close());

const words = (title = 'Reopen the library') => ({
  title,
  ask: 'Reopen the library on Mill Street.',
  addressee: 'the Town Council',
  body: 'It was closed in spring [1].',
  sources: [{ title: 'Minutes of the council', url: 'https://town.example/minutes', date: '3 May 2026' }],
});
const draft = (slug: string, more: object = {}) => ({ slug, startedBy: 'Readers', texts: { en: words() }, ...more });
const url = (slug: string, rest = '') => `/api/v1/petitions/${slug}${rest}`;
const record = async (slug: string) => (await olga.api('GET', url(slug, '/record'))).json<Record>();
const shaOf = async (slug: string, locale = 'en') =>
  (await record(slug)).texts.find((text) => text.locale === locale)?.sha256 ?? null;

interface Record {
  state: string;
  returnReason: string | null;
  textsSha256: string;
  publication: string;
  holdMinutes: number;
  texts: { locale: string; version: number; sha256: string }[];
}
interface Text {
  [field: string]: unknown;
  locale: string;
  version: number;
  sha256: string;
  previousSha256: string | null;
  logEntry: number | null;
}
const texts = async (slug: string) => (await app.inject({ url: url(slug, '/texts') })).json<{ texts: Text[] }>().texts;

async function opened(slug: string, more: object = {}): Promise<string> {
  expect((await olga.api('POST', '/api/v1/petitions', draft(slug, more))).statusCode).toBe(201);
  expect((await olga.api('POST', url(slug, '/review'))).statusCode).toBe(200);
  const { textsSha256 } = await record(slug);
  expect((await amir.api('POST', url(slug, '/opening'), reviewed(textsSha256))).statusCode).toBe(200);
  const [row] = await app.database.query(`SELECT id FROM petitions WHERE slug = $1`, [slug]);
  return row.id as string;
}

const amend = async (slug: string, title: string, reason: string | undefined = 'The council has moved.') =>
  olga.api('PUT', url(slug, '/texts/en'), { ...words(title), reason, previousSha256: await shaOf(slug) });

/** Every entry of the published log, read from its files. */
function published(slug: string): Entry[] {
  const folder = join(app.settings.DATA_DIR, 'log', slug);
  const size = Number(readFileSync(join(folder, 'checkpoint'), 'utf8').split('\n')[1]);
  const bundle = readFileSync(join(folder, `tile/entries/000.p/${size}`));
  return parseBundle(bundle, size).map(decodeEntry);
}

describe('a draft', () => {
  beforeAll(async () => {
    expect((await olga.api('POST', '/api/v1/petitions', draft('hidden'))).statusCode).toBe(201);
  });

  test.each(['draft', 'in_review'])('is nowhere to be seen as %s', async (state) => {
    await app.database.query(`UPDATE petitions SET state = $1 WHERE slug = 'hidden'`, [state]);
    const paths = ['', '/texts', '/count.json', '/counts.json'].map((path) => url('hidden', path));
    const pages = ['', '/history', '/versions/1'].map((path) => `/en/p/hidden${path}`);
    for (const path of [...paths, ...pages, '/log/hidden/log.json', '/log/hidden/checkpoint']) {
      expect({ path, status: (await app.inject({ url: path })).statusCode }).toEqual({ path, status: 404 });
    }
    for (const path of ['/en', '/api/v1/petitions']) {
      expect((await app.inject({ url: path })).body).not.toMatch(/\/p\/hidden|"hidden"/);
    }
    expect((await ask(app, {}, 'hidden')).statusCode).toBe(404);
    expect((await amir.api('GET', '/api/v1/exports/counts.csv')).body).not.toContain('hidden');
    await app.database.query(`UPDATE petitions SET state = 'draft' WHERE slug = 'hidden'`);
  });

  test('is written in place: nobody can have signed it', async () => {
    const put = (previousSha256: string | null, title: string, locale = 'en') =>
      olga.api('PUT', url('hidden', `/texts/${locale}`), { ...words(title), previousSha256 });
    expect((await put(await shaOf('hidden'), 'Another title')).statusCode).toBe(200);
    expect((await put(null, 'کتابخانه را باز کنید', 'fa')).statusCode).toBe(200);
    expect((await record('hidden')).texts.map(({ locale, version }) => `${locale}/${version}`)).toEqual([
      'en/1',
      'fa/1',
    ]);
    expect((await put(null, 'Ny titel', 'sv')).statusCode).toBe(404);
  });

  test('of a slug that is taken is refused beside the field, also twice at once', async () => {
    const twice = await Promise.all([1, 2].map(() => olga.api('POST', '/api/v1/petitions', draft('taken'))));
    expect(twice.map((answer) => answer.statusCode).toSorted()).toEqual([201, 422]);
    const refused = await olga.api('POST', '/api/v1/petitions', draft('hidden'));
    expect(refused.json()).toMatchObject({ errors: [{ field: 'slug', code: 'slug-taken' }] });
    expect((await olga.api('POST', '/api/v1/petitions', draft('new'))).statusCode).toBe(422);
  });

  test.each<[string, object]>([
    ['a script as source', { sources: [{ title: 'x', url: 'javascript:alert(1)' }] }],
    ['data as source', { sources: [{ title: 'x', url: 'data:text/html,<script>alert(1)</script>' }] }],
    ['an unknown field of a source', { sources: [{ title: 'x', href: 'https://x.example' }] }],
    ['half a character', { title: '\ud800' }],
    ['a nul', { body: 'a\0b' }],
    ['a title that runs backwards', { title: 'safe \u202e evil' }],
    ['a day that never was', { persons: [{ name: 'N', status: 's', asOf: '2026-02-30', source: 's' }] }],
    ['no words', { body: ' \r\n ' }],
    ['a reference to no source', { body: 'It was closed [2].' }],
    [
      'a state that there is not',
      { persons: [{ name: 'N', state: 'gone', status: 's', asOf: '2026-02-03', source: 's' }] },
    ],
    ['too many words', { body: 'x'.repeat(50_001) }],
  ])('with %s is refused', async (_, wrong) => {
    const answer = await olga.api(
      'POST',
      '/api/v1/petitions',
      draft('wrong', { texts: { en: { ...words(), ...wrong } } }),
    );
    expect({ status: answer.statusCode, body: answer.body.slice(0, 200) }).toMatchObject({ status: 422 });
    expect((await olga.api('GET', url('wrong', '/record'))).statusCode).toBe(404);
  });
});

describe('a review', () => {
  beforeAll(async () => {
    await olga.api('POST', '/api/v1/petitions', draft('reviewed'));
  });
  const state = async () => (await record('reviewed')).state;

  test('is not passed over: a draft cannot be opened, and who organises cannot open', async () => {
    const { textsSha256 } = await record('reviewed');
    expect((await amir.api('POST', url('reviewed', '/opening'), { textsSha256 })).statusCode).toBe(409);
    expect((await olga.api('POST', url('reviewed', '/review'))).statusCode).toBe(200);
    for (const verb of ['opening', 'rejection', 'closing', 'archiving']) {
      expect((await olga.api('POST', url('reviewed', `/${verb}`), { reason: 'x', textsSha256 })).statusCode).toBe(403);
    }
    expect((await amir.api('POST', url('reviewed', '/review'))).statusCode).toBe(403);
    expect(await state()).toBe('in_review');
  });

  test('can end with a reason for the author', async () => {
    expect((await amir.api('POST', url('reviewed', '/rejection'), {})).statusCode).toBe(422);
    expect((await amir.api('POST', url('reviewed', '/rejection'), { reason: 'Source 1 is gone.' })).statusCode).toBe(
      200,
    );
    expect(await record('reviewed')).toMatchObject({ state: 'draft', returnReason: 'Source 1 is gone.' });
    expect((await amir.api('POST', url('reviewed', '/rejection'), { reason: 'Again.' })).statusCode).toBe(409);
    await olga.api('POST', url('reviewed', '/review'));
    expect(await record('reviewed')).toMatchObject({ state: 'in_review', returnReason: null });
  });

  test('is void when the words or settings change, and opens no words but those that were read', async () => {
    const { textsSha256 } = await record('reviewed');
    const changed = { ...words('A quiet change'), previousSha256: await shaOf('reviewed') };
    await olga.api('PUT', url('reviewed', '/texts/en'), changed);
    expect(await state()).toBe('draft');
    await olga.api('POST', url('reviewed', '/review'));
    for (const seen of [{ textsSha256 }, {}]) {
      expect((await amir.api('POST', url('reviewed', '/opening'), seen)).statusCode).toBe(409);
    }
    expect((await olga.api('PATCH', url('reviewed'), { goal: 50 })).statusCode).toBe(200);
    expect(await state()).toBe('draft');
  });

  test('that is passed opens the petition, and the log begins with the words that were read', async () => {
    const petitionId = await opened('read');
    const { textsSha256 } = await record('read');
    await recount(app, petitionId, 'read');
    expect(published('read')).toMatchObject([{ kind: 'genesis', facts: { text_sha256: textsSha256 } }]);
    expect((await app.inject({ url: '/en/p/read' })).statusCode).toBe(200);
  });
});

describe('an amendment', () => {
  let petitionId: string;
  beforeAll(async () => {
    petitionId = await opened('amended');
  });

  test('needs a reason that everybody can read', async () => {
    const before = await shaOf('amended');
    const answer = await olga.api('PUT', url('amended', '/texts/en'), { ...words('New'), previousSha256: before });
    expect(answer.json()).toMatchObject({ errors: [{ field: 'reason', code: 'required' }] });
    expect(await shaOf('amended')).toBe(before);
  });

  test('is a new version and a public note, which the verifier and the tally accept; signers keep theirs', async () => {
    const token = await askForLink(app, { email: 'early@example.org' }, 'amended');
    expect((await amend('amended', 'Reopen the library now')).statusCode).toBe(200);
    expect((await confirm(app, token)).statusCode).toBe(200);
    await new Promise((done) => setTimeout(done, 1100));
    await confirm(app, await askForLink(app, { email: 'late@example.org' }, 'amended'));
    const signed = await app.database.query(
      `SELECT text_version FROM signatures WHERE petition_id = $1 ORDER BY text_version`,
      [petitionId],
    );
    expect(signed).toEqual([{ text_version: 1 }, { text_version: 2 }]);

    expect((await recount(app, petitionId, 'amended')).notes).toBe(1);
    const entries = published('amended');
    const tally = new Tally('localhost:0/log/amended');
    for (const entry of entries) tally.take(encodeEntry(entry));
    expect(tally.count).toBe(2);
    const [second, first] = await texts('amended');
    const note = entries.findIndex(({ kind }) => kind === 'note');
    expect(second).toMatchObject({ version: 2, logEntry: note, previousSha256: first!.sha256 });
    expect(first).toMatchObject({ version: 1, logEntry: 0, previousSha256: null, reason: null });
    expect(entries[note]).toEqual({
      kind: 'note',
      facts: {
        ...{ type: 'amend', day: expect.stringMatching(/^\d{4}-\d\d-\d\d$/), locale: 'en', version: 2 },
        reason: 'The council has moved.',
        text_sha256: second!.sha256,
        previous_sha256: first!.sha256,
        texts_sha256: (await record('amended')).textsSha256,
      },
    });
  });

  test('in a new language is a note as well', async () => {
    const persian = { ...words('کتابخانه را باز کنید'), reason: 'In Persian, too.' };
    expect((await olga.api('PUT', url('amended', '/texts/fa'), persian)).statusCode).toBe(200);
    await recount(app, petitionId, 'amended');
    const note = published('amended').at(-1);
    expect(note).toMatchObject({ kind: 'note', facts: { locale: 'fa', version: 1, previous_sha256: null } });
    expect((await texts('amended')).find(({ locale }) => locale === 'fa')).toMatchObject({ logEntry: 4 });
  });

  test('that changes nothing is none', async () => {
    expect((await amend('amended', 'Reopen the library now')).statusCode).toBe(200);
    expect((await texts('amended')).length).toBe(3);
  });

  test('of two editors at once: one wins, the other learns of it', async () => {
    const previousSha256 = await shaOf('amended');
    const put = (title: string) =>
      olga.api('PUT', url('amended', '/texts/en'), { ...words(title), reason: 'Better.', previousSha256 });
    const both = await Promise.all([put('Hers'), put('His')]);
    expect(both.map(({ statusCode }) => statusCode).toSorted()).toEqual([200, 409]);
    expect(both.find(({ statusCode }) => statusCode === 409)!.json()).toMatchObject({ code: 'conflict' });
    expect((await texts('amended')).filter(({ locale }) => locale === 'en').length).toBe(3);
  });

  test('can be recomputed by anybody from the answer of the API', async () => {
    const sorted = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(sorted)
        : value !== null && typeof value === 'object'
          ? Object.fromEntries(
              Object.entries(value)
                .toSorted(([a], [b]) => (a < b ? -1 : 1))
                .map(([k, v]) => [k, sorted(v)]),
            )
          : value;
    const hash = (value: unknown) =>
      createHash('sha256')
        .update(JSON.stringify(sorted(value)))
        .digest('hex');
    const all = await texts('amended');
    const digests: { [name: string]: string } = {};
    for (const {
      title,
      ask: demand,
      addressee,
      body,
      sources,
      persons,
      timeline,
      locale,
      version,
      sha256,
    } of all.toReversed()) {
      expect(hash({ title, ask: demand, addressee, body, sources, persons, timeline, locale })).toBe(sha256);
      for (const older of Object.keys(digests)) if (older.startsWith(locale)) delete digests[older];
      digests[`${locale}/${version}`] = sha256;
    }
    await recount(app, petitionId, 'amended');
    const notes = published('amended').filter((entry) => entry.kind === 'note');
    expect(notes.at(-1)!.facts.texts_sha256).toBe(hash(digests));
    expect(published('amended')[0]).toMatchObject({
      facts: {
        text_sha256: hash({ 'en/1': all.find(({ locale, version }) => locale === 'en' && version === 1)!.sha256 }),
      },
    });
  });
});
