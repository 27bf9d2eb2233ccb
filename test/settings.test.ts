import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { loadSettings, SettingsError, settingsSchema } from '../src/config/settings.js';

const root = join(__dirname, '..');
const read = (name: string) => readFileSync(join(root, name), 'utf8');
const names = Object.keys(settingsSchema.shape).toSorted();
const live = {
  MAIL_MODE: 'live',
  SMTP_URL: 'smtp://mail.test',
  PUBLIC_URL: 'https://sign.test',
  MAIL_FROM: 'Olga <olga@sign.test>',
};

const refusal = (environment: Record<string, string>): string => {
  try {
    loadSettings(environment);
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
  return 'accepted';
};

test('runs with no settings at all, on this machine alone, with the embedded database, and sends nothing', () => {
  expect(loadSettings({}).DATABASE_URL).toBeUndefined();
  expect(loadSettings({})).toMatchObject({
    PORT: 3000,
    HOST: '127.0.0.1',
    DATA_DIR: resolve('data'),
    PUBLIC_URL: 'http://localhost:3000',
    MAIL_MODE: 'inbox',
    LIMITS: true,
  });
});

test('takes an empty variable for an unset one, and leaves alone what is not its own', () => {
  expect(loadSettings({ PORT: '', SMTP_URL: '', HOME: '/nowhere' })).toEqual(loadSettings({}));
});

test('makes the public address of the port, and drops a slash at its end', () => {
  expect(loadSettings({ PORT: '8080' }).PUBLIC_URL).toBe('http://localhost:8080');
  expect(loadSettings({ PUBLIC_URL: 'https://sign.test/' }).PUBLIC_URL).toBe('https://sign.test');
});

test.each([
  ['PORT', 'eighty'],
  ['PORT', '-1'],
  ['PORT', '65536'],
  ['PORT', '80.5'],
  ['DATABASE_URL', 'mysql://localhost/countersign'],
  ['DATABASE_URL', 'localhost'],
  ['DATABASE_POOL', '0'],
  ['DATABASE_POOL', 'many'],
  ['PUBLIC_URL', 'sign.test'],
  ['PUBLIC_URL', 'ftp://sign.test'],
  ['SITE_NAME', '   '],
  ['SITE_NAME', 'x'.repeat(61)],
  ['MAIL_MODE', 'send'],
  ['MAIL_MODE', 'LIVE'],
  ['SMTP_URL', 'mail.test:587'],
  ['SMTP_URL', 'http://mail.test'],
  ['MAIL_FROM', 'nobody'],
  ['MAIL_FROM', 'Olga <olga@sign.test>\r\nBcc: all@sign.test'],
  ['ADMIN_EMAIL', 'admin'],
  ['ADMIN_PASSWORD', 'short'],
  ['OIDC_ISSUER', 'http://login.test'],
  ['LIMITS', 'no'],
  ['TRUST_PROXY', '1'],
  ['LOG_LEVEL', 'loud'],
  ['SMALL_CELLS', '1'],
  ['SMALL_CELLS', '1001'],
  ['SMALL_CELLS', 'few'],
])('refuses %s=%j with a sentence that names it and nothing else', (name, value) => {
  const message = refusal({ [name]: value });
  expect(message).toMatch(new RegExp(`^${name}: .{8,}\\.$`));
  expect(message.split('\n')).toHaveLength(1);
});

test('names every wrong variable at once', () => {
  expect(
    refusal({ PORT: 'x', LIMITS: 'x', LOG_LEVEL: 'x' })
      .split('\n')
      .map((line) => line.split(':')[0]),
  ).toEqual(['PORT', 'LIMITS', 'LOG_LEVEL']);
});

test('refuses to run without limits while mail leaves the machine', () => {
  expect(refusal({ ...live, LIMITS: 'off' })).toMatch(/^LIMITS: /);
  expect(loadSettings({ LIMITS: 'off' }).LIMITS).toBe(false);
  expect(loadSettings({ LIMITS: 'off', MAIL_MODE: 'hold' }).LIMITS).toBe(false);
});

test.each(['SMTP_URL', 'PUBLIC_URL', 'MAIL_FROM'])('sends live mail only with %s', (name) => {
  expect(loadSettings(live).MAIL_MODE).toBe('live');
  expect(refusal({ ...live, [name]: '' })).toMatch(new RegExp(`^${name}: .*MAIL_MODE`));
});

test('an identity provider needs all three of its settings, over HTTPS or on this machine', () => {
  const provider = { OIDC_ISSUER: 'https://login.test', OIDC_CLIENT_ID: 'x', OIDC_CLIENT_SECRET: 'y' };
  expect(loadSettings(provider)).toMatchObject(provider);
  expect(loadSettings({ ...provider, OIDC_ISSUER: 'http://127.0.0.1:8080' }).OIDC_CLIENT_ID).toBe('x');
  for (const name of Object.keys(provider)) expect(refusal({ ...provider, [name]: '' })).toMatch(/^OIDC_ISSUER: goes/);
  expect(refusal({ ...provider, OIDC_ISSUER: 'http://127.0.0.1.evil.test' })).toMatch(/^OIDC_ISSUER: must/);
});

test('.env.example documents every setting with its default, and none that does not exist', () => {
  const example = read('.env.example');
  // What compose.yaml asks for besides.
  const { POSTGRES_PASSWORD, ...documented } = parseEnv(example) as Record<string, string>;
  expect(POSTGRES_PASSWORD).toBe('');
  expect(Object.keys(documented).toSorted()).toEqual(names);
  expect(loadSettings(documented)).toEqual(loadSettings({}));
  for (const name of names) expect(example).toMatch(new RegExp(`^# .+\\n(#.*\\n|[A-Z_]+=.*\\n)*${name}=`, 'm'));
});

test('the README lists every setting, and none that does not exist', () => {
  const [, table] = read('README.md').split('## Settings');
  const listed = [...table!.split('\n## ')[0]!.matchAll(/^\| `([A-Z_]+)`/gm)].map(([, name]) => name!);
  expect(listed.toSorted()).toEqual(names);
});
