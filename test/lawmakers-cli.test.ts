import { Command } from 'commander';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../src/config/root.js';
import { lawmakerCommands } from '../src/lawmakers/lawmakers.cli.js';
import { makeDatabase, type TestDatabase } from './support/database.js';

const fixtures = join(projectRoot, 'test/fixtures/lawmakers');
const before = { ...process.env };
let database: TestDatabase;
let folder: string;
beforeAll(async () => {
  database = await makeDatabase();
  Object.assign(process.env, database.environment);
  folder = await mkdtemp(join(tmpdir(), 'countersign-cli-'));
});
afterAll(async () => {
  process.env = before;
  await database.drop();
  await rm(folder, { recursive: true });
});

/** Runs the command in this process, on a database of its own. */
async function run(...words: string[]): Promise<{ out: string; error: string; code: number }> {
  const said = { out: '', error: '' };
  const out = jest.spyOn(console, 'log').mockImplementation((line: string) => void (said.out += `${line}\n`));
  const error = jest.spyOn(console, 'error').mockImplementation((line: string) => void (said.error += `${line}\n`));
  const program = new Command();
  lawmakerCommands(program);
  await program.parseAsync(['lawmakers', 'import', ...words], { from: 'user' });
  out.mockRestore();
  error.mockRestore();
  const code = Number(process.exitCode ?? 0);
  process.exitCode = undefined;
  return { ...said, code };
}

test('shows what a file changes, and changes it when told to', async () => {
  const shown = await run(join(fixtures, 'congress.csv'));
  expect(shown).toMatchObject({ error: '', code: 0 });
  expect(shown.out).toContain('+ Vera Alder');
  expect(shown.out).toContain('congress.csv, line 5: rejected: A vacant seat');
  expect(shown.out).toContain('3 new, 0 changed, 0 gone, 0 unchanged; 2 rows rejected');
  expect(shown.out).toContain('Nothing was changed.');
  const applied = await run(join(fixtures, 'congress.csv'), '--apply', '--json');
  expect(JSON.parse(applied.out)).toMatchObject({ state: 'applied', decidedBy: 'command line', counts: { new: 3 } });
  expect((await run(join(fixtures, 'congress.csv'))).out).toContain('0 new, 0 changed, 0 gone, 3 unchanged');
});

test('reads a folder, and a CSV file with a map', async () => {
  expect((await run(join(fixtures, 'openstates'))).out).toContain('(us-ca), openstates, previewed');
  const words = ['--legislature', 'nl-test', '--map', 'name=Full name,email=E-mail', '--json'];
  const mapped = JSON.parse((await run(join(fixtures, 'hostile.csv'), ...words)).out);
  expect(mapped).toMatchObject({ columns: { name: 'Full name', email: 'E-mail' }, legislature: { slug: 'nl-test' } });
});

test('does not empty a parliament by a file that was cut at the end of a line', async () => {
  const list = join(folder, 'list.csv');
  const rows = Array.from({ length: 10 }, (_, i) => `Member Number${i},Area ${i}\n`);
  const write = (count: number) => writeFile(list, `Name,Area\n${rows.slice(0, count).join('')}`);
  await write(10);
  await run(list, '--legislature', 'nl-cut', '--apply');
  await write(3);
  const refused = await run(list, '--legislature', 'nl-cut', '--apply');
  expect(refused).toMatchObject({ code: 1, error: expect.stringContaining('--allow-gone') });
  expect((await run(list, '--legislature', 'nl-cut', '--partial', '--apply')).out).toContain('0 gone');
  const allowed = await run(list, '--legislature', 'nl-cut', '--apply', '--allow-gone', '--json');
  expect(JSON.parse(allowed.out)).toMatchObject({ state: 'applied', counts: { gone: 7, same: 3 } });
});

test.each([
  [['/nowhere/list.csv'], '/nowhere/list.csv: there is no such file or folder.'],
  [[join(fixtures, 'hostile.csv')], 'legislature: Name the legislature.'],
  [
    [join(fixtures, 'hostile.csv'), '--legislature', 'No Slug'],
    '--legislature: Use lower-case letters, digits and hyphens',
  ],
  [
    [join(fixtures, 'openstates/Cora-Heath.yml')],
    'Cora-Heath.yml: Nobody in this file can be imported. Cora Heath: Holds no seat in a legislature.',
  ],
])('refuses %j with a sentence', async (words, sentence) => {
  const refused = await run(...words);
  expect(refused).toMatchObject({ out: '', code: 1 });
  expect(refused.error).toContain(sentence);
});
