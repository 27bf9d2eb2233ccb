import { v7 as uuidv7 } from 'uuid';
import { Counts } from '../src/countlog/counts.service.js';
import { Publisher } from '../src/countlog/publisher.js';
import { Sequencer } from '../src/countlog/sequencer.js';
import { startApp, type TestApp } from './support/app.js';
import { queueEntries } from './support/log-queue.js';
import { openPetition } from './support/petitions.js';

let app: TestApp;
let petitionId: string;
beforeAll(async () => {
  app = await startApp();
  petitionId = await openPetition(app);
});
afterAll(() => app.close());
beforeEach(async () => {
  await app.get(Sequencer).drain();
  await app.database.query(`DELETE FROM tallies`);
});

const fresh = async () => {
  await new Promise((done) => setTimeout(done, 1100));
  return app.get(Counts).of(petitionId);
};

test('counts what is queued, in rounds, and only once', async () => {
  await queueEntries(app, petitionId, 12_345);
  await queueEntries(app, petitionId, 45, 'withdraw');
  expect(await fresh()).toMatchObject({ count: 0, pending: 12_390 });
  expect(await app.get(Sequencer).drain()).toBe(12_390);
  expect(await app.get(Sequencer).drain()).toBe(0);
  expect(await fresh()).toMatchObject({ count: 12_300, pending: 0 });
});

test('several runners at once count nothing twice', async () => {
  await queueEntries(app, petitionId, 20_000);
  await Promise.all(Array.from({ length: 4 }, () => app.get(Sequencer).drain()));
  await app.get(Sequencer).drain();
  expect(await fresh()).toMatchObject({ count: 20_000, pending: 0 });
});

/** Somebody asked for a link so many milliseconds ago. */
const mailOf = (campaignId: string, ago: number) =>
  app.database.query(
    `INSERT INTO outbox (campaign_id, id, kind, ref, lane, state) VALUES ($1, $2, 'link', $2::uuid, 'confirmations', 'held')`,
    [campaignId, uuidv7({ msecs: Date.now() - ago })],
  );

test('knows by the ids of the mails asked for whether people sign just now, and rests between long rounds then', async () => {
  const isBeingSigned = () => app.get(Sequencer)['isBeingSigned'](petitionId);
  await mailOf(petitionId, 60_000);
  await mailOf(uuidv7(), 0);
  expect(await isBeingSigned()).toBe(false);
  await mailOf(petitionId, 0);
  expect(await isBeingSigned()).toBe(true);
  await mailOf(petitionId, -60_000);
  const rests: { took: number; rested: number }[] = [];
  const rest = Sequencer.prototype['rest'];
  jest.spyOn(Sequencer.prototype as unknown as { rest: typeof rest }, 'rest').mockImplementation(async function (
    this: Sequencer,
    petition,
    took,
  ) {
    const began = performance.now();
    await rest.call(this, petition, took);
    rests.push({ took, rested: performance.now() - began });
  });
  await queueEntries(app, petitionId, 10_001);
  expect(await app.get(Sequencer).drain()).toBe(10_001);
  jest.restoreAllMocks();
  expect(rests.map(({ took }) => took > 0)).toEqual([false, true, true]);
  // A timer may fire a millisecond early.
  for (const { took, rested } of rests) expect(rested).toBeGreaterThan(Math.min(took, 1000) - 2);
  await app.database.query('DELETE FROM outbox');
});

test('files that cannot be written during a rest are a failed round, and written by the next', async () => {
  await mailOf(petitionId, -60_000);
  const publish = jest.spyOn(app.get(Publisher), 'publish').mockRejectedValueOnce(new Error('disk full'));
  await queueEntries(app, petitionId, 10_001);
  await expect(app.get(Sequencer).drain()).rejects.toThrow('disk full');
  publish.mockRestore();
  await app.get(Sequencer).drain();
  expect(await fresh()).toMatchObject({ count: 10_001, pending: 0 });
  await app.database.query('DELETE FROM outbox');
});

test('a round that fails leaves everything as it was', async () => {
  await queueEntries(app, petitionId, 10);
  await app.database.query(`ALTER TABLE tallies ADD CONSTRAINT broken CHECK (signed < 5)`);
  await expect(app.get(Sequencer).drain()).rejects.toThrow();
  expect(await fresh()).toMatchObject({ count: 0, pending: 10 });
  await app.database.query(`ALTER TABLE tallies DROP CONSTRAINT broken`);
  await app.get(Sequencer).drain();
  expect(await fresh()).toMatchObject({ count: 10, pending: 0 });
});

test('the breakdowns add up to the count', async () => {
  await queueEntries(app, petitionId, 7, 'sign', 'SE');
  await queueEntries(app, petitionId, 5, 'sign', 'IR');
  await queueEntries(app, petitionId, 2, 'withdraw', 'IR');
  await app.get(Sequencer).drain();
  const counts = app.get(Counts);
  expect(await counts.byCountry(petitionId)).toEqual([
    { country: 'SE', count: 7 },
    { country: 'IR', count: 3 },
  ]);
  expect(await counts.byDay(petitionId)).toEqual([{ day: '2026-11-22', signed: 12, withdrawn: 2 }]);
  expect((await fresh()).count).toBe(10);
  expect(await counts.total()).toBe(10);
});

test('count.json tells the number, its method and time, and answers 304 to whoever has it', async () => {
  await queueEntries(app, petitionId, 3);
  await app.get(Sequencer).drain();
  await fresh();
  const url = '/api/v1/petitions/wetlands/count.json';
  const answer = await app.inject({ url });
  expect(answer.json()).toMatchObject({
    petition: 'wetlands',
    count: 3,
    pending: 0,
    method: expect.stringContaining('Confirmed e-mail'),
  });
  expect(answer.headers['access-control-allow-origin']).toBe('*');
  const again = await app.inject({ url, headers: { 'if-none-match': String(answer.headers.etag) } });
  expect(again.statusCode).toBe(304);
  await queueEntries(app, petitionId, 1);
  await app.get(Sequencer).drain();
  await fresh();
  expect((await app.inject({ url, headers: { 'if-none-match': String(answer.headers.etag) } })).statusCode).toBe(200);
});
