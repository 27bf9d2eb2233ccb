import { Dispatch } from '../src/letters/dispatch.service.js';
import { ObjectionsService } from '../src/lawmakers/objections.service.js';
import { LetterReports } from '../src/letters/letter-report.service.js';
import { LettersRunner } from '../src/letters/letters.runner.js';
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
  expect((await stop('pause', { legislature: 'crowd' })).json()).toEqual({ mails: 5, tasks: 0 });
  expect((await stop('cancel', anna)).json()).toEqual({ mails: 1, tasks: 0 });
  // The campaign as a whole is paused and goes on: what was paused alone stays.
  await dispatch.pause(id, approver);
  await dispatch.resume(id, approver);
  await app.get(MailWorker).drain();
  expect(await counts(id)).toEqual([
    { what: 'crowd held', n: 5 },
    { what: 'testland accepted', n: expect.any(Number) },
    { what: 'testland cancelled', n: 1 },
  ]);
  expect((await stop('resume', { legislature: 'crowd' })).json()).toEqual({ mails: 5, tasks: 0 });
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

describe('letters that a person carries', () => {
  let id: string;
  let olga: SignedIn;
  const tasks: Record<string, string> = {};
  const stop = async (verb: string, part: object) =>
    (await amir.api('POST', `/api/v1/letter-campaigns/${id}/part-stops`, { verb, part })).json();
  const complete = (channel: string, fields: object = {}) =>
    olga.api('PUT', `/api/v1/letter-campaigns/${id}/letters/${tasks[channel]}/completion`, fields);
  const reopen = () =>
    olga.api('POST', `/api/v1/letter-campaigns/${id}/letters/${tasks.form}/reopening`, { reason: 'by mistake' });
  const page = async (path: string) => (await olga.get(`/en/console/letters/${id}${path}`)).body;
  const statuses = async () =>
    Object.fromEntries(
      await Promise.all(
        Object.entries(tasks).map(async ([channel, letter]) => [
          channel,
          (await app.get(LetterReports).one(id, letter)).status,
        ]),
      ),
    );
  const testland = { legislature: 'testland' };

  beforeEach(async () => {
    olga = await signIn(app, 'olga');
    id = await campaignOf(app, writer);
    await approve(app, id, writer, approver);
    await app.get(Dispatch).start(id, approver);
    await app.get(Dispatch).planned(id);
    await app.get(MailWorker).drain();
    const { letters } = await app.get(LetterReports).letters(id, { status: 'task', limit: 100 });
    for (const letter of letters) tasks[letter.channel!] = letter.id;
  });

  test('paused, they are on no list to work from and cannot be noted as done, until they are resumed', async () => {
    expect(await page('/print')).toContain('Pia Stamp');
    expect(await stop('pause', testland)).toEqual({ mails: 0, tasks: 3 });
    expect(await statuses()).toEqual({ form: 'held', post: 'held', phone: 'held' });
    expect(await page('/print')).not.toContain('Pia Stamp');
    expect(await page('/calls')).not.toContain('Phil Bell');
    expect(await page('/envelopes.csv')).not.toContain('Pia Stamp');
    expect(await page('/letters?status=task')).not.toContain('Noor Field');
    expect(await page('/letters?status=held')).toContain('Noor Field');
    const own = await page(`/letters/${tasks.form}`);
    expect(own).toContain('This letter is paused');
    expect(own).not.toContain('/completion"');
    const refused = await complete('phone', { outcome: 'message' });
    expect(refused.statusCode).toBe(409);
    expect(refused.json()).toMatchObject({ detail: expect.stringContaining('This letter is paused') });
    const form = await olga.post(`/fa/console/letters/${id}/letters/${tasks.form}/completion`, {});
    expect(form.body).toContain('این نامه متوقف است');
    // The campaign going on does not let them go, and none of them is over.
    await app.get(Dispatch).pause(id, approver);
    await app.get(Dispatch).resume(id, approver);
    await app.get(LettersRunner).tick();
    expect(await statuses()).toMatchObject({ post: 'held' });
    expect((await amir.api('GET', `/api/v1/letter-campaigns/${id}`)).json()).toMatchObject({ state: 'dispatching' });
    expect((await amir.api('GET', `/api/v1/letter-campaigns/${id}/report`)).json().byStatus).toContainEqual({
      name: 'held',
      letters: 3,
    });
    const her = { lawmakerId: await lawmakerId(app, 'Phil Bell') };
    expect(await stop('resume', her)).toEqual({ mails: 0, tasks: 1 });
    expect(await statuses()).toEqual({ form: 'held', post: 'held', phone: 'task' });
    expect(await stop('resume', testland)).toEqual({ mails: 0, tasks: 2 });
    expect((await complete('form')).statusCode).toBe(204);
    expect(await page('/calls')).toContain('Phil Bell');
  });

  test('cancelled, they are so in the report; what was done before stays done', async () => {
    expect((await complete('form')).statusCode).toBe(204);
    await stop('pause', { lawmakerId: await lawmakerId(app, 'Phil Bell') });
    expect(await stop('cancel', testland)).toEqual({ mails: 0, tasks: 2 });
    expect(await statuses()).toEqual({ form: 'done', post: 'cancelled', phone: 'cancelled' });
    expect((await complete('post')).statusCode).toBe(409);
    expect(await stop('resume', testland)).toEqual({ mails: 0, tasks: 0 });
    // Said by mistake: it is not delivered, and nobody shall.
    expect((await reopen()).statusCode).toBe(204);
    expect(await statuses()).toMatchObject({ form: 'cancelled' });
    expect((await amir.api('GET', `/api/v1/letter-campaigns/${id}/report`)).json().byStatus).toContainEqual({
      name: 'cancelled',
      letters: 3,
    });
  });

  test('one that is taken back while its part is paused waits with the others', async () => {
    await complete('form');
    await stop('pause', testland);
    expect((await reopen()).statusCode).toBe(204);
    expect(await statuses()).toEqual({ form: 'held', post: 'held', phone: 'held' });
    await stop('resume', testland);
    expect(await statuses()).toMatchObject({ form: 'task' });
  });

  test('whoever objects gets none, also where it was paused', async () => {
    await stop('pause', testland);
    await app.get(ObjectionsService).record(await lawmakerId(app, 'Pia Stamp'), 'by phone', approver);
    expect(await statuses()).toMatchObject({ post: 'excluded' });
  });
});

test('what is stopped while the letters are still being written holds for those written afterwards', async () => {
  const id = await campaignOf(app, writer, { more: { audience: { legislatures: ['testland', 'crowd'] } } });
  await approve(app, id, writer, approver);
  // As after a crash: it is dispatching, and nothing is written yet.
  await app.database.query(`UPDATE letter_campaigns SET state = 'dispatching' WHERE id = $1`, [id]);
  const dispatch = app.get(Dispatch);
  const part = { lawmakerId: await lawmakerId(app, 'Noor Field') };
  expect(await dispatch.stopPart(id, { legislature: 'crowd' }, 'cancel', approver)).toMatchObject({ lasting: true });
  expect(await dispatch.stopPart(id, part, 'pause', approver)).toEqual({ mails: 0, tasks: 0, lasting: true });
  expect((await amir.get(`/en/console/letters/${id}`)).body).toContain('Cancelled: no more letters go there.');
  await expect(
    dispatch.stopPart(id, { lawmakerId: await lawmakerId(app, 'Nina Null') }, 'pause', approver),
  ).rejects.toMatchObject({ code: 'not-found' });
  dispatch.goOn(id);
  await dispatch.planned(id);
  expect((await counts(id)).filter(({ what }: { what: string }) => what.startsWith('crowd'))).toEqual([
    { what: 'crowd cancelled', n: 5 },
  ]);
  const { letters } = await app.get(LetterReports).letters(id, { channel: 'form', limit: 100 });
  expect(letters.map(({ status }) => status)).toEqual(['held']);
});
