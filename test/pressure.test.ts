import { type Challenge, solveChallenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';
import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Pressure } from '../src/site/pressure.js';
import { ProofOfWork } from '../src/site/proof-of-work.service.js';
import { startApp, type TestApp } from './support/app.js';
import { formBody } from './support/cast.js';
import { ask, openPetition, sara } from './support/petitions.js';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ PRESSURE_PER_MINUTE: '0' });
  await openPetition(app);
  await openPetition(app, 'rivers');
});
afterAll(() => app.close());
afterEach(() => jest.restoreAllMocks());

const challengeOf = ({ body }: { body: string }) => (JSON.parse(body) as { challenge: Challenge }).challenge;
async function solve(challenge: Challenge): Promise<string> {
  const solution = await solveChallenge({ challenge, deriveKey });
  return Buffer.from(JSON.stringify({ challenge, solution })).toString('base64');
}
const rows = async () => (await app.database.query(`SELECT count(*)::int AS n FROM outbox`))[0].n as number;

describe('over the API', () => {
  test('a little work is asked for, and done once it is good once', async () => {
    const before = await rows();
    const refused = await ask(app);
    expect([refused.statusCode, refused.json<{ code: string }>().code]).toEqual([403, 'proof-needed']);
    const proof = await solve(challengeOf(refused));
    expect((await ask(app, { proof })).statusCode).toBe(202);
    const again = await ask(app, { proof });
    expect([again.statusCode, again.json<{ code: string }>().code]).toEqual([403, 'proof-needed']);
    expect(await rows()).toBe(before + 1);
    // Nor in another process, nor twice at once.
    const other = await solve(challengeOf(again));
    const elsewhere = new ProofOfWork(app.database, app.get(ProofOfWork)['vault']);
    const accepted = await Promise.all([
      elsewhere.accepts('wetlands', other),
      app.get(ProofOfWork).accepts('wetlands', other),
      app.get(ProofOfWork).accepts('wetlands', other),
    ]);
    expect(accepted.filter(Boolean)).toHaveLength(1);
  });

  test('not for another petition, not with another solution, not for another challenge, and not too late', async () => {
    const proofs = app.get(ProofOfWork);
    const proof = await solve(await proofs.challenge('rivers'));
    expect((await ask(app, { proof })).statusCode).toBe(403);
    const payload = JSON.parse(Buffer.from(proof, 'base64').toString()) as {
      challenge: Challenge;
      solution: { counter: number; derivedKey: string };
    };
    const packed = (changed: object) => Buffer.from(JSON.stringify(changed)).toString('base64');
    const { challenge, solution } = payload;
    const parameters = { ...challenge.parameters, keyPrefix: '00' };
    for (const changed of [
      { challenge, solution: { ...solution, counter: solution.counter + 1, derivedKey: '00'.repeat(32) } },
      { challenge: { ...challenge, parameters }, solution },
      { challenge: { ...challenge, parameters: { ...challenge.parameters, data: { for: 'wetlands' } } }, solution },
      { challenge: { ...challenge, signature: undefined }, solution },
    ])
      expect(await proofs.accepts('rivers', packed(changed))).toBe(false);
    jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 21 * 60_000);
    expect(await proofs.accepts('rivers', proof)).toBe(false);
    jest.restoreAllMocks();
    expect(await proofs.accepts('rivers', proof)).toBe(true);
  });

  test.each([
    ['x'],
    [''],
    ['bnVsbA=='],
    ['e30='],
    ['eyJjaGFsbGVuZ2UiOm51bGx9'],
    ['A'.repeat(5000)],
    ['A'.repeat(5001)],
    [7],
    [null],
  ])('what is no proof (%#) is refused, never an error', async (proof) => {
    expect([403, 422]).toContain((await ask(app, { proof })).statusCode);
  });

  test('the answer is the same for whatever address', async () => {
    const bodies = [];
    for (const email of ['sara@example.org', 'stranger@example.org']) {
      const answer = await ask(app, { email });
      bodies.push({ ...answer.json<object>(), challenge: null });
    }
    expect(bodies[0]).toEqual(bodies[1]);
  });
});

describe('on the page', () => {
  const form = (fields: Record<string, string>) => ({
    ...{ name: sara.name, email: sara.email, country: 'SE', consentSign: 'on' },
    ...fields,
  });
  const open = async () => {
    const { body } = await app.inject({ url: '/en/p/wetlands' });
    const value = (name: string) => new RegExp(`name="${name}" value="([^"]*)"`).exec(body)![1]!;
    const challenge = /data-challenge="([^"]+)"/.exec(body)![1]!.replaceAll('&quot;', '"').replaceAll('&#34;', '"');
    return { t: value('t'), wait: value('wait'), challenge: JSON.parse(challenge) as Challenge, body };
  };
  const send = (fields: Record<string, string>) =>
    app.inject({ method: 'POST', url: '/en/p/wetlands/signatures', ...formBody(form(fields)) });
  const later = (seconds: number) => jest.spyOn(Date, 'now').mockReturnValue(Date.now() + seconds * 1000);

  test('the browser works while she fills the form in', async () => {
    const { t, challenge, body } = await open();
    expect(body).toContain('/assets/proof.js');
    const proof = await solve(challenge);
    later(5);
    expect((await send({ t, proof })).statusCode).toBe(303);
    expect((await send({ t, proof })).statusCode).toBe(403);
  });

  test('without scripts half a minute of waiting does it, once, and nothing filled in is lost', async () => {
    const { t, wait } = await open();
    const clock = later(5);
    const early = await send({ t, wait });
    expect(early.statusCode).toBe(403);
    expect(early.body).toContain('Everything you filled in is still here');
    expect(early.body).toContain(`value="${sara.email}"`);
    clock.mockRestore();
    later(31);
    expect((await send({ t, wait })).statusCode).toBe(303);
    expect((await send({ t, wait })).statusCode).toBe(403);
    expect((await send({ t, wait: `${wait.slice(0, -1)}x` })).statusCode).toBe(403);
    expect((await send({ t, wait: app.get(ProofOfWork).waitingToken('rivers', Date.now() - 60_000) })).statusCode).toBe(
      403,
    );
    expect((await send({ t })).statusCode).toBe(403);
  });

  test('waiting is a way for people, ten an hour from one network', async () => {
    const { t } = await open();
    later(31);
    const answers = [];
    for (let n = 0; n < 11; n++) {
      const wait = app.get(ProofOfWork).waitingToken('wetlands', Date.now() - 60_000);
      answers.push((await send({ t, wait, email: `p${n}@example.org` })).statusCode);
    }
    expect(answers.filter((status) => status === 303).length).toBeLessThanOrEqual(10);
    expect(answers.at(-1)).toBe(403);
  });

  test('what the worker needs is served from here, and nothing else of the package', async () => {
    const search = await app.inject({ url: '/assets/altcha/algorithms/web/pbkdf2.js' });
    expect([search.statusCode, search.headers['content-type']]).toEqual([200, expect.stringContaining('javascript')]);
    expect((await app.inject({ url: '/assets/altcha/../../../package.json' })).statusCode).toBe(404);
    expect((await app.inject({ url: '/assets/altcha/%2e%2e/%2e%2e/%2e%2e/package.json' })).statusCode).toBe(404);
  });
});

describe('pressure', () => {
  const pressure = (settings: object = {}) =>
    new Pressure({ ...app.settings, PRESSURE_PER_MINUTE: 3, ...settings } as never);

  test('begins with more than so many within a minute, for this petition alone, and lasts ten minutes', async () => {
    const watch = pressure();
    for (let n = 0; n < 3; n++) watch.note('wetlands', 1000);
    expect(await watch.isOn('wetlands', 1000)).toBe(false);
    watch.note('wetlands', 1001);
    expect([await watch.isOn('wetlands', 1001), await watch.isOn('rivers', 1001)]).toEqual([true, false]);
    expect(await watch.isOn('wetlands', 1001 + 599_000)).toBe(true);
    expect(await watch.isOn('wetlands', 1001 + 601_000)).toBe(false);
  });

  test('does not begin when they come slowly, nor without limits', async () => {
    const watch = pressure();
    for (let n = 0; n < 100; n++) watch.note('wetlands', n * 25_000);
    expect(await watch.isOn('wetlands', 100 * 25_000)).toBe(false);
    const off = pressure({ LIMITS: false, PRESSURE_PER_MINUTE: 0 });
    off.note('wetlands');
    expect(await off.isOn('wetlands')).toBe(false);
  });

  test('nobody is asked for work while few sign', async () => {
    const calm = await startApp();
    try {
      await openPetition(calm);
      const { body } = await calm.inject({ url: '/en/p/wetlands' });
      expect(body).not.toMatch(/proof\.js|data-challenge/);
      expect((await ask(calm)).statusCode).toBe(202);
    } finally {
      await calm.close();
    }
  });
});

test('Tor exits share one bucket of their own, fifty times as large, and nobody else is in it', async () => {
  const file = join(app.settings.DATA_DIR, 'tor-exits');
  await writeFile(file, '198.51.100.7\n2001:db8::7\n');
  const limited = await startApp({ TOR_EXITS: file, TRUST_PROXY: 'on' });
  try {
    await openPetition(limited);
    const from = async (address: string) =>
      (
        await limited.inject({
          method: 'POST',
          url: '/api/v1/petitions/wetlands/withdrawals/by-code',
          payload: { code: '7'.repeat(20) },
          headers: { 'x-forwarded-for': address },
        })
      ).statusCode;
    for (let n = 0; n < 21; n++) await from('203.0.113.9');
    expect(await from('203.0.113.9')).toBe(429);
    for (let n = 0; n < 21; n++) await from('198.51.100.7');
    expect([await from('198.51.100.7'), await from('2001:db8::7')]).toEqual([422, 422]);
    const [counted] = await limited.database.query(`SELECT 1 FROM limits LIMIT 1`);
    expect(JSON.stringify(counted ?? {})).not.toContain('198.51');
    await utimes(file, new Date(), new Date());
  } finally {
    await limited.close();
  }
});
