import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../src/config/root.js';
import { leafHash } from '../src/countlog/merkle.js';
import { parseVkey } from '../src/countlog/note.js';
import { openPromise } from '../src/countlog/promise.js';
import { parseProof, verifyProof } from '../src/countlog/proof.js';
import { Sequencer } from '../src/countlog/sequencer.js';
import { Rights } from '../src/signatures/rights.service.js';
import { Switches } from '../src/switches/switches.service.js';
import { startApp, type TestApp } from './support/app.js';
import { queueEntries } from './support/log-queue.js';
import { askForLink, confirm, openPetition } from './support/petitions.js';

let app: TestApp;
let petitionId: string;
let folder: string;
beforeAll(async () => {
  app = await startApp({ LIMITS: 'off' });
  petitionId = await openPetition(app);
  folder = mkdtempSync(join(tmpdir(), 'countersign-proofs-'));
});
afterAll(async () => {
  await app.close();
  rmSync(folder, { recursive: true });
});

const drain = () => app.get(Sequencer).drain();
const inLog = (file: string) => readFileSync(join(app.settings.DATA_DIR, 'log/wetlands', file));
const settings = () => JSON.parse(String(inLog('log.json'))) as { origin: string; vkey: string; promiseVkey: string };
const proof = (query: string, slug = 'wetlands') => app.inject({ url: `/api/v1/petitions/${slug}/proof?${query}` });
const receipt = (token: string) => app.inject({ method: 'POST', url: `/api/v1/confirmations/${token}/receipt` });

/** What the program that shares no code with the server says of a proof. */
function checkAlone(bytes: Buffer, ...more: string[]): { valid: boolean; index: number; size: number } {
  const file = join(folder, 'entry.tlog-proof');
  writeFileSync(file, bytes);
  const program = join(projectRoot, 'verifier/countersign-verify.mjs');
  const words = [program, '--proof', file, '--key', settings().vkey, '--json', ...more];
  return JSON.parse(spawnSync(process.execPath, words, { encoding: 'utf8' }).stdout);
}

const check = (bytes: Buffer) => verifyProof(bytes, leafHash(parseProof(bytes).extra!), parseVkey(settings().vkey));

test('there is nothing to prove before the first checkpoint', async () => {
  expect((await proof('index=0')).statusCode).toBe(404);
});

test('proves entries at every edge of the tree, under the newest checkpoint and under older ones', async () => {
  await drain();
  await queueEntries(app, petitionId, 299);
  await drain();
  await queueEntries(app, petitionId, 500);
  await drain();
  for (const index of [0, 1, 255, 256, 511, 512, 767, 768, 799]) {
    const answer = await proof(`index=${index}`);
    expect(answer.statusCode).toBe(200);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename="wetlands-${index}.tlog-proof"`,
      'cache-control': 'no-cache',
      'access-control-allow-origin': '*',
    });
    expect(check(answer.rawPayload)).toMatchObject({ index, size: 800, origin: settings().origin });
    expect(checkAlone(answer.rawPayload)).toMatchObject({ valid: true, index, size: 800 });
    expect(parseProof(answer.rawPayload).checkpoint).toEqual(inLog('checkpoint'));
  }
  for (const [index, size] of [
    [0, 1],
    [0, 300],
    [256, 300],
    [299, 300],
  ]) {
    const answer = await proof(`index=${index}&size=${size}`);
    expect(answer.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(check(answer.rawPayload)).toMatchObject({ index, size });
    expect(checkAlone(answer.rawPayload)).toMatchObject({ valid: true, index, size });
    expect(parseProof(answer.rawPayload).checkpoint).toEqual(inLog(`checkpoints/${size}`));
  }
});

test('the entry in the proof is the one that is published there', async () => {
  const bundle = inLog('tile/entries/001');
  const length = bundle.readUInt16BE(0);
  const { extra } = parseProof((await proof('index=256')).rawPayload);
  expect(extra).toEqual(bundle.subarray(2, 2 + length));
});

test.each([
  ['index=800', 404],
  ['index=300&size=300', 404],
  ['index=0&size=301', 404],
  ['index=0&size=0', 404],
  ['index=999999999999999', 404],
  ['', 422],
  ['index=', 422],
  ['index=-1', 422],
  ['index=1.5', 422],
  ['index=01', 422],
  ['index=0x10', 422],
  ['index=1e2', 422],
  ['index=9999999999999999', 422],
  ['index=1&index=2', 422],
  ['index=0&size=', 422],
  ['index=0&size=x', 422],
])('%s is a problem, %i', async (query, status) => {
  const answer = await proof(query);
  expect(answer.statusCode).toBe(status);
  expect(answer.headers['content-type']).toContain('application/problem+json');
  expect(answer.headers['cache-control'] ?? '').not.toContain('immutable');
});

test('nothing is proved for a petition that is not there', async () => {
  expect((await proof('index=0', 'nothing-here')).statusCode).toBe(404);
});

test('nothing is proved under a checkpoint that was signed and not published', async () => {
  const slug = 'woods';
  const other = await openPetition(app, slug);
  await drain();
  await queueEntries(app, other, 3);
  const published = readFileSync(join(app.settings.DATA_DIR, 'log', slug, 'checkpoint'));
  await drain();
  // As if the process had died between the commit and the files.
  writeFileSync(join(app.settings.DATA_DIR, 'log', slug, 'checkpoint'), published);
  expect((await proof('index=0', slug)).statusCode).toBe(200);
  for (const query of ['index=3', 'index=3&size=4', 'index=0&size=4']) {
    expect({ query, status: (await proof(query, slug)).statusCode }).toEqual({ query, status: 404 });
  }
});

describe('the receipt of a signer', () => {
  const openAs = (bytes: Buffer) => openPromise(bytes, parseVkey(settings().promiseVkey));
  const hours = (by: number) => (by - Date.now() / 1000) / 3600;

  test('is a promise while her entry waits, then the proof of that entry, and gone when she has withdrawn', async () => {
    const token = await askForLink(app, { email: 'sara@example.org' });
    expect((await receipt(token)).statusCode).toBe(410);
    const { code } = (await confirm(app, token)).json<{ code: string }>();

    const promised = await receipt(token);
    expect(promised.statusCode).toBe(200);
    expect(promised.headers).toMatchObject({
      'content-disposition': 'attachment; filename="wetlands.petition-promise"',
      'cache-control': 'no-store',
    });
    const promise = openAs(promised.rawPayload);
    expect(promise.origin).toBe(settings().origin);
    expect(Math.abs(hours(promise.by) - 24)).toBeLessThan(0.05);

    await drain();
    const proved = await receipt(token);
    const { index, size } = check(proved.rawPayload);
    expect(proved.headers['content-disposition']).toBe(`attachment; filename="wetlands-${index}.tlog-proof"`);
    expect(index).toBe(size - 1);
    expect(leafHash(parseProof(proved.rawPayload).extra!)).toEqual(promise.leafHash);
    expect(checkAlone(proved.rawPayload, '--code', code)).toMatchObject({ valid: true, index });

    await app.inject({ method: 'DELETE', url: `/api/v1/confirmations/${token}` });
    expect((await receipt(token)).statusCode).toBe(410);
    await drain();
    const gone = await receipt(token);
    expect(gone.statusCode).toBe(410);
    expect(gone.headers['content-type']).toContain('application/problem+json');
  });

  test('stays a promise for the same entry until the checkpoint over it is published', async () => {
    const token = await askForLink(app, { email: 'jean@example.org' });
    await confirm(app, token);
    const before = openAs((await receipt(token)).rawPayload);
    const published = inLog('checkpoint');
    await drain();
    const file = join(app.settings.DATA_DIR, 'log/wetlands/checkpoint');
    const newest = readFileSync(file);
    writeFileSync(file, published);
    expect(openAs((await receipt(token)).rawPayload).leafHash).toEqual(before.leafHash);
    writeFileSync(file, newest);
    expect(check((await receipt(token)).rawPayload).index).toBeGreaterThan(0);
  });

  test('adds the hold window, and an hour where rounds are rare', async () => {
    const token = await askForLink(app, { email: 'nima@example.org' });
    await confirm(app, token);
    await app.database.query(`UPDATE logs SET publication = 'protected' WHERE petition_id = $1`, [petitionId]);
    expect(Math.abs(hours(openAs((await receipt(token)).rawPayload).by) - 25)).toBeLessThan(0.05);
    await app.database.query(`UPDATE log_queue SET due_at = now() + interval '3 hours' WHERE petition_id = $1`, [
      petitionId,
    ]);
    expect(Math.abs(hours(openAs((await receipt(token)).rawPayload).by) - 28)).toBeLessThan(0.05);
    await app.database.query(`UPDATE logs SET publication = 'ordinary' WHERE petition_id = $1`, [petitionId]);
  });

  test('promises nothing that nobody can be sure of: while somebody has to look, or nothing is counted', async () => {
    const token = await askForLink(app, { email: 'omid@example.org' });
    await confirm(app, token);
    await app.database.query(`UPDATE log_queue SET due_at = 'infinity' WHERE petition_id = $1`, [petitionId]);
    expect((await receipt(token)).statusCode).toBe(409);
    await app.database.query(`UPDATE log_queue SET due_at = now() WHERE petition_id = $1`, [petitionId]);
    await app.database.query(`UPDATE logs SET fault = 'a tile' WHERE petition_id = $1`, [petitionId]);
    expect((await receipt(token)).statusCode).toBe(503);
    await app.database.query(`UPDATE logs SET fault = NULL WHERE petition_id = $1`, [petitionId]);
    await app.get(Switches).turn('counting', { petition: 'wetlands', off: true, reason: 'a test' }, 'system');
    expect((await receipt(token)).statusCode).toBe(503);
    await app.get(Switches).turn('counting', { petition: 'wetlands', off: false, reason: 'a test' }, 'system');
    expect((await receipt(token)).statusCode).toBe(200);
    // What is in the log can be proved, whatever is switched off.
    await drain();
    await app.get(Switches).turn('counting', { petition: null, off: true, reason: 'a test' }, 'system');
    expect(check((await receipt(token)).rawPayload).index).toBeGreaterThan(0);
    await app.get(Switches).turn('counting', { petition: null, off: false, reason: 'a test' }, 'system');
  });

  test('is not for strangers: a made-up link gets nothing, and one link never another signer’s entry', async () => {
    expect((await receipt('x'.repeat(200))).statusCode).toBe(410);
    const link = await askForLink(app, { email: 'one@example.org' });
    const other = await askForLink(app, { email: 'two@example.org' });
    await confirm(app, link);
    expect((await receipt(other)).statusCode).toBe(410);
    await confirm(app, other);
    const [one, two] = [openAs((await receipt(link)).rawPayload), openAs((await receipt(other)).rawPayload)];
    expect(one.leafHash).not.toEqual(two.leafHash);
  });

  test('is not for one who was erased: her link must not lead to her entry any more', async () => {
    const token = await askForLink(app, { email: 'leila@example.org' });
    await confirm(app, token);
    await drain();
    expect((await receipt(token)).statusCode).toBe(200);
    await app.get(Rights).erase('confirm', token);
    expect((await receipt(token)).statusCode).toBe(410);
  });

  test('can be downloaded from the thank-you page, and binds only whoever asks for it by its button', async () => {
    const token = await askForLink(app, { email: 'lina@example.org' });
    await confirm(app, token);
    const promised = async () =>
      (await app.database.query(`SELECT promised FROM log_queue WHERE kind = 'sign'`)) as { promised: boolean }[];
    const page = await app.inject({ url: `/en/confirm/${token}/thank-you` });
    expect(page.body).toContain('href="/en/p/wetlands/verify"');
    const [, address] = /<form method="post" action="(\/en\/confirm\/[^"]+\/receipt)" data-download>/.exec(page.body)!;
    // Whatever a mail filter or a browser fetches ahead of a person leaves a moderator free to look.
    for (const url of [address!, `/api/v1/confirmations/${token}/receipt`]) {
      expect((await app.inject({ url })).statusCode).toBe(404);
    }
    expect(await promised()).toEqual([{ promised: false }]);

    const answer = await app.inject({ method: 'POST', url: address! });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-disposition': 'attachment; filename="wetlands.petition-promise"',
      'cache-control': 'no-store',
    });
    expect(hours(openAs(answer.rawPayload).by)).toBeGreaterThan(23);
    expect(await promised()).toEqual([{ promised: true }]);

    const stranger = await app.inject({ method: 'POST', url: `/en/confirm/${'x'.repeat(200)}/receipt` });
    expect(stranger.statusCode).toBe(410);
    expect(stranger.headers['content-type']).toContain('text/html');
  });
});
