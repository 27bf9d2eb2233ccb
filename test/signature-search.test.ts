import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Sequencer } from '../src/countlog/sequencer.js';
import { startApp, type TestApp } from './support/app.js';
import { formBody, type SignedIn, signIn } from './support/cast.js';
import { askForLink, confirm, openPetition } from './support/petitions.js';

let app: TestApp;
let amir: SignedIn;
let olga: SignedIn;
let ada: SignedIn;
beforeEach(async () => {
  app = await startApp();
  await openPetition(app);
  [amir, olga, ada] = [await signIn(app, 'amir'), await signIn(app, 'olga'), await signIn(app, 'ada')];
});
afterEach(() => app.close());

const url = '/api/v1/petitions/wetlands/signatures/search';
const page = '/en/console/signatures';
const today = new Date().toISOString().slice(0, 10);
const search = async (email: string) => (await amir.api('POST', url, { email })).json<object>();
const sign = async (email: string) => {
  const token = await askForLink(app, { email });
  expect((await confirm(app, token)).statusCode).toBe(200);
  return token;
};
const nobody = { petition: 'wetlands', state: 'none', day: null, textVersion: null, locale: null, erased: false };
const found = { ...nobody, day: today, textVersion: 1, locale: 'en' };

test('an address is found in every state, by any way of writing it, and no other is', async () => {
  const token = await sign('Sara.Ahmadi@gmail.com');
  expect(await search('sara.ahmadi@gmail.com')).toEqual({ ...found, state: 'waiting' });
  await app.get(Sequencer).drain();
  expect(await search('saraahmadi+news@googlemail.com')).toEqual({ ...found, state: 'counted' });
  for (const other of ['sara.ahmadi@example.org', 'sara@gmail.com', 'sara.ahmad@gmail.com']) {
    expect(await search(other)).toEqual(nobody);
  }
  await openPetition(app, 'rivers');
  const elsewhere = await amir.api('POST', url.replace('wetlands', 'rivers'), { email: 'sara.ahmadi@gmail.com' });
  expect(elsewhere.json()).toEqual({ ...nobody, petition: 'rivers' });
  await app.inject({ method: 'DELETE', url: `/api/v1/confirmations/${token}` });
  expect(await search('sara.ahmadi@gmail.com')).toEqual({ ...nobody, state: 'withdrawn', day: today });
});

test('what staff took out is said, and of somebody who was erased nothing but that she is counted', async () => {
  await sign('nima@bad.example');
  const rule = { domain: 'bad.example' };
  await amir.api('POST', '/api/v1/petitions/wetlands/invalidations', { rule, reason: 'fraud', note: 'a test' });
  expect(await search('nima@bad.example')).toEqual({ ...found, state: 'invalidated' });
  await sign('sara@example.org');
  await app.get(Sequencer).drain();
  await app.database.query(
    `UPDATE signatures SET box = NULL, domain = NULL, locale = '', text_version = 0, consents = '{}' WHERE domain IS NOT NULL
       AND NOT EXISTS (SELECT FROM invalidated i WHERE i.signature_id = id)`,
  );
  expect(await search('sara@example.org')).toEqual({ ...nobody, state: 'counted', erased: true });
});

test('needs the right, a whole address and a published petition', async () => {
  expect((await olga.api('POST', url, { email: 'sara@example.org' })).statusCode).toBe(403);
  expect((await app.inject({ method: 'POST', url, payload: { email: 'sara@example.org' } })).statusCode).toBe(401);
  for (const email of ['sara', '%@', '@example.org', '', undefined]) {
    expect((await amir.api('POST', url, { email })).statusCode).toBe(422);
  }
  expect(await search('%@example.org')).toEqual(nobody);
  expect((await amir.api('POST', url.replace('wetlands', 'none'), { email: 'sara@example.org' })).statusCode).toBe(404);
  expect((await amir.api('GET', `${url}?email=sara@example.org`)).statusCode).toBe(404);
  expect((await olga.get(page)).statusCode).toBe(403);
  expect((await olga.get('/en/console')).body).not.toContain('/console/signatures"');
  expect((await amir.get('/en/console')).body).toContain('/console/signatures"');
});

test('the page asks for the password on a screen left open, and for a token of its own forms', async () => {
  await sign('sara@example.org');
  await app.database.query(`UPDATE sessions SET reauthenticated_at = now() - interval '1 hour'`);
  const fields = { petition: 'wetlands', email: 'sara@example.org' };
  const asked = await amir.post(`${page}/search`, fields);
  expect([asked.statusCode, asked.body.includes('has signed')]).toEqual([403, false]);
  expect(asked.headers['cache-control']).toBe('no-store');
  const answer = await amir.post(`${page}/search`, { ...fields, _password: amir.password });
  expect(answer.statusCode).toBe(200);
  expect(answer.body).toMatch(/This address has signed, and waits to be counted\.[^]*Version 1/);
  const { payload, headers } = formBody(fields);
  const forged = await app.inject({
    ...{ method: 'POST', url: `${page}/search`, payload },
    headers: { ...headers, cookie: amir.cookie },
  });
  expect(forged.statusCode).toBe(403);
  const wrong = await amir.post(`${page}/search`, { ...fields, email: '<b>' });
  expect([wrong.statusCode, wrong.body.includes('value="<b>"')]).toEqual([422, false]);
  expect((await amir.get(page)).body).toMatch(/petitions\/wetlands\/signatures#flags[^]*#invalidate/);
});

test('is audited and limited by person, also over her token, and keeps nothing of the address', async () => {
  await sign('canary.sara@example.org');
  const before = (await ada.api('GET', '/api/v1/audit?action=signatures.searched')).json<{ entries: object[] }>();
  expect(before.entries).toEqual([]);
  await search('canary.sara@example.org');
  await amir.post(`${page}/search`, { petition: 'wetlands', email: 'canary.stefan@example.org' });
  const { entries } = (await ada.api('GET', '/api/v1/audit?action=signatures.searched')).json<{
    entries: { actor: string; subject: string; detail: object }[];
  }>();
  expect(entries).toMatchObject([
    { actor: 'Amir', subject: 'wetlands', detail: {} },
    { actor: expect.any(String), subject: 'wetlands', detail: {} },
  ]);
  expect(entries.map(({ detail }) => detail)).toEqual([{}, {}]);
  const answers: number[] = [];
  for (let n = 0; n < 29; n++) answers.push((await amir.api('POST', url, { email: `x${n}@example.org` })).statusCode);
  expect(answers.filter((status) => status === 200)).toHaveLength(28);
  const limited = await amir.post(`${page}/search`, { petition: 'wetlands', email: 'y@example.org' });
  expect([limited.statusCode, Number(limited.headers['retry-after']) > 0]).toEqual([429, true]);
  expect((await ada.api('POST', url, { email: 'y@example.org' })).statusCode).toBe(200);

  // Whoever reads the database finds neither who was searched for nor a digest that another row would answer to.
  const tables: { name: string }[] = await app.database.query(
    `SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`,
  );
  for (const { name } of tables) {
    const rows = JSON.stringify(await app.database.query(`SELECT t::text FROM ${name} t`)).toLowerCase();
    for (const form of ['canary.stefan', Buffer.from('canary.stefan').toString('hex')]) {
      expect({ name, holds: rows.includes(form) }).toEqual({ name, holds: false });
    }
  }
  const files = readdirSync(app.settings.DATA_DIR, { recursive: true, withFileTypes: true }).filter(
    (file) => file.isFile() && !file.parentPath.includes('inbox'),
  );
  for (const file of files) {
    expect(readFileSync(join(file.parentPath, file.name)).includes('canary.stefan')).toBe(false);
  }
});
