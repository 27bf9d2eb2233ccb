import { until } from '../support/server.js';
import { type Load, load } from './load.js';
import { type Bounds, type Figure, observe, withServer } from './measure.js';
import { linksOf, morePetitions, people, petitionOf, type Petition, pressing, signing, slug } from './people.js';
import { type Postgres, query, statementRate } from './postgres.js';

const pgbench = 'pgbench: the same row by INSERT, one per transaction, 32 clients, prepared';

export const held = { LIMITS: 'off', MAIL_MODE: 'hold' };

/** Signing while the mails wait (MAIL_MODE=hold), against the INSERT of the same row into a copy of the outbox. */
export async function sign(postgres: Postgres, { seconds }: Bounds): Promise<Figure[]> {
  return withServer(postgres, 'bench_sign', held, async ({ url, folder, server }) => {
    const next = people();
    const asking = { address: server.address, status: 202, next: () => signing(next()) };
    const warm = await load({ ...asking, seconds });
    const { result, where } = await observe(folder, url, () => load({ ...asking, seconds }));
    await expectRows(
      url,
      `SELECT count(*)::int AS rows FROM outbox WHERE payload IS NOT NULL`,
      warm.answers + result.answers,
    );
    const [row] = await query<{ kind: string; ref: number; payload: number }>(
      url,
      `SELECT kind, length(ref) AS ref, octet_length(payload) AS payload FROM outbox WHERE payload IS NOT NULL LIMIT 1`,
    );
    await query(url, 'CREATE TABLE copy (LIKE outbox INCLUDING ALL)');
    const limit = await statementRate(
      postgres,
      url,
      `INSERT INTO copy (campaign_id, id, kind, ref, lane, state, mode_held, payload)
       VALUES ('01900000-0000-7000-8000-000000000000', gen_random_uuid(), '${row!.kind}',
         left(repeat(gen_random_uuid()::text, 4), ${row!.ref}), 'confirmations', 'held', true, decode(repeat('5a', ${row!.payload}), 'hex'))
       ON CONFLICT (campaign_id, kind, ref) DO NOTHING`.replaceAll('\n', ' '),
      seconds,
    );
    return [{ ...answers('sign', result, where), limit, limitIs: pgbench }];
  });
}

/** Confirming, all on one petition and spread over a hundred, against the INSERT of the same row into a copy of signatures. */
export async function confirm(postgres: Postgres, { seconds }: Bounds): Promise<Figure[]> {
  return withServer(postgres, 'bench_confirm', held, async ({ url, folder, server }) => {
    const link = await linksOf(url, folder);
    const next = people();
    const one = [await petitionOf(url)];
    await until('the log has begun', async () => (await query(url, 'SELECT 1 FROM log_bundles')).length > 0);
    const hundred = await morePetitions(url, 100);
    const press = async (petitions: Petition[]) => {
      // Made beforehand, and more than can be pressed in the time.
      const links = Array.from({ length: seconds * 16_000 }, (_, at) =>
        link(petitions[at % petitions.length]!, next()),
      );
      let at = 0;
      const asking = () => (at < links.length ? pressing(links[at++]!) : null);
      // The rounds of one load are not those of the next.
      await until(
        'those before are counted',
        async () => (await query(url, 'SELECT FROM log_queue LIMIT 1')).length === 0,
      );
      return load({ address: server.address, status: 200, next: asking, seconds });
    };
    const warm = [await press(one), await press(hundred)];
    const { result, where } = await observe(folder, url, () => press(one));
    const spread = await press(hundred);
    const confirmed = [...warm, result, spread].reduce((sum, each) => sum + each.answers, 0);
    await expectRows(url, `SELECT count(*)::int AS rows FROM signatures`, confirmed);
    await expectRows(
      url,
      `SELECT ((SELECT count(*) FROM log_queue WHERE kind = 'sign') + (SELECT sum(signed) FROM tallies))::int AS rows`,
      confirmed,
    );
    await until(
      'everybody is counted',
      async () => (await server.count(slug)) === warm[0]!.answers + result.answers,
      300,
    );
    await query(url, 'CREATE TABLE copy (LIKE signatures INCLUDING ALL)');
    const limit = await statementRate(
      postgres,
      url,
      `INSERT INTO copy (petition_id, id, identity, normal_form, box, country, locale, text_version, source, consents)
       SELECT petition_id, gen_random_uuid(), sha256(gen_random_uuid()::text::bytea), normal_form, box, country, locale, text_version, source, consents
       FROM signatures WHERE (petition_id, id) = (SELECT petition_id, id FROM signatures LIMIT 1)
       ON CONFLICT DO NOTHING`.replaceAll('\n', ' '),
      seconds,
    );
    return [
      { ...answers('confirm', result, where), limit, limitIs: pgbench },
      {
        ...answers('confirm, one petition', result, ''),
        limit: spread.perSecond,
        limitIs: 'the same, spread over a hundred petitions',
      },
    ];
  });
}

/** Signatures that are in the database without anybody having pressed a button: something to export and to count. */
export async function signAll(url: string, folder: string, address: string, many: number): Promise<void> {
  const link = await linksOf(url, folder);
  const petition = await petitionOf(url);
  const next = people();
  let left = many;
  await load({ address, status: 200, next: () => (left-- > 0 ? pressing(link(petition, next())) : null) });
}

/** @throws Error unless there is exactly one row for each answer */
async function expectRows(url: string, sql: string, answered: number): Promise<void> {
  const [{ rows }] = (await query<{ rows: number }>(url, sql)) as [{ rows: number }];
  if (rows !== answered) throw new Error(`${answered} answers, but ${rows} rows: ${sql}`);
}

const answers = (what: string, { perSecond, p50, p99 }: Load, where: string) => ({
  what,
  unit: 'answers/s',
  ours: perSecond,
  where: `64 connections, median ${p50} ms, 99 % in ${p99} ms; ${where}`,
});
