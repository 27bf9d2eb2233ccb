import { Dispatch } from '../src/letters/dispatch.service.js';
import { MailWorker } from '../src/mail/mail.worker.js';
import { startApp, type TestApp } from './support/app.js';
import { type SignedIn, signIn } from './support/cast.js';
import { approve, campaignOf, crowd, importTestland, lawmakerId, person } from './support/letters.js';

let app: TestApp;
let amir: SignedIn;
const writer = person('Olga', 'organiser');
const approver = person('Amir', 'approver');
beforeAll(async () => {
  app = await startApp({ LIMITS: 'off' });
  await importTestland(app);
  await importTestland(app, crowd(5), 'crowd');
  amir = await signIn(app, 'amir');
});
afterAll(() => app.close());

const counts = (id: string) =>
  app.database.query(
    `SELECT stream || ' ' || state AS what, count(*)::int AS n FROM outbox WHERE campaign_id = $1 GROUP BY 1 ORDER BY 1`,
    [id],
  );

test('one legislature and one lawmaker are paused, resumed and cancelled without the others', async () => {
  const id = await campaignOf(app, writer, { more: { audience: { legislatures: ['testland', 'crowd'] } } });
  await approve(app, id, writer, approver);
  const dispatch = app.get(Dispatch);
  const stop = (verb: string, part: object) =>
    amir.api('POST', `/api/v1/letter-campaigns/${id}/part-stops`, { verb, part });
  expect((await stop('pause', { legislature: 'crowd' })).statusCode).toBe(409);
  await dispatch.start(id, approver);
  await dispatch.planned(id);
  const anna = { lawmakerId: await lawmakerId(app, 'Anna Berg') };
  expect((await stop('pause', { legislature: 'crowd' })).json()).toEqual({ mails: 5 });
  expect((await stop('cancel', anna)).json()).toEqual({ mails: 1 });
  // The campaign as a whole is paused and goes on: what was paused alone stays.
  await dispatch.pause(id, approver);
  await dispatch.resume(id, approver);
  await app.get(MailWorker).drain();
  expect(await counts(id)).toEqual([
    { what: 'crowd held', n: 5 },
    { what: 'testland accepted', n: expect.any(Number) },
    { what: 'testland cancelled', n: 1 },
  ]);
  expect((await stop('resume', { legislature: 'crowd' })).json()).toEqual({ mails: 5 });
  await app.get(MailWorker).drain();
  expect((await counts(id))[0]).toEqual({ what: 'crowd accepted', n: 5 });
  const said = await app.database.query(`SELECT stream, stop FROM letter_stops WHERE campaign_id = $1 ORDER BY 1`, [
    id,
  ]);
  expect(said).toEqual([
    { stream: 'crowd', stop: 'go' },
    { stream: 'testland', stop: 'cancel' },
  ]);
  const entries = await app.database.query(
    `SELECT action FROM audit_entries WHERE subject = $1 AND action LIKE '%.part-%' ORDER BY action`,
    [id],
  );
  expect(entries.map(({ action }: { action: string }) => action)).toEqual([
    'letter-campaign.part-cancel',
    'letter-campaign.part-pause',
    'letter-campaign.part-resume',
  ]);
  expect((await stop('pause', { legislature: 'atlantis' })).statusCode).toBe(404);
  expect((await stop('pause', {})).statusCode).toBe(422);
  expect((await stop('pause', { legislature: 'crowd', ...anna })).statusCode).toBe(422);
  const olga = await signIn(app, 'olga');
  const refused = await olga.api('POST', `/api/v1/letter-campaigns/${id}/part-stops`, { verb: 'cancel', part: anna });
  expect(refused.statusCode).toBe(403);
});
