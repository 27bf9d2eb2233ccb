import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Sequencer } from '../src/countlog/sequencer.js';
import { Signatures } from '../src/signatures/signatures.service.js';
import { startApp, type TestApp } from './support/app.js';
import { ask, askForLink, confirm, countOf, inbox, openPetition, sara, tokenOf } from './support/petitions.js';

let app: TestApp;
let petitionId: string;
beforeAll(async () => {
  app = await startApp({ LIMITS: 'off' });
  petitionId = await openPetition(app);
});
afterAll(() => app.close());
beforeEach(async () => {
  await app.get(Sequencer).drain();
  for (const table of ['signatures', 'withdrawals', 'tallies', 'outbox'])
    await app.database.query(`DELETE FROM ${table}`);
  await rm(join(app.settings.DATA_DIR, 'inbox'), { recursive: true, force: true });
});

const people = () => app.database.query(`SELECT * FROM signatures ORDER BY id`);

test('counts a signature when the button behind the mailed link is pressed, and not before', async () => {
  const answer = await ask(app);
  expect(answer.statusCode).toBe(202);
  expect(answer.json()).toEqual({ status: 'look-in-your-mailbox' });
  const [mail] = await inbox(app);
  expect(mail).toMatchObject({ to: sara.email });
  expect(await people()).toHaveLength(0);

  const confirmed = await confirm(app, tokenOf(mail!));
  expect(confirmed.statusCode).toBe(200);
  expect(confirmed.json()).toEqual({
    status: 'signed',
    petition: 'wetlands',
    code: expect.stringMatching(/^[0-9A-Z]{20}$/),
  });
  expect(await countOf(app)).toBe(1);

  expect((await confirm(app, tokenOf(mail!))).statusCode).toBe(200);
  expect(await countOf(app)).toBe(1);
  expect(await people()).toHaveLength(1);
});

test('keeps nothing readable about a person, before or after she confirms', async () => {
  const canary = { name: 'Canary Personname', email: 'canary.address@canary.example' };
  const token = await askForLink(app, canary);
  await confirm(app, token);
  await app.inject({ method: 'PUT', url: `/api/v1/confirmations/${token}/words`, payload: { words: 'Canarywords' } });
  const tables: { name: string }[] = await app.database.query(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'`,
  );
  for (const { name } of tables) {
    const rows: { row: string }[] = await app.database.query(`SELECT t::text AS row FROM ${name} t`);
    const dump = rows.map(({ row }) => row).join('\n');
    for (const secret of [canary.name, canary.email, 'Canarywords']) {
      for (const form of [
        secret,
        Buffer.from(secret).toString('hex'),
        Buffer.from(secret).toString('base64').slice(0, -4),
      ]) {
        expect({ table: name, found: dump.toLowerCase().includes(form.toLowerCase()) }).toEqual({
          table: name,
          found: false,
        });
      }
    }
  }
});

test('50 parallel confirmations of one link count once', async () => {
  const token = await askForLink(app);
  const answers = await Promise.all(Array.from({ length: 50 }, () => confirm(app, token)));
  expect(answers.map((answer) => answer.statusCode)).toEqual(Array(50).fill(200));
  expect(await countOf(app)).toBe(1);
});

test('200 people at once are all counted', async () => {
  const numbers = Array.from({ length: 200 }, (_, n) => n);
  await Promise.all(numbers.map((n) => ask(app, { email: `signer${n}@example.org` })));
  const mails = (await inbox(app)).filter(({ to }) => to.startsWith('signer'));
  expect(mails).toHaveLength(200);
  const answers = await Promise.all(mails.map((mail) => confirm(app, tokenOf(mail))));
  expect(new Set(answers.map((answer) => answer.statusCode))).toEqual(new Set([200]));
  expect(await countOf(app)).toBe(200);
});

test('spellings of one mailbox are one identity, other people are not', async () => {
  await confirm(app, await askForLink(app, { email: 'sara.ahmadi+x@gmail.com' }));
  const mails = (await ask(app, { email: 'SaraAhmadi@googlemail.com' }), await inbox(app));
  expect(mails[0]!.links.some((link) => link.includes('/confirm/'))).toBe(false);
  await confirm(app, await askForLink(app, { email: 'sara.ahmadi@example.org' }));
  await confirm(app, await askForLink(app, { email: 'saraahmadi@example.org' }));
  expect(await countOf(app)).toBe(3);
});

test('answers a known address as a new one, and tells only the mailbox', async () => {
  await confirm(app, await askForLink(app));
  const known = await ask(app);
  const fresh = await ask(app, { email: 'other@example.org' });
  expect({ status: known.statusCode, body: known.body }).toEqual({ status: fresh.statusCode, body: fresh.body });
  const mails = await inbox(app);
  const toSara = mails.filter(({ to }) => to === sara.email);
  expect(toSara[0]!.text).not.toContain('/confirm/');
});

test('takes a name back with the confirmation link; that link does not sign again, a new form does', async () => {
  const token = await askForLink(app);
  await confirm(app, token);
  expect(await countOf(app)).toBe(1);
  const withdrawn = await app.inject({ method: 'DELETE', url: `/api/v1/confirmations/${token}` });
  expect(withdrawn.json()).toEqual({ status: 'withdrawn', petition: 'wetlands' });
  expect(await people()).toHaveLength(0);
  expect(await countOf(app)).toBe(0);
  expect((await app.inject({ method: 'DELETE', url: `/api/v1/confirmations/${token}` })).statusCode).toBe(200);
  expect(await countOf(app)).toBe(0);

  expect((await confirm(app, token)).statusCode).toBe(410);
  // A link knows the second it was asked for in, and one of the same second as the withdrawal does not sign.
  await new Promise((done) => setTimeout(done, 1000));
  await confirm(app, await askForLink(app));
  expect(await countOf(app)).toBe(1);
  const [tally] = await app.database.query(
    `SELECT sum(signed)::int AS signed, sum(withdrawn)::int AS withdrawn FROM tallies`,
  );
  expect(tally).toEqual({ signed: 2, withdrawn: 1 });
});

test('takes a name back through the mailbox, and mails nothing to an address that has not signed', async () => {
  await confirm(app, await askForLink(app));
  const before = (await inbox(app)).length;
  const askWithdrawal = (email: string) =>
    app.inject({ method: 'POST', url: '/api/v1/petitions/wetlands/withdrawals', payload: { email, locale: 'fa' } });
  const [known, unknown] = [await askWithdrawal(sara.email), await askWithdrawal('stranger@example.org')];
  expect([known.statusCode, known.body]).toEqual([unknown.statusCode, unknown.body]);
  const mails = await inbox(app);
  expect(mails).toHaveLength(before + 1);
  const token = tokenOf(mails[0]!);
  // A link to withdraw cannot sign, nor the other way round.
  expect((await confirm(app, token)).statusCode).toBe(410);
  expect((await app.inject({ method: 'PUT', url: `/api/v1/withdrawals/${token}` })).statusCode).toBe(200);
  expect(await countOf(app)).toBe(0);
});

test('two withdrawals at once count once', async () => {
  const token = await askForLink(app);
  await confirm(app, token);
  await Promise.all(
    Array.from({ length: 10 }, () => app.inject({ method: 'DELETE', url: `/api/v1/confirmations/${token}` })),
  );
  expect(await countOf(app)).toBe(0);
});

test('refuses a link that was changed, cut, made up or has expired', async () => {
  const token = await askForLink(app);
  for (let at = 0; at < token.length; at += 7) {
    const changed = token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
    const { statusCode } = await confirm(app, changed);
    // The last character of base64url carries bits that are not used.
    expect(statusCode === 410 || Buffer.from(changed, 'base64url').equals(Buffer.from(token, 'base64url'))).toBe(true);
  }
  expect((await confirm(app, token.slice(0, 40))).statusCode).toBe(410);
  expect((await confirm(app, 'x'.repeat(400))).statusCode).toBe(410);
  jest.useFakeTimers({
    now: Date.now() + 73 * 3600_000,
    doNotFake: ['nextTick', 'setImmediate', 'setTimeout', 'setInterval', 'queueMicrotask'],
  });
  try {
    expect((await confirm(app, token)).statusCode).toBe(410);
  } finally {
    jest.useRealTimers();
  }
  expect(await people()).toHaveLength(0);
});

test('keeps the link under 500 characters for the longest name and address that are accepted', async () => {
  const token = await askForLink(app, { name: 'ن'.repeat(80), email: `${'a'.repeat(60)}@example.org` });
  expect(`https://petitions.example.org/fa/confirm/${token}`.length).toBeLessThan(500);
  const tooLong = await ask(app, { name: 'ن'.repeat(100), email: `${'a'.repeat(60)}@example.org` });
  expect(tooLong.json()).toMatchObject({ code: 'invalid', errors: [{ field: 'name', code: 'too-long' }] });
  // Under 200 characters, over 255 bytes: more than the form in a link can hold.
  const wide = await app.inject({
    method: 'POST',
    url: '/api/v1/petitions/wetlands/withdrawals',
    payload: { email: `${'ن'.repeat(150)}@example.org`, locale: 'fa' },
  });
  expect(wide.json()).toMatchObject({ errors: [{ field: 'email', code: 'too-long' }] });
});

test('each petition has a log, and cannot be deleted before it: signatures rely on that', async () => {
  // Neither `signatures` nor `log_queue` refers to the petition itself.
  const [{ petitions, logs }] = await app.database.query(
    `SELECT count(*)::int AS petitions, count(logs.petition_id)::int AS logs
     FROM petitions LEFT JOIN logs ON logs.petition_id = petitions.id`,
  );
  expect(petitions).toBeGreaterThan(0);
  expect(logs).toBe(petitions);
  const keys = await app.database.query(
    `SELECT confdeltype AS deleted FROM pg_constraint
     WHERE contype = 'f' AND conrelid = 'logs'::regclass AND confrelid = 'petitions'::regclass`,
  );
  // No action: refused.
  expect(keys).toEqual([{ deleted: 'a' }]);
});

test('a closed petition refuses new signatures, and links that are still out', async () => {
  const [signed, late] = [
    await askForLink(app, { email: 'a@example.org' }),
    await askForLink(app, { email: 'b@example.org' }),
  ];
  await confirm(app, signed);
  await app.database.query(`UPDATE petitions SET state = 'closed' WHERE id = $1`, [petitionId]);
  await new Promise((done) => setTimeout(done, 1100));
  try {
    expect((await ask(app)).statusCode).toBe(409);
    expect((await confirm(app, late)).statusCode).toBe(409);
    expect((await confirm(app, signed)).statusCode).toBe(200);
  } finally {
    await app.database.query(`UPDATE petitions SET state = 'open' WHERE id = $1`, [petitionId]);
    await new Promise((done) => setTimeout(done, 1100));
  }
  expect(await countOf(app)).toBe(1);
});

test.each([
  ['no body', undefined, 'name'],
  ['no name', { name: '' }, 'name'],
  ['a name of spaces', { name: '   ' }, 'name'],
  ['a name with a link', { name: 'see https://spam.example' }, 'name'],
  ['a name with a line break', { name: 'Sara\nBcc: x@example.org' }, 'name'],
  ['a name with a direction override', { name: 'Sara\u202e' }, 'name'],
  ['a name that is no text', { name: { $ne: 1 } }, 'name'],
  ['no address', { email: '' }, 'email'],
  ['an address without a domain', { email: 'sara@' }, 'email'],
  ['two addresses', { email: 'a@example.org,b@example.org' }, 'email'],
  ['an address with a line break', { email: 'a@example.org\r\nBcc: b@example.org' }, 'email'],
  ['an address that is too long', { email: `${'a'.repeat(250)}@example.org` }, 'email'],
  ['a country that does not exist', { country: 'XX' }, 'country'],
  ['a country in small letters', { country: 'se' }, 'country'],
  ['a language we do not speak', { locale: 'tlh' }, 'locale'],
  ['no consent', { consents: { sign: false } }, 'consents.sign'],
  ['no consents', { consents: undefined }, 'consents'],
])('refuses %s and says where', async (_, change, field) => {
  const answer = change
    ? await ask(app, change)
    : await app.inject({ method: 'POST', url: '/api/v1/petitions/wetlands/signatures', payload: {} });
  expect(answer.statusCode).toBe(422);
  expect(answer.headers['content-type']).toContain('application/problem+json');
  expect(answer.json<{ errors: { field: string }[] }>().errors.map((error) => error.field)).toContain(field);
  expect((await app.database.query(`SELECT count(*)::int AS n FROM outbox`))[0].n).toBe(0);
});

test.each([
  ['a petition that does not exist', '/api/v1/petitions/nothing/signatures', sara, 404],
  ['broken JSON', '/api/v1/petitions/wetlands/signatures', '{"name":', 400],
  ['too much', '/api/v1/petitions/wetlands/signatures', { ...sara, name: 'x'.repeat(70_000) }, 413],
])('answers %s with a problem', async (_, url, payload, status) => {
  const answer = await app.inject({ method: 'POST', url, payload, headers: { 'content-type': 'application/json' } });
  expect(answer.statusCode).toBe(status);
  expect(answer.json()).toMatchObject({ status });
});

test('keeps own words sealed with the signature, and leaves the rest of it as it was', async () => {
  const token = await askForLink(app);
  await confirm(app, token);
  const url = `/api/v1/confirmations/${token}/words`;
  expect(
    (await app.inject({ method: 'PUT', url, payload: { words: 'For my brother.\nNever again.' } })).statusCode,
  ).toBe(200);
  expect(await app.get(Signatures).look(token)).toMatchObject({ words: 'For my brother.\nNever again.' });
  expect((await app.inject({ method: 'PUT', url, payload: { words: 'x'.repeat(1001) } })).statusCode).toBe(422);
  expect(
    (await app.inject({ method: 'PUT', url: url.replace(token, 'nothing'), payload: { words: '' } })).statusCode,
  ).toBe(410);
});

test('a signature keeps the ids of the wordings she agreed to, and no others', async () => {
  await confirm(app, await askForLink(app, { consents: { sign: true, news: true }, locale: 'fa' }));
  const rows = await app.database.query(
    `SELECT c.purpose, c.locale FROM signatures s JOIN consents c ON c.id = ANY (s.consents) ORDER BY 1`,
  );
  expect(rows).toEqual([
    { purpose: 'news', locale: 'fa' },
    { purpose: 'sign', locale: 'fa' },
  ]);
});
