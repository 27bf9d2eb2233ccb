import { randomUUID } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import { linkNext } from '../src/site/next-link.js';
import { startApp, type TestApp } from './support/app.js';
import { type SignedIn, signIn } from './support/cast.js';
import { campaignOf, crowd, importTestland, person } from './support/letters.js';
import { openPetition } from './support/petitions.js';

let app: TestApp;
let ada: SignedIn;
let petitionId: string;
beforeAll(async () => {
  app = await startApp({ LIMITS: 'off' });
  petitionId = await openPetition(app);
  ada = await signIn(app, 'ada');
});
afterAll(() => app.close());

/** Follows rel="next" as a client does that knows nothing of cursors. */
async function pagesOf(url: string, name: string): Promise<unknown[][]> {
  const pages: unknown[][] = [];
  for (let next: string | undefined = url; next;) {
    const answer = await ada.api('GET', next);
    expect(answer.statusCode).toBe(200);
    pages.push(answer.json<Record<string, unknown[]>>()[name]!);
    next = /^<([^>]+)>; rel="next"$/.exec(String(answer.headers.link ?? ''))?.[1];
    if (pages.length > 20) throw new Error('it does not end');
  }
  return pages;
}

/** How many rows the first page has, all pages together, and how many different ones. */
async function read(url: string, name: string) {
  const pages = await pagesOf(url, name);
  const key = (row: unknown) => {
    const { id, lawmakerId, position, domain } = row as Record<string, unknown>;
    return position ?? id ?? lawmakerId ?? domain;
  };
  return { first: pages[0]!.length, all: pages.flat().length, different: new Set(pages.flat().map(key)).size };
}
const pagesOfAll = (all: number, first: number) => ({ first, all, different: all });

test('the audit log', async () => {
  const subject = 'paged';
  for (let n = 0; n < 130; n++)
    await app.database.query(
      `INSERT INTO audit_entries (at, actor_kind, actor_name, action, subject, detail, previous, hash)
       VALUES (now(), 'system', 'x', 'x.y', $1, '{}', sha256('a'), sha256('b'))`,
      [subject],
    );
  expect(await read(`/api/v1/audit?subject=${subject}`, 'entries')).toEqual(pagesOfAll(130, 100));
});

test('past exports', async () => {
  await app.database.query(
    `INSERT INTO long_works (id, kind, subject, needs, queued, detail, made_by, state)
     SELECT gen_random_uuid(), 'export', '', 'exports:counts', false, '{"kind": "paper", "format": "csv"}', 'x', 'done'
     FROM generate_series(1, 50)`,
  );
  expect(await read('/api/v1/exports', 'exports')).toEqual(pagesOfAll(50, 50));
  expect((await ada.api('GET', '/api/v1/exports')).headers.link).toBeUndefined();
  await app.database.query(`UPDATE long_works SET needs = 'exports:counts'`);
  await ada.api('GET', '/api/v1/exports/paper.json');
  expect(await read('/api/v1/exports', 'exports')).toEqual(pagesOfAll(51, 50));
});

test('flags and invalidations, over the API and on the page', async () => {
  await app.database.query(
    `INSERT INTO invalidations (petition_id, id, rule, reason, note, signatures, by_name)
     SELECT $1, gen_random_uuid(), '{}', 3, 'note ' || n, 0, 'Ada' FROM generate_series(1, 120) n`,
    [petitionId],
  );
  expect(await read('/api/v1/petitions/wetlands/invalidations', 'invalidations')).toEqual(pagesOfAll(120, 50));
  const seen = new Set<string>();
  let url: string | undefined = '/en/console/petitions/wetlands/signatures';
  for (let n = 0; url && n < 10; n++) {
    const body: string = (await ada.get(url)).body;
    for (const [note] of body.matchAll(/note \d+/g)) seen.add(note);
    url = /rel="next" href="([^"#]+)#done"/.exec(body)?.[1];
  }
  expect(seen.size).toBe(120);
  const wrong = await ada.api('GET', '/api/v1/petitions/wetlands/flags?after=nonsense');
  expect(wrong.statusCode).toBe(422);
});

test('rows of an import, the audience of letters, and mails', async () => {
  const lines = Array.from({ length: 620 }, (_, n) => `m${n},Member ${n},m${n}@town.example`);
  const answer = await app.inject({
    method: 'POST',
    url: '/api/v1/lawmaker-imports?legislature=townland&name=Townland&country=SE&format=csv',
    headers: { authorization: `Bearer ${ada.token}`, 'content-type': 'text/csv' },
    payload: `id,name,email\n${lines.join('\n')}\n`,
  });
  expect(answer.statusCode).toBe(201);
  const { id } = answer.json<{ id: string }>();
  expect(await read(`/api/v1/lawmaker-imports/${id}/rows`, 'rows')).toEqual(pagesOfAll(620, 500));
  expect(await read(`/api/v1/lawmaker-imports/${id}/rows?change=new`, 'rows')).toEqual(pagesOfAll(620, 500));

  await importTestland(app, crowd(520));
  const campaign = await campaignOf(app, person('Olga', 'organiser'));
  const audience = `/api/v1/letter-campaigns/${campaign}/audience`;
  const { counts } = (await ada.api('GET', audience)).json<{ counts: { lawmakers: number } }>();
  expect(await read(audience, 'lawmakers')).toEqual(pagesOfAll(counts.lawmakers, 500));
  const last = (await pagesOf(audience, 'lawmakers')).flat().at(-1) as { lawmakerId: string };
  expect((await ada.api('GET', `${audience}?after=${last.lawmakerId}`)).json()).toMatchObject({ lawmakers: [] });
  expect((await ada.api('GET', `${audience}?after=${randomUUID()}`)).json().lawmakers).toHaveLength(500);
  expect((await ada.api('GET', `${audience}?page=2`)).json().lawmakers).toHaveLength(500);

  await app.database.query(
    `INSERT INTO outbox (campaign_id, id, kind, ref, lane, state)
     SELECT $1, gen_random_uuid(), 'letter', n::text, 'letters', 'in_doubt' FROM generate_series(1, 130) n`,
    [petitionId],
  );
  const mails = await pagesOf('/api/v1/mail/messages', 'mails');
  expect(mails.length).toBeGreaterThan(1);
  expect(new Set(mails.flat().map((mail) => (mail as { id: string }).id)).size).toBe(130);
});

test('a cursor never leads out of the address that was asked', () => {
  const headers: string[] = [];
  const reply = {
    request: { url: '/api/v1/audit?who=%3E%3B+rel%3Dfirst&before=1' },
    header: (_: string, value: string) => headers.push(value),
  } as unknown as FastifyReply;
  linkNext(reply, 'before', '7>; rel="x');
  linkNext(reply, 'before', null);
  expect(headers).toEqual(['</api/v1/audit?who=%3E%3B+rel%3Dfirst&before=7%3E%3B+rel%3D%22x>; rel="next"']);
});
