import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { projectRoot } from '../src/config/root.js';

const documents = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  'docs/ARCHITECTURE.md',
  'test/bench/README.md',
  'verifier/README.md',
];
const read = (name: string) => readFileSync(join(projectRoot, name), 'utf8');
const folders = (name: string) =>
  readdirSync(join(projectRoot, name), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .toSorted();

test.each(documents)('%s links only to files that are there', (name) => {
  const targets = [...read(name).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, target]) => target!);
  expect(targets.filter((target) => !existsSync(join(projectRoot, dirname(name), target)))).toEqual([]);
});

test('the tree in ARCHITECTURE has a line for every room and no other', () => {
  const tree = read('docs/ARCHITECTURE.md').split('```')[1]!;
  const [, inSource] = /^src\/.*\n((?: {2,}.*\n)+)/m.exec(tree)!;
  const rooms = [...inSource!.matchAll(/^ {2}([\w-]+)\/ {2,}\S/gm)].map(([, room]) => room!);
  expect(rooms.toSorted()).toEqual(folders('src'));
});

test('the tables in ARCHITECTURE are those that the migrations make', () => {
  const data = read('docs/ARCHITECTURE.md').split('## Data')[1]!.split('\n## ')[0]!;
  const described = [...data.matchAll(/^\| (`.+?) +\|/gm)].flatMap(([, cell]) =>
    [...cell!.matchAll(/`(\w+)`/g)].map(([, name]) => name!),
  );
  const files = readdirSync(join(projectRoot, 'migrations')).filter((name) => name !== 'index.ts');
  const made = files.flatMap((name) =>
    [...read(`migrations/${name}`).matchAll(/CREATE TABLE (\w+)/g)].map(([, table]) => table!),
  );
  expect(described.toSorted()).toEqual(made.toSorted());
});

test('every script that the documents name exists', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const named = documents.flatMap((name) => [...read(name).matchAll(/npm run ([\w:]+)/g)].map(([, script]) => script!));
  expect([...new Set(named)].filter((script) => !scripts[script])).toEqual([]);
});
