import { generateKeyPairSync, sign } from 'node:crypto';
import { encodeCheckpoint, openCheckpoint, parseCheckpoint, signCheckpoint } from '../src/countlog/checkpoint.js';
import { encodeVkey, openNote, parseVkey, signerOf, signNote, verifierOf, type Signer } from '../src/countlog/note.js';
import { openPromise, promiseKeyName, signPromise } from '../src/countlog/promise.js';
import { sha256 } from '../src/countlog/sha256.js';
import { fromHex, isRefused, survivors, vectors } from './support/count-log.js';

const origin = 'petitions.example.org/log/free-them';
const root = fromHex(vectors.root);
const log = signerOf(origin, Buffer.alloc(32, 1));
const stranger = signerOf('stranger.example', Buffer.alloc(32, 2));
const vectorLog = parseVkey(vectors.log_vkey);
const vectorWitness = parseVkey(vectors.witness_vkey);
const note = (text: string, ...signers: Signer[]) => signNote(text, signers).toString();
const lineOf = (text: string, signer: Signer) => note(text, signer).slice(text.length + 1);
const refuses = (text: string | Buffer, ...known: Signer[]) =>
  isRefused(() =>
    openNote(
      Buffer.from(text),
      known.map(({ verifier }) => verifier),
    ),
  );

describe('keys', () => {
  test('the key of the Go library is written, read and signs as it does there', () => {
    const vkey = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
    const text =
      "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
    const signed = `${text}\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n`;
    const peter = parseVkey(vkey);
    expect(encodeVkey(peter)).toBe(vkey);
    expect(openNote(Buffer.from(signed), [peter])).toEqual({ text, signatures: [{ verifier: peter, at: null }] });
    const seed = Buffer.from('AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz', 'base64').subarray(1);
    expect(note(text, signerOf('PeterNeumann', seed))).toBe(signed);
  });

  test('no change of one byte in a key makes another key: the id holds name, type and key together', () => {
    expect(survivors(Buffer.from(vectors.log_vkey), (vkey) => parseVkey(vkey.toString('latin1')))).toEqual([]);
  });

  test.each([
    ['no id', `${origin}+AaawS0MBFAL6Ov`],
    ['an id in capitals', vectors.log_vkey.replace('f771e2c9', 'F771E2C9')],
    [
      'an unknown type',
      `x+${sha256('x\n', Buffer.alloc(33, 2)).toString('hex', 0, 4)}+${Buffer.alloc(33, 2).toString('base64')}`,
    ],
    ['no name', vectors.log_vkey.replace(origin, '')],
    ['', ''],
  ])('a key with %s is refused', (_, vkey) => {
    expect(isRefused(() => parseVkey(vkey))).toBe(true);
  });

  test('names with spaces, a plus or nothing in them, and keys of another length, are refused', () => {
    for (const name of ['', 'a b', 'a+b', 'a\u00a0b', 'a\u2003b', 'a\u0085b', 'a\nb', 'a\0b']) {
      expect(isRefused(() => verifierOf(name, 1, Buffer.alloc(32)))).toBe(true);
    }
    expect(isRefused(() => verifierOf('a', 1, Buffer.alloc(31)))).toBe(true);
    expect(isRefused(() => signerOf('a', Buffer.alloc(33)))).toBe(true);
  });
});

describe('notes', () => {
  const text = 'سلام\n\nworld\n';

  test('are opened by whoever knows one of the keys; unknown signatures are ignored', () => {
    const signed = signNote(text, [log, stranger]);
    for (const known of [[log], [stranger], [log, stranger]]) {
      const verifiers = known.map(({ verifier }) => verifier);
      const signatures = verifiers.map((verifier) => ({ verifier, at: null }));
      expect(openNote(signed, verifiers)).toEqual({ text, signatures });
    }
    const sameName = signerOf(origin, Buffer.alloc(32, 3));
    expect(refuses(signed, sameName)).toBe(true);
    expect(refuses(signed)).toBe(true);
  });

  test('one wrong signature of a known key refuses the note, whoever else signed', () => {
    const mixed = note(text, log) + lineOf('another\n', stranger);
    expect(refuses(mixed, log, stranger)).toBe(true);
    expect(refuses(mixed, stranger)).toBe(true);
    expect(refuses(mixed, log)).toBe(false);
  });

  const good = note(text, log);
  const line = lineOf(text, log);
  const lineEnd = line.slice(0, -1).split(' ')[2]!;
  const [id, ed25519] = [log.verifier.id, Buffer.from(lineEnd, 'base64').subarray(4)];
  const malformed: [string, string | Buffer][] = [
    ['without the last newline', good.slice(0, -1)],
    ['without signatures', `${text}\n`],
    ['without an empty line', `text\n${line}`],
    ['with an empty line among the signatures', `${good}\n${lineOf(text, stranger)}`],
    ['with an empty line at the end', `${good}\n`],
    ['with a hyphen for the dash', good.replace('\u2014', '-')],
    ['with an en dash', good.replace('\u2014', '\u2013')],
    ['with two spaces', good.replace('\u2014 ', '\u2014  ')],
    ['with a space at the end of a line', good.replace(/\n$/, ' \n')],
    ['with carriage returns', good.replaceAll('\n', '\r\n')],
    ['with a tab', good.replace('world', 'wor\tld')],
    ['with a byte order mark', `\ufeff${good}`],
    ['signed twice by one key', good + line],
    ['signed twice by one unknown key', good + lineOf(text, stranger) + lineOf('other\n', stranger)],
    [
      'with a byte before the signature',
      good.replace(lineEnd, Buffer.concat([id, Uint8Array.of(0), ed25519]).toString('base64')),
    ],
    ['with base64 without padding', good.replace(/=+\n$/, '\n')],
    ['with base64 for addresses', `${good}\u2014 x ${'-_'.repeat(6)}\n`],
    ['with base64 that has bits to spare', `${good}\u2014 x AAAAAAB=\n`],
    ['with an unknown signature that is only an id', `${good}\u2014 x AAAAAA==\n`],
    ['with an unknown signature that is text', `${good}\u2014 x !!!!\n`],
    ['with an unknown name with a plus', `${good}\u2014 x+y AAAAAAAA\n`],
    [
      'with a known signature that is too short',
      `${text}\n\u2014 ${origin} ${Buffer.alloc(67).fill(log.verifier.id, 0, 4).toString('base64')}\n`,
    ],
    [
      'with bytes that are not UTF-8 in an unknown name',
      Buffer.concat([Buffer.from(`${good}\u2014 `), Uint8Array.of(0xff), Buffer.from(' AAAAAAAA\n')]),
    ],
    ['of more than a megabyte', `${good}\u2014 x ${'A'.repeat(1_000_000)}\n`],
    ['with 101 signatures', good + Array.from({ length: 100 }, (_, at) => `\u2014 x${at} AAAAAAAA\n`).join('')],
    ['', ''],
  ];
  test.each(malformed)('a note %s is refused', (_, bytes) => {
    expect(refuses(bytes, log)).toBe(true);
  });

  test('a note with 100 signatures is opened', () => {
    expect(refuses(good + Array.from({ length: 99 }, (_, at) => `\u2014 x${at} AAAAAAAA\n`).join(''), log)).toBe(false);
  });

  test('nothing is signed that could not be opened as it was', () => {
    for (const bad of ['', 'no newline', 'tab\t\n', 'half \ud800\n'])
      expect(isRefused(() => signNote(bad, [log]))).toBe(true);
    expect(isRefused(() => signNote('ends\n\n\u2014 like a signature AAAA\n', [log]))).toBe(false);
    expect(isRefused(() => signNote(text, []))).toBe(true);
    expect(isRefused(() => signNote(text, [log, log]))).toBe(true);
  });
});

describe('checkpoints', () => {
  const checkpoint = { origin, size: 9, root };

  test('no change of one byte in a checkpoint or its cosignature is accepted by who asks for both', () => {
    const bytes = Buffer.from(vectors.checkpoint);
    const open = (mutant: Buffer) => {
      const { cosignatures } = openCheckpoint(mutant, vectorLog, [vectorWitness]);
      // A witness under another name is unknown, and ignored: that it is missing is all that there is to see.
      if (cosignatures.length === 0) openNote(mutant, [vectorWitness]);
    };
    expect(survivors(bytes, open)).toEqual([]);
  });

  test.each(['0', '1', '256', '9007199254740991'])('size %s is read', (size) => {
    const text = `${origin}\n${size}\n${root.toString('base64')}\n`;
    expect(encodeCheckpoint(parseCheckpoint(text))).toBe(text);
    expect(parseCheckpoint(text).size).toBe(Number(size));
  });

  const numbers = ['', '-5', '+5', '0x10', '010', '00', '1e3', '1.0', ' 5', '5 ', '٥', '1_0', 'NaN', 'Infinity', '-0'];
  test.each([...numbers, '9007199254740992', '18446744073709551616', '5\r'])('size %j is refused', (size) => {
    expect(isRefused(() => parseCheckpoint(`${origin}\n${size}\n${root.toString('base64')}\n`))).toBe(true);
  });

  const encoded = root.toString('base64');
  test.each([
    ['an extension line', `${origin}\n9\n${encoded}\nmore\n`],
    ['an empty line', `${origin}\n9\n${encoded}\n\n`],
    ['no newline at the end', `${origin}\n9\n${encoded}`],
    ['no origin', `\n9\n${encoded}\n`],
    ['spaces in the origin', `a b\n9\n${encoded}\n`],
    ['two lines', `${origin}\n9\n`],
    ['a root of 31 bytes', `${origin}\n9\n${root.subarray(1).toString('base64')}\n`],
    ['a root of 33 bytes', `${origin}\n9\n${Buffer.concat([root, root.subarray(31)]).toString('base64')}\n`],
    ['a root without padding', `${origin}\n9\n${encoded.slice(0, -1)}\n`],
    ['a root with bits to spare', `${origin}\n9\n${encoded.slice(0, -2)}N=\n`],
    ['a root for addresses', `${origin}\n9\n${root.toString('base64url')}=\n`],
  ])('a checkpoint with %s is refused', (_, text) => {
    expect(isRefused(() => parseCheckpoint(text))).toBe(true);
    expect(isRefused(() => openCheckpoint(signNote(text, [log]), log.verifier))).toBe(true);
  });

  test('another log signs nothing for this one, and its checkpoint is not taken for one', () => {
    expect(isRefused(() => signCheckpoint(checkpoint, stranger))).toBe(true);
    const forged = signNote(encodeCheckpoint(checkpoint), [stranger]);
    expect(isRefused(() => openCheckpoint(forged, stranger.verifier))).toBe(true);
    expect(isRefused(() => openCheckpoint(forged, log.verifier))).toBe(true);
    expect(isRefused(() => openCheckpoint(forged, log.verifier, [stranger.verifier]))).toBe(true);
    for (const wrong of [{ size: -1 }, { size: 0.5 }, { root: root.subarray(1) }, { origin: 'a b' }, { origin: '' }]) {
      expect(isRefused(() => encodeCheckpoint({ ...checkpoint, ...wrong }))).toBe(true);
    }
  });

  describe('cosigned', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const witness = verifierOf('witness.example', 4, Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url'));
    const plain = signCheckpoint(checkpoint, log).toString();
    function cosign(at: bigint, message: string, by = witness): Buffer {
      const time = Buffer.alloc(8);
      time.writeBigUInt64BE(at);
      const signature = Buffer.concat([by.id, time, sign(null, Buffer.from(message), privateKey)]);
      return Buffer.from(`${plain}\u2014 ${by.name} ${signature.toString('base64')}\n`);
    }
    const message = (at: string) => `cosignature/v1\ntime ${at}\n${encodeCheckpoint(checkpoint)}`;

    test('carry the time of the witness, which is signed', () => {
      const opened = openCheckpoint(cosign(1700000000n, message('1700000000')), log.verifier, [witness]);
      expect(opened.cosignatures).toEqual([{ verifier: witness, at: 1700000000 }]);
      for (const [at, signed] of [
        [1700000001n, message('1700000000')],
        [1700000000n, encodeCheckpoint(checkpoint)],
        [2n ** 53n, message(String(2n ** 53n))],
        [2n ** 64n - 1n, message(String(2n ** 64n - 1n))],
      ] as const) {
        expect(isRefused(() => openCheckpoint(cosign(at, signed), log.verifier, [witness]))).toBe(true);
      }
    });

    test('by a witness alone are not signed by the log, nor by a witness of the same name', () => {
      const alone = cosign(5n, message('5'))
        .toString()
        .replace(lineOf(encodeCheckpoint(checkpoint), log), '');
      expect(openNote(Buffer.from(alone), [witness]).signatures).toHaveLength(1);
      expect(isRefused(() => openCheckpoint(Buffer.from(alone), log.verifier, [witness]))).toBe(true);
      const asLog = verifierOf(origin, 4, witness.publicKey);
      expect(isRefused(() => openCheckpoint(cosign(5n, message('5'), asLog), asLog))).toBe(true);
    });
  });
});

describe('promises', () => {
  const signer = signerOf(promiseKeyName(origin), Buffer.alloc(32, 9));
  const promise = { origin, leafHash: root, by: 1796086800 };

  test('are opened as they were signed', () => {
    expect(openPromise(signPromise(promise, signer), signer.verifier)).toEqual(promise);
  });

  test('no change of one byte in a promise is accepted', () => {
    const key = parseVkey(vectors.promise_vkey);
    expect(survivors(Buffer.from(vectors.promise), (mutant) => openPromise(mutant, key))).toEqual([]);
  });

  test('of another log, with another key, hash or time, are neither signed nor opened', () => {
    expect(isRefused(() => signPromise({ ...promise, origin: 'other.example/log' }, signer))).toBe(true);
    expect(isRefused(() => signPromise(promise, log))).toBe(true);
    expect(isRefused(() => signPromise({ ...promise, leafHash: root.subarray(1) }, signer))).toBe(true);
    for (const by of [-1, 0.5, 2 ** 53]) expect(isRefused(() => signPromise({ ...promise, by }, signer))).toBe(true);
    const hash = root.toString('base64');
    for (const text of [
      `petition-promise/v2\n${origin}\n${hash}\n5\n`,
      `petition-promise/v1\n${origin}\n${hash}\n05\n`,
      `petition-promise/v1\n${origin}\n${hash}\n5\n5\n`,
      `petition-promise/v1\n${origin}\n${hash}\n5\n\n`,
      `petition-promise/v1\n${origin}\n${hash}\n`,
      `petition-promise/v1\n`,
      encodeCheckpoint({ origin, size: 9, root }),
    ]) {
      expect(isRefused(() => openPromise(signNote(text, [signer]), signer.verifier))).toBe(true);
    }
  });
});
