import { privacyFacts } from '../src/notices/privacy-facts.js';
import { loadSettings } from '../src/config/settings.js';
import { locales } from '../src/site/languages.js';
import { startApp, type TestApp } from './support/app.js';
import { openPetition } from './support/petitions.js';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ LIMITS: 'off' });
  await openPetition(app);
});
afterAll(() => app.close());

const page = async (path: string, from = app) => {
  const answer = await from.inject({ url: path });
  expect(answer.statusCode).toBe(200);
  return answer.body;
};

test('a trial says that it is one, before anything else', async () => {
  const body = await page('/en/privacy');
  expect(body.indexOf('This is a trial')).toBeLessThan(body.indexOf('Before you confirm'));
  expect(body).toContain('Reports about messages that did not arrive are not read here.');
  expect(body).not.toContain('These petitions are protected');
  // Nobody can write to lawmakers here.
  expect(body).not.toContain('If you write to lawmakers');
});

test('a protected petition is named as such, once it is one', async () => {
  const id = await openPetition(app, 'family');
  await app.database.query(`UPDATE logs SET publication = 'protected' WHERE petition_id = $1`, [id]);
  expect(await page('/en/privacy')).toMatch(/These petitions are protected.*href="\/en\/p\/family"/s);
  expect(await page('/en/privacy')).not.toMatch(/These petitions are protected.*href="\/en\/p\/wetlands"/s);
});

test('says through whom messages go, and never with which password', async () => {
  const live = await startApp({
    ...{
      MAIL_MODE: 'live',
      SMTP_URL: 'smtps://countersign:s3cret-w0rd@relay.example:465',
      PUBLIC_URL: 'https://c.example',
    },
    ...{ MAIL_FROM: 'news@c.example', RETURN_DOMAIN: 'returns.c.example', RETURN_WEBHOOK_SECRET: 'x'.repeat(40) },
  });
  const body = await page('/en/privacy', live);
  expect(body).toContain('We hand our messages to relay.example,');
  expect(body).toContain('returns.c.example');
  expect(body).toContain('Our mail service passes them on to this server.');
  expect(body).not.toContain('receives them itself');
  for (const secret of ['s3cret', 'countersign:', 'xxxxxxxx', 'This is a trial']) expect(body).not.toContain(secret);
  await live.close();
});

test('facts follow the settings', () => {
  const facts = (environment: Record<string, string>) => privacyFacts(loadSettings(environment));
  expect(facts({})).toEqual({ mailMode: 'inbox', relays: [], returns: null });
  // Nothing leaves, whatever relay is set.
  expect(facts({ MAIL_MODE: 'hold', SMTP_URL: 'smtp://relay.example' })).toMatchObject({
    mailMode: 'hold',
    relays: [],
  });
  // A domain without a way in is none.
  expect(facts({ RETURN_DOMAIN: 'r.example' }).returns).toBeNull();
  expect(facts({ RETURN_DOMAIN: 'r.example', RETURN_SMTP_PORT: '2525' }).returns).toEqual({
    domain: 'r.example',
    by: ['smtp'],
  });
});

test.each(locales)('says in %s how long things are kept, and for whom the pages work', async (locale) => {
  const format = new Intl.NumberFormat(locale);
  const number = (value: number) => format.format(value);
  const privacy = await page(`/${locale}/privacy`);
  for (const n of [72, 73, 14]) expect(privacy).toContain(number(n));
  const accessibility = await page(`/${locale}/accessibility`);
  expect(accessibility).toContain('WCAG 2.2');
  expect(await page(`/${locale}`)).toContain(`href="/${locale}/accessibility"`);
});
