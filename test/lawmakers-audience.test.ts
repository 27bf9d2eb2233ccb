import { v7 as uuidv7 } from 'uuid';
import { type Candidate, chooseMembers, exclusions } from '../src/lawmakers/audience.js';
import { AudienceService } from '../src/lawmakers/audience.service.js';
import { DemoParliament } from '../src/lawmakers/demo-parliament.service.js';
import { ImportPreviewsService } from '../src/lawmakers/import-previews.service.js';
import { ImportsService } from '../src/lawmakers/imports.service.js';
import { Audience, ImportRequest } from '../src/lawmakers/lawmakers.schema.js';
import { LawmakersService } from '../src/lawmakers/lawmakers.service.js';
import { ObjectionsService } from '../src/lawmakers/objections.service.js';
import { locales, translate } from '../src/site/languages.js';
import type { Actor } from '../src/staff/access.js';
import { startApp, type TestApp } from './support/app.js';
import { sourceOf } from './support/lawmaker-files.js';

const point = (channel: 'email' | 'form' | 'post' | 'phone', value: string, objected = false) => ({
  id: uuidv7(),
  channel,
  value,
  normalForm: value.toLowerCase(),
  objected,
});
const candidate = (name: string, more: Partial<Candidate> = {}): Candidate => ({
  lawmakerId: uuidv7(),
  name,
  honorific: null,
  familyName: null,
  role: 'Senator',
  gender: null,
  locale: 'fa-IR',
  party: 'Green',
  chamber: 'senate',
  area: 'WA-4',
  region: 'WA',
  legislature: 'us-congress',
  country: 'US',
  committees: ['Finance', 'FIN'],
  groups: ['Friends of the Sea'],
  left: false,
  records: [],
  sitting: true,
  objected: false,
  contactPoints: [point('email', `${name}@parl.example`)],
  ...more,
});
const choose = (candidates: Candidate[], audience: Partial<Audience> = {}) =>
  chooseMembers(candidates, Audience.parse(audience)).map(
    ({ contactPoint, excluded }) => excluded ?? contactPoint!.value,
  );

test.each<[audience: Partial<Audience>, expected: string]>([
  [{}, 'anna@parl.example'],
  [{ chambers: ['Senate'] }, 'anna@parl.example'],
  [{ chambers: ['house'] }, 'other-chamber'],
  [{ parties: ['blue', 'GREEN'] }, 'anna@parl.example'],
  [{ parties: ['Blue'] }, 'other-party'],
  [{ areas: ['WA-4'] }, 'anna@parl.example'],
  [{ areas: ['WA'] }, 'anna@parl.example'],
  [{ areas: ['FL'] }, 'other-area'],
  [{ committees: ['finance'] }, 'anna@parl.example'],
  [{ committees: ['Health', 'fin'] }, 'anna@parl.example'],
  [{ committees: ['Friends of the Sea'] }, 'other-committee'],
  [{ groups: ['Friends of the Sea'] }, 'anna@parl.example'],
  [{ groups: ['Finance'] }, 'other-group'],
  [{ roles: ['Senator'] }, 'anna@parl.example'],
  [{ roles: ['Speaker'] }, 'other-role'],
  [{ countries: ['US'] }, 'anna@parl.example'],
  [{ countries: ['DE'] }, 'other-country'],
  [{ locales: ['fa'] }, 'anna@parl.example'],
  [{ locales: ['en'] }, 'other-language'],
  [{ channels: ['post', 'email'] }, 'anna@parl.example'],
  [{ channels: ['post'] }, 'no-contact-point-for-channel'],
])('%j gives %s', (audience, expected) => expect(choose([candidate('anna')], audience)).toEqual([expected]));

test('takes the first usable contact point of the first channel that has one', () => {
  const points = [
    point('email', 'a@parl.example'),
    point('email', 'b@parl.example'),
    point('form', 'https://parl.example/'),
  ];
  const one = candidate('anna', { contactPoints: points });
  expect(choose([one], { channels: ['form', 'email'] })).toEqual(['https://parl.example/']);
  expect(choose([one], { channels: ['post', 'email', 'form'] })).toEqual(['a@parl.example']);
});

test('an objection, having left and having no address beat every wish', () => {
  const objected = candidate('a', { objected: true });
  const left = candidate('b', { left: true });
  const mute = candidate('c', { contactPoints: [] });
  const include = [objected, left, mute].map(({ lawmakerId }) => lawmakerId);
  expect(choose([objected, left, mute], { include })).toEqual(['objection', 'left', 'no-contact-point-for-channel']);
});

test('leaving out by hand beats including by hand, and keeps the reason', () => {
  const one = candidate('anna');
  const audience = Audience.parse({
    include: [one.lawmakerId],
    exclude: [{ lawmakerId: one.lawmakerId, reason: 'on leave until May' }],
  });
  expect(chooseMembers([one], audience)).toMatchObject([
    { excluded: 'excluded-by-hand', excludedNote: 'on leave until May' },
  ]);
});

test('including by hand passes the filters', () => {
  const away = candidate('anna', { sitting: false });
  expect(choose([away])).toEqual(['not-sitting']);
  expect(choose([away], { parties: ['Blue'], include: [away.lawmakerId] })).toEqual(['anna@parl.example']);
});

test('one mailbox gets one letter; the second is reached otherwise, or left out', () => {
  const shared = (...more: Candidate['contactPoints']) => ({
    contactPoints: [point('email', 'office@parl.example'), ...more],
  });
  const people = [
    candidate('a', shared()),
    candidate('b', shared(point('form', 'https://parl.example/b'))),
    candidate('c', { contactPoints: [point('email', 'OFFICE@parl.example')] }),
  ];
  expect(choose(people)).toEqual(['office@parl.example', 'https://parl.example/b', 'address-shared']);
  expect(choose(people, { exclude: [{ lawmakerId: people[0]!.lawmakerId, reason: '' }], channels: ['email'] })).toEqual(
    ['excluded-by-hand', 'office@parl.example', 'address-shared'],
  );
});

test('a mailbox somebody objected from is not written to', () => {
  const contactPoints = [point('email', 'office@parl.example', true)];
  expect(choose([candidate('a', { contactPoints })])).toEqual(['objection-at-address']);
});

test.each(locales)('every reason has words in %s', (locale) => {
  for (const code of exclusions) expect(translate(locale, `lawmakers.excluded.${code}`)).toBeTruthy();
});

describe('with a database', () => {
  let app: TestApp;
  const olga: Actor = { kind: 'staff', id: uuidv7(), name: 'Olga', rights: [] };
  beforeAll(async () => {
    app = await startApp();
    await app.get(DemoParliament).seed();
  });
  afterAll(() => app.close());
  const preview = (audience: Partial<Audience>) => app.get(AudienceService).preview(Audience.parse(audience));

  test('lists everybody of the legislatures asked for, each with a contact point or a reason', async () => {
    const members = await preview({ legislatures: ['demo-meridia'], locales: ['fa'], channels: ['email', 'form'] });
    expect(members).toHaveLength(40);
    const reached = members.filter(({ excluded }) => excluded === null);
    expect(reached.length).toBeGreaterThan(5);
    for (const { locale, contactPoint } of reached) {
      expect(locale).toBe('fa');
      expect(['email', 'form']).toContain(contactPoint!.channel);
    }
    expect(members.find(({ name }) => name === 'Anna Berg')).toMatchObject({
      excluded: 'other-language',
      contactPoint: null,
      legislature: 'demo-meridia',
      party: 'Harbour Alliance',
    });
    expect(await preview({})).toEqual([]);
    expect(await preview({ legislatures: ['nowhere'] })).toEqual([]);
  });

  test('an objection survives a new import under another name at the same address', async () => {
    const put = async (csv: string) => {
      const request = ImportRequest.parse({ legislature: 'x-renamed', country: 'NL' });
      const found = await app.get(ImportPreviewsService).preview([sourceOf('list.csv', csv)], request, olga);
      await app.get(ImportsService).apply(found.id, olga);
    };
    await put('Name,Area,Email\nAnna Berg,A,anna@parl.example\nBo Nolan,B,bo@parl.example\n');
    const [anna] = (await app.get(LawmakersService).list({ legislature: 'x-renamed' })).lawmakers;
    await app.get(ObjectionsService).record(anna!.id, 'by letter', olga);
    await app.get(ObjectionsService).record(anna!.id, 'by letter, again', olga);
    expect(await app.get(ObjectionsService).list(anna!.id)).toHaveLength(1);
    await put('Name,Area,Email\nAnna Berg-Lind,A2,ANNA@parl.example\nBo Nolan,B,bo@parl.example\n');
    const members = await preview({ legislatures: ['x-renamed'] });
    expect(Object.fromEntries(members.map(({ name, excluded }) => [name, excluded]))).toEqual({
      'Anna Berg': 'objection',
      'Anna Berg-Lind': 'objection-at-address',
      'Bo Nolan': null,
    });
    await app.get(ObjectionsService).lift(anna!.id, 'she asked for it', olga);
    expect((await preview({ legislatures: ['x-renamed'] })).map(({ excluded }) => excluded)).toEqual([
      'left',
      null,
      null,
    ]);
  });

  test('offers what members have', async () => {
    const choices = await app.get(AudienceService).choices(['demo-meridia']);
    expect(choices).toEqual({
      chambers: ['House of Delegates', 'Senate'],
      parties: ['Civic Rally', 'Green Bench', 'Harbour Alliance', 'Liberal Union'],
      areas: ['East', 'Isles', 'North', 'South'],
      committees: [],
      groups: [],
      roles: expect.arrayContaining([expect.any(String)]),
      locales: ['en', 'fa', 'fr'],
    });
  });

  test('reads inside a transaction of the caller', async () => {
    const members = await app.database.transaction((tx) =>
      app.get(AudienceService).preview(Audience.parse({ legislatures: ['demo-meridia'] }), tx),
    );
    expect(members).toHaveLength(40);
  });
});
