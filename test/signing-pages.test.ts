import { FormTokens } from '../src/site/form-token.service.js';
import { startApp, type TestApp } from './support/app.js';
import { formBody } from './support/cast.js';
import { countOf, inbox, openPetition, sara } from './support/petitions.js';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ LIMITS: 'off' });
  await openPetition(app);
});
afterAll(() => app.close());

const get = (url: string) => app.inject({ url });
const post = (url: string, fields: Record<string, string> = {}) =>
  app.inject({ method: 'POST', url, ...formBody(fields) });
const goodToken = () => app.get(FormTokens).issue(Date.now() - 5000);
const filled = (change: Record<string, string> = {}) => ({
  ...{ name: sara.name, email: sara.email, country: sara.country, consentSign: 'on', website: '', t: goodToken() },
  ...change,
});

test('the whole way by plain forms: read, sign, confirm, say why, take the name back', async () => {
  const page = await get('/fa/p/wetlands');
  expect(page.statusCode).toBe(200);
  expect(page.body).toContain('dir="rtl"');
  expect(page.body).not.toContain('<script>alert');

  // An address runs from left to right on every page.
  expect(page.body).toMatch(/<input id="email"[^>]* dir="ltr"/);

  const sent = await post('/fa/p/wetlands/signatures', filled());
  expect([sent.statusCode, sent.headers.location]).toEqual([303, '/fa/p/wetlands/look-in-your-mailbox']);
  expect((await get('/fa/p/wetlands/look-in-your-mailbox')).statusCode).toBe(200);

  const [mail] = await inbox(app);
  const link = new URL(mail!.links.find((each) => each.includes('/fa/confirm/'))!).pathname;
  expect((await get(link)).body).toContain(sara.name);
  expect(await countOf(app)).toBe(0);
  const confirmed = await post(link);
  expect([confirmed.statusCode, confirmed.headers.location]).toEqual([303, `${link}/thank-you`]);
  expect((await get(`${link}/thank-you`)).statusCode).toBe(200);
  expect(await countOf(app)).toBe(1);

  expect((await post(`${link}/words`, { words: 'برای برادرم' })).statusCode).toBe(303);
  expect((await get(`${link}/thank-you`)).body).toContain('برای برادرم');
  expect((await post(`${link}/words`, { words: 'x'.repeat(1001) })).statusCode).toBe(422);

  const withdrawn = await post(`${link}/withdrawal`);
  expect([withdrawn.statusCode, withdrawn.headers.location]).toEqual([303, '/fa/p/wetlands/withdrawn']);
  expect((await get('/fa/p/wetlands/withdrawn')).statusCode).toBe(200);
  expect(await countOf(app)).toBe(0);
  const gone = await get(`${link}/thank-you`);
  expect(gone.statusCode).toBe(410);
  expect(gone.headers['content-type']).toContain('text/html');
});

test('takes a name back by a link to the mailbox', async () => {
  // She has just withdrawn: a link knows the second it was asked for in, and one of the same second does not sign.
  await new Promise((done) => setTimeout(done, 1000));
  await post('/en/p/wetlands/signatures', filled());
  const confirmLink = new URL((await inbox(app))[0]!.links.find((each) => each.includes('/confirm/'))!).pathname;
  await post(confirmLink);
  expect((await post('/en/p/wetlands/withdraw', { email: 'nonsense' })).statusCode).toBe(422);
  expect((await post('/en/p/wetlands/withdraw', { email: sara.email })).headers.location).toBe(
    '/en/p/wetlands/withdraw-asked',
  );
  const link = new URL((await inbox(app))[0]!.links.find((each) => each.includes('/withdraw/'))!).pathname;
  expect((await get(link)).statusCode).toBe(200);
  expect(await countOf(app)).toBe(1);
  expect((await post(link)).headers.location).toBe('/en/p/wetlands/withdrawn');
  expect(await countOf(app)).toBe(0);
});

test('looking at a link does nothing, however often a mail scanner looks', async () => {
  await post('/en/p/wetlands/signatures', filled({ email: 'scanned@example.org' }));
  const link = new URL((await inbox(app))[0]!.links.find((each) => each.includes('/confirm/'))!).pathname;
  await Promise.all(Array.from({ length: 5 }, () => get(link)));
  expect((await app.inject({ method: 'HEAD', url: link })).statusCode).toBeLessThan(500);
  expect(await app.database.query(`SELECT 1 FROM signatures`)).toHaveLength(0);
});

test.each([
  ['name', { name: '' }],
  ['email', { email: 'sara at example' }],
  ['country', { country: '' }],
  ['consentSign', { consentSign: '' }],
])('shows what is wrong beside %s and keeps what was filled in', async (field, change) => {
  const answer = await post('/en/p/wetlands/signatures', filled(change));
  expect(answer.statusCode).toBe(422);
  expect(answer.body).toContain(`id="${field}-error"`);
  expect(answer.body).toContain(`href="#${field}"`);
  const kept = field === 'name' ? sara.email : sara.name;
  expect(answer.body).toContain(`value="${kept}"`);
});

test('asks once whether another address was meant, keeps everything, and never stands in the way', async () => {
  const typed = filled({ email: 'sara@gmial.com', consentNews: 'on' });
  const question = await post('/en/p/wetlands/signatures', typed);
  expect(question.statusCode).toBe(422);
  expect(question.body).toContain('Did you mean \u2066sara@gmail.com\u2069?');
  for (const kept of [`value="${sara.name}"`, 'value="sara@gmial.com"', 'value="SE" selected'])
    expect(question.body).toContain(kept);
  expect(question.body).toMatch(/name="consentNews" value="on" checked/);
  expect(question.body).not.toMatch(/name="useMeant" value="on" checked/);
  const [, asked] = /name="typoAsked" value="([^"]*)"/.exec(question.body)!;
  const sentTo = async () => (await inbox(app))[0]!.to;
  expect((await post('/en/p/wetlands/signatures', { ...typed, typoAsked: asked! })).statusCode).toBe(303);
  expect(await sentTo()).toBe('sara@gmial.com');
  const corrected = { ...typed, typoAsked: asked!, useMeant: 'on' };
  expect((await post('/en/p/wetlands/signatures', corrected)).statusCode).toBe(303);
  expect(await sentTo()).toBe('sara@gmail.com');
  // Asked about one address, not about another.
  const other = await post('/en/p/wetlands/signatures', { ...typed, email: 'sara@yaho.com', typoAsked: asked! });
  expect(other.statusCode).toBe(422);
});

test('what somebody fills in comes back as text, never as markup', async () => {
  const answer = await post('/en/p/wetlands/signatures', filled({ name: '"><script>alert(1)</script>', email: '' }));
  expect(answer.body).not.toContain('<script>alert');
});

test.each([
  ['is filled in by a program', { website: 'https://spam.example' }],
  ['comes back in no time', { t: 'now' }],
  ['was made elsewhere', { t: 'sw0000.AAAAAAAAAAAAAAAAAAAAAA' }],
  ['is a day old', { t: 'old' }],
  ['has no time', { t: '' }],
])('asks again, and drops nothing, when the form %s', async (_, change) => {
  const tokens = app.get(FormTokens);
  const t = { now: tokens.issue(), old: tokens.issue(Date.now() - 25 * 3600_000) }[(change as { t?: string }).t ?? ''];
  const answer = await post('/en/p/wetlands/signatures', filled({ ...change, ...(t && { t }) }));
  expect(answer.statusCode).toBe(422);
  expect(answer.body).toContain(`value="${sara.name}"`);
});

test.each(['/en', '/fa', '/en/p/wetlands', '/fa/p/wetlands', '/en/method', '/fa/privacy', '/en/p/wetlands/withdraw'])(
  '%s sets no cookie, allows no foreign script, and is compressed',
  async (url) => {
    const answer = await app.inject({ url, headers: { 'accept-encoding': 'gzip' } });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['set-cookie']).toBeUndefined();
    expect(answer.headers['content-security-policy']).toContain("default-src 'none'");
    expect(answer.headers['referrer-policy']).toBe('same-origin');
    expect(answer.headers['content-encoding']).toBe('gzip');
  },
);

test.each([
  '/en',
  '/nothing',
  '/%zz',
  '/assets/nothing.css',
  '/api/v1/petitions',
  '/api/v1/petitions/wetlands/count.json',
])('%s carries the security headers', async (url) => {
  expect((await app.inject({ url })).headers).toMatchObject({
    'content-security-policy': expect.stringContaining("default-src 'none'"),
    'cross-origin-opener-policy': 'same-origin',
    'referrer-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'SAMEORIGIN',
  });
});

test.each(['/sv/p/wetlands', '/en/p/nothing', '/en/p/../../etc/passwd', '/en/confirm/nothing', '/en/withdraw/x'])(
  '%s is a page that says so, with a 4xx',
  async (url) => {
    const answer = await get(url);
    expect([404, 410]).toContain(answer.statusCode);
    expect(answer.headers['content-type']).toContain('text/html');
  },
);

test('the first address leads to the language of the browser', async () => {
  const to = async (language: string) =>
    (await app.inject({ url: '/', headers: { 'accept-language': language } })).headers.location;
  expect(await to('fa-IR,fa;q=0.9,en;q=0.8')).toBe('/fa');
  expect(await to('tlh, *;q=0.5')).toBe('/en');
  expect(await to('')).toBe('/en');
});

test('one field that is wrong in several ways is named once', async () => {
  const { statusCode, body } = await post('/en/p/wetlands/signatures', filled({ email: '' }));
  expect(statusCode).toBe(422);
  expect(body.match(/<li><a href="#email"/g)).toHaveLength(1);
});
