import { createHash } from 'node:crypto';
import PostalMime from 'postal-mime';
import { ContactPointsService } from '../src/lawmakers/contact-points.service.js';
import { ObjectionsService } from '../src/lawmakers/objections.service.js';
import { Dispatch } from '../src/letters/dispatch.service.js';
import { LetterCampaigns } from '../src/letters/letter-campaigns.service.js';
import { LetterPreviews } from '../src/letters/letter-previews.service.js';
import { LetterReports } from '../src/letters/letter-report.service.js';
import { LetterTasks } from '../src/letters/letter-tasks.service.js';
import { LettersRunner } from '../src/letters/letters.runner.js';
import { MailWorker } from '../src/mail/mail.worker.js';
import { OutboxService } from '../src/mail/outbox.service.js';
import { startApp, type TestApp } from './support/app.js';
import { approve, campaignOf, crowd, importTestland, lawmakerId, person } from './support/letters.js';

let app: TestApp;
let dispatch: Dispatch;
const olga = person('Olga', 'organiser');
const amir = person('Amir', 'approver');

beforeAll(async () => {
  app = await startApp({ DKIM_SELECTOR: 'cs1' });
  dispatch = app.get(Dispatch);
  await importTestland(app);
  await importTestland(app, crowd(260), 'crowd');
  await app.get(ObjectionsService).record(await lawmakerId(app, 'Otto Stopp'), 'by mail', olga);
});
afterAll(() => app.close());

const state = async (id: string) => (await app.get(LetterCampaigns).find(id)).state;
const outbox = (
  id: string,
  kind = 'letter',
): Promise<{ recipient: string; raw: Buffer; state: string; ref: string }[]> =>
  app.database.query(`SELECT * FROM outbox WHERE campaign_id = $1 AND kind = $2 ORDER BY recipient`, [id, kind]);
const letters = (id: string): Promise<{ lawmaker_name: string; state: string; reason: string | null }[]> =>
  app.database.query(`SELECT * FROM letters WHERE campaign_id = $1 ORDER BY lawmaker_name`, [id]);

async function send(id: string): Promise<void> {
  await approve(app, id, olga, amir);
  await dispatch.start(id, amir);
  await dispatch.planned(id);
}

describe('dispatch', () => {
  it('gives every lawmaker a row, and mails only to those with an address', async () => {
    const id = await campaignOf(app, olga);
    await send(id);
    expect((await letters(id)).map((row) => [row.lawmaker_name, row.state, row.reason])).toEqual([
      ['Anna Berg', 'mail', null],
      ['Daniel Okafor', 'mail', null],
      ['Kim Lund', 'mail', null],
      ['Nadia Sand', 'excluded', 'missing:lawmaker.area'],
      ['Nina Null', 'excluded', 'no-contact-point-for-channel'],
      ['Noor Field', 'task', null],
      ['Otto Stopp', 'excluded', 'objection'],
      ['Phil Bell', 'task', null],
      ['Pia Stamp', 'task', null],
      ['فاطمه رضایی', 'mail', null],
    ]);
    expect((await outbox(id)).map(({ recipient }) => recipient)).toEqual([
      'anna@upper.testland.example',
      'daniel@upper.testland.example',
      'fatemeh@lower.testland.example',
      'kim@lower.testland.example',
    ]);
  });

  it('sends exactly the bytes that were previewed, with the headers of a letter', async () => {
    const id = await campaignOf(app, olga);
    await approve(app, id, olga, amir);
    const anna = await lawmakerId(app, 'Anna Berg');
    const previewed = await app.get(LetterPreviews).raw(id, anna, amir);
    await dispatch.start(id, amir);
    await dispatch.planned(id);
    const [mail] = await outbox(id);
    const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
    expect(sha256(mail!.raw)).toBe(sha256(previewed));
    expect(mail!.raw.toString('latin1')).toMatch(/^DKIM-Signature: v=1; a=rsa-sha256; c=relaxed\/relaxed;/);
    const parsed = await PostalMime.parse(mail!.raw);
    expect(parsed).toMatchObject({
      from: { name: 'Olga Lind via River Friends', address: 'noreply@countersign.example' },
      to: [{ name: 'Anna Berg', address: 'anna@upper.testland.example' }],
      replyTo: [{ name: 'Olga Lind', address: 'olga@river.example' }],
      subject: 'Wetlands in North',
      messageId: `<${mail!.ref}@countersign.example>`,
    });
    expect(parsed.text).toContain(
      'Dear Ms Berg,\n\nplease protect the wetlands of North.\n\nOlga Lind\n\n-- \nSent by River',
    );
    expect(parsed.text).toContain('olga@river.example: we will stop');
    expect(parsed.html).toBeUndefined();
    const names = parsed.headers.map(({ key }) => key);
    expect(names).not.toEqual(expect.arrayContaining(['list-unsubscribe']));
    for (const bulk of ['list-unsubscribe', 'precedence', 'auto-submitted', 'cc', 'bcc'])
      expect(names).not.toContain(bulk);
  });

  it('is taken once when it is pressed twice at once, and planned once when two processes plan', async () => {
    const id = await campaignOf(app, olga, { more: { audience: { legislatures: ['crowd'] } } });
    await approve(app, id, olga, amir);
    const presses = await Promise.allSettled([1, 2, 3].map(() => dispatch.start(id, amir)));
    expect(presses.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const other = Object.assign(Object.create(Object.getPrototypeOf(dispatch)), dispatch, { running: new Map() });
    other.goOn(id);
    await Promise.all([dispatch.planned(id), other.planned(id)]);
    expect(await letters(id)).toHaveLength(260);
    expect(await outbox(id)).toHaveLength(260);
  });

  it('goes on after a crash between two batches without a double and without a loss', async () => {
    const id = await campaignOf(app, olga, { more: { audience: { legislatures: ['crowd'] } } });
    await approve(app, id, olga, amir);
    const spy = jest.spyOn(app.get(OutboxService), 'enqueue');
    const real = new OutboxService(app.settings);
    spy.mockImplementation((...given) => {
      if (spy.mock.calls.length === 2) throw new Error('the database went away');
      return real.enqueue(...given);
    });
    await dispatch.start(id, amir);
    await expect(dispatch.planned(id)).rejects.toThrow('the database went away');
    spy.mockRestore();
    expect(await letters(id)).toHaveLength(250);
    expect(await outbox(id)).toHaveLength(250);
    await app.get(LettersRunner).tick();
    expect(await letters(id)).toHaveLength(260);
    expect(new Set((await outbox(id)).map(({ recipient }) => recipient)).size).toBe(260);
  });

  it('lets a second campaign write to the same lawmaker, and the same campaign not', async () => {
    const first = await campaignOf(app, olga);
    const second = await campaignOf(app, olga);
    await send(first);
    await send(second);
    expect(await outbox(second)).toHaveLength(4);
    await expect(
      app.database.query(
        `INSERT INTO letters (campaign_id, id, lawmaker_id, state, reason, lawmaker_name)
         SELECT campaign_id, gen_random_uuid(), lawmaker_id, 'excluded', 'x', lawmaker_name FROM letters WHERE campaign_id = $1`,
        [first],
      ),
    ).rejects.toThrow('letters_campaign_id_lawmaker_id_sender_key');
  });

  it('gives nothing to a lawmaker who objects between approval and dispatch', async () => {
    const id = await campaignOf(app, olga);
    await approve(app, id, olga, amir);
    const kim = await lawmakerId(app, 'Kim Lund');
    await app.get(ObjectionsService).record(kim, 'by phone', olga);
    await dispatch.start(id, amir);
    await dispatch.planned(id);
    await app.get(ObjectionsService).lift(kim, 'they asked for it', olga);
    expect((await letters(id)).find((row) => row.lawmaker_name === 'Kim Lund')).toMatchObject({ reason: 'objection' });
    expect(await outbox(id)).toHaveLength(3);
  });

  it('sends nothing to a lawmaker who objects while her letter waits', async () => {
    const id = await campaignOf(app, olga);
    await send(id);
    const kim = await lawmakerId(app, 'Kim Lund');
    await app.get(ObjectionsService).record(kim, 'by phone', olga);
    await app.get(MailWorker).drain();
    await app.get(ObjectionsService).lift(kim, 'they asked for it', olga);
    expect((await outbox(id)).map((mail) => mail.state)).toEqual(['accepted', 'accepted', 'accepted', 'suppressed']);
  });

  it('gives nothing to a lawmaker who joins after the approval', async () => {
    await importTestland(app, crowd(3), 'late');
    const id = await campaignOf(app, olga, { more: { audience: { legislatures: ['late'] } } });
    await approve(app, id, olga, amir);
    await importTestland(app, crowd(4), 'late');
    await dispatch.start(id, amir);
    await dispatch.planned(id);
    expect((await letters(id)).map(({ reason }) => reason)).toEqual([null, null, null, 'not-approved']);
  });

  it('sends nothing that is not what was approved: another address, another name', async () => {
    const rows = [
      '1,Ada Moor,Moor,F,Bay,ada@changed.example',
      '2,Bo Rill,Rill,M,Bay,bo@changed.example',
      '3,Cy Fen,Fen,M,Bay,cy@changed.example',
    ];
    const csv = (lines: string[]) => ['id,name,family_name,gender,area,email', ...lines, ''].join('\n');
    await importTestland(app, csv(rows), 'changed');
    const body = '{{ salutation }},\n\nplease.\n\n{{ sender.name }}';
    const id = await campaignOf(app, olga, { more: { audience: { legislatures: ['changed'] } }, body });
    await approve(app, id, olga, amir);
    const point = { channel: 'email' as const, value: 'elsewhere@changed.example', label: undefined };
    await app.get(ContactPointsService).add(await lawmakerId(app, 'Ada Moor'), point, olga);
    rows[1] = '2,Colleague Resign,Rill,M,Bay,bo@changed.example';
    await importTestland(app, csv(rows), 'changed');
    await dispatch.start(id, amir);
    await dispatch.planned(id);
    expect((await letters(id)).map(({ lawmaker_name, reason }) => [lawmaker_name, reason])).toEqual([
      ['Ada Moor', 'changed-since-approval'],
      ['Colleague Resign', 'changed-since-approval'],
      ['Cy Fen', null],
    ]);
    expect((await outbox(id)).map(({ recipient }) => recipient)).toEqual(['cy@changed.example']);
  });

  it('pauses, resumes and cancels, and a closed campaign refuses', async () => {
    const id = await campaignOf(app, olga);
    await send(id);
    await dispatch.pause(id, amir);
    expect(new Set((await outbox(id)).map((mail) => mail.state))).toEqual(new Set(['held']));
    await app.get(MailWorker).drain();
    expect(new Set((await outbox(id)).map((mail) => mail.state))).toEqual(new Set(['held']));
    await expect(dispatch.pause(id, amir)).rejects.toMatchObject({ code: 'wrong-state' });
    await dispatch.resume(id, amir);
    await dispatch.planned(id);
    expect(new Set((await outbox(id)).map((mail) => mail.state))).toEqual(new Set(['queued']));
    await dispatch.cancel(id, amir);
    expect(new Set((await outbox(id)).map((mail) => mail.state))).toEqual(new Set(['cancelled']));
    expect((await letters(id)).filter((row) => row.state === 'task')).toHaveLength(0);
    for (const verb of ['start', 'pause', 'resume', 'cancel'] as const) {
      await expect(dispatch[verb](id, amir)).rejects.toMatchObject({ code: 'wrong-state' });
    }
    await expect(app.get(LetterCampaigns).change(id, { title: 'x' }, olga)).rejects.toMatchObject({
      code: 'wrong-state',
    });
  });

  it('plans nothing more while it is paused, and the rest after', async () => {
    const id = await campaignOf(app, olga, { more: { audience: { legislatures: ['crowd'] } } });
    await approve(app, id, olga, amir);
    const spy = jest.spyOn(app.get(OutboxService), 'enqueue');
    const real = new OutboxService(app.settings);
    spy.mockImplementation(async (tx, mails) => {
      await real.enqueue(tx, mails);
      await tx.query(`UPDATE letter_campaigns SET state = 'paused' WHERE id = $1`, [id]);
    });
    await dispatch.start(id, amir);
    await dispatch.planned(id);
    spy.mockRestore();
    expect(await letters(id)).toHaveLength(250);
    await dispatch.resume(id, amir);
    await dispatch.planned(id);
    expect(await letters(id)).toHaveLength(260);
    expect(await outbox(id)).toHaveLength(260);
  });

  it('finishes when every mail has its answer and every task is done', async () => {
    const id = await campaignOf(app, olga);
    await send(id);
    await app.get(MailWorker).drain();
    await app.get(LettersRunner).tick();
    expect(await state(id)).toBe('dispatching');
    const report = app.get(LetterReports);
    const tasks = (await report.letters(id, { status: 'task', limit: 100 })).letters;
    expect(tasks.map(({ channel, contact }) => [channel, contact])).toEqual([
      ['form', 'https://lower.testland.example/write/6'],
      ['phone', '+99 1 234'],
      ['post', '1 Assembly Square, Testland'],
    ]);
    for (const task of tasks) {
      const called = task.channel === 'phone' && { outcome: 'reached' as const };
      await app.get(LetterTasks).complete(id, task.id, { note: 'done by hand', proof: '', ...called }, olga);
    }
    await app.get(LettersRunner).tick();
    expect(await state(id)).toBe('finished');
    expect((await report.report(id)).byStatus).toEqual([
      { name: 'accepted', letters: 4 },
      { name: 'done', letters: 3 },
      { name: 'excluded', letters: 3 },
    ]);
    const [first] = (await report.letters(id, { status: 'accepted', limit: 1 })).letters;
    expect(first).toMatchObject({ lawmakerName: 'Anna Berg', replyCode: 250, reply: expect.stringContaining('inbox') });
  });
});
