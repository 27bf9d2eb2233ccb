import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { projectRoot } from '../../src/config/root.js';
import { until } from '../support/server.js';
import { type Load, load, request } from './load.js';
import { giveToken, token } from './exporting.js';
import { observe, type Place, withServer } from './measure.js';
import { linksOf, people, petitionOf, pressing, signing, slug } from './people.js';
import { query, startPostgres } from './postgres.js';
import { held } from './signing.js';

// npm run bench:record [-- --short]: the largest petition peak there is on record, and ten times its signatures, all on one
// petition; then everything that tells a number must tell the same one. Slow is not wrong: only numbers can fail.
const record = { signatures: 33, reads: 10_000, source: 'UK Parliament, March 2019' };
const seconds = process.argv.includes('--short') ? 5 : 60;
const path = `/api/v1/petitions/${slug}/count.json`;

interface Phase {
  name: string;
  signatures: number;
  /** Per second; without it as many as the machine gives. */
  reads?: number;
}

/** Everybody asks, and presses the button of her link a second later, while others read the count. */
async function play({ url, folder, server }: Place, { name, signatures, reads }: Phase): Promise<number> {
  const link = await linksOf(url, folder);
  const petition = await petitionOf(url);
  const next = people();
  const asked: string[] = [];
  const ask = () => signing((asked[asked.length] = next()));
  const press = () => (asked.length > 0 ? pressing(link(petition, asked.shift()!)) : null);
  const arriving = { address: server.address, seconds, perSecond: signatures };
  const read = () => request('GET', path);
  const { result, where } = await observe(folder, url, () =>
    Promise.all([
      load({ ...arriving, status: 202, next: ask }),
      sleep(1000).then(() => load({ ...arriving, status: 200, next: press })),
      load({ address: server.address, seconds, status: 200, next: read, perSecond: reads }),
    ]),
  );
  console.log(
    `\n${name}: ${signatures} signatures/s and ${reads ?? 'as many as the machine gives'} reads/s, ${seconds} s`,
  );
  for (const [index, what] of ['signed', 'confirmed', 'read the count'].entries())
    console.log(line(what, result[index]!));
  console.log(`  ${where}`);
  return result[1].answers;
}

const line = (what: string, { answers, perSecond, p50, p99 }: Load) =>
  `  ${what.padEnd(16)}${answers.toLocaleString('en').padStart(10)}  ${perSecond.toFixed(0).padStart(7)}/s  median ${p50} ms, 99 % in ${p99} ms`;

/** What everything says that tells how many signed. */
async function told({ url, server }: Place): Promise<Record<string, number>> {
  await giveToken(url);
  const breakdown = await server.json<{ rows: { count: number }[] }>(
    `/api/v1/exports/counts.json?by=day-country&petition=${slug}`,
    { headers: { authorization: `Bearer ${token}` } },
  );
  const [{ rows }] = (await query(url, 'SELECT count(*)::int AS rows FROM signatures')) as [{ rows: number }];
  const checkpoint = await (await server.fetch(`/log/${slug}/checkpoint`)).text();
  const verifier = join(projectRoot, 'verifier/countersign-verify.mjs');
  const { stdout, stderr } = spawnSync(process.execPath, [verifier, `${server.address}/log/${slug}`, '--json'], {
    encoding: 'utf8',
  });
  if (!stdout) throw new Error(`The verifier: ${stderr}`);
  return {
    'count.json': await server.count(slug),
    'breakdown by day and country': breakdown.rows.reduce((sum, { count }) => sum + count, 0),
    'rows of signatures': rows,
    // Without its first entry, the genesis.
    'size of the log': Number(checkpoint.split('\n')[1]) - 1,
    'independent verifier': (JSON.parse(stdout) as { count: number }).count,
  };
}

const postgres = await startPostgres();
process.on('exit', () => postgres.stop());
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
console.log(
  `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model.trim()}; load, server and database share them.`,
);
console.log(`The record: ${record.source}.`);
process.exitCode = await withServer(postgres, 'bench_record', held, async (place) => {
  let confirmed = 0;
  for (const phase of [
    { name: 'The record', signatures: record.signatures, reads: record.reads },
    { name: 'Ten times the record', signatures: record.signatures * 10 },
  ]) {
    confirmed += await play(place, phase);
  }
  await until('everybody is counted', async () => (await place.server.count(slug)) >= confirmed, 120);
  console.log(`\n${'answers to confirmations'.padEnd(30)}${confirmed.toLocaleString('en').padStart(10)}`);
  const places = Object.entries(await told(place));
  for (const [name, count] of places) console.log(`${name.padEnd(30)}${count.toLocaleString('en').padStart(10)}`);
  const agree = confirmed > 0 && places.every(([, count]) => count === confirmed);
  console.log(agree ? '\nPASS: all say the same.' : '\nFAIL: they do not agree.');
  return agree ? 0 : 1;
});
process.exit();
