import { Decrypter, generateIdentity, identityToRecipient } from 'age-encryption';
import { parse } from 'csv-parse/sync';
import { v7 as uuidv7 } from 'uuid';
import { unpackForm } from '../src/signatures/sealed-form.js';
import { UpdatesRunner } from '../src/updates/updates.runner.js';
import { startApp, type TestApp } from './support/app.js';
import { formBody, type SignedIn, signIn } from './support/cast.js';
import { ask, askForLink, confirm, inbox, openPetition } from './support/petitions.js';

let app: TestApp;
let ada: SignedIn;
let olga: SignedIn;
let vera: SignedIn;
let amir: SignedIn;
let keys: { identity: string; recipient: string }[];

beforeEach(async () => {
  app = await startApp({ LIMITS: 'off' });
  await openPetition(app);
  [ada, olga, vera, amir] = [
    await signIn(app, 'ada'),
    await signIn(app, 'olga'),
    await signIn(app, 'vera'),
    await signIn(app, 'amir'),
  ];
  keys = await Promise.all(
    [0, 1].map(async () => {
      const identity = await generateIdentity();
      return { identity, recipient: await identityToRecipient(identity) };
    }),
  );
});
afterEach(() => app.close());

const api = '/api/v1/petitions/wetlands/organisations';
const details = (name: string, key: number) => ({
  ...{ name, url: 'https://org.example', privacyUrl: 'https://org.example/privacy' },
  recipient: keys[key]!.recipient,
});
async function added(name: string, key = 0): Promise<string> {
  const answer = await ada.api('POST', api, details(name, key));
  expect(answer.statusCode).toBe(201);
  return answer.json<{ id: string }>().id;
}
async function signs(email: string, organisations: string[], news = false): Promise<void> {
  const consents = { sign: true, news, organisations };
  const link = await askForLink(app, { email, name: `Name of ${email}`, consents });
  expect((await confirm(app, link)).statusCode).toBe(200);
}
const exported = (who: SignedIn, id: string) => who.api('POST', `${api}/${id}/persons`);
async function addresses(who: SignedIn, id: string, key: number): Promise<string[]> {
  const answer = await exported(who, id);
  expect(answer.statusCode).toBe(200);
  const decrypter = new Decrypter();
  decrypter.addIdentity(keys[key]!.identity);
  const csv = await decrypter.decrypt(answer.rawPayload, 'text');
  return (parse(csv, { columns: true, bom: true }) as { email: string }[]).map(({ email }) => email).toSorted();
}

test('each organisation has a box of its own, unticked, and gets those who ticked it and nobody from before', async () => {
  await signs('before@example.org', [], true);
  const [north, south] = [await added('Northern Wells', 0), await added('Southern Wells', 1)];
  await new Promise((done) => setTimeout(done, 1100));
  const page = (await app.inject({ url: '/en/p/wetlands' })).body;
  expect(page).toContain('Northern Wells may send me its own news by e‑mail (optional)');
  for (const id of [north, south]) {
    expect(new RegExp(`<input type="checkbox" id="organisation-${id}"[^>]*>`).exec(page)![0]).not.toContain('checked');
  }
  expect(page).toContain('href="https://org.example/privacy"');
  await signs('north@example.org', [north]);
  await signs('both@example.org', [north, south]);
  await signs('none@example.org', []);
  expect(await addresses(ada, north, 0)).toEqual(['both@example.org', 'north@example.org']);
  expect(await addresses(ada, south, 1)).toEqual(['both@example.org']);
  // To its own recipient: the key of another opens nothing.
  const wrong = new Decrypter();
  wrong.addIdentity(keys[0]!.identity);
  await expect(wrong.decrypt((await exported(ada, south)).rawPayload, 'text')).rejects.toThrow();
  const entries = await app.database.query(
    `SELECT actor_name, subject, detail FROM audit_entries WHERE action = 'export.organisation' ORDER BY id`,
  );
  expect(entries[0]).toEqual({
    ...{ actor_name: 'Ada (test)', subject: 'wetlands' },
    detail: { id: north, organisation: 'Northern Wells', recipient: keys[0]!.recipient },
  });
  // Who agreed with organisations did not ask for news of the petition, nor the other way round.
  const counts = (await ada.api('GET', api)).json<{ organisations: { agreed: number }[] }>().organisations;
  expect(counts.map(({ agreed }) => agreed)).toEqual([2, 1]);
});

test('the form of the page keeps what was ticked, and signs with it', async () => {
  const id = await added('Northern Wells');
  await new Promise((done) => setTimeout(done, 1100));
  const form = {
    ...{ name: 'Sara', email: 'no address', country: 'SE', consentSign: 'on', [`organisation-${id}`]: 'on' },
    t: /name="t" value="([^"]+)"/.exec((await app.inject({ url: '/en/p/wetlands' })).body)![1]!,
  };
  await new Promise((done) => setTimeout(done, 2100));
  const post = (more: object) =>
    app.inject({ method: 'POST', url: '/en/p/wetlands/signatures', ...formBody({ ...form, ...more }) });
  const refused = await post({});
  expect(refused.statusCode).toBe(422);
  expect(refused.body).toMatch(new RegExp(`id="organisation-${id}"[^>]* checked`));
  expect((await post({ email: 'sara@example.org' })).statusCode).toBe(303);
  const link = (await inbox(app))[0]!.links.find((each) => each.includes('/confirm/'))!;
  expect((await confirm(app, link.split('/').at(-1)!)).statusCode).toBe(200);
  expect(await addresses(ada, id, 0)).toEqual(['sara@example.org']);
});

test('an organisation of another petition, or one that has left, cannot be agreed with', async () => {
  await openPetition(app, 'rivers');
  const there = (await ada.api('POST', '/api/v1/petitions/rivers/organisations', details('River Watch', 1))).json<{
    id: string;
  }>().id;
  const id = await added('Northern Wells');
  for (const organisations of [[there], [uuidv7()], ['x'], Array.from({ length: 11 }, () => uuidv7())]) {
    expect((await ask(app, { consents: { sign: true, organisations } })).statusCode).toBe(422);
  }
  await signs('north@example.org', [id]);
  expect((await ada.api('DELETE', `${api}/${id}`)).statusCode).toBe(204);
  expect((await ask(app, { consents: { sign: true, organisations: [id] } })).statusCode).toBe(422);
  expect((await exported(ada, id)).statusCode).toBe(409);
  // Should it come back, it begins with nobody.
  const again = await added('Northern Wells');
  expect(await addresses(ada, again, 0)).toEqual([]);
});

test('who acts for one organisation exports that one, and cannot touch another', async () => {
  const [north, south] = [await added('Northern Wells', 0), await added('Southern Wells', 1)];
  await signs('both@example.org', [north, south]);
  for (const [who, id] of [
    [vera, north],
    [olga, south],
  ] as const) {
    expect((await ada.api('PUT', `${api}/${id}/people/${who.id}`)).statusCode).toBe(200);
  }
  expect(await addresses(vera, north, 0)).toEqual(['both@example.org']);
  expect((await exported(vera, south)).statusCode).toBe(403);
  expect((await exported(olga, north)).statusCode).toBe(403);
  // Nobody's: no rights for any.
  expect((await exported(amir, north)).statusCode).toBe(403);
  // Neither by turning its exports to a key of one's own, nor by acting for both, nor by letting go of one's own.
  const mine = { recipient: keys[0]!.recipient };
  expect((await vera.api('PATCH', `${api}/${south}`, mine)).statusCode).toBe(403);
  expect((await vera.api('PUT', `${api}/${south}/people/${vera.id}`)).statusCode).toBe(403);
  expect((await vera.api('DELETE', `${api}/${north}/people/${vera.id}`)).statusCode).toBe(403);
  expect((await vera.api('PATCH', `${api}/${north}`, { recipient: keys[1]!.recipient })).statusCode).toBe(200);
  // Where an organisation has people of its own, an admin does not change to whom it is encrypted either.
  expect((await ada.api('PATCH', `${api}/${south}`, mine)).statusCode).toBe(403);
  expect(await addresses(ada, south, 1)).toEqual(['both@example.org']);
  // An admin acts for all, and cannot be made to act for one.
  expect((await ada.api('PUT', `${api}/${north}/people/${ada.id}`)).statusCode).toBe(422);
  const console = await vera.post(`/en/console/exports/organisations/wetlands/${south}`);
  expect(console.statusCode).toBe(403);
  const [{ n }] = await app.database.query(
    `SELECT count(*)::int AS n FROM audit_entries WHERE action = 'export.organisation'`,
  );
  expect(n).toBe(2);
});

test('an update in the name of one organisation goes to those who agreed with it, and its link ends only that', async () => {
  const [north, south] = [await added('Northern Wells', 0), await added('Southern Wells', 1)];
  await signs('both@example.org', [north, south], true);
  await signs('south@example.org', [south], true);
  const texts = { en: { title: 'News of the north', body: 'Hello' } };
  const updates = '/api/v1/petitions/wetlands/updates';
  expect((await olga.api('POST', updates, { organisation: north, texts })).statusCode).toBe(403);
  await ada.api('PUT', `${api}/${north}/people/${olga.id}`);
  expect((await olga.api('POST', updates, { organisation: south, texts })).statusCode).toBe(403);
  const { id } = (await olga.api('POST', updates, { organisation: north, texts })).json<{ id: string }>();
  const { sha256, audience } = (await olga.api('POST', `${updates}/${id}/review`)).json<{
    sha256: string;
    audience: number;
  }>();
  expect(audience).toBe(1);
  expect((await amir.api('POST', `${updates}/${id}/approval`, { sha256 })).statusCode).toBe(200);
  await app.get(UpdatesRunner).tick();
  const mails = (await inbox(app)).filter(({ subject }) => subject === 'News of the north');
  expect(mails.map(({ to }) => to)).toEqual(['both@example.org']);
  expect(mails[0]!.text).toContain('Northern Wells writes to you');
  const stop = new URL(mails[0]!.links.find((link) => link.includes('/unsubscribe/'))!).pathname;
  expect((await app.inject({ url: stop })).body).toContain('Northern Wells');
  await app.inject({ method: 'POST', url: stop, ...formBody({ 'List-Unsubscribe': 'One-Click' }) });
  const [row] = await app.database.query(
    `SELECT array_agg(CASE c.purpose WHEN 'organisation' THEN c.organisation_id::text ELSE c.purpose END ORDER BY c.purpose, 1) AS kept
     FROM signatures s JOIN consents c ON c.id = ANY (s.consents) WHERE cardinality(s.consents) = 3 AND NOT EXISTS (
       SELECT FROM consents d WHERE d.id = ANY (s.consents) AND d.organisation_id = $1)
     GROUP BY s.id ORDER BY 1 LIMIT 1`,
    [north],
  );
  expect(row.kept.toSorted()).toEqual([south, 'news', 'sign'].toSorted());
  expect(await addresses(ada, north, 0)).toEqual([]);
  expect(await addresses(ada, south, 1)).toEqual(['both@example.org', 'south@example.org']);
});

test('my-data and the privacy page name the organisations, and one agreement alone is taken back', async () => {
  const [north, south] = [await added('Northern Wells', 0), await added('Southern Wells', 1)];
  await signs('sara@example.org', [north, south], true);
  await new Promise((done) => setTimeout(done, 1100));
  const privacy = (await app.inject({ url: '/en/privacy' })).body;
  expect(privacy).toContain('Northern Wells');
  expect(privacy).toContain('Southern Wells');
  await inbox(app);
  await app.inject({ method: 'POST', url: '/en/my-data', ...formBody({ email: 'sara@example.org' }) });
  const token = (await inbox(app))[0]!.links
    .find((each) => each.includes('/my-data/'))!
    .split('/')
    .at(-1)!;
  const page = (await app.inject({ url: `/en/my-data/${token}` })).body;
  expect(page).toContain('Southern Wells may send me its own news');
  const url = `/en/my-data/${token}/wetlands/agreements/${south}/withdrawal`;
  expect((await app.inject({ method: 'POST', url })).statusCode).toBe(303);
  expect(await addresses(ada, south, 1)).toEqual([]);
  expect(await addresses(ada, north, 0)).toEqual(['sara@example.org']);
});

test('a link from before there were organisations reads the same', () => {
  const old = Buffer.concat([
    Buffer.from(uuidv7().replaceAll('-', ''), 'hex'),
    Buffer.alloc(4, 1),
    Buffer.from('SE'),
    Buffer.from([1, 0, 7, 0, 1, 0, 2, 0, 3]),
    Buffer.from('\u0002en\u0003a@b'),
    Buffer.from('Sara'),
  ]);
  expect(unpackForm(old)).toMatchObject({
    ...{ source: 'api', textVersion: 7, consents: { sign: 1, showName: 2, news: 3 }, organisations: [] },
    ...{ locale: 'en', email: 'a@b', name: 'Sara' },
  });
});

test('the longest form with ten organisations makes a link under 500 characters', async () => {
  const organisations: string[] = [];
  for (let n = 0; n < 10; n += 1) organisations.push(await added(`Organisation ${n}`));
  expect((await ada.api('POST', api, details('One too many', 0))).statusCode).toBe(409);
  const email = `${'a'.repeat(60)}@${'b'.repeat(60)}.example.org`;
  const name = 'n'.repeat(240 - email.length).slice(0, 100);
  const token = await askForLink(app, { email, name, consents: { sign: true, organisations } });
  expect(`http://127.0.0.1:3000/en/confirm/${token}`.length).toBeLessThan(500);
  expect((await confirm(app, token)).statusCode).toBe(200);
});

test('refuses what is incomplete, a name twice, and strangers', async () => {
  await added('Northern Wells');
  for (const wrong of [{ name: 'northern wells' }, { recipient: 'age1x' }, { url: 'http://x.example' }, { name: '' }]) {
    expect((await ada.api('POST', api, { ...details('Other', 1), ...wrong })).statusCode).toBe(422);
  }
  expect((await olga.api('POST', api, details('Other', 1))).statusCode).toBe(403);
  expect((await ada.api('GET', `/api/v1/petitions/nowhere/organisations`)).statusCode).toBe(404);
  const twice = await Promise.all([0, 1].map(() => ada.api('POST', api, details('At once', 1))));
  expect(twice.map(({ statusCode }) => statusCode).toSorted()).toEqual([201, 422]);
});
