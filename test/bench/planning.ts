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

/** Claiming among few letters and among many, that wait their turn or are paused. */
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
    /** Milliseconds of one claim of eight letters, the median of many. */
    const claim = async () => {
      await app.database.query('VACUUM ANALYZE outbox');
      const times: number[] = [];
      for (let turn = 0; turn < 60; turn++) {
        const started = performance.now();
        const mails = await app.get(Claims).claim(
          'letters',
          'bench',
          Array.from({ length: 8 }, () => uuidv7()),
          oneRelay(),
        );
        times.push(performance.now() - started);
        if (mails.length !== 8) throw new Error(`8 letters are due, but ${mails.length} were claimed.`);
      }
      return times.sort((a, b) => a - b)[times.length / 2]!;
    };
    await add('queued', few);
    const amongFew = await claim();
    await add('queued', many);
    const amongMany = await claim();
    await add('held', many);
    const besidePaused = await claim();
    const figure = (what: string, ours: number): Figure => ({
      ...{ what, ours, limit: amongFew, unit: 'ms' },
      limitIs: `the same claim of eight among ${few.toLocaleString('en')}; here less is better`,
      where: 'median of 60, one after the other',
    });
    return [
      figure(`claim among ${many.toLocaleString('en')}`, amongMany),
      figure(`claim beside as many paused`, besidePaused),
    ];
  });
}
