import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { projectRoot } from '../src/config/root.js';
import { translate } from '../src/site/languages.js';

const inDocs = readdirSync(join(projectRoot, 'docs')).filter((name) => name.endsWith('.md'));
/** Those for people who use it, and do not change it. */
const guides = inDocs.filter((name) => !['ARCHITECTURE.md', 'CRASHES.md'].includes(name));
const documents = [
  ...inDocs.map((name) => `docs/${name}`),
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
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

test.each(guides)('%s leads only to headings that are there', (name) => {
  const anchors = (page: string) =>
    [...read(`docs/${page}`).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
      heading!
        .toLowerCase()
        .replaceAll(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    );
  const linked = [...read(`docs/${name}`).matchAll(/\]\(([\w-]*\.md)?#([^)]+)\)/g)];
  expect(linked.filter(([, page, anchor]) => !anchors(page ?? name).includes(anchor!)).map(([link]) => link)).toEqual(
    [],
  );
});

/** Everything that English pages say, with 25 where there is a number. */
const said = () => {
  const messages = JSON.parse(read('templates/messages/en.json')) as Record<string, string>;
  const spoken = (key: string) => {
    try {
      return translate('en', key, { n: 25 });
    } catch {
      // It says more than a number: nobody quotes it.
      return '';
    }
  };
  return new Set(Object.keys(messages).map(spoken));
};

test.each(guides)('%s prints in bold only what stands on a page', (name) => {
  const known = said();
  const quoted = [...read(`docs/${name}`).matchAll(/\*\*([^*]+)\*\*/g)].map(([, words]) =>
    words!.replaceAll(/\s*\n\s*/g, ' '),
  );
  expect(quoted.filter((words) => words !== 'bold' && !known.has(words))).toEqual([]);
});

test('the pictures in docs are those that its pages show, and none is heavy', () => {
  const shown = inDocs.flatMap((name) =>
    [...read(`docs/${name}`).matchAll(/\]\(pictures\/([^)]+)\)/g)].map(([, picture]) => picture!),
  );
  const there = readdirSync(join(projectRoot, 'docs/pictures'));
  expect([...new Set(shown)].toSorted()).toEqual(there.toSorted());
  const kilobytes = there.map((name) => statSync(join(projectRoot, 'docs/pictures', name)).size / 1024);
  expect(Math.max(...kilobytes)).toBeLessThan(300);
  expect(kilobytes.reduce((sum, each) => sum + each, 0)).toBeLessThan(2500);
});
