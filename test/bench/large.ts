import { until } from '../support/server.js';
import { type Load, load, request } from './load.js';
import { type Bounds, type Figure, type Place, withServer } from './measure.js';
import { linksOf, people, petitionOf, pressing, signing, slug } from './people.js';
import { type Postgres, query } from './postgres.js';
import { held } from './signing.js';

const few = 5000;
const turns = 3;

/**
 * What signing, confirming, the page and the count cost with millions of signatures, against the same with five thousand:
 * two databases of one PostgreSQL, each with a server, loaded in turns; the median of the turns.
 */
export async function large(postgres: Postgres, { seconds, large: many }: Bounds): Promise<Figure[]> {
  return withServer(postgres, 'bench_large_few', held, (small) =>
    withServer(postgres, 'bench_large_many', held, async (grown) => {
      await fill(small.url, few);
      await fill(grown.url, many);
      const found: Record<string, { small: Load[]; grown: Load[] }> = {};
      // The first turn is for the compiler and the caches.
      for (let turn = 0; turn <= turns; turn++) {
        for (const what of Object.keys(measures)) {
          const each = (found[what] ??= { small: [], grown: [] });
          for (const [name, place] of Object.entries({ small, grown })) {
            const answered = await measures[what]!(place, seconds);
            if (turn > 0) each[name as 'small' | 'grown'].push(answered);
          }
        }
      }
      return Object.entries(found).map(([what, loads]) => {
        const [ours, limit] = [median(loads.grown), median(loads.small)];
        const ratios = loads.small.map((each, turn) => (each.perSecond / loads.grown[turn]!.perSecond).toFixed(2));
        return {
          what: `${what}, ${many.toLocaleString('en')}`,
          unit: 'answers/s',
          ours: ours.perSecond,
          limit: limit.perSecond,
          limitIs: `the same with ${few.toLocaleString('en')} signatures, in turns: ${say(limit)}`,
          where: `${say(ours)}; cost of each turn ${ratios.join(', ')} times as much`,
        };
      });
    }),
  );
}

const say = ({ p50, p99 }: Load) => `median ${p50} ms, 99 % in ${p99} ms`;
const median = (loads: Load[]) => loads.toSorted((a, b) => a.perSecond - b.perSecond)[Math.floor(loads.length / 2)]!;
const get = ({ server: { address } }: Place, path: string, seconds: number) =>
  load({ address, status: 200, seconds, next: () => request('GET', path) });

const measures: Record<string, (place: Place, seconds: number) => Promise<Load>> = {
  sign: ({ server: { address } }, seconds) => {
    const next = people();
    return load({ address, status: 202, seconds, next: () => signing(next()) });
  },
  confirm: async ({ url, folder, server: { address } }, seconds) => {
    const [link, petition, next] = [await linksOf(url, folder), await petitionOf(url), people()];
    const links = Array.from({ length: seconds * 8000 }, () => link(petition, next()));
    const confirmed = await load({
      ...{ address, status: 200, seconds },
      next: () => (links.length > 0 ? pressing(links.pop()!) : null),
    });
    // The next measure is not to share the machine with the count of these.
    await until('everybody is counted', async () => (await query(url, 'SELECT 1 FROM log_queue LIMIT 1')).length === 0);
    return confirmed;
  },
  page: (place, seconds) => get(place, `/en/p/${slug}`, seconds),
  'count.json': (place, seconds) => get(place, `/api/v1/petitions/${slug}/count.json`, seconds),
};

/** Signatures as they would be: their rows, where they stand in the log, and the tallies of three months. */
async function fill(url: string, many: number): Promise<void> {
  const { id } = await petitionOf(url);
  const step = 250_000;
  for (let first = 1; first <= many; first += step) {
    const range = [id, first, Math.min(many, first + step - 1)];
    await query(
      url,
      `INSERT INTO signatures (petition_id, id, identity, normal_form, domain, box, country, locale, text_version, source, consents)
       SELECT $1, md5(n::text)::uuid, sha256(n::text::bytea), 1, substring(sha256(('x' || n % 1000)::bytea) FOR 16),
         decode(repeat(md5((-n)::text), 12), 'hex'), 'A' || chr(65 + n % 25), 'en', 1, 'page', '{1}'
       FROM generate_series($2::int, $3::int) AS n`,
      range,
    );
    await query(
      url,
      `INSERT INTO log_positions (petition_id, signature_id, index)
       SELECT $1, md5(n::text)::uuid, n FROM generate_series($2::int, $3::int) AS n`,
      range,
    );
  }
  await query(
    url,
    `INSERT INTO tallies (petition_id, day, country, source, signed)
     SELECT $1, date '2026-01-01' + n % 90, 'A' || chr(65 + n % 25), 'page', count(*)
     FROM generate_series(1, $2::int) AS n GROUP BY 2, 3`,
    [id, many],
  );
  for (const table of ['signatures', 'log_positions', 'tallies', 'log_queue', 'outbox'])
    await query(url, `VACUUM ANALYZE ${table}`);
  await query(url, 'CHECKPOINT');
}
