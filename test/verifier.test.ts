import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../src/config/root.js';
import {
  Edge,
  folderReader,
  Invalid,
  openCheckpoint,
  parseKey,
  verify,
  verifyProof,
} from '../verifier/countersign-verify.mjs';
import * as log from './support/log-writer.js';

const { codeOf, entry, filesOf, origin, seed } = log;
const { vkey } = log.keyOf(origin, seed);

interface Vectors {
  origin: string;
  log_vkey: string;
  log_seed_hex: string;
  witness_vkey: string;
  signers: { code: string; index: number }[];
  entries_hex: string[];
  leaf_hashes: string[];
  root: string;
  root_size6: string;
  checkpoint: string;
  proof_signer0: string;
  count: number;
}

let vectors: Vectors;
let folder: string;
const servers: Server[] = [];
beforeAll(async () => {
  vectors = JSON.parse(await readFile(join(projectRoot, 'test/fixtures/count-log.json'), 'utf8'));
});
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'countersign-verify-'))));
afterEach(() => rm(folder, { recursive: true }));
afterAll(() => Promise.all(servers.map((server) => new Promise((done) => server.close(done)))));

/** Reads from memory; what is not there is missing. */
const reading = (files: log.Files) => async (path: string) => {
  const bytes = files.get(path);
  if (!bytes) throw Object.assign(new Error('missing'), { code: 'ENOENT' });
  return bytes;
};
const check = (files: log.Files, options: Parameters<typeof verify>[1] = {}) => verify(reading(files), options);
const changed = (files: log.Files, path: string, bytes: Buffer): log.Files => new Map(files).set(path, bytes);

/** The command itself, in a process of its own. */
async function run(...words: string[]): Promise<{ status: number; out: string; error: string }> {
  const child = spawn(process.execPath, [join(projectRoot, 'verifier/countersign-verify.mjs'), ...words]);
  const said = { out: '', error: '' };
  child.stdout.on('data', (part) => void (said.out += part));
  child.stderr.on('data', (part) => void (said.error += part));
  child.stdin.end();
  const status = await new Promise<number>((done) => child.on('close', done));
  return { status, ...said };
}

test('--help says how it is used, and is no mistake', async () => {
  const { status, out, error } = await run('--help');
  expect([status, error]).toEqual([0, '']);
  expect(out).toContain('Usage: node countersign-verify.mjs <address or folder of the log>');
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/log/free-them`;
}
const answering =
  (files: log.Files): RequestListener =>
  ({ url }, answer) => {
    const bytes = files.get(url!.replace('/log/free-them/', ''));
    answer.writeHead(bytes ? 200 : 404).end(bytes);
  };

const signs = (count: number, from = 1) => Array.from({ length: count }, (_, i) => entry.sign(codeOf(from + i)));
/** Entries 1 to 5 are signatures; 2 was withdrawn with its code, 5 as fraud; 8 is a note, 9 the close. */
const story = () => [
  ...[entry.genesis(), ...signs(5), entry.withdraw(2, 1, codeOf(2)), entry.withdraw(5, 3)],
  ...[entry.note(), entry.close(3)],
];

/** Every flip of a bit, every cut, and the insertion of a few bytes everywhere. */
function* mutations(bytes: Buffer, masks = [1, 2, 4, 8, 16, 32, 64, 128]): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at++) {
    for (const mask of masks) {
      const flipped = Buffer.from(bytes);
      flipped[at]! ^= mask;
      yield flipped;
    }
    yield bytes.subarray(0, at);
    yield Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
  }
  for (let at = 0; at <= bytes.length; at++) {
    for (const byte of [0, 10, 32, 48, 65, bytes[at] ?? 61]) {
      yield Buffer.concat([bytes.subarray(0, at), Buffer.of(byte), bytes.subarray(at)]);
    }
  }
}

/** The mutations of a file that the verifier does not refuse. */
async function accepted(files: log.Files, path: string, masks?: number[]): Promise<string[]> {
  const accepted: string[] = [];
  let tried = 0;
  for (const bytes of mutations(files.get(path)!, masks)) {
    tried++;
    const refused = await check(changed(files, path, bytes)).catch((error: unknown) => error);
    if (!(refused instanceof Invalid)) accepted.push(bytes.toString('latin1'));
  }
  return tried > 500 ? accepted : ['too few were tried'];
}

describe('the vectors', () => {
  const entries = () => vectors.entries_hex.map((hex) => Buffer.from(hex, 'hex'));
  const written = () => {
    const files = filesOf(entries(), vectors.origin, Buffer.from(vectors.log_seed_hex, 'hex'));
    return files.set('checkpoint', Buffer.from(vectors.checkpoint));
  };

  test('are counted', async () => {
    const found = await check(written(), { key: vectors.log_vkey, witnesses: [vectors.witness_vkey] });
    expect(found).toMatchObject({ count: vectors.count, size: 9, witnesses: ['witness.ngo.example/w1'] });
    expect(Buffer.from(found.root, 'base64').toString('hex')).toBe(vectors.root);
    expect(written().get('tile/0/000.p/9')!.toString('hex')).toBe(vectors.leaf_hashes.join(''));
    await check(written(), { root: vectors.root_size6, size: 6 });
  });

  test('prove an entry, with the entry, the code or the log', async () => {
    const proof = Buffer.from(vectors.proof_signer0);
    const [first, second] = vectors.signers;
    const proven = { index: 1, size: 9, root: Buffer.from(vectors.root, 'hex').toString('base64') };
    const given = { entry: entries()[1]!, witnesses: [vectors.witness_vkey] };
    expect(verifyProof(proof, vectors.log_vkey, { ...given, code: first!.code })).toMatchObject(proven);
    expect(() => verifyProof(proof, vectors.log_vkey, { ...given, code: second!.code })).toThrow('of this code');
    expect(() => verifyProof(proof, vectors.log_vkey, { entry: entries()[2]! })).toThrow('does not lead');
    expect(() => verifyProof(proof, vectors.log_vkey)).toThrow('which entry');
    expect((await check(written(), { proof })).compared).toEqual(['the checkpoint of the proof (size 9)']);

    const [path, note] = vectors.proof_signer0.split(/\n\n([^]*)/) as [string, string];
    const [line, index, ...hashes] = path.split('\n');
    const proofOf = (...path: (string | undefined)[]) => Buffer.from(`${[line, index, ...path].join('\n')}\n\n${note}`);
    const root = Buffer.from(vectors.root, 'hex');
    expect(() => verifyProof(proofOf(), vectors.log_vkey, { leaf: root })).toThrow('fewer hashes than its tree');
    const tooLong = proofOf(...hashes, hashes[0]);
    expect(() => verifyProof(tooLong, vectors.log_vkey, given)).toThrow('more hashes than its tree');

    const extra = Buffer.from(vectors.proof_signer0.replace('index', `extra ${given.entry.toString('base64')}\nindex`));
    expect(verifyProof(extra, vectors.log_vkey, { code: first!.code })).toMatchObject(proven);
    await writeFile(join(folder, 'mine.tlog-proof'), extra);
    const offline = await run('--proof', join(folder, 'mine.tlog-proof'), '--key', vectors.log_vkey);
    expect(offline).toMatchObject({ status: 0, out: expect.stringContaining('Entry 1 is in the log') });
  });

  test('no mutation of the proof is accepted', () => {
    const options = { entry: entries()[1]!, witnesses: [vectors.witness_vkey] };
    for (const bytes of mutations(Buffer.from(vectors.proof_signer0))) {
      expect(() => verifyProof(bytes, vectors.log_vkey, options)).toThrow(Invalid);
    }
  });

  test('a mutation of what the witness signed is refused when the witness is demanded', async () => {
    const keys = [parseKey(vectors.log_vkey), parseKey(vectors.witness_vkey, 'witness')];
    for (const bytes of mutations(Buffer.from(vectors.checkpoint))) {
      expect(() => openCheckpoint(bytes, keys)).toThrow(Invalid);
    }
  });
});

test('says the count, what was withdrawn, and why', async () => {
  expect(await check(filesOf(story()))).toMatchObject({
    ...{ valid: true, origin, count: 3, signed: 5, size: 10, notes: 1, opened: '2026-12-01', closed: '2027-03-01' },
    withdrawn: { byCode: 1, byMailbox: 0, fraud: 1, duplicate: 0 },
  });
});

test('in words, with a warning when the key came from the server', async () => {
  await log.save(filesOf(story()), folder);
  const trusting = await run(folder);
  expect(trusting).toMatchObject({ status: 0, error: '' });
  expect(trusting.out).toContain('COUNT      3   (5 signed, 2 withdrawn)');
  expect(trusting.out).toContain('This shows only that the log agrees with itself.');
  expect(trusting.out).toContain('it counts confirmed e-mail addresses, not persons');
  const pinned = await run(folder, '--key', vkey);
  expect(pinned.out).toContain('the key that you gave');
  expect(pinned.out).not.toContain('agrees with itself');
  expect(JSON.parse((await run(folder, '--json')).out)).toMatchObject({ valid: true, count: 3, keyGiven: false });
});

test('says what notes say, and nothing that they make up around it', async () => {
  const notes = [
    `{"day":"2026-12-03","text":"One.\\nCOUNT 9\u202e\\u001b[2J","type":"incident"}`,
    `{"locale":"en","reason":"A date.","type":"amend","version":2}`,
    `{"entries":7,"type":"incident","what":"restored-from-backup","without_record":1}`,
    `{"more":{"toString":1},"type":"key"}`,
  ];
  await log.save(filesOf([...story().slice(0, -1), ...notes.map((json) => entry.note(json))]), folder);
  const { status, out } = await run(folder);
  expect(status).toBe(0);
  expect(out).toContain(
    `5 notes
  entry 8, incident: One.
  entry 9, 2026-12-03, incident: One. COUNT 9??[2J
  entry 10, amend: version 2 of the text in en: A date.
  entry 11, incident: a backup was put back; of 7 entries taken over from this log, 1 are signatures without a record
  entry 12, key: {"more":{"toString":1}}
size `,
  );
  await log.save(filesOf([entry.genesis(), ...Array.from({ length: 102 }, () => entry.note())]), folder);
  expect((await run(folder)).out).toMatch(
    /102 notes\n {2}entry 3, [^]*entry 102, incident: One\.\n {2}and 2 earlier\n/,
  );
});

describe('refuses, in a log that is rightly signed,', () => {
  const genesis = (json: string) => [entry.genesis(json), ...signs(1)];
  const note = (json: string) => [entry.genesis(), entry.note(json)];
  const withdrawing = (...bytes: Buffer[]) => [entry.genesis(), ...signs(2), ...bytes];
  const text = `"text_sha256":"${'0a'.repeat(32)}"`;
  test.each<[string, Buffer[], string]>([
    ['no genesis', signs(2), 'Entry 0 is not the genesis, which has to come first.'],
    ['two of them', [entry.genesis(), entry.genesis()], 'Entry 1 is a second genesis.'],
    ['nothing at all', [], 'The log is empty: even its genesis is missing.'],
    ['a genesis of another version', genesis(`{"opened":"2026-12-01",${text},"v":2}`), 'Entry 0 is not a genesis'],
    ['a genesis with more keys', genesis(`{"more":1,"opened":"2026-12-01",${text},"v":1}`), 'Entry 0 is not a genesis'],
    ['a genesis without a date', genesis(`{"opened":"soon",${text},"v":1}`), 'Entry 0 is not a genesis'],
    ['keys in disorder', genesis(`{${text},"opened":"2026-12-01","v":1}`), 'Entry 0 is not canonical JSON'],
    ['spaces', genesis(`{"opened":"2026-12-01", ${text},"v":1}`), 'Entry 0 is not canonical JSON'],
    ['a key twice', note('{"type":"key","type":"key"}'), 'Entry 1 is not canonical JSON'],
    ['another spelling of a number', note('{"n":1.0,"type":"key"}'), 'Entry 1 is not canonical JSON'],
    ['inner keys in disorder', note('{"in":{"b":1,"a":1},"type":"key"}'), 'Entry 1 is not canonical JSON'],
    ['a list', note('["key"]'), 'Entry 1 is not a JSON object.'],
    ['no JSON', note('{"type":'), 'Entry 1 is not JSON.'],
    ['a pit of brackets', note('['.repeat(30_000) + ']'.repeat(30_000)), 'Entry 1 is nested too deeply.'],
    ['a note of unknown type', note('{"type":"advert"}'), 'Entry 1 is a note of no known type.'],
    ['an unknown kind', [entry.genesis(), Buffer.of(5)], 'Entry 1 is of no known kind.'],
    ['an entry of no bytes', [entry.genesis(), Buffer.alloc(0)], 'Entry 1 is of no known kind.'],
    ['a long signature', [entry.genesis(), Buffer.alloc(66, 1)], 'Entry 1 is a signature that is not 65 bytes long.'],
    ['a short signature', [entry.genesis(), Buffer.alloc(64, 1)], 'Entry 1 is a signature that is not 65 bytes long.'],
    ['a withdrawal of the genesis', withdrawing(entry.withdraw(0, 3)), 'Entry 3 withdraws entry 0, which is no'],
    ['of itself', withdrawing(entry.withdraw(3, 3)), 'Entry 3 withdraws an entry that does not come before it.'],
    ['of what is to come', withdrawing(entry.withdraw(4, 3), ...signs(1)), 'Entry 3 withdraws an entry that does not'],
    ['twice', withdrawing(entry.withdraw(1, 3), entry.withdraw(1, 2)), 'Entry 4 withdraws entry 1 a second time.'],
    [
      'of a withdrawal',
      withdrawing(entry.withdraw(1, 3), entry.withdraw(3, 2)),
      'Entry 4 withdraws entry 3, which is no',
    ],
    ['for no reason', withdrawing(entry.withdraw(1, 0)), 'Entry 3 withdraws for no known reason.'],
    ['for a fifth reason', withdrawing(entry.withdraw(1, 5)), 'Entry 3 withdraws for no known reason.'],
    ['cut short', withdrawing(Buffer.of(2, 0, 0)), 'Entry 3 withdraws for no known reason.'],
    ['with a code not needed', withdrawing(entry.withdraw(1, 2, codeOf(1))), 'Entry 3 is a withdrawal of the wrong'],
    ['without the code', withdrawing(entry.withdraw(1, 1)), 'Entry 3 is a withdrawal of the wrong length.'],
    ['with the code of another', withdrawing(entry.withdraw(1, 1, codeOf(2))), 'Entry 3 withdraws entry 1 with a code'],
    ['a wrong count at the close', [...story().slice(0, -1), entry.close(4)], 'Entry 9 closes with a count of 4; the'],
    ['a signature after it', [...story(), ...signs(1, 9)], 'Entry 10 comes after the close; nothing may follow it.'],
    ['two closes', [...story(), entry.close(3)], 'Entry 10 comes after the close; nothing may follow it.'],
  ])('%s', async (_, entries, sentence) => {
    await expect(check(filesOf(entries))).rejects.toThrow(sentence);
    await expect(check(filesOf(entries))).rejects.toThrow(Invalid);
  });
});

describe('refuses every flip, cut and insertion', () => {
  test.each([
    ['checkpoint', undefined],
    ['tile/entries/000.p/10', [1, 16, 128]],
    ['tile/0/000.p/10', [1, 128]],
  ])('in %s', async (path, masks) => {
    expect(await accepted(filesOf(story()), path, masks)).toEqual([]);
  });
});

test('refuses other entries under the same checkpoint, though bundle and tile agree', async () => {
  const other = filesOf([...story().slice(0, 5), entry.sign(codeOf(77)), ...story().slice(6)]);
  const files = changed(other, 'checkpoint', filesOf(story()).get('checkpoint')!);
  await expect(check(files)).rejects.toThrow('The first 10 entries do not give the root of the checkpoint.');
});

test('refuses another key, another log, and a log that went back', async () => {
  const files = filesOf(story());
  const stranger = log.keyOf(origin, log.hash('stranger'));
  await expect(check(files, { key: stranger.vkey })).rejects.toThrow('log.json names another key');
  const without = new Map(files);
  without.delete('log.json');
  await expect(check(without, { key: stranger.vkey })).rejects.toThrow('The checkpoint is not signed by');
  expect(await check(without, { key: vkey })).toMatchObject({ count: 3, keyGiven: true });
  const elsewhere = filesOf(story(), 'elsewhere.example/log/x').get('checkpoint')!;
  await expect(check(changed(files, 'checkpoint', elsewhere))).rejects.toThrow('The checkpoint is not signed by');
  const earlier = Buffer.from(log.checkpointOf(story().slice(0, 6)));
  const later = Buffer.from(log.checkpointOf([...story().slice(0, 9), ...signs(9, 20)]));
  const forked = Buffer.from(log.checkpointOf(signs(6)));
  expect((await check(files, { old: [earlier] })).compared).toEqual(['the older checkpoint (size 6)']);
  await expect(check(files, { old: [earlier, later] })).rejects.toThrow('fewer than the 18 of the older checkpoint');
  await expect(check(files, { old: [forked] })).rejects.toThrow('do not give the root of the older checkpoint');
});

test('refuses a checkpoint that its log signed twice, and one of four lines', async () => {
  const files = filesOf(story());
  const note = files.get('checkpoint')!.toString();
  const twice = Buffer.from(note + note.slice(note.indexOf('—')));
  await expect(check(changed(files, 'checkpoint', twice))).rejects.toThrow('The checkpoint is signed twice by');
  const text = `${note.split('\n\n')[0]}\nmore\n`;
  const longer = Buffer.from(`${text}\n${log.keyOf(origin, seed).line(text)}`);
  await expect(check(changed(files, 'checkpoint', longer))).rejects.toThrow('has not exactly three lines');
  const foreign = `elsewhere.example/log/x\n${text.split('\n').slice(1, 3).join('\n')}\n`;
  const other = Buffer.from(`${foreign}\n${log.keyOf(origin, seed).line(foreign)}`);
  await expect(check(changed(files, 'checkpoint', other))).rejects.toThrow('is of another log than its key');
});

test('compares with a root on paper and with the published count', async () => {
  const files = filesOf(story());
  const root = log.treeHash(
    story()
      .slice(0, 7)
      .map((bytes) => log.hash('\0', bytes)),
  );
  await log.save(files.set('checkpoints/7', Buffer.from(log.checkpointOf(story().slice(0, 7)))), folder);
  for (const text of [root.toString('base64'), root.toString('hex')]) {
    expect((await run(folder, '--root', text, '--size', '7')).out).toContain('compared   the root given (size 7)');
  }
  expect(await run(folder, '--size', '7')).toMatchObject({ status: 0, out: expect.stringContaining('checkpoints/7') });
  const wrong = await run(folder, '--root', root.toString('hex'), '--size', '6');
  const sentence = 'INVALID. The first 6 entries do not give the root of the root given.\n';
  expect(wrong).toEqual({ status: 1, out: '', error: sentence });
  expect(await run(folder, '--root', 'AAAA')).toMatchObject({ status: 2 });

  const counts = join(folder, 'count.json');
  await writeFile(counts, '{"petition":"free-them","count":3,"pending":7}');
  expect(await run(folder, '--counts', counts)).toMatchObject({ status: 0, out: expect.stringContaining('the count') });
  await writeFile(counts, '{"count":4,"size":6}');
  const before = await run(folder, '--counts', counts);
  expect(before).toMatchObject({ status: 1, error: 'INVALID. Published is a count of 4; the log has 5.\n' });
});

test('finds a code without asking for it', async () => {
  const asked: string[] = [];
  const files = filesOf(story());
  const base = await serve((request, answer) => {
    asked.push(request.url!);
    answering(files)(request, answer);
  });
  const counted = await run(base, '--code', '0000-0000 oooo-oooo-ooli', '--json');
  expect(JSON.parse(counted.out)).toMatchObject({ valid: true, code: [] });
  expect(counted.status).toBe(3);
  const paths = [...asked];
  asked.length = 0;
  const typed = codeOf(1).replaceAll('0', 'o').replace('1', 'l');
  expect(await run(base, '--code', typed)).toMatchObject({
    status: 0,
    out: expect.stringContaining('entry 1, counted'),
  });
  expect(asked.toSorted()).toEqual(paths.toSorted());
  const withdrawn = await run(base, '--code', codeOf(2));
  expect(withdrawn).toMatchObject({ status: 3, out: expect.stringContaining('entry 2, withdrawn by its signer') });
  expect(await run(base, '--code', codeOf(99))).toMatchObject({ status: 3, out: expect.stringContaining('mistyped') });
  for (const code of ['', 'ABC', codeOf(1).replace('1', 'U')]) {
    expect(await run(base, '--code', code)).toMatchObject({ status: 2, error: expect.stringContaining('mistyped') });
  }
});

describe('over HTTP', () => {
  test('600 entries in three bundles; a missing tile and a wrong one are named', async () => {
    const entries = [entry.genesis(), ...signs(598), entry.withdraw(300, 1, codeOf(300))];
    const files = filesOf(entries);
    expect([...files.keys()]).toEqual(
      expect.arrayContaining(['tile/entries/002.p/88', 'tile/0/001', 'tile/1/000.p/2']),
    );
    const base = await serve(answering(files));
    const counted = { status: 0, out: expect.stringContaining('COUNT      597 ') };
    expect(await run(base, '--save', join(folder, 'saved'))).toMatchObject(counted);
    expect(await run(join(folder, 'saved'), '--key', vkey)).toMatchObject(counted);
    for (const path of files.keys()) {
      if (!path.startsWith('tile')) continue;
      const bytes = Buffer.from(files.get(path)!);
      bytes[bytes.length - 1]! ^= 1;
      await expect(check(changed(files, path, bytes))).rejects.toThrow(Invalid);
      const missing = new Map(files);
      missing.delete(path);
      await expect(check(missing)).rejects.toThrow(`${path} is missing, and the checkpoint says it exists.`);
    }
    files.delete('tile/1/000.p/2');
    expect(await run(base)).toMatchObject({ status: 1, error: expect.stringContaining('tile/1/000.p/2 is missing') });
  });

  test('nobody there, no log there, another host, endless files', async () => {
    const files = filesOf(story());
    expect(await run('http://127.0.0.1:1/log/x')).toMatchObject({ status: 2, error: expect.stringContaining('read') });
    const none = await serve(answering(new Map()));
    expect(await run(none)).toMatchObject({ status: 2, error: 'log.json is missing: this is no count log.\n' });
    const away = await serve((_, answer) => answer.writeHead(302, { location: 'http://127.0.0.2/' }).end());
    expect(await run(away)).toMatchObject({ status: 2, error: expect.stringContaining('leads to another host') });
    const round = await serve((request, answer) => answer.writeHead(302, { location: request.url }).end());
    expect(await run(round)).toMatchObject({ status: 2, error: expect.stringContaining('in a circle') });
    const broken = await serve((_, answer) => answer.writeHead(500).end());
    expect(await run(broken)).toMatchObject({ status: 2, error: expect.stringContaining('status 500') });
    const endless = await serve((request, answer) => {
      if (!request.url!.endsWith('checkpoint')) return answering(files)(request, answer);
      const pour = () => {
        while (!answer.destroyed && answer.write(Buffer.alloc(65_536, 65)));
      };
      answer.on('drain', pour);
      return pour();
    });
    const sentence = 'INVALID. checkpoint is larger than 65536 bytes.\n';
    expect(await run(endless)).toMatchObject({ status: 1, error: sentence });
  });
});

test('hostile files end in a sentence', async () => {
  const files = filesOf(story());
  const words = {
    'log.json': ['', '[]', 'null', '{"origin":1}', '{"origin":"x","vkey":"x"}', '\xff'],
    checkpoint: ['', '\n\n', 'x'],
  };
  for (const [path, texts] of Object.entries(words)) {
    for (const text of texts) {
      const bytes = Buffer.from(text, 'latin1');
      await expect(check(changed(files, path, bytes))).rejects.toThrow(Invalid);
    }
  }
  const text = `${origin}\n999999999999999\n${'A'.repeat(43)}=\n`;
  const huge = Buffer.from(`${text}\n${log.keyOf(origin, seed).line(text)}`);
  await expect(check(changed(files, 'checkpoint', huge))).rejects.toThrow('tile/entries/000 is missing');
  await log.save(changed(files, 'tile/0/000.p/10', Buffer.alloc(10_000)), folder);
  const large = await run(folder);
  expect(large).toEqual({ status: 1, out: '', error: 'INVALID. tile/0/000.p/10 is larger than 8192 bytes.\n' });
  const liar = async (path: string) => (path === 'tile/entries/000.p/10' ? lies.shift()! : files.get(path)!);
  const honest = files.get('tile/entries/000.p/10')!;
  const lies = [
    honest,
    filesOf([...story().slice(0, 2), ...signs(1, 9), ...story().slice(3)]).get('tile/entries/000.p/10')!,
  ];
  await expect(verify(liar)).rejects.toThrow('Bundle 0 is another one each time it is read.');
});

test.each([
  [[], 'Usage:'],
  [['a', 'b'], 'Usage:'],
  [['.', '--colour'], 'Usage:'],
  [['.', '--size', '0x10'], '--size is not a number.'],
  [['.', '--key', 'x'], 'The key is not of the form'],
  [['.', '--key', vkey.replace('+', '+0').replace(/\+(.{8})./, '+$1')], 'The key was mistyped: its id does not fit.'],
  [['/nowhere/at/all'], 'log.json is missing: this is no count log.'],
  [['--proof', '/nowhere', '--key', vkey], '/nowhere cannot be read.'],
])('%j is wrong use', async (words, sentence) => {
  const said = await run(...words);
  expect(said).toMatchObject({ status: 2, out: '', error: expect.stringContaining(sentence) });
  expect(said.error).not.toMatch(/\n\s+at /);
});

test('the edge of a tree gives the root of RFC 6962 at every size', () => {
  const edge = new Edge();
  const hashes: Buffer[] = [];
  for (let size = 1; size <= 600; size++) {
    hashes.push(log.hash(String(size)));
    edge.append(hashes.at(-1)!);
    expect(edge.root().equals(log.treeHash(hashes))).toBe(true);
  }
});

test('70,000 entries, three levels of tiles', async () => {
  const entries = [entry.genesis(), ...signs(69_998), entry.withdraw(40_000, 4)];
  const files = filesOf(entries);
  expect(files.get('tile/2/000.p/1')!.length).toBe(32);
  await log.save(files, folder);
  const old = Buffer.from(log.checkpointOf(entries.slice(0, 65_537)));
  const found = await verify(folderReader(folder), { key: vkey, old: [old], code: codeOf(69_000) });
  expect(found).toMatchObject({ count: 69_997, size: 70_000, code: [{ index: 69_000, withdrawnForReason: null }] });
  const tile = files.get('tile/1/000')!;
  tile[0]! ^= 1;
  await expect(check(files)).rejects.toThrow('tile/1/000 does not hold the hashes of the entries.');
});
