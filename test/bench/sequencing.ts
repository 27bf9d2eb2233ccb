import { setTimeout as sleep } from 'node:timers/promises';
import { Server } from '../support/server.js';
import { load } from './load.js';
import { type Bounds, type Figure, observe, type Place, withServer } from './measure.js';
import { people, petitionOf, signing, slug } from './people.js';
import { type Postgres, query } from './postgres.js';
import { held } from './signing.js';

const everywhere = '00000000-0000-0000-0000-000000000000';

/** From a full queue into the log, the tallies and the files, against the rate asked for; and what signing notices of it. */
export async function sequence(postgres: Postgres, { seconds }: Bounds): Promise<Figure[]> {
  return withServer(postgres, 'bench_sequence', held, async (place) => {
    const entries = seconds * 20_000;
    // The log has begun before its queue is filled: its genesis is an entry too.
    await until(place, (size) => size > 0);
    await drain(place, entries / 4);
    const { result, where } = await observe(place.folder, place.url, () => drain(place, entries));
    const together = await signDuringRounds(place, result.size);
    return [
      {
        what: 'sequencer',
        unit: 'entries/s',
        ours: result.perSecond,
        limit: 30_000,
        limitIs: 'what is asked for',
        where: `${entries} entries on one petition; ${where}`,
      },
      { ...together, what: 'sign during rounds' },
    ];
  });
}

/** The same with the work behind the pages in a process of its own, as `--role` splits it. */
export async function apart(postgres: Postgres, _bounds: Bounds): Promise<Figure[]> {
  return withServer(
    postgres,
    'bench_apart',
    held,
    async (place) => {
      const worker = await Server.start({ DATA_DIR: place.folder, DATABASE_URL: place.url, ...held }, [
        'start',
        '--role',
        'worker',
      ]);
      try {
        const size = await until(place, (now) => now > 0);
        return [{ ...(await signDuringRounds(place, size)), what: 'sign during rounds, worker apart' }];
      } finally {
        await worker.stop();
      }
    },
    'web',
  );
}

/** What one who signs notices while a full queue is taken in. */
async function signDuringRounds(place: Place, size: number): Promise<Omit<Figure, 'what'>> {
  const next = people();
  const sign = () =>
    load({ address: place.server.address, status: 202, next: () => signing(next()), seconds: 3, perSecond: 1000 });
  await sign();
  const quiet = await sign();
  const full = drain(place, 200_000);
  await until(place, (now) => now > size);
  const busy = await sign();
  await full;
  return {
    unit: 'ms, 99 %',
    ours: busy.p99,
    limit: quiet.p99 + 20,
    limitIs: `20 ms more than without rounds, ${quiet.p99} ms: here less is better. 64 connections, 1,000 arrive per second`,
    where: `median ${busy.p50} ms, without rounds ${quiet.p50} ms`,
  };
}

/** Twenty a millisecond, up to now, as the application makes them (RFC 9562): a queue is read in the order it came. */
const version7 = (salt: string) =>
  `overlay(overlay(md5(n || '${salt}' || random())
     PLACING lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint - ($2 - n) / 20), 12, '0') FROM 1)
     PLACING '7' FROM 13)::uuid`;

/** Fills the queue while counting is switched off, then switches it on. @returns entries per second, and the size reached */
async function drain(place: Place, entries: number): Promise<{ perSecond: number; size: number }> {
  const { id } = await petitionOf(place.url);
  await query(
    place.url,
    `INSERT INTO switches (petition_id, name, reason, by_name) VALUES ($1, 'counting', '', 'bench')`,
    [everywhere],
  );
  // Each process looks at the switches again after a second; a round may be under way.
  await sleep(2500);
  const before = await sizeOf(place);
  // What the planner knows of a queue is of another moment: mostly that it is empty.
  await query(place.url, 'ANALYZE log_queue');
  await query(
    place.url,
    `INSERT INTO log_queue (petition_id, id, kind, entry, signature_id, day, country, source)
     SELECT $1, ${version7('')}, 'sign', '\\x01'::bytea || sha256(n::text::bytea) || sha256((n * 7)::text::bytea),
       ${version7('signature')}, date '2026-01-01', 'A' || chr(65 + n % 25), 'api'
     FROM generate_series(1, $2::int) AS n`,
    [id, entries],
  );
  await query(place.url, 'DELETE FROM switches');
  const first = await until(place, (size) => size > before);
  const started = performance.now();
  const size = await until(place, (now) => now >= before + entries);
  return { perSecond: (size - first) / ((performance.now() - started) / 1000), size };
}

/** Of the log as it is published. */
async function sizeOf({ server }: Place): Promise<number> {
  const checkpoint = await server.fetch(`/log/${slug}/checkpoint`);
  return checkpoint.ok ? Number((await checkpoint.text()).split('\n')[1]) : 0;
}

async function until(place: Place, reached: (size: number) => boolean): Promise<number> {
  for (let turn = 0; turn < 6000; turn++) {
    const size = await sizeOf(place);
    if (reached(size)) return size;
    await sleep(20);
  }
  throw new Error('The log does not grow any more.');
}
