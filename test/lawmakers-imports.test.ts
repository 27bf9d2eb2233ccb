import { v7 as uuidv7 } from 'uuid';
import { ContactPointsService } from '../src/lawmakers/contact-points.service.js';
import { DemoParliament } from '../src/lawmakers/demo-parliament.service.js';
import { ImportPreviewsService } from '../src/lawmakers/import-previews.service.js';
import { ImportUndo } from '../src/lawmakers/import-undo.service.js';
import { ImportsService, type ImportView } from '../src/lawmakers/imports.service.js';
import { ImportRequest } from '../src/lawmakers/lawmakers.schema.js';
import { LawmakersService } from '../src/lawmakers/lawmakers.service.js';
import { ObjectionsService } from '../src/lawmakers/objections.service.js';
import type { Actor } from '../src/staff/access.js';
import { startApp, type TestApp } from './support/app.js';
import { fixture, sourceOf } from './support/lawmaker-files.js';

let app: TestApp;
let previews: ImportPreviewsService;
let imports: ImportsService;
let lawmakers: LawmakersService;
beforeAll(async () => {
  app = await startApp();
  previews = app.get(ImportPreviewsService);
  imports = app.get(ImportsService);
  lawmakers = app.get(LawmakersService);
});
afterAll(() => app.close());

const olga: Actor = { kind: 'staff', id: uuidv7(), name: 'Olga', rights: ['console:read', 'lawmakers:write'] };
const header = 'Id,Name,Chamber,Area,Party,Email,Status\n';
const three = `${header}1,Anna Berg,House,Harbour,Green,anna@parl.example,\n2,Bo Nolan,House,Mill,Blue,bo@parl.example,\n3,Carla Diaz,Senate,Quay,Red,carla@parl.example,\n`;

let made = 0;
const newLegislature = () => `x-test-${++made}`;

function preview(legislature: string, csv: string, more: Partial<ImportRequest> = {}): Promise<ImportView> {
  const request = ImportRequest.parse({ legislature, country: 'NL', ...more });
  return previews.preview([sourceOf('list.csv', csv)], request, olga);
}
async function put(legislature: string, csv: string, more: Partial<ImportRequest> = {}): Promise<ImportView> {
  return imports.apply((await preview(legislature, csv, more)).id, olga);
}
const list = async (legislature: string) => (await lawmakers.list({ legislature })).lawmakers;
const named = async (legislature: string, name: string) => (await list(legislature)).find((one) => one.name === name)!;
const everything = () =>
  app.database.query(
    `SELECT (SELECT count(*) FROM lawmakers) AS lawmakers, (SELECT count(*) FROM memberships) AS memberships,
       (SELECT count(*) FROM contact_points) AS points, (SELECT count(*) FROM legislatures) AS legislatures,
       (SELECT count(*) FROM imports) AS imports, (SELECT count(*) FROM import_rows) AS rows`,
  );

test('a preview changes nothing; its application does, once', async () => {
  const slug = newLegislature();
  const found = await preview(slug, three);
  expect(found).toMatchObject({
    state: 'previewed',
    outdated: false,
    counts: { new: 3, changed: 0, gone: 0, same: 0 },
  });
  expect(await list(slug)).toEqual([]);
  expect(await imports.apply(found.id, olga)).toMatchObject({ state: 'applied', decidedBy: 'Olga' });
  expect((await list(slug)).map(({ name }) => name)).toEqual(['Anna Berg', 'Bo Nolan', 'Carla Diaz']);
  await expect(imports.apply(found.id, olga)).rejects.toMatchObject({ code: 'wrong-state' });
  await expect(imports.discard(found.id, olga)).rejects.toMatchObject({ code: 'wrong-state' });
});

test('the same file again changes nothing', async () => {
  const slug = newLegislature();
  await put(slug, three);
  const again = await put(slug, three);
  expect(again.counts).toMatchObject({ new: 0, changed: 0, gone: 0, same: 3 });
  expect(await list(slug)).toHaveLength(3);
  const [{ count }] = await app.database.query(
    `SELECT count(*)::int FROM memberships m JOIN lawmakers l ON l.id = m.lawmaker_id JOIN legislatures g ON g.id = l.legislature_id
     WHERE g.slug = $1`,
    [slug],
  );
  expect(count).toBe(3);
});

test('changed people keep their id, gone ones stay as left, and who returns is back', async () => {
  const slug = newLegislature();
  await put(slug, three);
  const bo = await named(slug, 'Bo Nolan');
  const next = `${header}1,Anna Berg,House,Harbour,Green,anna@parl.example,\n2,Bo Nolan-Ruiz,Senate,Mill,Red,new@parl.example,\n`;
  const found = await preview(slug, next);
  expect(found.counts).toMatchObject({ new: 0, changed: 1, gone: 1, same: 1 });
  const [changed] = await imports.rows(found.id, 'changed');
  expect(changed!.fields).toContainEqual({ field: 'party', before: 'Blue', after: 'Red' });
  await imports.apply(found.id, olga);
  expect(await lawmakers.find(bo.id)).toMatchObject({ name: 'Bo Nolan-Ruiz', party: 'Red', chamber: 'Senate' });
  const points = await lawmakers.contactPoints(bo.id);
  expect(points.map(({ value, listed }) => [value, listed])).toEqual([
    ['new@parl.example', true],
    ['bo@parl.example', false],
  ]);
  const carla = await named(slug, 'Carla Diaz');
  expect(carla.leftAt).not.toBeNull();
  const seats = await app.database.query(
    `SELECT party, ended_at FROM memberships WHERE lawmaker_id = $1 ORDER BY started_at`,
    [bo.id],
  );
  expect(seats).toMatchObject([
    { party: 'Blue', ended_at: expect.any(Date) },
    { party: 'Red', ended_at: null },
  ]);

  const back = await put(slug, three);
  expect(back.counts).toMatchObject({ changed: 2, new: 0 });
  expect(await lawmakers.find(carla.id)).toMatchObject({ leftAt: null, party: 'Red' });
});

test('an end date in the file is the day of leaving', async () => {
  const slug = newLegislature();
  await put(slug, 'Name,Area,Email,End date\nAnna Berg,A,a@parl.example,\nBo Nolan,B,b@parl.example,\n');
  await put(slug, 'Name,Area,Email,End date\nAnna Berg,A,a@parl.example,\nBo Nolan,B,b@parl.example,2024-05-31\n');
  expect(new Date((await named(slug, 'Bo Nolan')).leftAt!).toISOString()).toContain('2024-05-3');
});

test('objections and corrections by hand outlive every import', async () => {
  const slug = newLegislature();
  await put(slug, three);
  const anna = await named(slug, 'Anna Berg');
  await app.get(ObjectionsService).record(anna.id, 'by telephone', olga);
  const points = app.get(ContactPointsService);
  await points.add(anna.id, { channel: 'email', value: 'right@parl.example', label: undefined }, olga);
  const [, listed] = await lawmakers.contactPoints(anna.id);
  await points.strike(anna.id, listed!.id, olga);

  await put(slug, three.replace('Green', 'Blue'));
  await put(slug, `${header}2,Bo Nolan,House,Mill,Blue,bo@parl.example,\n`);
  const same = await put(slug, three);
  expect(same.counts.changed).toBe(2);
  expect((await put(slug, three)).counts).toMatchObject({ changed: 0, same: 3 });
  expect(await lawmakers.find(anna.id)).toMatchObject({ objected: true, leftAt: null, channels: ['email'] });
  const after = await lawmakers.contactPoints(anna.id);
  expect(after.map(({ value, source, struckAt }) => [value, source, struckAt !== null])).toEqual([
    ['right@parl.example', 'staff', false],
    ['anna@parl.example', 'import', true],
  ]);
});

test('a hand-made contact point that the file lists later is not doubled and not a change for ever', async () => {
  const slug = newLegislature();
  await put(slug, three);
  const anna = await named(slug, 'Anna Berg');
  await app
    .get(ContactPointsService)
    .add(anna.id, { channel: 'email', value: 'New@parl.example', label: undefined }, olga);
  const listing = three.replace('anna@parl.example', '"anna@parl.example, new@parl.example"');
  expect((await put(slug, listing)).counts.changed).toBe(1);
  expect((await put(slug, listing)).counts).toMatchObject({ changed: 0, same: 3 });
  expect(await lawmakers.contactPoints(anna.id)).toHaveLength(2);
});

test('an outdated preview is refused, and says so before', async () => {
  const slug = newLegislature();
  const first = await preview(slug, three);
  const second = await preview(slug, three.replace('Green', 'Blue'));
  await imports.apply(second.id, olga);
  expect(await imports.find(first.id)).toMatchObject({ state: 'previewed', outdated: true });
  await expect(imports.apply(first.id, olga)).rejects.toMatchObject({ code: 'conflict' });
  expect(await imports.find(first.id)).toMatchObject({ state: 'previewed' });
  expect((await named(slug, 'Anna Berg')).party).toBe('Blue');
  expect(await imports.discard(first.id, olga)).toMatchObject({ state: 'discarded', outdated: false });
});

test('applied ten times at once, it is applied once', async () => {
  const slug = newLegislature();
  const found = await preview(slug, three);
  const other = await preview(slug, three);
  const ids = Array.from({ length: 10 }, (_, i) => (i % 2 ? found.id : other.id));
  const results = await Promise.allSettled(ids.map((id) => imports.apply(id, olga)));
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(await list(slug)).toHaveLength(3);
});

test('discarding leaves no trace of the people', async () => {
  const found = await preview(newLegislature(), three);
  await imports.discard(found.id, olga);
  expect(await imports.rows(found.id, null)).toEqual([]);
});

describe('an undo', () => {
  const snapshot = async (slug: string) =>
    app.database.query(
      `SELECT l.name, l.left_at IS NOT NULL AS left, m.party, m.chamber,
         (SELECT array_agg(c.value ORDER BY c.value) FROM contact_points c WHERE c.lawmaker_id = l.id AND c.listed) AS contacts,
         (SELECT array_agg(i.identifier ORDER BY i.identifier) FROM lawmaker_identifiers i WHERE i.lawmaker_id = l.id) AS ids
       FROM lawmakers l JOIN legislatures g ON g.id = l.legislature_id
       LEFT JOIN memberships m ON m.lawmaker_id = l.id AND m.ended_at IS NULL WHERE g.slug = $1 ORDER BY l.name, l.id`,
      [slug],
    );
  const wrong = `${header}1,Anna Berg,House,Harbour,Red,wrong@parl.example,\n9,Zed Wrong,House,Moor,Red,zed@parl.example,\n`;

  test('leads back to before: changed, gone and returned people, contact points and identifiers', async () => {
    const slug = newLegislature();
    await put(slug, three.replace('1,Anna', ',Anna'));
    const before = await snapshot(slug);
    const applied = await put(slug, wrong);
    expect(applied).toMatchObject({ undoable: true, counts: { new: 1, changed: 1, gone: 2 } });
    const preview = await app.get(ImportUndo).prepare(applied.id, olga);
    expect(preview).toMatchObject({ state: 'previewed', undoes: applied.id, counts: { new: 0, changed: 3, gone: 1 } });
    expect(await snapshot(slug)).not.toEqual(before);
    await imports.apply(preview.id, olga);
    const after = await snapshot(slug);
    expect(after.filter(({ name }: { name: string }) => name !== 'Zed Wrong')).toEqual(before);
    expect((await named(slug, 'Zed Wrong')).leftAt).not.toBeNull();
    expect((await put(slug, three)).counts).toMatchObject({ new: 0, gone: 0 });
  });

  test('can be undone', async () => {
    const slug = newLegislature();
    await put(slug, three);
    const applied = await put(slug, wrong);
    const after = await snapshot(slug);
    const undone = await imports.apply((await app.get(ImportUndo).prepare(applied.id, olga)).id, olga);
    await imports.apply((await app.get(ImportUndo).prepare(undone.id, olga)).id, olga);
    expect(await snapshot(slug)).toEqual(after);
  });

  test('is refused for what was not applied, or has been built upon', async () => {
    const slug = newLegislature();
    const waiting = await preview(slug, three);
    await expect(app.get(ImportUndo).prepare(waiting.id, olga)).rejects.toMatchObject({ code: 'wrong-state' });
    const first = await put(slug, three);
    await put(slug, wrong);
    expect(await imports.find(first.id)).toMatchObject({ undoable: false });
    await expect(app.get(ImportUndo).prepare(first.id, olga)).rejects.toMatchObject({ code: 'conflict' });
  });

  test('keeps objections and corrections by hand', async () => {
    const slug = newLegislature();
    const applied = await put(slug, three);
    const anna = await named(slug, 'Anna Berg');
    await app.get(ObjectionsService).record(anna.id, 'by telephone', olga);
    await imports.apply((await app.get(ImportUndo).prepare(applied.id, olga)).id, olga);
    expect(await lawmakers.find(anna.id)).toMatchObject({ objected: true, leftAt: expect.anything() });
  });
});

test('an unreadable file is refused with line and reason, and changes nothing', async () => {
  const before = await everything();
  const refusal = preview(newLegislature(), `${three}4,David`);
  await expect(refusal).rejects.toMatchObject({
    code: 'invalid',
    details: {
      errors: [
        { field: 'file', code: 'cut', message: 'list.csv, line 5: The file stops in the middle: it was cut off.' },
      ],
    },
  });
  expect(await everything()).toEqual(before);
});

test.each([
  [{ legislature: undefined }, 'legislature'],
  [{ country: undefined }, 'country'],
  [{ map: 'name=Nobody' }, 'file'],
  [{ map: 'colour=Name' }, 'file'],
])('says what is missing: %j', async (more, field) => {
  const refusal = preview(newLegislature(), three, more);
  await expect(refusal).rejects.toMatchObject({ code: 'invalid', details: { errors: [{ field }] } });
});

test('the column map applied last is the next guess', async () => {
  const slug = newLegislature();
  const odd = 'Who,Where,Reach\nAnna Berg,Harbour,anna@parl.example\n';
  await put(slug, odd, { map: 'name=Who,area=Where,email=Reach' });
  expect((await preview(slug, odd)).counts).toMatchObject({ same: 1, gone: 0 });
});

test('rows of text that a spreadsheet would run are stored and shown as text', async () => {
  const slug = newLegislature();
  await put(slug, `${header}1,"=HYPERLINK(""http://x.example"",""y"")",House,+1,@Green,a@parl.example,\n`);
  expect(await list(slug)).toMatchObject([{ name: '=HYPERLINK("http://x.example","y")', area: '+1', party: '@Green' }]);
});

test('everything a real file may hold can be stored', async () => {
  const request = ImportRequest.parse({ legislature: newLegislature(), country: 'NL' });
  const found = await previews.preview([fixture('hostile.csv')], request, olga);
  expect(found.counts).toMatchObject({ rejected: 4, same: 0, gone: 0 });
  await imports.apply(found.id, olga);
  expect((await previews.preview([fixture('hostile.csv')], request, olga)).counts).toMatchObject({
    new: 0,
    changed: 0,
    gone: 0,
  });
});

test('one file after another of the same parliament finds the same people', async () => {
  const request = ImportRequest.parse({});
  const csv = await previews.preview([fixture('congress.csv')], request, olga);
  await imports.apply(csv.id, olga);
  const json = await previews.preview([fixture('congress.json')], request, olga);
  expect(json.counts).toMatchObject({ new: 0, gone: 1 });
});

test('the demo parliament is there once, in three languages', async () => {
  expect(await app.get(DemoParliament).seed()).toBe(true);
  expect(await app.get(DemoParliament).seed()).toBe(false);
  const members = await list('demo-meridia');
  expect(members).toHaveLength(40);
  expect(new Set(members.map(({ locale }) => locale))).toEqual(new Set(['en', 'fa', 'fr', null]));
  const [{ count }] = await app.database.query(
    `SELECT count(*)::int FROM contact_points WHERE channel IN ('email', 'form') AND value !~ '[.]example(/|$)' AND source = 'import'
       AND lawmaker_id IN (SELECT l.id FROM lawmakers l JOIN legislatures g ON g.id = l.legislature_id WHERE g.slug = 'demo-meridia')`,
  );
  expect(count).toBe(0);
});

test('ten thousand people are previewed, applied and listed by key', async () => {
  const slug = newLegislature();
  const rows = Array.from(
    { length: 10_000 },
    (_, i) => `${i},Member ${String(i).padStart(5, '0')},House,A${i},Green,m${i}@parl.example,\n`,
  );
  const found = await preview(slug, header + rows.join(''));
  await imports.apply(found.id, olga);
  const seen = new Set<string>();
  let after: string | undefined;
  for (let pages = 0; pages < 3; pages++) {
    const page = await lawmakers.list({ legislature: slug, after }, 200);
    page.lawmakers.forEach(({ id }) => seen.add(id));
    after = page.next!;
  }
  expect(seen.size).toBe(600);
  await expect(lawmakers.list({ after: 'not-a-cursor' })).rejects.toMatchObject({ code: 'invalid' });
});
