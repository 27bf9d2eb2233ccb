import { readFileSync } from 'node:fs';
import { v7 as uuidv7 } from 'uuid';
import { AudienceService } from '../src/lawmakers/audience.service.js';
import { ImportPreviewsService } from '../src/lawmakers/import-previews.service.js';
import { detectFormat, importSources } from '../src/lawmakers/importers/import-sources.js';
import type { SourceFile } from '../src/lawmakers/importers/source-file.js';
import { ImportsService } from '../src/lawmakers/imports.service.js';
import { Audience, ImportRequest } from '../src/lawmakers/lawmakers.schema.js';
import { LawmakersService } from '../src/lawmakers/lawmakers.service.js';
import type { Actor } from '../src/staff/access.js';
import { startApp, type TestApp } from './support/app.js';
import { signIn } from './support/cast.js';
import { fixture, realFile, sourceOf, testRealFiles } from './support/lawmaker-files.js';

const membership = fixture('committees/membership.yaml');
const names = fixture('committees/names.json');
const read = (sources: SourceFile[]) => importSources(sources, detectFormat(sources), '2026-11-22');
const seats = (sources: SourceFile[]) =>
  read(sources).committees!.map(({ place, identifiers, group }) =>
    [place.line, identifiers[0]!.identifier, group.code, group.name, group.role].join(' | '),
  );

describe('the committees of Congress', () => {
  test('are told by content, with the names before or after', () => {
    for (const sources of [
      [membership],
      [names, membership],
      [membership, names],
      [fixture('committees/membership.csv')],
    ]) {
      expect(detectFormat(sources)).toBe('congress-committees');
    }
  });

  test('as YAML with a file of names: each membership with its line', () => {
    expect(seats([names, membership])).toEqual([
      '2 | A000001 | SSAF | Committee on Forests | Chairman',
      '7 | Z000009 | SSAF | Committee on Forests | ',
      '12 | A000001 | SSAF15 | Committee on Forests: Trees | ',
      '16 | B000001 | SSAF15 | Committee on Forests: Trees | ',
      '20 | A000001 | SSAF15 | Committee on Forests: Trees | ',
      '24 | C000001 | HSZZ | HSZZ | ',
    ]);
    expect(read([names, membership]).notes.map(({ line, severity, code }) => `${line} ${severity} ${code}`)).toEqual([
      '24 noticed committee-unnamed',
      '26 rejected not-a-membership',
      '27 rejected not-a-membership',
    ]);
  });

  test('as JSON, and as CSV with commas in names', () => {
    const json = '{\n"SSAF": [\n{"name": "Vera Alder", "bioguide": "A000001", "title": "Chair"}]}';
    expect(seats([sourceOf('m.json', json)])).toEqual(['3 | A000001 | SSAF | SSAF | Chair']);
    expect(seats([fixture('committees/membership.csv')])).toEqual([
      '2 | A000001 | SSAF | Committee on Forests, Mines | Chairman',
      '3 | A000001 | SSAF15 | Committee on Forests, Mines: Trees | ',
    ]);
    expect(read([fixture('committees/membership.csv')]).notes.map(({ line }) => line)).toEqual([4, 5]);
  });

  test.each<[sources: SourceFile[], message: string]>([
    [[sourceOf('m.yaml', membership.bytes.subarray(0, 60))], 'm.yaml, line 5: yaml'],
    [[sourceOf('m.yaml', 'SSAF:\n- name: [A\n')], 'm.yaml, line'],
    [[sourceOf('m.json', '{"SSAF": [{"bioguide": "A1"')], 'm.json, line 1: cut'],
  ])('refuses what was cut (%#)', (sources, message) => {
    expect(() => importSources(sources, 'congress-committees', '2026-11-22')).toThrow(message);
  });

  test('names without members are no list', () => {
    expect(() => importSources([names], 'congress-committees', '2026-11-22')).toThrow('no-committee-members');
  });

  testRealFiles('reads the real file: every row, every name', () => {
    const file = read([sourceOf('m.csv', readFileSync(realFile('us/committee-membership-current.csv')))]);
    expect(file.committees!.length).toBeGreaterThan(3000);
    expect(file.notes).toEqual([]);
  });
});

describe('committees of people who are known', () => {
  let app: TestApp;
  let previews: ImportPreviewsService;
  let imports: ImportsService;
  beforeAll(async () => {
    app = await startApp();
    previews = app.get(ImportPreviewsService);
    imports = app.get(ImportsService);
    await put([fixture('congress.csv')]);
  });
  afterAll(() => app.close());

  const olga: Actor = { kind: 'staff', id: uuidv7(), name: 'Olga', rights: ['console:read', 'lawmakers:write'] };
  const preview = (sources: SourceFile[], more = {}) => previews.preview(sources, ImportRequest.parse(more), olga);
  const put = async (sources: SourceFile[], more = {}) => imports.apply((await preview(sources, more)).id, olga);
  const present = () =>
    app.database.query(
      `SELECT l.name, x.code, x.role FROM group_memberships x JOIN lawmakers l ON l.id = x.lawmaker_id
       WHERE x.ended_at IS NULL ORDER BY l.name, x.code`,
    );

  test('are attached, nobody becomes new or gone, and who is unknown is reported', async () => {
    const found = await preview([membership, names]);
    expect(found.counts).toMatchObject({ new: 0, changed: 3, gone: 0 });
    const report = await imports.report(found.id);
    expect(report).toContainEqual(
      expect.objectContaining({
        line: 7,
        severity: 'rejected',
        code: 'unknown-person',
        detail: 'Nobody Known: Committee on Forests',
      }),
    );
    expect(report).toContainEqual(expect.objectContaining({ line: 20, code: 'same-membership-twice' }));
    expect((await imports.rows(found.id, 'changed')).find(({ name }) => name === 'Vera Alder')!.fields).toEqual([
      { field: 'groups', before: null, after: 'Committee on Forests (Chairman)\nCommittee on Forests: Trees' },
    ]);
    await imports.apply(found.id, olga);
    expect(await present()).toEqual([
      { name: 'Ines Cedar', code: 'HSZZ', role: null },
      { name: 'Omar Birch, Jr.', code: 'SSAF15', role: null },
      { name: 'Vera Alder', code: 'SSAF', role: 'Chairman' },
      { name: 'Vera Alder', code: 'SSAF15', role: null },
    ]);
    expect((await put([membership, names])).counts).toMatchObject({ changed: 0, same: 3 });
    const [vera] = (await app.get(LawmakersService).list({ q: 'Vera Alder' })).lawmakers;
    const ada = await signIn(app, 'ada');
    const { groups } = (await ada.api('GET', `/api/v1/lawmakers/${vera!.id}`)).json();
    expect(groups[0]).toEqual({ kind: 'committee', code: 'SSAF', name: 'Committee on Forests', role: 'Chairman' });
    expect((await ada.get(`/en/console/lawmakers/${vera!.id}`)).body).toContain('Committee on Forests: Trees');
  });

  test('stay when a list of people, which knows nothing of them, is imported again', async () => {
    expect((await put([fixture('congress.csv')])).counts).toMatchObject({ changed: 0, same: 3 });
    expect(await present()).toHaveLength(4);
  });

  test('are a rule of an audience, by name or code, asked again each time', async () => {
    const asked = async (committees: string[]) => {
      const members = await app
        .get(AudienceService)
        .preview(Audience.parse({ legislatures: ['us-congress'], committees }));
      return members.filter(({ excluded }) => excluded !== 'other-committee').map(({ name }) => name);
    };
    expect(await asked(['committee on forests: trees'])).toEqual(['Vera Alder', 'Omar Birch, Jr.']);
    expect(await asked(['HSZZ'])).toEqual(['Ines Cedar']);
    expect((await app.get(AudienceService).choices(['us-congress'])).committees).toEqual([
      'Committee on Forests',
      'Committee on Forests: Trees',
      'HSZZ',
    ]);
    await put([sourceOf('m.yaml', 'HSZZ:\n- bioguide: A000001\n')]);
    expect(await asked(['HSZZ'])).toEqual(['Vera Alder']);
    await put([membership, names]);
  });

  test('end when the list no longer has them, and not when it is partial', async () => {
    const chair = sourceOf('m.yaml', 'SSAF:\n- name: Vera Alder\n  title: Member\n  bioguide: A000001\n');
    expect((await put([chair, names], { partial: 'on' })).counts.changed).toBe(1);
    expect(await present()).toHaveLength(4);
    await put([chair, names]);
    expect(await present()).toEqual([{ name: 'Vera Alder', code: 'SSAF', role: 'Member' }]);
    const [{ count }] = await app.database.query(
      `SELECT count(*)::int FROM group_memberships WHERE ended_at IS NOT NULL`,
    );
    expect(count).toBe(9);
  });

  test('of who has left are neither attached nor the reason to come back', async () => {
    await put([
      sourceOf('one.csv', fixture('congress.csv').bytes.toString().split('\n').slice(0, 2).join('\n') + '\n'),
    ]);
    const found = await put([membership, names]);
    expect(await imports.report(found.id)).toContainEqual(
      expect.objectContaining({ line: 16, severity: 'noticed', code: 'left-already' }),
    );
    expect((await present()).map(({ name }: { name: string }) => name)).toEqual(['Vera Alder', 'Vera Alder']);
    const people = await app.get(LawmakersService).list({ status: 'left' });
    expect(people.lawmakers.map(({ name }) => name)).toEqual(['Omar Birch, Jr.', 'Ines Cedar']);
  });

  test('come with Popolo', async () => {
    const more = { legislature: 'x-popolo', country: 'NL' };
    await put([fixture('popolo.json')], more);
    const groups = await app.database.query(
      `SELECT kind, name, role FROM group_memberships WHERE code IN ('fin', 'friends') ORDER BY kind`,
    );
    expect(groups).toEqual([
      { kind: 'committee', name: 'Finance Committee', role: 'Chair' },
      { kind: 'group', name: 'Friends of the Sea', role: null },
    ]);
    expect((await put([fixture('popolo.json')], more)).counts).toMatchObject({ new: 0, changed: 0, gone: 0 });
  });

  test.each(['meps.xml', 'ca-commons.xml', 'uk-contacts.csv', 'represent.csv'])(
    '%s again changes nothing',
    async (name) => {
      const more = name === 'represent.csv' ? { legislature: 'x-council', country: 'CA' } : {};
      expect((await put([fixture(name)], more)).counts.new).toBeGreaterThan(0);
      expect((await put([fixture(name)], more)).counts).toMatchObject({ new: 0, changed: 0, gone: 0 });
    },
  );
});
