import fc from 'fast-check';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Settings } from '../src/config/settings.js';
import { packForm, type SealedForm, unpackForm } from '../src/signatures/sealed-form.js';
import { normalForm } from '../src/vault/normal-form.js';
import { Vault } from '../src/vault/vault.service.js';

const folder = mkdtempSync(join(tmpdir(), 'countersign-vault-'));
const vault = () => new Vault({ DATA_DIR: folder } as Settings);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a seal opens in its place only, and not after any change', () => {
  const box = vault().seal('p1', 'signatures/p1/1', Buffer.from('secret'));
  expect(vault().open('p1', 'signatures/p1/1', box).toString()).toBe('secret');
  expect(() => vault().open('p1', 'signatures/p1/2', box)).toThrow();
  expect(() => vault().open('p2', 'signatures/p1/1', box)).toThrow();
  for (let at = 0; at < box.length; at++) {
    const changed = Buffer.from(box);
    changed[at]! ^= 1;
    expect(() => vault().open('p1', 'signatures/p1/1', changed)).toThrow();
  }
});

test('a link seal is bound to its purpose, survives a restart, and dies with its weekly key', () => {
  const sealed = vault().sealLink('confirm', Buffer.from('form'));
  expect(vault().openLink('confirm', sealed)?.toString()).toBe('form');
  expect(vault().openLink('withdraw', sealed)).toBeNull();
  expect(vault().openLink('confirm', sealed.subarray(0, 20))).toBeNull();
  expect(vault().openLink('confirm', Buffer.alloc(0))).toBeNull();
  jest.useFakeTimers({ now: Date.now() + 22 * 24 * 3600_000 });
  try {
    vault().forgetOldKeys();
    expect(vault().openLink('confirm', sealed)).toBeNull();
    expect(readdirSync(folder + '/keys').filter((name) => name.startsWith('link-'))).toEqual([]);
  } finally {
    jest.useRealTimers();
  }
});

test('the same address is another identity in another petition', () => {
  expect(vault().identity('p1', 'a@b.example').equals(vault().identity('p1', 'a@b.example'))).toBe(true);
  expect(vault().identity('p1', 'a@b.example').equals(vault().identity('p2', 'a@b.example'))).toBe(false);
});

test('keys are files for their owner only, and a damaged one is refused, never replaced', () => {
  vault().identity('p1', 'a@b.example');
  const file = join(folder, 'keys', 'identity.key');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder, 'keys')).mode & 0o777).toBe(0o700);
  writeFileSync(file, 'short');
  expect(() => vault().identity('p3', 'a@b.example')).toThrow('damaged');
  rmSync(file);
});

test.each([
  ['Sara@Example.ORG', 'sara@example.org'],
  ['  sara@example.org ', 'sara@example.org'],
  ['s.a.ra+news@gmail.com', 'sara@gmail.com'],
  ['s.a.ra@googlemail.com', 'sara@gmail.com'],
  ['s.a.ra+news@example.org', 's.a.ra+news@example.org'],
  ['sara+x@proton.me', 'sara@proton.me'],
  ['sara@pm.me', 'sara@proton.me'],
  ['sara@ایران.ir', 'sara@xn--mgba3a4f16a.ir'],
  ['sara@ＥＸＡＭＰＬＥ.org', 'sara@example.org'],
  ['sara', null],
  ['@example.org', null],
  ['sara@localhost', null],
  ['+x@gmail.com', null],
  ['a b@example.org', null],
  ['victim@gmail.com/x.evil.example', null],
  ['victim@gmail.com／x.evil.example', null],
  ['victim@gmail.com#.evil.example', null],
  ['victim@gmail.com?x.evil.example', null],
  ['victim@gm%61il.com', null],
  ['victim@gmail.com\\.evil.example', null],
])('the normal form of %s is %s', (email, expected) => expect(normalForm(email)).toBe(expected));

test('packing a form and unpacking it gives the form', () => {
  const text = (most: number) =>
    fc.string({ unit: 'grapheme', maxLength: most }).filter((each) => Buffer.byteLength(each) < 250);
  const number = fc.integer({ min: 0, max: 65_535 });
  fc.assert(
    fc.property(
      fc.record<SealedForm>({
        petitionId: fc.uuid(),
        askedAt: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        name: text(100),
        email: text(60),
        country: fc.constantFrom('SE', 'IR', 'GB'),
        locale: fc.constantFrom('en', 'fa'),
        source: fc.constantFrom('page', 'api'),
        textVersion: number,
        consents: fc.record({ sign: number, showName: number, news: number }),
        organisations: fc.array(number, { maxLength: 15 }),
      }),
      (form) => expect(unpackForm(packForm(form))).toEqual(form),
    ),
  );
});
