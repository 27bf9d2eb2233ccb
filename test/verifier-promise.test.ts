import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../src/config/root.js';
import { Invalid, verify } from '../verifier/countersign-verify.mjs';
import * as log from './support/log-writer.js';

const { codeOf, entry, origin, seed } = log;
const { vkey } = log.keyOf(origin, seed);
const script = join(projectRoot, 'verifier/countersign-verify.mjs');
const signs = [1, 2, 3].map((n) => entry.sign(codeOf(n)));

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'countersign-promise-'))));
afterEach(() => rm(folder, { recursive: true }));

/** Reads from memory; what is not there is missing. */
const check = (files: log.Files, options: Parameters<typeof verify>[1] = {}) =>
  verify(async (path: string) => {
    const bytes = files.get(path);
    if (!bytes) throw Object.assign(new Error('missing'), { code: 'ENOENT' });
    return bytes;
  }, options);

const promising = log.keyOf(`${origin}/promise`, log.hash('the promises of the tests'));
const soon = Math.floor(Date.now() / 1000) + 3600;
const promiseOf = (of: Buffer, by: number, key = promising) => {
  const text = `petition-promise/v1\n${origin}\n${log.hash('\0', of).toString('base64')}\n${by}\n`;
  return Buffer.from(`${text}\n${key.line(text)}`);
};
const given = (of: Buffer, by = soon) => ({ promise: promiseOf(of, by), promiseKey: promising.vkey });

test('a promise is kept, withdrawn after it was kept, or waits', async () => {
  const files = log.filesOf([entry.genesis(), ...signs, entry.withdraw(2, 2)]);
  const found = async (of: Buffer) => (await check(files, given(of))).promise;
  expect(await found(entry.sign(codeOf(1)))).toEqual({ by: soon, entries: [{ index: 1, withdrawnForReason: null }] });
  expect(await found(entry.sign(codeOf(2)))).toEqual({ by: soon, entries: [{ index: 2, withdrawnForReason: 2 }] });
  expect(await found(entry.sign(codeOf(77)))).toEqual({ by: soon, entries: [] });
  expect((await check(files)).promise).toBeUndefined();
});

test('a promise is looked for by the command, with the key of log.json or the one given', async () => {
  const files = log.filesOf([entry.genesis(), ...signs]);
  const settings = { ...JSON.parse(files.get('log.json')!.toString()), promiseVkey: promising.vkey };
  await log.save(new Map(files).set('log.json', Buffer.from(JSON.stringify(settings))), folder);
  const asked = async (promise: Buffer, ...more: string[]) => {
    await writeFile(join(folder, 'mine.petition-promise'), promise);
    const words = [script, folder, '--promise', join(folder, 'mine.petition-promise'), ...more];
    const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' });
    return { status, out: stdout, error: stderr };
  };
  const kept = await asked(promiseOf(entry.sign(codeOf(1)), 1));
  expect(kept).toMatchObject({ status: 0, out: expect.stringMatching(/^promise +entry 1, counted\.$/m) });
  const waiting = await asked(promiseOf(entry.sign(codeOf(77)), soon), '--promise-key', promising.vkey);
  expect(waiting).toMatchObject({ status: 0, out: expect.stringMatching(/^promise +not in this log yet/m) });
  const broken = await asked(promiseOf(entry.sign(codeOf(77)), 1_700_000_000));
  expect(broken).toMatchObject({
    status: 3,
    out: expect.stringMatching(/^promise +BROKEN: promised by 2023-11-14T22/m),
  });
  const forged = await asked(promiseOf(entry.sign(codeOf(1)), 1, log.keyOf(`${origin}/promise`, seed)));
  expect(forged).toMatchObject({ status: 1, error: expect.stringContaining('The promise is not signed by') });
});

test('a promise of another log, another kind or with one bit changed is none', async () => {
  const files = log.filesOf([entry.genesis(), ...signs]);
  await expect(check(files, { ...given(entry.genesis()), promiseKey: vkey })).rejects.toThrow('of another log');
  await expect(check(files, { promise: promiseOf(entry.genesis(), soon) })).rejects.toThrow('--promise-key');
  const checkpoint = files.get('checkpoint')!;
  await expect(check(files, { promise: checkpoint, promiseKey: promising.vkey })).rejects.toThrow(Invalid);
  const whole = promiseOf(entry.sign(codeOf(1)), soon);
  for (let at = 0; at < whole.length; at++) {
    const flipped = Buffer.from(whole);
    flipped[at]! ^= 1 << (at % 8);
    for (const promise of [flipped, whole.subarray(0, at)])
      await expect(check(files, { promise, promiseKey: promising.vkey })).rejects.toThrow(Invalid);
  }
});
