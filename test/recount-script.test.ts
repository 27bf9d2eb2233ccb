import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compare, find, folderReader, openReceipt, proofOf, recount, sha256, Wrong } from '../public/verify-log.js';
import { projectRoot } from '../src/config/root.js';
import { LogError } from '../src/countlog/log-error.js';
import { encodeVkey, parseVkey, signerOf } from '../src/countlog/note.js';
import { promiseKeyName, signPromise } from '../src/countlog/promise.js';
import { leafHash } from '../src/countlog/merkle.js';
import { verifyProof } from '../src/countlog/proof.js';
import { Tally } from '../src/countlog/tally.js';
import { vectors } from './support/count-log.js';
import * as log from './support/log-writer.js';

// The script that counts in the browser, without one: what it says of right and wrong logs. The page around it is looked at
// in test/browser/verify.test.ts.

const { codeOf, entry, filesOf, origin } = log;
const slug = 'free-them';

const reading = (files: log.Files) => async (file: string) => files.get(file) ?? null;
const count = (files: log.Files, shown: object | null = null, more: object = {}) =>
  recount({
    ...{ read: reading(files), slug, pause: 1, ...more },
    readShown: async () => shown && Buffer.from(JSON.stringify(shown)),
  });

/** The code of what is wrong, and where. @throws whatever is no Wrong: that would be a defect */
async function wrongOf(attempt: Promise<unknown>): Promise<object | null> {
  try {
    await attempt;
    return null;
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    return { code: error.code, ...error.values };
  }
}

/** A log of some hundred entries with every kind of withdrawal. */
function someEntries(signatures = 700): Buffer[] {
  const entries = [entry.genesis(), ...Array.from({ length: signatures }, (_, n) => entry.sign(codeOf(n + 1)))];
  entries.push(entry.withdraw(3, 1, codeOf(3)), entry.withdraw(4, 2), entry.note(), entry.withdraw(5, 3));
  entries.push(entry.withdraw(6, 4), entry.sign(codeOf(5000)));
  return entries;
}

test('hashes like everybody else, whatever the length', () => {
  for (const length of [...Array.from({ length: 200 }, (_, n) => n), 65_535, 65_536, 66_000, 200_000]) {
    const bytes = randomBytes(length);
    const expected = createHash('sha256').update(bytes).digest('hex');
    const cut = Math.floor(length / 3);
    expect(Buffer.from(sha256(bytes)).toString('hex')).toBe(expected);
    expect(Buffer.from(sha256(bytes.subarray(0, cut), bytes.subarray(cut))).toString('hex')).toBe(expected);
  }
});

test('agrees with the vectors of the format: root, count, codes, proof', async () => {
  const files = filesOf(
    vectors.entries_hex.map((hex) => Buffer.from(hex, 'hex')),
    vectors.origin,
    Buffer.from(vectors.log_seed_hex, 'hex'),
  );
  files.set('checkpoint', Buffer.from(vectors.checkpoint));
  const counted = await count(files, null, { slug: vectors.origin.split('/log/')[1] });
  const root = Buffer.from(vectors.root, /^[0-9a-f]{64}$/.test(vectors.root) ? 'hex' : 'base64').toString('hex');
  expect(counted.result).toMatchObject({ count: vectors.count, rootHex: root, signature: true, shown: 'none' });
  for (const { code, index } of vectors.signers) {
    expect(find(counted, code).entries).toEqual([expect.objectContaining({ index })]);
  }
  expect(await compare(counted, vectors.root_size6, '6')).toMatchObject({ outcome: 'same', size: 6 });
});

test.each([1, 2, 255, 256, 257, 511, 512, 513, 769, 1025])('recounts a log of %i entries', async (size) => {
  const entries = [entry.genesis(), ...Array.from({ length: size - 1 }, (_, n) => entry.sign(codeOf(n)))];
  const counted = await count(filesOf(entries), { count: size - 1, size });
  expect(counted.result).toMatchObject({ size, count: size - 1, shown: 'same' });
  for (const index of new Set([0, size >> 1, size - 1])) {
    const proof = Buffer.from(proofOf(counted, index));
    const { vkey } = JSON.parse(String(filesOf(entries).get('log.json'))) as { vkey: string };
    expect(verifyProof(proof, leafHash(entries[index]!), parseVkey(vkey))).toMatchObject({ index, size });
  }
  for (let part = 1; part <= size; part += Math.max(1, size >> 4)) {
    const root = Buffer.from(log.checkpointOf(entries.slice(0, part)).split('\n')[2]!, 'base64').toString('hex');
    expect(await compare(counted, root, String(part))).toMatchObject({ outcome: 'same', size: part });
  }
});

test('counts every kind of withdrawal once, and tells a signer which was hers', async () => {
  const counted = await count(filesOf(someEntries()), { count: 697, size: 707 });
  expect(counted.result).toMatchObject({ count: 697, signed: 701, withdrawn: [1, 1, 1, 1], shown: 'same' });
  const said = [3, 4, 5, 6, 7].map((n) => find(counted, codeOf(n)).entries);
  expect(said).toEqual([3, 4, 5, 6, 7].map((index) => [{ index, reason: index === 7 ? null : index - 2 }]));
});

describe('a number that was shown', () => {
  const files = filesOf(someEntries());
  test('may be of a smaller log than is published by now', async () => {
    expect((await count(files, { count: 600, size: 601 })).result).toMatchObject({ shown: 'same', shownSize: 601 });
  });
  test('is refused if the entries do not give it', async () => {
    expect(await wrongOf(count(files, { count: 599, size: 601 }))).toEqual({ code: 'count', shown: 599, count: 600 });
    expect(await wrongOf(count(files, { count: 1, size: 0 }))).toEqual({ code: 'count', shown: 1, count: 0 });
  });
  test('that is ahead of the files is waited for, and never called right', async () => {
    const older = filesOf(someEntries().slice(0, 300));
    let asked = 0;
    const read = async (file: string) => (file === 'checkpoint' && asked++ < 2 ? older : files).get(file) ?? null;
    expect((await count(files, { count: 697, size: 707 }, { read })).result).toMatchObject({
      shown: 'same',
      size: 707,
    });
    const behind = await count(files, { count: 900, size: 1000 });
    expect(behind.result).toMatchObject({ shown: 'behind', shownSize: 1000 });
  });
  test.each(['nothing', '{}', '{"count":1}', '{"count":"1","size":1}', 'null'])(
    'of the form %s is refused',
    async (body) => {
      const readShown = async () => Buffer.from(body);
      expect(await wrongOf(recount({ read: reading(files), readShown, slug }))).toEqual({ code: 'count-file' });
    },
  );
});

describe('a log that breaks a rule', () => {
  const closed = [entry.genesis(), entry.sign(codeOf(1)), entry.close(1)];
  const wrongs: [string, Buffer[], string, number][] = [
    ['no opening', [entry.sign(codeOf(1))], 'order', 0],
    ['two openings', [entry.genesis(), entry.genesis()], 'order', 1],
    ['something after the end', [...closed, entry.note()], 'order', 3],
    ['another count at the end', [entry.genesis(), entry.sign(codeOf(1)), entry.close(2)], 'close-count', 2],
    ['a signature that is too short', [entry.genesis(), entry.sign(codeOf(1)).subarray(0, 64)], 'form', 1],
    ['an unknown kind', [entry.genesis(), Buffer.of(5)], 'form', 1],
    ['an empty entry', [entry.genesis(), Buffer.alloc(0)], 'form', 1],
    ['an unknown reason', [entry.genesis(), entry.sign(codeOf(1)), entry.withdraw(1, 5)], 'form', 2],
    ['no code for reason 1', [entry.genesis(), entry.sign(codeOf(1)), entry.withdraw(1, 1)], 'form', 2],
    ['a withdrawal of the opening', [entry.genesis(), entry.withdraw(0, 2)], 'withdraws-nothing', 1],
    ['a withdrawal of itself', [entry.genesis(), entry.withdraw(1, 2)], 'withdraws-nothing', 1],
    [
      'a withdrawal of what comes',
      [entry.genesis(), entry.withdraw(2, 2), entry.sign(codeOf(1))],
      'withdraws-nothing',
      1,
    ],
    ['a withdrawal of the impossible', [entry.genesis(), entry.withdraw(2 ** 53, 2)], 'withdraws-nothing', 1],
    [
      'two withdrawals of one',
      [entry.genesis(), entry.sign(codeOf(1)), entry.withdraw(1, 2), entry.withdraw(1, 3)],
      'withdraws-twice',
      3,
    ],
    [
      'a withdrawal with another code',
      [entry.genesis(), entry.sign(codeOf(1)), entry.withdraw(1, 1, codeOf(2))],
      'withdraws-wrong-code',
      2,
    ],
    ['JSON in another spelling', [entry.genesis(), entry.note('{"type":"incident", "text":"One."}')], 'form', 1],
    ['a note of no type', [entry.genesis(), entry.note('{"type":"advert"}')], 'form', 1],
    [
      'an opening on no day',
      [entry.genesis('{"opened":"2026-13-01","text_sha256":"' + '0a'.repeat(32) + '","v":1}')],
      'form',
      0,
    ],
  ];
  test.each(wrongs)('%s: is refused although it is signed', async (_, entries, rule, index) => {
    const file = `tile/entries/000.p/${entries.length}`;
    expect(await wrongOf(count(filesOf(entries)))).toEqual({ code: 'rule', rule, entry: index, file });
    // And the server would not have counted it either.
    const tally = new Tally(origin);
    expect(() => entries.forEach((each) => tally.take(each))).toThrow(LogError);
  });
  test('the same log without the fault is right', async () => {
    expect((await count(filesOf(closed))).result).toMatchObject({ count: 1, size: 3 });
  });
});

describe('files that were changed', () => {
  const entries = someEntries();
  const files = filesOf(entries);
  const changed = (file: string, bytes: Buffer | null) => {
    const copy = new Map(files);
    if (bytes) copy.set(file, bytes);
    else copy.delete(file);
    return copy;
  };
  const flipped = (file: string, at: number) => {
    const bytes = Buffer.from(files.get(file)!);
    bytes[at]! ^= 1;
    return changed(file, bytes);
  };

  test('no byte of the checkpoint can change', async () => {
    const note = files.get('checkpoint')!;
    for (let at = 0; at < note.length; at++) {
      expect({ at, wrong: await wrongOf(count(flipped('checkpoint', at))) }).toEqual({
        at,
        wrong: { code: expect.stringMatching(/^(checkpoint|unsigned|signature)$/) },
      });
    }
  });

  test('a signature has one spelling', async () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
    const note = String(files.get('checkpoint'));
    // The last letter before the padding carries two bits that are not used.
    const other = note.replace(/(.)=\n$/, (_, letter) => `${alphabet[alphabet.indexOf(letter) ^ 1]}=\n`);
    expect(other).not.toBe(note);
    expect(await wrongOf(count(changed('checkpoint', Buffer.from(other))))).toEqual({ code: 'checkpoint' });
  });

  test('an edited entry is found in its file, also when the fault shows elsewhere', async () => {
    const second = 'tile/entries/001';
    const place = 100 * 67 + 2;
    expect(await wrongOf(count(flipped(second, place + 10)))).toEqual({ code: 'other-entries', file: second });
    // Entry 3 becomes another signature, so that its withdrawal, two files later, has the wrong code.
    const first = files.get('tile/entries/000')!;
    const at = 2 + entries[0]!.length + 2 * 67 + 2 + 1;
    expect(entries[3]!.subarray(1, 33)).toEqual(first.subarray(at, at + 32));
    expect(await wrongOf(count(flipped('tile/entries/000', at)))).toEqual({
      code: 'other-entries',
      file: 'tile/entries/000',
    });
  });

  test('two files that changed places, one that is cut, one that is too long and one that is missing are named', async () => {
    const [one, two] = ['tile/entries/000', 'tile/entries/001'];
    const swapped = changed(one, files.get(two)!).set(two, files.get(one)!);
    expect(await wrongOf(count(swapped))).toMatchObject({ file: one });
    const bytes = files.get(two)!;
    expect(await wrongOf(count(changed(two, bytes.subarray(0, -1))))).toEqual({ code: 'bundle', file: two });
    expect(await wrongOf(count(changed(two, bytes.subarray(0, 67))))).toEqual({ code: 'bundle', file: two });
    expect(await wrongOf(count(changed(two, Buffer.concat([bytes, Buffer.of(0)]))))).toEqual({
      code: 'bundle',
      file: two,
    });
    expect(await wrongOf(count(changed(two, null)))).toEqual({ code: 'missing', file: two });
  });

  test('entries that fit neither root nor tiles are refused all the same', async () => {
    const other = filesOf(someEntries().map((each, n) => (n === 9 ? entry.sign(codeOf(77)) : each)));
    const mixed = new Map(other).set('checkpoint', files.get('checkpoint')!);
    expect(await wrongOf(count(mixed))).toEqual({ code: 'root' });
  });

  test('a key of another name, another type, or with a wrong id is refused', async () => {
    const { vkey } = JSON.parse(String(files.get('log.json'))) as { vkey: string };
    for (const other of [
      { origin, vkey: log.keyOf('someone.example/log/free-them', log.seed).vkey },
      { origin, vkey: vkey.replace(/\+[0-9a-f]{8}\+/, '+00000000+') },
      { origin, vkey: vkey.slice(0, -1) },
      { origin },
      [],
      null,
    ]) {
      const wrong = await wrongOf(count(changed('log.json', Buffer.from(JSON.stringify(other)))));
      expect({ other, wrong }).toEqual({ other, wrong: { code: 'settings' } });
    }
    const stranger = log.keyOf(origin, log.hash('another seed')).vkey;
    const settings = Buffer.from(JSON.stringify({ origin, vkey: stranger }));
    expect(await wrongOf(count(changed('log.json', settings)))).toEqual({ code: 'unsigned' });
    expect(await wrongOf(count(files, null, { slug: 'them' }))).toEqual({ code: 'other-log', origin });
    expect((await count(files, null, { known: vkey })).result).toMatchObject({ keyKnown: true });
    expect((await count(files)).result).toMatchObject({ keyKnown: false });
    const another = log.keyOf(origin, log.hash('another')).vkey;
    expect(await wrongOf(count(files, null, { known: another }))).toEqual({ code: 'other-key' });
    const mistyped = vkey.slice(0, -3) + (vkey.at(-3) === 'A' ? 'B' : 'A') + vkey.slice(-2);
    expect(await wrongOf(count(files, null, { known: mistyped }))).toEqual({ code: 'key-mistyped' });
  });
});

describe('a receipt', () => {
  const entries = someEntries();
  const files = filesOf(entries);
  const promiser = signerOf(promiseKeyName(origin), log.hash('the seed of promises'));
  const settings = JSON.parse(String(files.get('log.json'))) as object;
  files.set('log.json', Buffer.from(JSON.stringify({ ...settings, promiseVkey: encodeVkey(promiser.verifier) })));
  const by = 1_800_000_000;
  const promiseOf = (bytes: Buffer) => String(signPromise({ origin, leafHash: leafHash(bytes), by }, promiser));
  const opened = async (text: string, now = by * 1000 - 1) => openReceipt(await count(files), text, now);

  test('that is a promise was kept, is open, or was broken; and what was withdrawn was not broken', async () => {
    expect(await opened(promiseOf(entries[300]!))).toMatchObject({ signed: true, outcome: 'receipt-kept', index: 300 });
    expect(await opened(promiseOf(entries[5]!))).toMatchObject({ signed: true, outcome: 'withdrawn-3', index: 5 });
    const missing = promiseOf(entry.sign(codeOf(9999)));
    expect(await opened(missing)).toMatchObject({ signed: true, outcome: 'receipt-open', by });
    expect(await opened(missing, by * 1000)).toMatchObject({ signed: true, outcome: 'receipt-broken', by });
  });

  test('that is a proof is held against the log that is shown', async () => {
    const proof = proofOf(await count(files), 300);
    expect(await opened(proof)).toMatchObject({ signed: true, outcome: 'receipt-proof', index: 300, size: 707 });
    expect(await opened(proofOf(await count(files), 4))).toMatchObject({
      signed: true,
      outcome: 'withdrawn-2',
      index: 4,
    });
    const earlier = filesOf(entries.slice(0, 400));
    expect(await opened(proofOf(await count(earlier), 399))).toMatchObject({
      signed: true,
      outcome: 'receipt-proof',
      index: 399,
      size: 400,
    });
    // Signed by the same key: a log that was shown to somebody else, and one that is longer than ours.
    const fork = filesOf([...entries.slice(0, 100), entry.sign(codeOf(8888))]);
    expect(await opened(proofOf(await count(fork), 7))).toMatchObject({ outcome: 'receipt-contradicted', size: 101 });
    const longer = filesOf([...entries, entry.sign(codeOf(8888))]);
    expect(await opened(proofOf(await count(longer), 7))).toMatchObject({ outcome: 'receipt-contradicted', size: 708 });
  });

  test('of an entry that was removed by mistake and logged once more is kept', async () => {
    const again = filesOf([...entries, entries[5]!]).set('log.json', files.get('log.json')!);
    const counted = await count(again);
    expect(await openReceipt(counted, promiseOf(entries[5]!))).toMatchObject({ outcome: 'receipt-kept', index: 707 });
    expect(await openReceipt(counted, proofOf(counted, 5))).toMatchObject({ outcome: 'receipt-kept', index: 707 });
    expect(find(counted, codeOf(5)).entries).toEqual([{ index: 707, reason: null }]);
  });

  test('in which anything was changed is refused', async () => {
    const counted = await count(files);
    const tried = [promiseOf(entries[300]!), proofOf(counted, 300)];
    for (const text of tried) {
      for (let at = 0; at < text.length; at++) {
        const other = text.slice(0, at) + (text[at] === 'B' ? 'C' : 'B') + text.slice(at + 1);
        const wrong = await wrongOf(openReceipt(counted, other, 0));
        expect({ at, wrong }).toEqual({
          at,
          wrong: expect.objectContaining({ code: expect.stringMatching(/^receipt/) }),
        });
        expect(await wrongOf(openReceipt(counted, text.slice(0, at), 0))).not.toBeNull();
      }
    }
    for (const text of ['', 'a letter', '\n\n'])
      expect(await wrongOf(openReceipt(counted, text))).toEqual({ code: 'receipt' });
  });

  test('of another log, or signed by a key that is not for promises, is refused', async () => {
    const note = (at: string, key: ReturnType<typeof log.keyOf>) => {
      const text = `petition-promise/v1\n${at}\n${leafHash(entries[300]!).toString('base64')}\n${by}\n`;
      return `${text}\n${key.line(text)}`;
    };
    const right = log.keyOf(promiseKeyName(origin), log.hash('the seed of promises'));
    expect(await opened(note(origin, right))).toMatchObject({ outcome: 'receipt-kept' });
    expect(await wrongOf(opened(note('petitions.example.org/log/other', right)))).toEqual({ code: 'receipt' });
    const other = log.keyOf('someone.example/promise', log.hash('the seed of promises'));
    const odd = new Map(files).set('log.json', Buffer.from(JSON.stringify({ ...settings, promiseVkey: other.vkey })));
    expect(await wrongOf(openReceipt(await count(odd), note(origin, other)))).toEqual({ code: 'settings' });
  });

  test('signed by the key of checkpoints is no promise', async () => {
    const text = `petition-promise/v1\n${origin}\n${leafHash(entries[300]!).toString('base64')}\n${by}\n`;
    const signed = `${text}\n${log.keyOf(origin, log.seed).line(text)}`;
    expect(await wrongOf(opened(signed))).toEqual({ code: 'receipt-unsigned' });
  });
});

test('a log that is not there is not called wrong', async () => {
  expect(await wrongOf(count(new Map()))).toEqual({ code: 'nothing-yet', file: 'log.json' });
});

test('a folder may hold several logs; the one of the petition is taken', async () => {
  const blobs = (prefix: string, files: log.Files) =>
    [...files].map(([path, bytes]): [string, Blob] => [`${prefix}/${path}`, new Blob([Uint8Array.from(bytes)])]);
  const all = [
    ...blobs('saved/other', filesOf([entry.genesis()])),
    ...blobs(`saved/log/${slug}`, filesOf(someEntries())),
  ];
  const counted = await recount({ read: folderReader(all, slug), readShown: async () => null, slug });
  expect(counted.result).toMatchObject({ count: 697 });
  expect(() => folderReader([['a/b.txt', new Blob([])]], slug)).toThrow(Wrong);
});

test('the worker is one file: what it would import has no version in its address and would be cached for ever', () => {
  for (const name of ['verify.js', 'verify-log.js']) {
    expect(readFileSync(join(projectRoot, 'public', name), 'utf8')).not.toMatch(/^\s*import\b|\bimport\(/m);
  }
});
