import { ContactPointsService } from '../src/lawmakers/contact-points.service.js';
import { ObjectionsService } from '../src/lawmakers/objections.service.js';
import { Approvals } from '../src/letters/approvals.service.js';
import { listDigest } from '../src/letters/digest.js';
import { Dispatch } from '../src/letters/dispatch.service.js';
import { LetterCampaigns } from '../src/letters/letter-campaigns.service.js';
import { LetterTests } from '../src/letters/letter-tests.service.js';
import { startApp, type TestApp } from './support/app.js';
import { type SignedIn, signIn } from './support/cast.js';
import { openPetition } from './support/petitions.js';
import { approve, campaignOf, crowd, importTestland, person, seenNow } from './support/letters.js';

const olga = person('Olga', 'organiser');
const amir = person('Amir', 'approver');
let app: TestApp;
let approver: SignedIn;
beforeAll(async () => {
  app = await startApp();
  approver = await signIn(app, 'amir');
});
afterAll(() => app.close());

const rows = [
  '1,Ada Moor,Moor,F,Bay,ada@NAME.example',
  '2,Bo Rill,Rill,M,Bay,bo@NAME.example',
  '3,Cy Fen,Fen,M,Bay,cy@NAME.example',
];
/** A parliament of its own. */
async function parliament(name: string, lines = rows) {
  const csv = ['id,name,family_name,gender,area,email', ...lines, ''].join('\n');
  await importTestland(app, csv.replaceAll('NAME', name), name);
}
const letterTo = (name: string) => campaignOf(app, olga, { more: { audience: { legislatures: [name] } } });
const moved = (name: string) => ({ channel: 'email' as const, value: `elsewhere@${name}.example`, label: undefined });
const idOf = async (who: string, name: string): Promise<string> => {
  const [row] = await app.database.query(
    `SELECT l.id FROM lawmakers l JOIN legislatures g ON g.id = l.legislature_id WHERE l.name = $1 AND g.slug = $2`,
    [who, name],
  );
  return row.id;
};
const move = async (who: string, name: string) =>
  app.get(ContactPointsService).add(await idOf(who, name), moved(name), olga);
const hidden = (page: string, name: string) => new RegExp(`name="${name}" value="([^"]*)"`).exec(page)?.[1] ?? '';
const stateOf = async (id: string) => (await app.get(LetterCampaigns).find(id)).state;

test('the digest of a list does not depend on its order, and depends on everything else', () => {
  const list = [
    { lawmakerId: 'a', digest: '1' },
    { lawmakerId: 'b', digest: '2' },
  ];
  expect(listDigest(list.toReversed())).toBe(listDigest(list));
  const others = [
    list.slice(1),
    [...list, { lawmakerId: 'c', digest: '3' }],
    list.map((each) => ({ ...each, digest: '1' })),
  ];
  expect(new Set([list, ...others].map(listDigest)).size).toBe(4);
});

test('the click names the list that was shown: with another one it is refused beside the button, and nothing is approved', async () => {
  await parliament('shown');
  const id = await letterTo('shown');
  await app.get(Approvals).ask(id, olga);
  const page = `/en/console/letters/${id}`;
  const { body } = await approver.get(page);
  const shown = { sha256: hidden(body, 'sha256'), listSha256: hidden(body, 'listSha256') };
  expect(shown).toEqual(await seenNow(app, id));
  await move('Ada Moor', 'shown');
  const refused = await approver.post(`${page}/approval`, { ...shown, read: 'on' });
  expect(refused.statusCode).toBe(422);
  expect(refused.body).toMatch(/id="listSha256-error">[^<]+changed since you opened this page/);
  expect(refused.body).toContain('aria-describedby="listSha256-error"');
  const api = await approver.api('POST', `/api/v1/letter-campaigns/${id}/approval`, shown);
  expect(api.statusCode).toBe(422);
  expect(api.json().errors).toEqual([expect.objectContaining({ field: 'listSha256', code: 'list-changed' })]);
  for (const listSha256 of [undefined, 'x']) {
    const answer = await approver.api('POST', `/api/v1/letter-campaigns/${id}/approval`, { ...shown, listSha256 });
    expect(answer.statusCode).toBe(422);
  }
  expect(await stateOf(id)).toBe('in_review');
  // The page that refuses shows the list as it is now.
  const again = { sha256: hidden(refused.body, 'sha256'), listSha256: hidden(refused.body, 'listSha256') };
  expect(again.listSha256).not.toBe(shown.listSha256);
  expect((await approver.post(`${page}/approval`, { ...again, read: 'on' })).statusCode).toBe(303);
  expect(await stateOf(id)).toBe('approved');
});

test.each([
  [
    'somebody objects',
    async () => app.get(ObjectionsService).record(await idOf('Bo Rill', 'listed'), 'by phone', olga),
  ],
  ['somebody joins', () => parliament('listed', [...rows, '4,Di Marsh,Marsh,F,Bay,di@NAME.example'])],
  ['a name changes', () => parliament('listed', [rows[0]!, rows[1]!, '3,Cy Fenn,Fenn,M,Bay,cy@NAME.example'])],
])('the list is another one when %s', async (_, change) => {
  await parliament('listed');
  const id = await letterTo('listed');
  await app.get(Approvals).ask(id, olga);
  const shown = await seenNow(app, id);
  expect(await seenNow(app, id)).toEqual(shown);
  await change();
  await expect(app.get(Approvals).approve(id, shown, amir)).rejects.toMatchObject({ code: 'invalid' });
  await app.database.query('DELETE FROM objections');
});

test('signatures that come in meanwhile, and the days that go by, do not make it another list', async () => {
  await openPetition(app);
  await parliament('counted');
  const body = '{{ salutation }},\n\n{{ petition.count }} people signed until {{ date }}.\n\n{{ sender.name }}';
  const more = { audience: { legislatures: ['counted'] }, petition: 'wetlands' };
  const id = await campaignOf(app, olga, { more, body });
  await app.get(Approvals).ask(id, olga);
  const campaign = await app.get(LetterCampaigns).find(id);
  const list = await app.get(Approvals).listSha256(campaign);
  const later = { ...campaign, petitionCount: '77', petitionCountedAt: new Date(), datedAt: new Date('2030-01-01') };
  expect(await app.get(Approvals).listSha256(later)).toBe(list);
  await app.get(Approvals).approve(id, await seenNow(app, id), amir);
});

test('before the dispatch the page and the API count and list what is not as approved any more, with the reason', async () => {
  await parliament('approved');
  const id = await letterTo('approved');
  const changes = async () => (await approver.api('GET', `/api/v1/letter-campaigns/${id}/approval/changes`)).json();
  expect(await changes()).toEqual({ count: 0, changes: [] });
  await approve(app, id, olga, amir);
  expect(await changes()).toEqual({ count: 0, changes: [] });
  expect((await approver.get(`/en/console/letters/${id}`)).body).toContain(
    'Every letter is still the one that was approved',
  );
  await move('Ada Moor', 'approved');
  const csv = [rows[0]!, '3,Cy Fen,Fen,M,Bay,cy@NAME.example', '4,Di Marsh,Marsh,F,Bay,di@NAME.example'];
  await parliament('approved', csv);
  const file = await approver.get(`/de/console/letters/${id}/approval/changes.csv`);
  expect(file.headers['content-disposition']).toContain('changes-since-approval.csv');
  const { count, changes: listed } = await changes();
  // Everything, in words: no list on a page ends with the address of an API.
  expect(file.body.trim().split('\r\n')).toHaveLength(count + 1);
  expect(file.body).not.toMatch(/changed-since|not-approved|lawmakers\.|letters\./);
  const reasons = Object.fromEntries(listed.map(({ name, reason }: Record<string, string>) => [name, reason]));
  expect(reasons).toEqual({
    'Bo Rill': 'left',
    'Di Marsh': 'not-approved',
    'Ada Moor': 'changed-since-approval',
  });
  expect(count).toBe(3);
  const page = (await approver.get(`/en/console/letters/${id}`)).body;
  expect(page).toContain('3 letters would not leave now as they were approved');
  expect(page).toMatch(/<bdi>Bo Rill<\/bdi>: Has left/);
  // The newcomer never was among the three: two of them are left out.
  expect(page).toContain('Dispatch 1 letter<');
  expect(page).toMatch(/<bdi>Di Marsh<\/bdi>: not among those the approval was for/);
  // It is what the dispatch then does.
  await app.get(Dispatch).start(id, amir);
  await app.get(Dispatch).planned(id);
  const done = await app.database.query(
    `SELECT lawmaker_name AS name, reason FROM letters WHERE campaign_id = $1 AND state = 'excluded'`,
    [id],
  );
  expect(Object.fromEntries(done.map(({ name, reason }: Record<string, string>) => [name, reason]))).toEqual(reasons);
});

test('a test goes to no address of any lawmaker, of whichever parliament, also where one stands among others', async () => {
  await parliament('elsewhere');
  await importTestland(app, crowd(2), 'audience');
  const id = await letterTo('audience');
  const { id: staffId, email } = (
    await app.database.query(`SELECT id, email FROM staff_members WHERE name = 'Amir'`)
  )[0];
  const send = () => app.get(LetterTests).send(id, undefined, { ...amir, id: staffId });
  const sent = async () => (await app.database.query(`SELECT FROM outbox WHERE kind = 'letter-test'`)).length;
  const point = `SELECT id FROM contact_points WHERE value LIKE '%@elsewhere.example' ORDER BY id LIMIT 1`;
  const [{ id: pointId }] = await app.database.query(point);
  const list = (value: string) =>
    app.database.query(`UPDATE contact_points SET value = $2 WHERE id = $1`, [pointId, value]);
  for (const value of [email.toUpperCase(), `office@own.example, ${email}`, `mailto:${email};x@own.example`]) {
    await list(value);
    await expect(send()).rejects.toMatchObject({ code: 'forbidden' });
  }
  expect(await sent()).toBe(0);
  await list(`x${email}`);
  expect(await send()).toBe(email);
  expect(await sent()).toBe(1);
});
