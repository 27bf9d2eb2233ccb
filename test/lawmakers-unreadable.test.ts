import * as fc from 'fast-check';
import { unreadableMessage } from '../src/lawmakers/import-notes.js';
import { locales } from '../src/site/languages.js';
import { UnreadableFile } from '../src/lawmakers/importers/import-record.js';
import { detectFormat, importSources } from '../src/lawmakers/importers/import-sources.js';
import { type SourceFile, sourceLimits } from '../src/lawmakers/importers/source-file.js';
import { fixture, sourceOf } from './support/lawmaker-files.js';

const today = '2026-11-22';
const read = (sources: SourceFile[]) => importSources(sources, detectFormat(sources), today);

function refusal(sources: SourceFile[]): [code: string, line: number | null] | null {
  try {
    read(sources);
    return null;
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    // Throws where a language has no words for it.
    for (const locale of locales) unreadableMessage(locale, error);
    return [error.code, error.place.line];
  }
}

const header = 'Name,Email,Party\n';
const latin1 = Buffer.from(`${header}Anna Berg,a@parl.example,Green\nJos\u00e9 Diaz,j@parl.example,Red\n`, 'latin1');

test.each<[name: string, content: string | Uint8Array, code: string, line: number | null]>([
  ['empty.csv', '', 'empty', 1],
  ['blank.csv', ' \n\n', 'empty', 1],
  ['list.zip', Buffer.from('504b0304140000', 'hex'), 'zip', 1],
  ['list.xlsx', Buffer.from('504b0304140000', 'hex'), 'zip', 1],
  ['list.gz', Buffer.from('1f8b0800', 'hex'), 'zip', 1],
  ['list.xls', Buffer.from('d0cf11e0a1b11ae1', 'hex'), 'binary', 1],
  ['list.pdf', '%PDF-1.7', 'pdf', 1],
  ['wide.csv', Buffer.from('\ufeffName,Email\n', 'utf16le'), 'utf-16', 1],
  ['page.html', '<!doctype html><p>404', 'web-page', 1],
  ['nul.csv', `${header}Anna\u0000,a,b\n`, 'binary', 2],
  ['latin1.csv', latin1, 'encoding', 3],
  ['cut.csv', `${header}Anna Berg,a@parl.example,Green\nBo No`, 'cut', 3],
  ['quote.csv', `${header}Anna Berg,a@parl.example,Green\n"Bo Nolan,b@parl.example,Green\n`, 'cut', 3],
  ['quote2.csv', `${header}Anna "B" Berg,a@parl.example,Green\n`, 'csv', 2],
  ['twice.csv', 'Name,Email,Name\nAnna,a,b\n', 'column-twice', 1],
  ['prose.csv', 'This is no table at all\nNothing here\n', 'no-header', 1],
  ['headers.csv', header, 'nobody', null],
  ['other.csv', 'Colour,Size\nred,1\n', 'map-needs-name', 1],
  ['cut.json', '[\n {"id": {"bioguide": "A1"},\n  "name": ', 'cut', 3],
  ['bad.json', '[\n {"id": {"bioguide": "A1"}},\n oops ]', 'json', 3],
  ['object.json', '{"id": "bioguide"}', 'unknown-format', 1],
  ['other.yml', 'a: b\n', 'unknown-format', 1],
  ['bad.yml', 'id: ocd-person/1\nname: [unclosed\nroles: 1\n', 'yaml', 3],
  ['bomb.yml', `id: ocd-person/1\na: &a [x,x,x,x,x,x,x,x,x]\n${bomb()}`, 'yaml-alias', null],
  ['deep.yml', `id: ocd-person/1\na: ${'['.repeat(5000)}`, 'yaml-deep', 2],
  ['deep-lines.yml', `id: ocd-person/1\na:\n ${'- '.repeat(5000)}x\n`, 'yaml-deep', 3],
  ['alias.yml', 'id: ocd-person/1\nname: *nobody\n', 'yaml-alias', null],
])('refuses %s whole', (name, content, code, line) => {
  expect(refusal([sourceOf(name, content)])).toEqual([code, line]);
});

function bomb(): string {
  const levels = 'bcdefgh'.split('');
  return levels.map((key, i) => `${key}: &${key} [${`*${'abcdefgh'[i]},`.repeat(9)}]\n`).join('');
}

test('refuses what is too much', () => {
  expect(refusal([])).toEqual(['no-file', null]);
  expect(refusal([sourceOf('big.csv', Buffer.alloc(sourceLimits.bytes + 1, 'a'))])).toEqual(['too-large', null]);
  const many = Array.from({ length: sourceLimits.files + 1 }, (_, i) => sourceOf(`${i}.yml`, 'id: ocd-person/1'));
  expect(refusal(many)).toEqual(['too-many-files', null]);
  const rows = Array.from({ length: sourceLimits.people + 1 }, (_, i) => `Person ${i},p${i}@parl.example,Green\n`);
  expect(refusal([sourceOf('many.csv', header + rows.join(''))])).toEqual(['too-many-people', null]);
});

test('one broken file in a folder refuses the folder, by name', () => {
  const good = fixture('openstates/Ada-Fern.yml');
  const cut = sourceOf('Ben.yml', fixture('openstates/Ben-Gorse.yml').bytes.subarray(0, 60));
  expect(() => read([good, cut])).toThrow(/^Ben\.yml, line \d+: yaml/);
});

test('what is wrong is said in words of ours, with the field as the file calls it', () => {
  const other = sourceOf('Ben.yml', 'id: ben\nname: Ben Gorse\n');
  expect(() => read([fixture('openstates/Ada-Fern.yml'), other])).toThrow(/^Ben\.yml, line 1: not-openstates \(id\)$/);
});

test('files of several legislatures are not mixed', () => {
  const texas = fixture('openstates/Ada-Fern.yml').bytes.toString().replaceAll('state:ca', 'state:tx');
  expect(refusal([fixture('openstates/Ada-Fern.yml'), sourceOf('tx.yml', texas)])).toEqual(['several-legislatures', 1]);
});

test('two files are one too many where one lists everybody', () => {
  expect(refusal([fixture('congress.csv'), fixture('congress.csv')])).toEqual(['one-file-only', null]);
});

const whole = [
  'hostile.csv',
  'congress.csv',
  'congress.json',
  'openstates/Ada-Fern.yml',
  'popolo.json',
  'meps.xml',
  'meps-portal.csv',
  'ca-commons.xml',
  'uk-contacts.csv',
  'committees/membership.csv',
  'committees/membership.yaml',
  'represent.csv',
].map(fixture);

const listed = (source: SourceFile) => {
  const { people, committees = [] } = read([source]);
  return [...people.map(({ name }) => name), ...committees.map(({ name, group }) => `${group.code}: ${name}`)];
};

test('a file cut anywhere is read or refused, never anything else; what it still lists, the whole one lists too', () => {
  fc.assert(
    fc.property(fc.constantFrom(...whole), fc.double({ min: 0, max: 1, noNaN: true }), (source, share) => {
      const cut = { ...source, bytes: source.bytes.subarray(0, Math.floor(source.bytes.length * share)) };
      if (refusal([cut])) return;
      const names = new Set(listed(source));
      const last = listed(cut).at(-1);
      for (const name of listed(cut)) expect(names.has(name) || name === last).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test('shuffled and broken bytes are read or refused, never anything else', () => {
  const damage = fc.array(fc.tuple(fc.nat(4000), fc.nat(255)), { maxLength: 20 });
  fc.assert(
    fc.property(fc.constantFrom(...whole), damage, (source, changes) => {
      const bytes = Buffer.from(source.bytes);
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
      expect(() => refusal([{ ...source, bytes }])).not.toThrow();
    }),
    { numRuns: 300 },
  );
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 400 }),
      fc.constantFrom('a.csv', 'a.json', 'a.xml', 'a.yml'),
      (bytes, name) => {
        expect(() => refusal([{ name, bytes }])).not.toThrow();
      },
    ),
    { numRuns: 300 },
  );
});
