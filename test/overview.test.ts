import { startApp, type TestApp } from './support/app.js';
import { type SignedIn, signIn } from './support/cast.js';
import { askForLink, confirm, openPetition } from './support/petitions.js';

let app: TestApp;
let ada: SignedIn;
let vera: SignedIn;
beforeAll(async () => {
  app = await startApp({ LIMITS: 'off' });
  [ada, vera] = [await signIn(app, 'ada'), await signIn(app, 'vera')];
});
afterAll(() => app.close());

const needs = async (who: SignedIn) => {
  const list = /<ul class="plain needs">([^]*?)<\/ul>/.exec((await who.get('/en/console')).body)?.[1] ?? '';
  return [...list.matchAll(/<li[^>]*>([^]*?)<\/li>/g)].map(([, item]) => ({
    href: /href="([^"]+)"/.exec(item!)?.[1] ?? null,
    words: item!.replaceAll(/<[^>]+>/g, '').trim(),
  }));
};

/** Of the letter there is only a row: it has no page. */
const isWhole = ({ href }: { href: string | null }) => !href!.includes('/letters/');

test('says so where nothing waits', async () => {
  expect(await needs(ada)).toEqual([]);
  expect((await ada.get('/en/console')).body).toContain('Whatever needs a person will stand here.');
});

test('lists what needs a person, the most urgent first, with counts and where to go', async () => {
  const id = await openPetition(app, 'wells');
  const draft = { slug: 'mill', startedBy: 'R', texts: { en: { title: 'Mill', ask: 'A', addressee: 'T', body: 'B' } } };
  await ada.api('POST', '/api/v1/petitions', draft);
  await ada.api('POST', '/api/v1/petitions/mill/review');
  await app.database.query(`UPDATE logs SET refused = 'an old backup' WHERE petition_id = $1`, [id]);
  await app.database.query(
    `INSERT INTO switches (petition_id, name, reason, by_name) VALUES ('00000000-0000-0000-0000-000000000000', 'counting', 'r', 'Ada')`,
  );
  await app.database.query(
    `INSERT INTO outbox (campaign_id, id, kind, ref, lane, state, stop)
     SELECT $1, gen_random_uuid(), 'letter', n::text, 'letters', state, CASE WHEN state = 'held' THEN 'pause' END
     FROM unnest(ARRAY['in_doubt', 'in_doubt', 'refused', 'held']) WITH ORDINALITY AS s (state, n)`,
    [id],
  );
  await confirm(app, await askForLink(app, {}, 'wells'));
  await app.database.query(
    `INSERT INTO flags (petition_id, signature_id, signals) SELECT petition_id, id, '{network-burst}' FROM signatures`,
  );
  const campaign = (title: string, state: string) =>
    app.database.query(
      `INSERT INTO letter_campaigns (id, title, default_locale, sender_name, organisation, reply_to, audience, pace, state)
       VALUES (gen_random_uuid(), $1, 'en', 's', 'o', 'r@town.example', '{}', '{}', $2)`,
      [title, state],
    );
  await campaign('Waits for approval', 'in_review');
  await campaign('Does not', 'draft');
  const { id: update } = (
    await ada.api('POST', '/api/v1/petitions/wells/updates', { texts: { en: { title: 'T', body: 'B' } } })
  ).json<{ id: string }>();
  await ada.api('POST', `/api/v1/petitions/wells/updates/${update}/review`);
  await app.database.query(
    `INSERT INTO paper_batches (petition_id, id, sheets, scans, country, day, folder, entered_by_name)
     VALUES ($1, gen_random_uuid(), '{7}', ARRAY[repeat('0', 64)], 'SE', '2026-10-01', 'f', 'Olga')`,
    [id],
  );
  const imported = (state: string, severity: string) =>
    app.database.query(
      `INSERT INTO imports (id, legislature_slug, legislature_name, country, format, state, partial, base_version, source_name,
         source_sha256, report, made_by)
       VALUES (gen_random_uuid(), 'parliament', 'Parliament', 'SE', 'csv', $1, false, 0, 'f.csv', sha256('x'), $2, 'Ada')`,
      [state, JSON.stringify([{ severity, code: 'x' }])],
    );
  await imported('previewed', 'rejected');
  await imported('uploaded', 'noticed');
  await imported('discarded', 'rejected');
  await app.database.query(
    `WITH g AS (INSERT INTO legislatures (id, slug, name, country) VALUES (gen_random_uuid(), 'parliament', 'Parliament', 'SE') RETURNING id),
     l AS (INSERT INTO lawmakers (id, legislature_id, import_id, name, sort_name)
       SELECT gen_random_uuid(), g.id, (SELECT id FROM imports WHERE state = 'discarded'), n, n
       FROM g, unnest(ARRAY['Marked', 'Fine', 'Struck']) n RETURNING id, name)
     INSERT INTO contact_points (id, lawmaker_id, channel, value, normal_form, position, source, listed, bounced_at, struck_at)
     SELECT gen_random_uuid(), id, 'email', 'x@town.example', 'x@town.example', 0, 'import', true,
       CASE WHEN name <> 'Fine' THEN now() END, CASE WHEN name = 'Struck' THEN now() END FROM l`,
  );
  const all = await needs(ada);
  expect(all.map(({ words }) => words)).toEqual([
    expect.stringMatching(
      /^Nothing is added to this log at the moment: \S+\/log\/wells\s*Something in the log is not as it must be\. For whoever runs the server: an old backup/,
    ),
    'One emergency switch is off',
    '2 letters are in doubt: decide',
    'A petition waits to be reviewed: Mill',
    'An update waits to be reviewed: Keep the wetlands wet',
    'A letter waits to be approved: Waits for approval',
    'One signature waits to be looked at: Keep the wetlands wet',
    'One batch of paper waits to be counted: Keep the wetlands wet',
    'One letter was refused',
    'One mail is held',
    'One import of lawmakers has faults or is out of date',
    'One import of lawmakers waits to be decided',
    'The facts of this petition have to be checked: Mill',
    'The facts of this petition have to be checked: Keep the wetlands wet',
    'One lawmaker has a contact point that failed',
  ]);
  expect(all.find(({ words }) => words.includes('approved'))!.href).toMatch(/^\/en\/console\/letters\/[0-9a-f-]{36}$/);
  for (const { href } of all.slice(1).filter(isWhole))
    expect({ href, status: (await ada.get(href!)).statusCode }).toEqual({ href, status: 200 });
  const marked = (await ada.get('/en/console/lawmakers?status=marked')).body;
  expect([marked.includes('>Marked<'), marked.includes('>Fine<'), marked.includes('>Struck<')]).toEqual([
    true,
    false,
    false,
  ]);
});

test('leads nobody where she may not go', async () => {
  const all = await needs(vera);
  expect(all.find(({ words }) => words.includes('in doubt'))).toMatchObject({ href: null });
  for (const { href } of all) {
    if (href && isWhole({ href }))
      expect({ href, status: (await vera.get(href)).statusCode }).toEqual({ href, status: 200 });
  }
});
