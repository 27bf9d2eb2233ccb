import { Command } from 'commander';
import { translate } from '../src/site/languages.js';
import { Dkim } from '../src/mail/dkim.js';
import { DnsDoctor } from '../src/mail/dns-doctor.service.js';
import { doctorCommand } from '../src/mail/mail.cli.js';
import type { TestApp } from './support/app.js';
import { signIn } from './support/cast.js';
import { makeDatabase, serverUrl } from './support/database.js';
import { type NameServer, startNameServer } from './support/dns.js';
import { startMailApp } from './support/mails.js';

const domain = 'countersign.org';
let dns: NameServer;
let app: TestApp;
beforeAll(async () => {
  dns = await startNameServer();
  app = await startMailApp('smtp://relay:secret-of-the-relay@127.0.0.1:2525', {
    DNS_SERVER: dns.address,
    DKIM_SELECTOR: 'cs1',
    RETURN_DOMAIN: `returns.${domain}`,
    MAIL_FROM: `Countersign <mail@${domain}>`,
  });
});
afterAll(async () => {
  await app.close();
  dns.close();
});

const key = () => `v=DKIM1; k=rsa; p=${app.get(Dkim).published!.publicKey}`;
beforeEach(() => {
  dns.records.clear();
  dns.records.set(`TXT ${domain}`, ['some-site-verification=abc', 'v=spf1 include:relay.example -all']);
  dns.records.set(`TXT cs1._domainkey.${domain}`, [key()]);
  dns.records.set(`TXT _dmarc.${domain}`, ['v=DMARC1; p=reject; rua=mailto:dmarc@countersign.org']);
  dns.records.set(`MX ${domain}`, ['10 mx.countersign.org']);
  dns.records.set(`MX returns.${domain}`, ['10 mx.countersign.org']);
  dns.records.set(`TXT returns.${domain}`, ['v=spf1 include:relay.example -all']);
});

/** What is in DNS and our settings; the log of the database has a test of its own. */
const aboutMail = async (of = app) => (await of.get(DnsDoctor).examine()).filter(({ about }) => about !== 'database');
const examine = async () => Object.fromEntries((await aboutMail()).map((each) => [each.about, each]));

test('finds nothing amiss where everything is right, in keys of several strings too', async () => {
  const findings = await aboutMail();
  expect(findings.map(({ about, verdict }) => `${about} ${verdict}`)).toEqual([
    'mode good',
    'relay good',
    'from good',
    'spf good',
    'dkim good',
    'dmarc good',
    'alignment good',
    'mx good',
    'returns good',
    'returns-spf good',
  ]);
  expect(findings.every(({ record }) => record === null)).toBe(true);
});

test.each<[string, string, string[] | null | undefined, string]>([
  ['spf', `TXT ${domain}`, undefined, 'missing'],
  ['spf', `TXT ${domain}`, ['other'], 'missing'],
  ['spf', `TXT ${domain}`, ['v=spf1 mx -all', 'v=spf1 a -all'], 'wrong'],
  ['spf', `TXT ${domain}`, ['v=spf1 mx +all'], 'wrong'],
  ['spf', `TXT ${domain}`, ['v=spf1 mx all'], 'wrong'],
  ['spf', `TXT ${domain}`, ['v=spf1 mx'], 'weak'],
  ['spf', `TXT ${domain}`, ['v=spf1 mx ?all'], 'weak'],
  ['spf', `TXT ${domain}`, ['v=spf1 redirect=_spf.relay.example'], 'good'],
  ['spf', `TXT ${domain}`, ['v=spf10 mx -all'], 'missing'],
  ['dkim', `TXT cs1._domainkey.${domain}`, undefined, 'missing'],
  ['dkim', `TXT cs1._domainkey.${domain}`, ['v=DKIM1; k=rsa; p=MIIBother'], 'wrong'],
  ['dkim', `TXT cs1._domainkey.${domain}`, ['v=DKIM1; p='], 'wrong'],
  ['dmarc', `TXT _dmarc.${domain}`, undefined, 'missing'],
  ['dmarc', `TXT _dmarc.${domain}`, ['v=DMARC1; p=none'], 'weak'],
  ['dmarc', `TXT _dmarc.${domain}`, ['v=DMARC1'], 'wrong'],
  ['dmarc', `TXT _dmarc.${domain}`, ['v=DMARC1; p=reject', 'v=DMARC1; p=none'], 'wrong'],
  ['mx', `MX ${domain}`, undefined, 'missing'],
  ['mx', `MX ${domain}`, ['0 .'], 'wrong'],
  ['returns', `MX returns.${domain}`, undefined, 'missing'],
  ['returns', `MX returns.${domain}`, ['0 .'], 'wrong'],
  ['returns-spf', `TXT returns.${domain}`, undefined, 'missing'],
  ['returns-spf', `TXT returns.${domain}`, ['v=spf1 +all'], 'wrong'],
])('%s: %s with %j is %4$s', async (about, name, values, verdict) => {
  if (values === undefined) dns.records.delete(name);
  else dns.records.set(name, values);
  const { [about]: finding, ...others } = await examine();
  expect(finding).toMatchObject({ verdict });
  expect(finding!.record === null).toBe(verdict === 'good');
  for (const each of Object.values(others)) expect(each.verdict).toBe('good');
});

test.each([
  ['v=DMARC1; p=reject; aspf=r; adkim=s', 'good'],
  ['v=DMARC1; p=reject; aspf=s', 'weak'],
])('alignment: %s is %s, and the page says why', async (record, verdict) => {
  dns.records.set(`TXT _dmarc.${domain}`, [record]);
  const { alignment } = await examine();
  expect(alignment).toMatchObject({ verdict, record: null });
  expect(alignment!.found[2]).toBe(`SPF: returns.${domain}, ${verdict === 'good' ? 'relaxed: yes' : 'strict: no'}`);
  const page = await (await signIn(app, 'ada')).get('/en/console/mail/doctor');
  expect(page.body).toContain(verdict === 'good' ? 'both pass for the domain' : 'Only one of SPF and DKIM');
});

test('a key on trial is said to be one', async () => {
  dns.records.set(`TXT cs1._domainkey.${domain}`, [`${key()}; t=s:y`]);
  expect((await examine()).dkim).toMatchObject({ verdict: 'weak' });
});

test('what it tells to paste is what it is content with', async () => {
  dns.records.clear();
  for (const { record } of await aboutMail()) {
    if (record) dns.records.set(`${record.type} ${record.name}`, [record.value]);
  }
  const findings = await aboutMail();
  expect(findings.filter(({ verdict }) => verdict !== 'good')).toEqual([]);
});

test('without return addresses it says that nobody is told what comes back', async () => {
  const other = await startMailApp('smtp://127.0.0.1:2525', { DNS_SERVER: dns.address, MAIL_FROM: `mail@${domain}` });
  try {
    const findings = await aboutMail(other);
    expect(findings.find(({ about }) => about === 'returns')).toEqual({
      ...{ about: 'returns', verdict: 'weak', found: [], record: null },
    });
    expect(findings.some(({ about }) => about === 'returns-spf')).toBe(false);
  } finally {
    await other.close();
  }
});

test('silence is no verdict', async () => {
  for (const name of dns.records.keys()) dns.records.set(name, null);
  const { spf, dkim, dmarc, alignment, mx } = await examine();
  for (const each of [spf, dkim, dmarc, alignment, mx]) expect(each).toMatchObject({ verdict: 'unknown', found: [] });
}, 30_000);

test('the page and the API tell it to whoever manages mail, without the password of the relay', async () => {
  const admin = await signIn(app, 'ada');
  dns.records.set(`TXT _dmarc.${domain}`, ['v=DMARC1; p=none; <script>']);
  for (const [locale, word] of [
    ['en', 'Could be better'],
    ['fa', 'می‌تواند بهتر باشد'],
  ] as const) {
    const page = await admin.get(`/${locale}/console/mail/doctor`);
    expect(page.statusCode).toBe(200);
    expect(page.body).toContain(word);
    expect(page.body).toContain('p=none; &lt;script&gt;');
    expect(page.body).not.toContain('secret-of-the-relay');
  }
  const api = await admin.api('GET', '/api/v1/mail/doctor');
  expect(api.json().findings).toHaveLength(11);
  expect(api.body).not.toContain('secret-of-the-relay');
  const viewer = await signIn(app, 'vera');
  expect((await viewer.api('GET', '/api/v1/mail/doctor')).statusCode).toBe(403);
});

test('the log of the database: the embedded one has none', async () => {
  const finding = (await app.get(DnsDoctor).examine()).find(({ about }) => about === 'database')!;
  if (!serverUrl) expect(finding).toEqual({ about: 'database', verdict: 'good', found: ['embedded'], record: null });
  const { body } = await (await signIn(app, 'ada')).get('/fa/console/mail/doctor');
  expect(body).toContain(translate('fa', `doctor.database.${finding.verdict}`));
});

test('the command prints it and ends with 1 if something is amiss', async () => {
  const made = await makeDatabase();
  const before = { ...process.env };
  Object.assign(process.env, made.environment, {
    PORT: '0',
    DNS_SERVER: dns.address,
    DKIM_SELECTOR: 'cs1',
    MAIL_MODE: 'live',
    SMTP_URL: 'smtp://relay:secret-of-the-relay@127.0.0.1:2525',
    RETURN_DOMAIN: `returns.${domain}`,
    PUBLIC_URL: 'https://countersign.org',
    MAIL_FROM: `mail@${domain}`,
  });
  const printed: string[] = [];
  const log = jest.spyOn(console, 'log').mockImplementation((line: unknown) => void printed.push(String(line)));
  const database = made.environment.DATABASE_URL;
  const logging = (length: number, onError: number, statements = 'none') => {
    const options = `-c log_parameter_max_length=${length} -c log_parameter_max_length_on_error=${onError} -c log_statement=${statements}`;
    if (database) process.env.DATABASE_URL = `${database}?options=${encodeURIComponent(options)}`;
  };
  logging(0, 0);
  const run = async (...words: string[]) => {
    const program = new Command('countersign');
    doctorCommand(program);
    process.exitCode = 0;
    printed.length = 0;
    await program.parseAsync(['doctor', ...words], { from: 'user' });
    const code = process.exitCode;
    process.exitCode = 0;
    return { code, text: printed.join('\n') };
  };
  try {
    // The key of this folder is another one than the one in DNS.
    const first = await run();
    expect(first.code).toBe(1);
    expect(first.text).toMatch(/dkim +wrong: .*\n +The key in DNS is another one/);
    expect(first.text).toMatch(
      /database +good: (embedded|log_parameter_max_length = 0 \| log_parameter_max_length_on_error = 0)/,
    );
    expect(first.text).not.toContain('secret-of-the-relay');
    const wanted = / wanted: (\S+) TXT (.+)/.exec(first.text)!;
    dns.records.set(`TXT ${wanted[1]}`, [wanted[2]!]);
    const second = await run('--json');
    expect(second.code).toBe(0);
    expect(JSON.parse(second.text)).toMatchObject({
      findings: expect.arrayContaining([{ about: 'dkim', verdict: 'good', found: [wanted[2]], record: null }]),
    });
    if (database) {
      // As PostgreSQL comes; with statements in its log; and with what was wrong in them.
      for (const [length, onError, statements, says] of [
        [-1, 0, 'none', /database +weak: .*\n +PostgreSQL logs no statements now.*ALTER SYSTEM/],
        [-1, 0, 'mod', /database +wrong: .*\n +PostgreSQL may write .*ALTER SYSTEM/],
        [0, 64, 'none', /database +wrong: .*\n +PostgreSQL may write .*ALTER SYSTEM/],
      ] as const) {
        logging(length, onError, statements);
        const { code, text } = await run();
        expect([code, text]).toEqual([says.source.includes('weak') ? 0 : 1, expect.stringMatching(says)]);
        expect(text).toContain(`log_parameter_max_length = ${length} | log_parameter_max_length_on_error = ${onError}`);
      }
    }
  } finally {
    log.mockRestore();
    process.env = before;
    await made.drop();
  }
});
