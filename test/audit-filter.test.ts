import type { AuditAction } from '../src/staff/audit-actions.js';
import { AuditService } from '../src/staff/audit.service.js';
import { startApp, type TestApp } from './support/app.js';
import { type SignedIn, signIn } from './support/cast.js';

let app: TestApp;
let ada: SignedIn;
let olga: SignedIn;
beforeAll(async () => {
  app = await startApp({ LIMITS: 'off' });
  ada = await signIn(app, 'ada');
  olga = await signIn(app, 'olga');
  const as = (name: string) => ({ kind: 'staff' as const, id: olga.id, name, rights: [] });
  await app.database.transaction(async (tx) => {
    const audit = app.get(AuditService);
    for (let n = 0; n < 120; n++)
      await audit.record(tx, {
        actor: as(n % 2 ? 'Rosa_' : 'Roxane'),
        action: 'test.done' as AuditAction,
        subject: `thing-${n}`,
      });
    await audit.record(tx, {
      actor: as('=cmd()'),
      action: 'test.odd' as AuditAction,
      subject: '50%_x',
      detail: { words: 'a "b", c' },
    });
  });
});
afterAll(() => app.close());

interface Listed {
  entries: { id: string; actor: string; action: string; subject: string; at: string }[];
  next: string | null;
}
const list = async (query: string) => (await ada.api('GET', `/api/v1/audit?${query}`)).json<Listed>();
const today = () => new Date().toISOString().slice(0, 10);
const day = (offset: number) => new Date(Date.now() + offset * 24 * 3600_000).toISOString().slice(0, 10);

test.each([
  ['who=rosa_', 'Rosa_', 60],
  ['who=ROXANE&action=test.done', 'Roxane', 60],
  ['subject=thing-11', undefined, 11],
  ['subject=thing-11&who=rosa', 'Rosa_', 6],
  ['subject=50%25_', '=cmd()', 1],
  ['who=%25', undefined, 0],
  ['action=test.odd', '=cmd()', 1],
])('%s finds what fits, and takes no sign for a pattern', async (query, actor, count) => {
  const { entries } = await list(query);
  expect(entries).toHaveLength(count);
  if (actor) expect(new Set(entries.map((entry) => entry.actor))).toEqual(new Set([actor]));
});

test('takes days in UTC, the last one included', async () => {
  expect((await list(`action=test.odd&from=${today()}&until=${today()}`)).entries).toHaveLength(1);
  expect((await list(`action=test.odd&from=${day(1)}`)).entries).toEqual([]);
  expect((await list(`action=test.odd&until=${day(-1)}`)).entries).toEqual([]);
  const { entries } = await list(`action=test.odd&from=${day(-1)}&until=${day(1)}`);
  expect(entries[0]!.at.slice(0, 10)).toBe(today());
});

test('goes through the pages of a filter without gaps or repeats', async () => {
  const seen: string[] = [];
  for (let next: string | null = ''; next !== null;) {
    const found: Listed = await list(`subject=thing-${next && `&before=${next}`}`);
    seen.push(...found.entries.map(({ subject }) => subject));
    next = found.next;
  }
  expect(seen).toEqual(Array.from({ length: 120 }, (_, n) => `thing-${119 - n}`));
});

test('keeps the filter in the addresses of the page, and the form filled', async () => {
  const page = (await ada.get('/en/console/audit?who=ro&subject=thing-&action=test.done&from=&until=')).body;
  expect(page.match(/>test\.done<\/bdi>/g)).toHaveLength(50);
  expect(page).toMatch(/name="who" type="text" value="ro"/);
  const next = /rel="next" href="([^"]+)"/.exec(page)![1]!.replaceAll('&amp;', '&');
  const second = (await ada.get(`/en/console/audit${next}`)).body;
  expect(second.match(/>test\.done<\/bdi>/g)).toHaveLength(50);
  expect(second).not.toContain('thing-119<');
  expect(second).toMatch(
    /href="\/en\/console\/audit\/entries\.csv\?who=ro&(amp;)?action=test\.done&(amp;)?subject=thing-"/,
  );
});

test.each(['from=yesterday', 'until=2026-02-31', 'from=9999-99-99', 'subject=%00', `who=${'x'.repeat(201)}`])(
  'refuses %s beside the field',
  async (query) => {
    const answer = await ada.get(`/en/console/audit?${query}`);
    expect(answer.statusCode).toBeGreaterThanOrEqual(400);
    expect(answer.statusCode).toBeLessThan(500);
    if (answer.statusCode === 422) expect(answer.body).toContain(`id="${query.split('=')[0]}-error"`);
    expect((await ada.api('GET', `/api/v1/audit?${query}`)).statusCode).toBeGreaterThanOrEqual(400);
  },
);

describe('as CSV', () => {
  test('has all that fit, newest first, harmless for spreadsheets; and taking it is an entry', async () => {
    const answer = await ada.api('GET', '/api/v1/audit/entries.csv?action=test.odd');
    expect(answer.headers).toMatchObject({
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename="audit.csv"',
    });
    const [head, line, end] = answer.body.split('\n');
    expect(head).toBe('\ufeffid,at,kind,who,action,subject,detail,hash');
    expect(line).toContain(`,staff,'=cmd(),test.odd,50%_x,"{""words"":""a \\""b\\"", c""}",`);
    expect(end).toBe('');
    const [newest] = await app.get(AuditService).list({}, 1);
    expect(newest).toMatchObject({
      actorName: 'Ada (test)',
      action: 'audit.exported',
      detail: { filter: { action: 'test.odd' } },
    });
  });

  test('goes beyond one page, and is for those who may read the log', async () => {
    await app.database.transaction(async (tx) => {
      for (let n = 0; n < 520; n++)
        await app
          .get(AuditService)
          .record(tx, { actor: 'system', action: 'test.many' as AuditAction, subject: String(n) });
    });
    const answer = await ada.get('/en/console/audit/entries.csv?action=test.many');
    const subjects = answer.body
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split(',')[5]);
    expect(subjects).toEqual(Array.from({ length: 520 }, (_, n) => String(519 - n)));
    expect((await olga.get('/en/console/audit/entries.csv')).statusCode).toBe(403);
    expect((await olga.api('GET', '/api/v1/audit/entries.csv')).statusCode).toBe(403);
    expect(await app.get(AuditService).check()).toMatchObject({ firstBroken: null });
  });
});

test('a day that is none is told once', async () => {
  const refused = await ada.api('GET', '/api/v1/audit?from=yesterday');
  expect(refused.statusCode).toBe(422);
  expect(refused.json<{ errors: unknown }>().errors).toEqual([
    expect.objectContaining({ field: 'from', code: 'no-day' }),
  ]);
});

test('a page says what was done in words of its language; what has none any more, as it is written', async () => {
  await ada.post('/en/console/account/locale', { locale: 'de' });
  await ada.post('/en/console/account/tokens', { name: 'x', days: '1', scopes: ['console:read'] });
  const page = (await ada.get('/de/console/audit')).body;
  expect(page).toContain('<bdi>API-Token erstellt</bdi>');
  expect(page).toContain('<option value="token.made">API-Token erstellt</option>');
  expect(page).not.toMatch(/>(token\.made|staff\.signed-in)</);
  expect(page).toContain('>test.odd<');
  const found = (await ada.get('/de/console/audit?action=token.made')).body;
  expect(found).toContain('<option value="token.made" selected>');
  expect(found).not.toContain('<bdi>Angemeldet</bdi>');
  const account = (await ada.get('/fa/console/account')).body;
  expect(account).toContain('خواندن دفتر رویدادها');
  expect(account.replaceAll(/value="[^"]*"/g, '')).not.toMatch(/audit:read|console:read/);
});
