import { randomUUID } from 'node:crypto';
import { PersonDecisions } from '../src/lawmakers/person-decisions.service.js';
import { Dispatch } from '../src/letters/dispatch.service.js';
import { LetterTasks } from '../src/letters/letter-tasks.service.js';
import { reachedOtherwise } from '../src/letters/second-letters.js';
import { Claims } from '../src/mail/claims.js';
import { MailWorker } from '../src/mail/mail.worker.js';
import { startApp, type TestApp } from './support/app.js';
import { approve, campaignOf, importTestland, person } from './support/letters.js';
import { oneRelay } from './support/mails.js';

let app: TestApp;
const olga = person('Olga', 'organiser');
const amir = person('Amir', 'approver');
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

const rows = `id,name,family_name,gender,area,language,email,contact_form
1,Anna Berg,Berg,F,North,en,anna@SLUG.example,
2,Anna Berg,Berg,F,South,en,berg@SLUG.example,
3,Noor Field,Field,F,East,en,,https://SLUG.example/write
4,Noor Field,Field,F,West,en,noor@SLUG.example,
`;
let made = 0;
/** A campaign to two people who are listed twice each, as far as `until`. */
async function campaign(until: 'approved' | 'planned') {
  const slug = `x-twice-${++made}`;
  await importTestland(app, rows.replaceAll('SLUG', slug), slug);
  const id = await campaignOf(app, olga, { more: { audience: { legislatures: [slug] } } });
  await approve(app, id, olga, amir);
  if (until === 'planned') await dispatch(id);
  const lawmaker = async (number: number) => {
    const [row] = await app.database.query(
      `SELECT i.lawmaker_id FROM lawmaker_identifiers i JOIN legislatures g ON g.id = i.legislature_id
       WHERE g.slug = $1 AND identifier = $2`,
      [slug, String(number)],
    );
    return row.lawmaker_id as string;
  };
  const join = async (kept: number, gone: number) => {
    const [first, second] = [await lawmaker(kept), await lawmaker(gone)];
    return app.get(PersonDecisions).decide({ first, second, decision: 'same', keep: first }, olga);
  };
  const mails = async () => {
    const found = await app.database.query(
      `SELECT recipient, state FROM outbox WHERE campaign_id = $1 ORDER BY recipient`,
      [id],
    );
    return Object.fromEntries(
      found.map((row: { recipient: string; state: string }) => [row.recipient.split('@')[0], row.state]),
    );
  };
  return { id, lawmaker, join, mails };
}
async function dispatch(id: string) {
  await app.get(Dispatch).start(id, amir);
  await app.get(Dispatch).planned(id);
}

test('joined before the letters are planned: one row, one letter', async () => {
  const { id, join, mails } = await campaign('approved');
  await join(1, 2);
  await dispatch(id);
  expect(Object.keys(await mails())).toEqual(['anna', 'noor']);
});

test('joined while both letters wait: the one to the record that was kept goes, the other does not', async () => {
  const { join, mails } = await campaign('planned');
  expect(Object.keys(await mails())).toEqual(['anna', 'berg', 'noor']);
  await join(2, 1);
  await app.get(MailWorker).drain();
  expect(await mails()).toEqual({ anna: 'suppressed', berg: 'accepted', noor: 'accepted' });
});

test('joined after the letter to the record that goes was sent: the other is not sent as well', async () => {
  const { id, lawmaker, join, mails } = await campaign('planned');
  const part = { legislature: undefined, lawmakerId: await lawmaker(1) };
  await app.get(Dispatch).stopPart(id, part, 'pause', olga);
  await app.get(MailWorker).drain();
  await join(1, 2);
  await app.get(Dispatch).stopPart(id, part, 'resume', olga);
  await app.get(MailWorker).drain();
  expect(await mails()).toMatchObject({ anna: 'suppressed', berg: 'accepted' });
});

test('taken back in time, both are sent', async () => {
  const { join, mails } = await campaign('planned');
  await app.get(PersonDecisions).undo(await join(1, 2), olga);
  await app.get(MailWorker).drain();
  expect(await mails()).toMatchObject({ anna: 'accepted', berg: 'accepted' });
});

test('a task and a mail to one person: the mail gives way to the task of the record that was kept, and no task is done twice', async () => {
  const { id, join, mails } = await campaign('planned');
  await join(3, 4);
  await app.get(MailWorker).drain();
  expect(await mails()).toMatchObject({ noor: 'suppressed' });
  const other = await campaign('planned');
  await other.join(4, 3);
  await app.get(MailWorker).drain();
  const task = async (campaignId: string) => {
    const [row] = await app.database.query(`SELECT id FROM letters WHERE campaign_id = $1 AND state = 'task'`, [
      campaignId,
    ]);
    return row.id as string;
  };
  const byHand = { note: '', proof: '' };
  await app.get(LetterTasks).complete(id, await task(id), byHand, olga);
  await expect(app.get(LetterTasks).complete(other.id, await task(other.id), byHand, olga)).rejects.toMatchObject({
    code: 'conflict',
  });
});

test('planning that goes on after the join writes no second letter', async () => {
  const { id, lawmaker, join, mails } = await campaign('planned');
  // As a run leaves it that was cut off before the batch with Berg and both rows of Noor.
  const open = [await lawmaker(2), await lawmaker(3), await lawmaker(4)];
  for (const table of ['outbox', 'letters']) {
    await app.database.query(
      `DELETE FROM ${table} WHERE campaign_id = $1 AND id IN
         (SELECT id FROM letters WHERE campaign_id = $1 AND lawmaker_id = ANY ($2))`,
      [id, open],
    );
  }
  await app.database.query(`UPDATE letter_campaigns SET planned_at = NULL WHERE id = $1`, [id]);
  await join(2, 1);
  app.get(Dispatch).goOn(id);
  await app.get(Dispatch).planned(id);
  expect(Object.keys(await mails())).toEqual(['anna', 'noor']);
});

test('joined while a worker holds both letters: it must ask again before it hands one over', async () => {
  const { id, join, mails } = await campaign('planned');
  const claims = app.get(Claims);
  const workers = Array.from({ length: 50 }, () => randomUUID());
  const claimed = (await claims.claim('letters', 'w', workers, oneRelay())).filter(
    ({ campaignId }) => campaignId === id,
  );
  expect(claimed.map(({ recipient }) => recipient!.split('@')[0]).sort()).toEqual(['anna', 'berg', 'noor']);
  await join(1, 2);
  const of = (name: string) => claimed.find(({ recipient }) => recipient!.startsWith(name))!;
  expect([await claims.handOver(of('anna')), await claims.handOver(of('berg'))]).toEqual([false, false]);
  expect(await claims.handOver(of('noor'))).toBe(true);
  await app.get(MailWorker).drain();
  expect(await mails()).toMatchObject({ anna: 'accepted', berg: 'suppressed' });
});

test('a letter that was refused does not stand for the one to the other record', async () => {
  const { id, lawmaker, join, mails } = await campaign('planned');
  await app.database.query(
    `UPDATE outbox SET state = 'refused', stop = NULL WHERE campaign_id = $1 AND recipient LIKE 'berg@%'`,
    [id],
  );
  await join(1, 2);
  expect(await reachedOtherwise(app.database.manager, id, [await lawmaker(1)])).toEqual(new Set());
  await app.get(MailWorker).drain();
  expect(await mails()).toMatchObject({ anna: 'accepted', berg: 'refused' });
});
