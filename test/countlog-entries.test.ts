import { assert, property, uint8Array } from 'fast-check';
import { auditHash, codeHash, newCode, parseCode, signerHash } from '../src/countlog/codes.js';
import { decodeEntry, encodeEntry, noteTypes, type Entry, type WithdrawalReason } from '../src/countlog/entries.js';
import { Tally } from '../src/countlog/tally.js';
import { isRefused, survivors, vectors } from './support/count-log.js';

const { origin } = vectors;
const opening: Entry = {
  kind: 'genesis',
  facts: { opened: '2026-12-01', text_sha256: 'ab'.repeat(32), v: 1 },
};
const signed = (code: string): Entry => ({
  kind: 'sign',
  signerHash: signerHash(origin, codeHash(code)),
  auditHash: Buffer.alloc(32, 7),
});
const note: Entry = { kind: 'note', facts: { type: 'incident', what: 'سرور خاموش بود' } };
const end = (count: number): Entry => ({ kind: 'close', facts: { closed: '2027-03-01', count, v: 1 } });
const withdrawn = (index: number, reason: 2 | 3 | 4 = 2): Entry => ({ kind: 'withdraw', index, reason });
const json = (kind: number, text: string) => Buffer.concat([Uint8Array.of(kind), Buffer.from(text)]);

describe('codes', () => {
  test('are 20 letters and digits, never the same twice', () => {
    const codes = Array.from({ length: 500 }, newCode);
    expect(codes.every((code) => /^[0-9A-HJKMNP-TV-Z]{20}$/.test(code) && parseCode(code) === code)).toBe(true);
    expect(new Set(codes).size).toBe(500);
    expect(new Set(codes.join('')).size).toBe(32);
  });

  test.each(['jpwd8y9yrh5qf4rqb0rk', 'JPWD 8Y9Y RH5Q F4RQ B0RK', ' jpwd-8y9y–rh5q—f4rq\u00a0bOrk\n'])(
    '%j is read as it was meant',
    (typed) => expect(parseCode(typed)).toBe('JPWD8Y9YRH5QF4RQB0RK'),
  );

  test('I and L are read as 1, O as 0', () => {
    expect(parseCode('IiLlOo00000000000000')).toBe('11110000000000000000');
  });

  test.each([
    '',
    'JPWD8Y9YRH5QF4RQB0R',
    'JPWD8Y9YRH5QF4RQB0RKK',
    'UPWD8Y9YRH5QF4RQB0RK',
    'JPWD8Y9YRH5QF4RQB0ſK',
    '٠'.repeat(20),
  ])('%j is no code', (typed) => expect(isRefused(() => parseCode(typed))).toBe(true));

  test('a code is hashed in its one spelling, and hashes and salts are 32 bytes', () => {
    expect(isRefused(() => codeHash('jpwd8y9yrh5qf4rqb0rk'))).toBe(true);
    expect(isRefused(() => signerHash(origin, Buffer.alloc(31)))).toBe(true);
    expect(isRefused(() => auditHash(origin, Buffer.alloc(33), 'sara@example.org'))).toBe(true);
  });
});

describe('entries', () => {
  const entries: Entry[] = [
    opening,
    { kind: 'genesis', facts: { opened: '2024-02-29', rules: { hold: 3600 }, text_sha256: '0'.repeat(64), v: 1 } },
    signed(newCode()),
    { kind: 'withdraw', index: Number.MAX_SAFE_INTEGER, reason: 1, codeHash: Buffer.alloc(32, 5) },
    ...([2, 3, 4] as const).map((reason) => withdrawn(3, reason)),
    ...noteTypes.map((type): Entry => ({ kind: 'note', facts: { type, nested: [{ b: null, c: -0.5 }], z: '"\n' } })),
    end(0),
  ];
  test.each(entries)('%j is read as it was written', (entry) => {
    expect(decodeEntry(encodeEntry(entry))).toEqual(entry);
  });

  test('whatever is read is written again as the same bytes, and nothing else than a refusal ever happens', () => {
    const check = (bytes: Buffer) => isRefused(() => expect(encodeEntry(decodeEntry(bytes))).toEqual(bytes));
    assert(property(uint8Array({ maxLength: 80 }), (bytes) => void check(Buffer.from(bytes))));
    for (const entry of entries) survivors(encodeEntry(entry), check);
  });

  const hash = 'ab'.repeat(32);
  test.each([
    ['nothing', Buffer.alloc(0)],
    ['an unknown kind', json(5, '{}')],
    ['a signature that is too short', Buffer.alloc(64, 1)],
    ['a signature that is too long', Buffer.alloc(66, 1)],
    ['a withdrawal without a reason', Buffer.from('020000000000000001', 'hex')],
    ['a withdrawal for reason 0', Buffer.from('02000000000000000100', 'hex')],
    ['a withdrawal for reason 5', Buffer.from('02000000000000000105', 'hex')],
    ['a withdrawal with a code but without hash', Buffer.from('02000000000000000101', 'hex')],
    ['a withdrawal with a hash it must not have', Buffer.from(`02000000000000000102${hash}`, 'hex')],
    ['a withdrawal of an index beyond 2^53', Buffer.from('02002000000000000002', 'hex')],
    ['an opening with a space', json(0, `{"opened":"2026-12-01", "text_sha256":"${hash}","v":1}`)],
    ['an opening with unsorted keys', json(0, `{"v":1,"opened":"2026-12-01","text_sha256":"${hash}"}`)],
    ['an opening with a key twice', json(0, `{"opened":"2026-12-01","text_sha256":"${hash}","v":1,"v":1}`)],
    ['an opening with another key', json(0, `{"opened":"2026-12-01","text_sha256":"${hash}","u":1,"v":1}`)],
    ['an opening with a newline after it', json(0, `{"opened":"2026-12-01","text_sha256":"${hash}","v":1}\n`)],
    ['an opening of another version', json(0, `{"opened":"2026-12-01","text_sha256":"${hash}","v":2}`)],
    ['an opening with a version as text', json(0, `{"opened":"2026-12-01","text_sha256":"${hash}","v":"1"}`)],
    ['an opening on a day that never was', json(0, `{"opened":"2026-02-30","text_sha256":"${hash}","v":1}`)],
    ['an opening with a hash in capitals', json(0, `{"opened":"2026-12-01","text_sha256":"${'AB'.repeat(32)}","v":1}`)],
    ['an opening without a hash', json(0, '{"opened":"2026-12-01","v":1}')],
    ['an end without a count', json(4, '{"closed":"2027-03-01","v":1}')],
    ['an end with a negative count', json(4, '{"closed":"2027-03-01","count":-1,"v":1}')],
    ['an end with a count of 1.0', json(4, '{"closed":"2027-03-01","count":1.0,"v":1}')],
    ['an end with a count of 1e0', json(4, '{"closed":"2027-03-01","count":1e0,"v":1}')],
    ['an end with another key', json(4, '{"closed":"2027-03-01","count":1,"u":1,"v":1}')],
    ['a note without a type', json(3, '{}')],
    ['a note of an unknown type', json(3, '{"type":"poem"}')],
    ['a note that is a list', json(3, '["type"]')],
    ['a note that is null', json(3, 'null')],
    ['a note with letters escaped', json(3, '{"type":"\\u006bey"}')],
    ['a note with half a surrogate pair', json(3, '{"type":"key","x":"\\ud800"}')],
    ['a note with a number no other reader has', json(3, '{"type":"key","x":9007199254740993}')],
    ['a note that is not UTF-8', Buffer.concat([json(3, '{"type":"key","x":"'), Uint8Array.of(0xff, 0x22, 0x7d)])],
    ['a note after a byte order mark', json(3, '\ufeff{"type":"key"}')],
    ['a note nested deeper than any stack', json(3, `{"type":"key","x":${'['.repeat(32_000)}${']'.repeat(32_000)}}`)],
    ['a note longer than 65,535 bytes', json(3, `{"type":"key","x":"${'x'.repeat(65_535)}"}`)],
  ])('%s is refused', (_, bytes) => {
    expect(isRefused(() => decodeEntry(bytes))).toBe(true);
  });

  test('what could not be read is not written', () => {
    const wrong: Entry[] = [
      { kind: 'sign', signerHash: Buffer.alloc(31), auditHash: Buffer.alloc(33) },
      { kind: 'withdraw', index: 1, reason: 1, codeHash: Buffer.alloc(31) },
      withdrawn(-1),
      withdrawn(0.5),
      withdrawn(1, 9 as WithdrawalReason as 2),
      end(-1),
      { kind: 'note', facts: { type: 'key', x: 'x'.repeat(70_000) } },
    ];
    for (const entry of wrong) expect(isRefused(() => encodeEntry(entry))).toBe(true);
  });
});

describe('the rules of a log', () => {
  const [hers, his] = [newCode(), newCode()];
  const after = (...entries: Entry[]) => {
    const tally = new Tally(origin);
    entries.forEach((entry) => tally.take(encodeEntry(entry)));
    return tally;
  };
  const byCode = (index: number, code: string): Entry => ({
    kind: 'withdraw',
    index,
    reason: 1,
    codeHash: codeHash(code),
  });

  test('count signatures and take withdrawals off', () => {
    const tally = after(
      opening,
      signed(hers),
      signed(his),
      note,
      byCode(1, hers),
      withdrawn(2, 3),
      signed(hers),
      end(1),
    );
    expect(tally).toMatchObject({ size: 8, signed: 3, withdrawn: 2, count: 1, closed: true });
  });

  const broken: [string, Entry[], Entry][] = [
    ['a log that does not begin with its opening', [], signed(hers)],
    ['a second opening', [opening, signed(hers)], opening],
    ['a withdrawal of the opening', [opening], withdrawn(0)],
    ['a withdrawal of a note', [opening, note], withdrawn(1)],
    ['a withdrawal of itself', [opening], withdrawn(1)],
    ['a withdrawal of what comes later', [opening, signed(hers)], withdrawn(2)],
    ['a withdrawal of a withdrawal', [opening, signed(hers), withdrawn(1)], withdrawn(2)],
    ['a second withdrawal', [opening, signed(hers), withdrawn(1)], withdrawn(1, 4)],
    ['a second withdrawal by code', [opening, signed(hers), byCode(1, hers)], byCode(1, hers)],
    ['a withdrawal with the code of another', [opening, signed(hers), signed(his)], byCode(1, his)],
    ['an end with another count', [opening, signed(hers), signed(his), withdrawn(1)], end(2)],
    ['a signature after the end', [opening, end(0)], signed(hers)],
    ['a withdrawal after the end', [opening, signed(hers), end(1)], withdrawn(1)],
    ['a note after the end', [opening, end(0)], note],
    ['a second end', [opening, end(0)], end(0)],
  ];
  test.each(broken)('%s breaks them, and leaves the tally as it was', (_, before, last) => {
    const tally = after(...before);
    expect(isRefused(() => tally.take(encodeEntry(last)))).toBe(true);
    expect(tally).toEqual(after(...before));
  });

  test('hold for the log of one origin: a code of hers withdraws nothing in another', () => {
    const tally = new Tally('petitions.example.org/log/other');
    for (const entry of [opening, signed(hers)]) tally.take(encodeEntry(entry));
    expect(isRefused(() => tally.take(encodeEntry(byCode(1, hers))))).toBe(true);
  });
});
