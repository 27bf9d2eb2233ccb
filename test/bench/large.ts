import { type Load, load, request } from './load.js';
import { type Bounds, type Figure, type Place, withServer } from './measure.js';
import { linksOf, people, petitionOf, pressing, signing, slug } from './people.js';
import { type Postgres, query } from './postgres.js';
import { held } from './signing.js';

const few = 5000;

/** What signing, confirming, the page and the count cost with millions of signatures, against the same with five thousand. */
export async function large(postgres: Postgres, { seconds, large: many }: Bounds): Promise<Figure[]> {
  return withServer(postgres, 'bench_large', held, async (place) => {
    await fill(place.url, 1, few);
    await measure(place, seconds);
    const small = await measure(place, seconds);
    await fill(place.url, few + 1, many);
    // What was read in while filling is the same as after a start.
    await measure(place, Math.min(seconds, 3));
    const grown = await measure(place, seconds);
    const say = ({ p50, p99 }: Load) => `median ${p50} ms, 99 % in ${p99} ms`;
    return Object.entries(grown).map(([what, ours]) => ({
      what: `${what}, ${many.toLocaleString('en')}`,
      unit: 'answers/s',
      ours: ours.perSecond,
      limit: small[what]!.perSecond,
      limitIs: `the same with ${few.toLocaleString('en')} signatures: ${say(small[what]!)}`,
      where: say(ours),
    }));
  });
}

async function measure({ url, folder, server }: Place, seconds: number): Promise<Record<string, Load>> {
  const { address } = server;
  const next = people();
  const link = await linksOf(url, folder);
  const petition = await petitionOf(url);
  const links = Array.from({ length: seconds * 8000 }, () => link(petition, next()));
  const get = (path: string) => load({ address, status: 200, seconds, next: () => request('GET', path) });
  return {
    sign: await load({ address, status: 202, seconds, next: () => signing(next()) }),
    confirm: await load({
      address,
      status: 200,
      seconds,
      next: () => (links.length > 0 ? pressing(links.pop()!) : null),
    }),
    page: await get(`/en/p/${slug}`),
    'count.json': await get(`/api/v1/petitions/${slug}/count.json`),
  };
}

/** Signatures as they would be: their rows, where they stand in the log, and the tallies of three months. */
async function fill(url: string, from: number, to: number): Promise<void> {
  const { id } = await petitionOf(url);
  const step = 250_000;
  for (let first = from; first <= to; first += step) {
    const range = [id, first, Math.min(to, first + step - 1)];
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
     FROM generate_series($2::int, $3::int) AS n GROUP BY 2, 3
     ON CONFLICT (petition_id, day, country, source) DO UPDATE SET signed = tallies.signed + excluded.signed`,
    [id, from, to],
  );
  for (const table of ['signatures', 'log_positions', 'tallies', 'log_queue', 'outbox'])
    await query(url, `VACUUM ANALYZE ${table}`);
  await query(url, 'CHECKPOINT');
}
