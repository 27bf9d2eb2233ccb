import { setTimeout } from 'node:timers/promises';
import { v7 as uuidv7 } from 'uuid';
import { Audience } from '../src/lawmakers/lawmakers.schema.js';
import { Approvals } from '../src/letters/approvals.service.js';
import { Dispatch } from '../src/letters/dispatch.service.js';
import { LetterCampaigns } from '../src/letters/letter-campaigns.service.js';
import { SavedAudiences } from '../src/letters/saved-audiences.service.js';
import { startApp, type TestApp } from './support/app.js';
import { type SignedIn, signIn } from './support/cast.js';
import { approve, campaignOf, importTestland, lawmakerId, person, seenNow, words } from './support/letters.js';

let app: TestApp;
let olga: SignedIn;
let vera: SignedIn;
const author = person('Olga', 'organiser');
const approver = person('Amir', 'approver');
beforeAll(async () => {
  app = await startApp({ LIMITS: 'off' });
  await importTestland(app);
  [olga, vera] = [await signIn(app, 'olga'), await signIn(app, 'vera')];
});
afterAll(() => app.close());

const base = '/api/v1/audiences';
const rules = (more: object = {}) => Audience.parse({ legislatures: ['testland'], ...more });
let n = 0;
const save = async (more: object = {}) => {
  const answer = await olga.api('POST', base, { name: `Audience ${(n += 1)}`, rules: rules(more) });
  expect(answer.statusCode).toBe(201);
  return answer.json().id as string;
};
const letter = () => campaignOf(app, author);
const follow = (id: string, audienceId: string | null) =>
  olga.api('PUT', `/api/v1/letter-campaigns/${id}/saved-audience`, { audienceId });
const find = (id: string) => app.get(LetterCampaigns).find(id);
const whoGets = async (id: string): Promise<string[]> => {
  const { lawmakers } = (await olga.api('GET', `/api/v1/letter-campaigns/${id}/audience`)).json();
  return lawmakers.filter((each: { excluded: unknown }) => !each.excluded).map((each: { name: string }) => each.name);
};

test('is made, listed, renamed and deleted; two cannot have one name', async () => {
  const id = await save({ parties: ['Reds'] });
  const one = `${base}/${id}`;
  expect((await olga.api('GET', one)).json()).toMatchObject({ rules: { parties: ['Reds'] }, letters: [], version: 1 });
  expect((await olga.api('PATCH', one, { name: 'All the Reds', version: 1 })).json()).toMatchObject({
    name: 'All the Reds',
    rules: { parties: ['Reds'] },
  });
  expect((await olga.api('PATCH', one, { name: 'Late', version: 1 })).statusCode).toBe(409);
  const taken = await olga.api('POST', base, { name: 'All the Reds', rules: rules() });
  expect([taken.statusCode, taken.json().errors[0].code]).toEqual([422, 'name-taken']);
  const other = await save();
  expect((await olga.api('PATCH', `${base}/${other}`, { name: 'All the Reds' })).statusCode).toBe(422);
  expect((await olga.api('POST', base, { name: 'two\nlines', rules: rules() })).statusCode).toBe(422);
  expect((await olga.api('POST', base, { name: 'x', rules: { channels: ['pigeon'] } })).statusCode).toBe(422);
  expect((await olga.api('DELETE', one)).statusCode).toBe(204);
  expect((await olga.api('GET', one)).statusCode).toBe(404);
  expect((await olga.api('DELETE', one)).statusCode).toBe(404);
});

test('two who save one name at once: one has it', async () => {
  const answers = await Promise.all([1, 2, 3].map(() => olga.api('POST', base, { name: 'At once', rules: rules() })));
  expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([201, 422, 422]);
});

test('a letter that follows changes with it, and what was approved is void', async () => {
  const audienceId = await save({ parties: ['Reds'] });
  const [id, other] = [await letter(), await letter()];
  expect((await follow(id, audienceId)).json()).toMatchObject({ audienceId, audience: { parties: ['Reds'] } });
  expect(await whoGets(id)).toContain('Anna Berg');
  expect(await whoGets(id)).not.toContain('Otto Stopp');
  await approve(app, id, author, approver);
  await approve(app, other, author, approver);
  await olga.api('PATCH', `${base}/${audienceId}`, { name: 'Only a name' });
  expect((await find(id)).state).toBe('approved');
  await olga.api('PATCH', `${base}/${audienceId}`, { rules: rules({ parties: ['Blues'] }) });
  expect(await find(id)).toMatchObject({ state: 'draft', audience: { parties: ['Blues'] } });
  expect((await find(other)).state).toBe('approved');
  expect(await whoGets(id)).toContain('Otto Stopp');
  // Whoever changed the audience changed the letter: she cannot approve it.
  await app.get(Approvals).ask(id, author);
  const shown = await seenNow(app, id);
  const same = { ...approver, id: olga.id };
  await expect(app.get(Approvals).approve(id, shown, same)).rejects.toMatchObject({ code: 'forbidden' });
});

test('is asked again at planning: nobody who joined since the approval gets the letter, and who left gets none', async () => {
  const audienceId = await save({ parties: ['Blues'], channels: ['email'] });
  const id = await campaignOf(app, author, { body: words.body });
  await follow(id, audienceId);
  await approve(app, id, author, approver);
  const set = (name: string, party: string) =>
    app.database.query(
      `UPDATE memberships SET party = $2 WHERE lawmaker_id = (SELECT id FROM lawmakers WHERE name = $1)`,
      [name, party],
    );
  await set('Otto Stopp', 'Reds');
  await set('Anna Berg', 'Blues');
  await app.get(Dispatch).start(id, approver);
  await app.get(Dispatch).planned(id);
  const { letters } = (await olga.api('GET', `/api/v1/letter-campaigns/${id}/letters`)).json();
  const of = (name: string) => letters.find((each: { lawmakerName: string }) => each.lawmakerName === name);
  expect(of('Otto Stopp')).toMatchObject({ status: 'excluded', reason: 'other-party' });
  expect(of('Anna Berg')).toMatchObject({ status: 'excluded', reason: 'not-approved' });
  expect(of('Daniel Okafor').status).not.toBe('excluded');
  // On its way it keeps what was approved.
  await olga.api('PATCH', `${base}/${audienceId}`, { rules: rules({ parties: ['Greens'] }) });
  expect(await find(id)).toMatchObject({ state: 'dispatching', audience: { parties: ['Blues'] } });
  expect((await follow(id, null)).statusCode).toBe(409);
  await set('Otto Stopp', 'Blues');
  await set('Anna Berg', 'Reds');
});

test('rules of its own end that a letter follows; the same rules in another order do not', async () => {
  const audienceId = await save({ parties: ['Reds', 'Blues'], channels: ['email', 'form'] });
  const id = await letter();
  await follow(id, audienceId);
  const patch = (audience: object) => olga.api('PATCH', `/api/v1/letter-campaigns/${id}`, { audience });
  await patch(rules({ parties: ['Blues', 'Reds'], channels: ['email', 'form'] }));
  expect((await find(id)).audienceId).toBe(audienceId);
  await patch(rules({ parties: ['Blues', 'Reds'], channels: ['form', 'email'] }));
  expect((await find(id)).audienceId).toBeNull();
  await olga.api('PATCH', `${base}/${audienceId}`, { rules: rules({ parties: ['Greens'] }) });
  expect((await find(id)).audience.parties).toEqual(['Blues', 'Reds']);
});

test('deleted, it leaves its rules to the letters that followed, and their approval stands', async () => {
  const audienceId = await save({ parties: ['Reds'] });
  const id = await letter();
  await follow(id, audienceId);
  await approve(app, id, author, approver);
  await olga.api('DELETE', `${base}/${audienceId}`);
  expect(await find(id)).toMatchObject({ state: 'approved', audienceId: null, audience: { parties: ['Reds'] } });
});

test('a change and an approval at once: the approval is void or of the new rules, and neither waits for ever', async () => {
  for (let round = 0; round < 12; round += 1) {
    const audienceId = await save({ parties: ['Reds'] });
    const id = await letter();
    await follow(id, audienceId);
    await app.get(Approvals).ask(id, author);
    const shown = await seenNow(app, id);
    const [, changed] = await Promise.allSettled([
      app.get(Approvals).approve(id, shown, approver),
      // A little later each time, so that each of the two is somewhere else when they meet.
      setTimeout(round * 3).then(() =>
        app
          .get(SavedAudiences)
          .change(audienceId, { rules: rules({ parties: ['Blues'] }) }, person('Ada', 'organiser')),
      ),
    ]);
    expect(changed).toMatchObject({ status: 'fulfilled' });
    expect(await find(id)).toMatchObject({ state: 'draft', audience: { parties: ['Blues'] } });
  }
});

test('nobody without the right changes one, or makes a letter follow one', async () => {
  const audienceId = await save();
  const id = await letter();
  const amir = await signIn(app, 'amir');
  for (const who of [vera, amir]) {
    expect((await who.api('POST', base, { name: 'Mine', rules: rules() })).statusCode).toBe(403);
    expect((await who.api('PATCH', `${base}/${audienceId}`, { name: 'Mine' })).statusCode).toBe(403);
    expect((await who.api('DELETE', `${base}/${audienceId}`)).statusCode).toBe(403);
    expect((await who.post(`/en/console/letters/audiences/${audienceId}/removal`)).statusCode).toBe(403);
    expect((await who.post(`/en/console/letters/${id}/saved-audience`, { audienceId })).statusCode).toBe(403);
    expect((await who.post(`/en/console/letters/${id}/inclusions`, { lawmakerId: uuidv7() })).statusCode).toBe(403);
  }
  expect((await follow(id, uuidv7())).statusCode).toBe(404);
  expect((await vera.get('/en/console/letters/audiences')).statusCode).toBe(200);
  expect((await app.inject({ url: base })).statusCode).toBe(401);
});

test('in the console: counted, saved, used, and named by hand with a reason', async () => {
  const pages = '/en/console/letters/audiences';
  const form = { name: '<i>Callable</i>', legislatures: 'testland', channels: ['email', 'phone'], having: 'phone' };
  const counted = await olga.post(pages, { ...form, action: 'count' });
  expect(counted.body).toContain('The rules find 1 lawmaker');
  expect(counted.body).toContain('without the contact point asked for: 9');
  expect((await olga.post(pages, form)).statusCode).toBe(303);
  expect((await olga.post(pages, form)).statusCode).toBe(422);
  const saved = (await app.get(SavedAudiences).list()).find(({ name }) => name === form.name)!;
  const id = await letter();
  const page = `/en/console/letters/${id}`;
  await olga.post(`${page}/saved-audience`, { audienceId: saved.id });
  for (const path of [page, `${page}/audience`, `${page}/settings`, pages, `${pages}/new`, `${pages}/${saved.id}`]) {
    for (const locale of ['en', 'fa']) {
      const { statusCode, body } = await olga.get(path.replace('/en/', `/${locale}/`));
      expect([path, statusCode]).toEqual([path, 200]);
      expect(body).not.toContain('<i>Callable</i>');
    }
  }
  expect((await olga.get(`${page}/audience`)).body).toContain('This letter follows the saved audience');
  expect(await whoGets(id)).toEqual(['Phil Bell']);
  const kim = await lawmakerId(app, 'Kim Lund');
  await olga.post(`${page}/inclusions`, { lawmakerId: kim });
  expect(await whoGets(id)).toContain('Kim Lund');
  expect((await find(id)).audienceId).toBeNull();
  expect((await olga.post(`${page}/exclusions`, { lawmakerId: kim })).statusCode).toBe(422);
  await olga.post(`${page}/exclusions`, { lawmakerId: kim, reason: 'on leave until May' });
  expect((await olga.get(`${page}/audience?show=excluded`)).body).toContain('on leave until May');
  await olga.post(`${page}/inclusions`, { lawmakerId: kim, lift: 'on' });
  expect((await find(id)).audience.include).toEqual([]);
  const named = await olga.post(`${page}/audience-name`, { name: 'Callers without Kim' });
  expect(named.statusCode).toBe(303);
  expect((await olga.post(`${page}/audience-name`, { name: 'Callers without Kim' })).statusCode).toBe(422);
  const made = (await app.get(SavedAudiences).list()).find(({ name }) => name === 'Callers without Kim')!;
  expect(made.rules.exclude).toEqual([{ lawmakerId: kim, reason: 'on leave until May' }]);
  const changed = await olga.post(`${pages}/${made.id}`, { ...form, name: 'Callers', version: '1', channels: 'phone' });
  expect(changed.statusCode).toBe(303);
  expect(await find(id)).toMatchObject({
    audienceId: made.id,
    audience: { channels: ['phone'], exclude: made.rules.exclude },
  });
});
