import { cpus } from 'node:os';
import { dispatch } from './dispatch.js';
import { counts, persons } from './exporting.js';
import { large } from './large.js';
import type { Bounds, Figure } from './measure.js';
import { claims, plan } from './planning.js';
import { type Postgres, query, startPostgres } from './postgres.js';
import { count } from './reading.js';
import { apart, sequence } from './sequencing.js';
import { confirm, sign } from './signing.js';

// npm run bench [-- NAME...] [-- --short] [-- --large]: each figure beside the limit of the same machine in the same run.
const benches: Record<string, (postgres: Postgres, bounds: Bounds) => Promise<Figure | Figure[]>> = {
  sign,
  confirm,
  count,
  sequence,
  apart,
  counts,
  persons,
  dispatch: (postgres, bounds) => dispatch(postgres, bounds, 'confirmations'),
  letters: (postgres, bounds) => dispatch(postgres, bounds, 'letters'),
  plan,
  claims,
};

const wanted = process.argv.slice(2).filter((each) => !each.startsWith('--'));
// Millions of rows take minutes and some gigabytes: only when asked for.
if (process.argv.includes('--large')) benches.large = large;
const bounds: Bounds = process.argv.includes('--short')
  ? { seconds: 3, people: 800, large: 500_000 }
  : { seconds: 10, people: 5000, large: 5_000_000 };
const unknown = wanted.filter((each) => !benches[each]);
if (unknown.length > 0) {
  console.error(`There is no ${unknown.join(', ')}: ${Object.keys(benches).join(', ')}.`);
  process.exit(2);
}

const figure = (value: number) => (value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString('en'));
const postgres = await startPostgres();
process.on('exit', () => postgres.stop());
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const [version] = await query<{ server_version: string }>(postgres.url, 'SHOW server_version');
console.log(
  `Node ${process.version}, PostgreSQL ${version!.server_version}, ${cpus().length} × ${cpus()[0]?.model.trim()}`,
);
console.log('The load, the server and the database share the machine.\n');
const rows: string[][] = [['what', 'ours', 'limit', 'ratio', 'unit']];
const notes: string[] = [];
for (const name of wanted.length > 0 ? wanted : Object.keys(benches)) {
  for (const found of [await benches[name]!(postgres, bounds)].flat()) {
    rows.push([found.what, figure(found.ours), figure(found.limit), (found.ours / found.limit).toFixed(2), found.unit]);
    notes.push(`${found.what}\n  limit: ${found.limitIs}\n  where: ${found.where}`);
    console.error(`${found.what}: ${figure(found.ours)} of ${figure(found.limit)} ${found.unit}; ${found.where}`);
  }
}
const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
console.log(
  rows
    .map((row) =>
      row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('  '),
    )
    .join('\n'),
);
console.log(`\n${notes.join('\n')}`);
