import { v7 as uuidv7 } from 'uuid';
import { AudienceService } from '../src/lawmakers/audience.service.js';
import { ContactPointsService } from '../src/lawmakers/contact-points.service.js';
import { Duplicates } from '../src/lawmakers/duplicates.service.js';
import { ImportPreviewsService } from '../src/lawmakers/import-previews.service.js';
import { ImportsService } from '../src/lawmakers/imports.service.js';
import { Audience, ImportRequest } from '../src/lawmakers/lawmakers.schema.js';
import { LawmakersService } from '../src/lawmakers/lawmakers.service.js';
import { ObjectionsService } from '../src/lawmakers/objections.service.js';
import { PersonDecisions } from '../src/lawmakers/person-decisions.service.js';
import type { Actor } from '../src/staff/access.js';
import { startApp, type TestApp } from './support/app.js';
import { sourceOf } from './support/lawmaker-files.js';

let app: TestApp;
let decisions: PersonDecisions;
beforeAll(async () => {
  app = await startApp();
  decisions = app.get(PersonDecisions);
});
afterAll(() => app.close());

const olga: Actor = { kind: 'staff', id: uuidv7(), name: 'Olga', rights: ['console:read', 'lawmakers:write'] };
const header = 'Id,Name,Chamber,Area,Party,Email\n';
const twice = `${header}1,Anna Berg,House,Harbour,Green,anna@SLUG.example\n2,Anna BERG,House,Mill,Green,berg@SLUG.example\n3,Bo Nolan,House,Quay,Red,bo@SLUG.example\n`;

let made = 0;
const preview = (slug: string, csv: string) =>
  app
    .get(ImportPreviewsService)
    .preview(
      [sourceOf('l.csv', csv.replaceAll('SLUG', slug))],
      ImportRequest.parse({ legislature: slug, country: 'NL' }),
      olga,
    );
const put = async (slug: string, csv: string) => app.get(ImportsService).apply((await preview(slug, csv)).id, olga);

/** A parliament that lists Anna Berg twice. */
async function parliament(csv = twice) {
  const slug = `x-dup-${++made}`;
  await put(slug, csv);
  const id = async (number: string) => {
    const [row] = await app.database.query(
      `SELECT i.lawmaker_id AS id FROM lawmaker_identifiers i JOIN legislatures g ON g.id = i.legislature_id
       WHERE g.slug = $1 AND i.identifier = $2`,
      [slug, number],
    );
    return row?.id as string;
  };
  return { slug, kept: await id('1'), gone: await id('2'), id };
}
const join = (kept: string, gone: string) =>
  decisions.decide({ first: gone, second: kept, decision: 'same', keep: kept }, olga);
const audience = async (more: object) => app.get(AudienceService).preview(Audience.parse(more));
const names = async (slug: string) =>
  (await app.get(LawmakersService).list({ legislature: slug })).lawmakers.map(({ name, leftAt }) =>
    leftAt ? `(${name})` : name,
  );
const pairsOf = async (slug: string) =>
  (await app.get(Duplicates).list()).pairs.filter(({ first, second }) =>
    [first.legislature, second.legislature].includes(slug),
  );

describe('likely duplicates', () => {
  test('are records of one legislature with one name, whatever its spelling', async () => {
    const { slug, kept, gone } = await parliament();
    const [pair, ...others] = await pairsOf(slug);
    expect(others).toEqual([]);
    expect(pair!.reasons).toEqual(['same-name']);
    expect([pair!.first.id, pair!.second.id].sort()).toEqual([kept, gone].sort());
    expect(pair!.first.addresses).toHaveLength(1);
  });

  test('are records anywhere with one address or one official identifier, and not those of a shared office', async () => {
    const { slug } = await parliament(`${header}1,Carla Diaz,House,A,Green,c@one.example\n`);
    await parliament(`${header}1,C. Diaz,House,A,Green,C@one.example\n`);
    expect((await pairsOf(slug)).map(({ reasons }) => reasons)).toEqual([['same-address']]);
    const office = Array.from({ length: 6 }, (_, i) => `${i},Member ${i},House,A${i},Green,office@one.example\n`);
    const { slug: crowd } = await parliament(header + office.join(''));
    expect(await pairsOf(crowd)).toEqual([]);
    const names = Array.from({ length: 6 }, (_, i) => `${i},Hassan Ahmadi,House,A${i},Green,h${i}@one.example\n`);
    expect(await pairsOf((await parliament(header + names.join(''))).slug)).toEqual([]);
    const popolo = (id: string) =>
      `{"persons":[{"id":"${id}","name":"D ${id}","identifiers":[{"scheme":"wikidata","identifier":"Q77"}]}],"organizations":[{"id":"h","name":"H","classification":"legislature"}],"memberships":[{"person_id":"${id}","organization_id":"h"}]}`;
    await put('x-wiki-a', popolo('a'));
    await put('x-wiki-b', popolo('b'));
    expect((await pairsOf('x-wiki-a')).map(({ reasons }) => reasons)).toEqual([['same-identifier']]);
  });
});

describe('two records joined', () => {
  test('are one person in lists, with the addresses of both, and stay so through imports', async () => {
    const { slug, kept, gone } = await parliament();
    const waiting = await preview(slug, twice);
    await join(kept, gone);
    await expect(app.get(ImportsService).apply(waiting.id, olga)).rejects.toMatchObject({ code: 'conflict' });
    expect(await pairsOf(slug)).toEqual([]);
    expect(await names(slug)).toEqual(['Anna Berg', 'Bo Nolan']);
    expect(await app.get(LawmakersService).find(gone)).toMatchObject({ mergedInto: kept });
    const addresses = async () =>
      (await app.get(LawmakersService).contactPoints(kept)).filter(({ listed }) => listed).map(({ value }) => value);
    expect(await addresses()).toEqual([`anna@${slug}.example`, `berg@${slug}.example`]);

    const again = await put(slug, twice);
    expect(again.counts).toMatchObject({ new: 0, changed: 0, gone: 0, same: 2 });
    expect(await app.get(ImportsService).report(again.id)).toContainEqual(
      expect.objectContaining({ line: 3, severity: 'repaired', code: 'joined-by-decision' }),
    );
    await put(slug, twice.replace('berg@SLUG', 'new@SLUG').replace('2,Anna BERG', ',Anna BERG'));
    expect(await addresses()).toEqual([`anna@${slug}.example`, `new@${slug}.example`]);
    await put(
      slug,
      `${header}2,Anna BERG,House,Mill,Blue,berg@SLUG.example\n3,Bo Nolan,House,Quay,Red,bo@SLUG.example\n`,
    );
    expect(await names(slug)).toEqual(['Anna BERG', 'Bo Nolan']);
    expect(await app.get(LawmakersService).find(kept)).toMatchObject({
      name: 'Anna BERG',
      party: 'Blue',
      leftAt: null,
    });
    await put(slug, `${header}3,Bo Nolan,House,Quay,Red,bo@SLUG.example\n`);
    expect(await names(slug)).toEqual(['(Anna BERG)', 'Bo Nolan']);
  });

  test('share objections, strike-outs and what an organiser chose by hand', async () => {
    const { slug, kept, gone } = await parliament();
    const by = (members: Awaited<ReturnType<typeof audience>>) =>
      members.map(({ lawmakerId, contactPoint, excluded }) => [lawmakerId, contactPoint?.value ?? excluded]);
    expect(by(await audience({ include: [kept, gone] }))).toHaveLength(2);
    const points = await app.get(LawmakersService).contactPoints(gone);
    await app.get(ContactPointsService).strike(gone, points[0]!.id, olga);
    await join(kept, gone);
    expect(by(await audience({ include: [gone] }))).toEqual([[kept, `anna@${slug}.example`]]);
    expect(
      by(await audience({ legislatures: [slug], exclude: [{ lawmakerId: gone, reason: 'a friend' }] }))[0],
    ).toEqual([kept, 'excluded-by-hand']);
    const listing = twice.replace('anna@SLUG', 'berg@SLUG').replace(/2,Anna.*\n/, '');
    await put(slug, listing);
    expect(by(await audience({ legislatures: [slug] }))[0]).toEqual([kept, 'no-contact-point-for-channel']);
    await app
      .get(ContactPointsService)
      .add(kept, { channel: 'email', value: `berg@${slug}.example`, label: undefined }, olga);
    expect(by(await audience({ legislatures: [slug] }))[0]).toEqual([kept, `berg@${slug}.example`]);
    await app.get(ObjectionsService).record(gone, 'by telephone', olga);
    expect(by(await audience({ legislatures: [slug] }))[0]).toEqual([kept, 'objection']);
    expect(await app.get(LawmakersService).find(kept)).toMatchObject({ objected: true });
  });

  test('are two again when the decision is taken back, and the next import knows both', async () => {
    const { slug, kept, gone } = await parliament();
    const decision = await join(kept, gone);
    await put(slug, twice);
    await decisions.undo(decision, olga);
    expect((await names(slug)).sort()).toEqual(['Anna BERG', 'Anna Berg', 'Bo Nolan']);
    const again = await put(slug, twice);
    expect(again.counts).toMatchObject({ new: 0, gone: 0 });
    expect((await audience({ legislatures: [slug] })).map(({ contactPoint }) => contactPoint?.value).sort()).toEqual(
      ['anna', 'berg', 'bo'].map((name) => `${name}@${slug}.example`),
    );
    expect(await pairsOf(slug)).toHaveLength(1);
    await expect(decisions.undo(decision, olga)).rejects.toMatchObject({ code: 'not-found' });
  });

  test('of two legislatures keep being imported each by its own file', async () => {
    const [one, other] = [await parliament(), await parliament()];
    await join(one.kept, other.kept);
    expect((await put(other.slug, twice)).counts).toMatchObject({ new: 0, changed: 0, gone: 0, same: 3 });
    expect((await put(one.slug, twice)).counts).toMatchObject({ new: 0, changed: 0, gone: 0, same: 3 });
    expect(await names(other.slug)).toEqual(['Anna BERG', 'Bo Nolan']);
  });

  test('of two legislatures are one row of every audience, as a member of the one that was asked for', async () => {
    const [one, other] = [await parliament(), await parliament()];
    await join(one.kept, other.kept);
    const anna = async (more: object) =>
      (await audience(more))
        .filter(({ lawmakerId }) => [one.kept, other.kept].includes(lawmakerId))
        .map(({ lawmakerId, legislature, contactPoint, excluded }) => [
          lawmakerId,
          legislature,
          contactPoint?.value ?? excluded,
        ]);
    const hers = `anna@${one.slug}.example`;
    const theirs = `anna@${other.slug}.example`;
    expect(await anna({ legislatures: [one.slug] })).toEqual([[one.kept, one.slug, hers]]);
    expect(await anna({ legislatures: [other.slug] })).toEqual([[one.kept, other.slug, theirs]]);
    expect(await anna({ legislatures: [one.slug, other.slug] })).toEqual([[one.kept, one.slug, hers]]);
    expect(await anna({ include: [other.kept] })).toEqual([[one.kept, other.slug, theirs]]);

    await put(one.slug, `${header}3,Bo Nolan,House,Quay,Red,bo@SLUG.example\n`);
    expect(await anna({ legislatures: [one.slug, other.slug] })).toEqual([[one.kept, other.slug, theirs]]);
    expect(await anna({ legislatures: [one.slug] })).toEqual([[one.kept, one.slug, 'left']]);

    await app.get(ObjectionsService).record(other.kept, 'by telephone', olga);
    expect(await anna({ legislatures: [other.slug] })).toEqual([[one.kept, other.slug, 'objection']]);
  });

  test('lift an objection where any of the records is shown', async () => {
    const { kept, gone } = await parliament();
    const objections = app.get(ObjectionsService);
    await objections.record(gone, 'by telephone', olga);
    await join(kept, gone);
    expect(await objections.list(kept)).toMatchObject([{ note: 'by telephone', liftedAt: null }]);
    expect(await objections.standingSince(kept)).toBeInstanceOf(Date);
    await objections.lift(kept, 'the office wrote again', olga);
    expect(await objections.standingSince(gone)).toBeNull();
    expect(await app.get(LawmakersService).find(kept)).toMatchObject({ objected: false });
    await expect(objections.lift(kept, 'again', olga)).rejects.toMatchObject({ code: 'not-found' });
  });
});

test('"two people" is remembered', async () => {
  const { slug, kept, gone } = await parliament();
  const decision = await decisions.decide({ first: kept, second: gone, decision: 'different' }, olga);
  expect(await pairsOf(slug)).toEqual([]);
  await put(slug, twice.replace('Harbour', 'Moor'));
  expect(await pairsOf(slug)).toEqual([]);
  await decisions.undo(decision, olga);
  expect(await pairsOf(slug)).toHaveLength(1);
});

test('no person is joined in a ring, in a chain, or twice', async () => {
  const { kept, gone, id } = await parliament();
  const third = await id('3');
  await join(kept, gone);
  await expect(join(gone, kept)).rejects.toMatchObject({ code: 'conflict' });
  await expect(join(third, kept)).rejects.toMatchObject({ code: 'conflict' });
  await expect(join(third, gone)).rejects.toMatchObject({ code: 'conflict' });
  await expect(join(kept, uuidv7())).rejects.toMatchObject({ code: 'not-found' });
  await join(kept, third);
  await expect(decisions.decide({ first: gone, second: kept, decision: 'different' }, olga)).rejects.toMatchObject({
    code: 'conflict',
  });
});

test('decided ten times at once, it is decided once', async () => {
  const { kept, gone } = await parliament();
  const results = await Promise.allSettled(
    Array.from({ length: 10 }, (_, i) => (i % 2 ? join(kept, gone) : join(gone, kept))),
  );
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  const [{ merged }] = await app.database.query(
    `SELECT count(*)::int AS merged FROM lawmakers WHERE id = ANY ($1) AND merged_into IS NOT NULL`,
    [[kept, gone]],
  );
  expect(merged).toBe(1);
});
