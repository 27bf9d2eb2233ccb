import 'reflect-metadata';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { createApplication } from '../../src/application.js';
import { loadSettings } from '../../src/config/settings.js';
import { Dispatch } from '../../src/letters/dispatch.service.js';
import { alwaysOpen } from '../../src/mail/calendar.js';
import { Claims } from '../../src/mail/claims.js';
import type { Lane } from '../../src/mail/mail-states.js';
import { type NewMail, OutboxService } from '../../src/mail/outbox.service.js';
import { addToStreams } from '../../src/mail/streams.js';
import type { TestApp } from '../support/app.js';
import { approve, campaignOf, crowd, importTestland, person } from '../support/letters.js';
import { oneRelay } from '../support/mails.js';
import type { Bounds, Figure } from './measure.js';
import { makeDatabase, type Postgres } from './postgres.js';

/** The application in this process, on a database of its own, with nothing done in the background. */
async function withApp<T>(
  postgres: Postgres,
  name: string,
  more: Record<string, string>,
  work: (app: TestApp) => Promise<T>,
): Promise<T> {
  const url = await makeDatabase(postgres, name);
  const folder = await mkdtemp(join(tmpdir(), 'countersign-bench-'));
  const settings = loadSettings({ DATA_DIR: folder, DATABASE_URL: url, LOG_LEVEL: 'error', ...more });
  const nest = await createApplication({ ...settings, runners: false });
  try {
    await nest.init();
    const [get, inject] = [nest.get.bind(nest), nest.inject.bind(nest)];
    return await work({ nest, settings, get, inject, database: nest.get(DataSource), close: () => nest.close() });
  } finally {
    await nest.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** From an approved campaign to a letter for each of 10,000 lawmakers, with its bytes frozen; signed and not. */
export async function plan(postgres: Postgres, { people }: Bounds): Promise<Figure[]> {
  const letters = people * 2;
  const seconds = (more: Record<string, string>) =>
    withApp(postgres, 'bench_plan', { MAIL_MODE: 'hold', MAIL_FROM: 'mail@bench.test', ...more }, async (app) => {
      await importTestland(app, crowd(letters));
      const olga = person('Olga', 'organiser');
      const id = await campaignOf(app, olga);
      await approve(app, id, olga, person('Amir', 'approver'));
      const started = performance.now();
      await app.get(Dispatch).start(id, olga);
      await app.get(Dispatch).planned(id);
      const took = (performance.now() - started) / 1000;
      const [{ mails }] = await app.database.query(`SELECT count(*)::int AS mails FROM outbox WHERE kind = 'letter'`);
      if (mails !== letters) throw new Error(`${letters} lawmakers, but ${mails} letters.`);
      return took;
    });
  const figure = (what: string, ours: number): Figure => ({
    ...{ what, ours, unit: 's', limit: 10 * (letters / 10_000) },
    limitIs: 'what is asked for, at most: here less is better',
    where: `${letters} letters, all by mail`,
  });
  return [
    figure('plan letters', await seconds({})),
    figure('plan letters, signed', await seconds({ DKIM_SELECTOR: 'bench' })),
  ];
}

/** Claiming among few letters and among many, that wait their turn or are paused; and what confirmations notice of them. */
export async function claims(postgres: Postgres, { large }: Bounds): Promise<Figure[]> {
  return withApp(postgres, 'bench_claims', {}, async (app) => {
    const [few, many] = [1000, large / 5];
    await app.database.query('DELETE FROM mail_limits');
    const campaignId = uuidv7();
    const add = (state: string, letters: number) =>
      app.database.query(
        `INSERT INTO outbox (campaign_id, id, kind, ref, lane, stream, recipient, state, stop, next_attempt_at, raw, raw_sha256)
         SELECT $1, gen_random_uuid(), 'letter', gen_random_uuid()::text, 'letters', 'testland', n || '@parliament.test', $2,
           CASE $2 WHEN 'held' THEN 'pause' END, now() - interval '1 day' + n * interval '1 millisecond', '\\x00', sha256('\\x00')
         FROM generate_series(1, $3::int) AS n`,
        [campaignId, state, letters],
      );
    const stream = { campaignId, stream: 'testland', sender: 'olga@org.test', calendar: alwaysOpen, spread: false };
    await app.database.transaction((tx) => addToStreams(tx, [{ ...stream, letters: few }], new Date()));
    /** Milliseconds of one claim of eight mails, the median of many. */
    const claim = async (lane: Lane) => {
      await app.database.query('VACUUM ANALYZE outbox');
      return median(60, async () => {
        const ids = Array.from({ length: 8 }, () => uuidv7());
        const mails = await app.get(Claims).claim(lane, 'bench', ids, oneRelay());
        if (mails.length !== 8) throw new Error(`8 ${lane} are due, but ${mails.length} were claimed.`);
      });
    };
    const petition = uuidv7();
    const confirmation = (): NewMail => {
      const id = uuidv7();
      const payload = Buffer.alloc(400);
      return { campaignId: petition, id, kind: 'confirm-signature', ref: id, lane: 'confirmations', payload };
    };
    const enqueue = (mails: NewMail[]) => app.database.transaction((tx) => app.get(OutboxService).enqueue(tx, mails));
    /** Milliseconds to take in one confirmation, and to claim eight. */
    const confirmations = async () => {
      const taken = await median(200, () => enqueue([confirmation()]));
      await enqueue(Array.from({ length: few }, confirmation));
      return { taken, claimed: await claim('confirmations') };
    };
    const alone = await confirmations();
    await add('queued', few);
    const amongFew = await claim('letters');
    await add('queued', many);
    const amongMany = await claim('letters');
    await add('held', many);
    const besidePaused = await claim('letters');
    const beside = await confirmations();
    const figure = (what: string, ours: number, limit: number, limitIs: string, times = 60): Figure => ({
      ...{ what, ours, limit, unit: 'ms', limitIs: `${limitIs}; here less is better` },
      where: `median of ${times}, one after the other`,
    });
    const among = `the same claim of eight among ${few.toLocaleString('en')}`;
    return [
      figure(`claim among ${many.toLocaleString('en')}`, amongMany, amongFew, among),
      figure(`claim beside as many paused`, besidePaused, amongFew, among),
      figure(
        'claim confirmations beside them',
        beside.claimed,
        alone.claimed,
        'the same claim of eight without letters',
      ),
      figure('take in a confirmation beside them', beside.taken, alone.taken, 'the same without letters', 200),
    ];
  });
}

/** Milliseconds that it takes, one after the other. */
async function median(times: number, work: () => Promise<unknown>): Promise<number> {
  const took: number[] = [];
  for (let turn = 0; turn < times; turn++) {
    const started = performance.now();
    await work();
    took.push(performance.now() - started);
  }
  return took.sort((a, b) => a - b)[times / 2]!;
}
