import { Dispatch } from '../src/letters/dispatch.service.js';
import { startApp, type TestApp } from './support/app.js';
import { type SignedIn, signIn } from './support/cast.js';
import { approve, campaignOf, crowd, importTestland, lawmakerId, person } from './support/letters.js';

let app: TestApp;
let amir: SignedIn;
let id: string;
const approver = person('Amir', 'approver');
beforeAll(async () => {
  app = await startApp({ LIMITS: 'off' });
  await importTestland(app);
  await importTestland(app, crowd(5), 'crowd');
  await app.database.query(`UPDATE legislatures SET name = 'Crowd House' WHERE slug = 'crowd'`);
  amir = await signIn(app, 'amir');
  const writer = person('Olga', 'organiser');
  id = await campaignOf(app, writer, { more: { audience: { legislatures: ['testland', 'crowd'] } } });
  await approve(app, id, writer, approver);
  await app.get(Dispatch).start(id, approver);
  await app.get(Dispatch).planned(id);
});
afterAll(() => app.close());

const page = () => `/en/console/letters/${id}`;
const html = async (who: SignedIn, path: string) => (await who.get(path)).body;
/** The row of the fictional crowd, as words. */
const row = async () => {
  const name = 'Crowd House';
  const rows = (await html(amir, page())).split('id="parts"')[1]!.split('<tr>');
  const found = rows.find((each) => each.includes(`<bdi>${name}</bdi>`))!;
  return {
    numbers: [...found.matchAll(/<td class="num"[^>]*>(\d+)</g)].map(([, n]) => Number(n)),
    buttons: [...found.matchAll(/value="(pause|resume|cancel)"/g)].map(([, verb]) => verb),
  };
};
const click = async (form: Record<string, string>, path = `${page()}/part-stops`) => {
  const { statusCode, headers } = await amir.post(path, form);
  return [statusCode, headers.location];
};
const done = (what: string, path = page()) => [303, `${path}?done=part-${what}`];

test('a legislature is paused, resumed and cancelled by the buttons of its row', async () => {
  const crowdIs = { legislature: 'crowd' };
  expect(await row()).toEqual({ numbers: [5, 0], buttons: ['pause', 'cancel'] });
  expect(await click({ ...crowdIs, verb: 'pause' })).toEqual(done('pause'));
  expect(await html(amir, `${page()}?done=part-pause`)).toContain('These letters are paused.');
  expect(await row()).toEqual({ numbers: [0, 5], buttons: ['resume', 'cancel'] });
  // Paused with the campaign, the others can only be cancelled: to pause them alone, the campaign must go on.
  expect(await click({ ...crowdIs, verb: 'resume' })).toEqual(done('resume'));
  await app.get(Dispatch).pause(id, approver);
  expect(await row()).toEqual({ numbers: [0, 5], buttons: ['cancel'] });
  await app.get(Dispatch).resume(id, approver);
  expect(await row()).toEqual({ numbers: [5, 0], buttons: ['pause', 'cancel'] });
  // Without the tick nothing is cancelled.
  expect((await amir.post(`${page()}/part-stops`, { ...crowdIs, verb: 'cancel' })).statusCode).toBe(422);
  expect((await row()).numbers).toEqual([5, 0]);
  expect(await click({ ...crowdIs, verb: 'cancel', sure: 'on' })).toEqual(done('cancel'));
  expect(await row()).toEqual({ numbers: [0, 0], buttons: [] });
  expect(await click({ ...crowdIs, verb: 'pause' })).toEqual(done('none'));
  expect((await amir.post(`${page()}/part-stops`, { legislature: 'atlantis', verb: 'pause' })).statusCode).toBe(404);
});

test('one letter is stopped on its own page; whoever may not send sees no button and is refused', async () => {
  const [{ id: letter }] = await app.database.query(
    `SELECT id FROM letters WHERE campaign_id = $1 AND lawmaker_id = $2`,
    [id, await lawmakerId(app, 'Anna Berg')],
  );
  const own = `${page()}/letters/${letter}`;
  for (const who of ['olga', 'vera'] as const) {
    const other = await signIn(app, who);
    expect(await html(other, page())).not.toContain('part-stops');
    expect(await html(other, own)).not.toContain('/stop"');
    for (const path of [`${own}/stop`, `${page()}/part-stops`]) {
      const refused = await other.post(path, { legislature: 'testland', verb: 'cancel', sure: 'on' });
      expect(refused.statusCode).toBe(403);
    }
  }
  const waiting = `SELECT count(*)::int AS n FROM outbox WHERE campaign_id = $1 AND stream = 'testland' AND state = 'queued'`;
  const [{ n: before }] = await app.database.query(waiting, [id]);
  const buttons = async () =>
    [...(await html(amir, own)).matchAll(/name="verb" value="(\w+)"/g)].map(([, verb]) => verb);
  expect(await buttons()).toEqual(['pause', 'cancel']);
  expect(await click({ verb: 'pause' }, `${own}/stop`)).toEqual(done('pause', own));
  expect(await app.database.query(waiting, [id])).toEqual([{ n: before - 1 }]);
  expect(await buttons()).toEqual(['resume', 'cancel']);
  expect((await amir.post(`${own}/stop`, { verb: 'cancel' })).statusCode).toBe(422);
  expect(await click({ verb: 'cancel', sure: 'on' }, `${own}/stop`)).toEqual(done('cancel', own));
  expect(await buttons()).toEqual([]);
  expect(await html(amir, `${own}?done=part-cancel`)).toContain('These letters are cancelled.');
});
