import { Inject, Injectable } from '@nestjs/common';
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import { SETTINGS, type Settings } from '../config/settings.js';
import { Keys } from './keys.js';
import { freshBytes } from './random.js';

const version = 1;
const ivLength = 12;
const tagLength = 16;
const mostDomains = 10_000;
const week = 7 * 24 * 3600 * 1000;

/**
 * Keys, sealing and keyed digests. No other room calls node:crypto on personal data.
 * Seals are AES-256-GCM (NIST SP 800-38D) with random 96-bit nonces; digests are HMAC-SHA-256 (RFC 2104); keys for a
 * petition are derived by HKDF-SHA-256 (RFC 5869).
 */
@Injectable()
export class Vault {
  private readonly keys: Keys;
  private readonly derived = new Map<string, Buffer>();
  /** Digests of domains: most people share a few. */
  private readonly domains = new Map<string, Buffer>();
  private sealing = { number: 1, asked: -Infinity };

  constructor(@Inject(SETTINGS) settings: Settings) {
    this.keys = new Keys(join(settings.DATA_DIR, 'keys'));
  }

  /** 32 bytes that stand for one address within one petition; without the key nobody can make or compare them. */
  identity(petitionId: string, normalForm: string): Buffer {
    return createHmac('sha256', this.derive('identity', petitionId)).update(normalForm).digest();
  }

  /** 16 bytes that stand for a mail domain within one petition. */
  domainDigest(petitionId: string, domain: string): Buffer {
    const name = `${petitionId} ${domain}`;
    let digest = this.domains.get(name);
    if (!digest) {
      digest = createHmac('sha256', this.derive('domain', petitionId)).update(domain).digest().subarray(0, 16);
      if (this.domains.size === mostDomains) this.domains.clear();
      this.domains.set(name, digest);
    }
    return digest;
  }

  /**
   * Seals bytes that stay: `place` (table, petition, row) is authenticated, so that a box cannot be moved. Its first byte is
   * the number of the key.
   */
  seal(petitionId: string, place: string, plain: Buffer): Buffer {
    this.lookForKeys();
    const { number } = this.sealing;
    return encrypt(Buffer.of(number), this.derive('seal', petitionId, sealKey(number)), plain, place);
  }

  /** Under whichever key it was sealed. @throws Error if the box was changed or moved, or its key is not there any more */
  open(petitionId: string, place: string, box: Buffer): Buffer {
    this.lookForKeys();
    const name = sealKey(box[0] ?? 0);
    if (!this.keys.find(name)) throw new Error(`This was sealed under ${name}, which is not there.`);
    return decrypt(this.derive('seal', petitionId, name), box.subarray(1), place);
  }

  /** Seals bytes for a link: the weekly key is deleted after its time, then nobody can open it, also not from a backup. */
  sealLink(purpose: string, plain: Buffer): Buffer {
    const number = weekNumber();
    const head = Buffer.alloc(3);
    head.writeUInt8(version, 0);
    head.writeUInt16BE(number, 1);
    return encrypt(head, this.keys.get(linkKey(number)), plain, purpose);
  }

  /** @returns null if it is not of ours, was changed, is for another purpose, or its key is gone */
  openLink(purpose: string, sealed: Buffer): Buffer | null {
    if (sealed.length < 3 + ivLength + tagLength || sealed[0] !== version) return null;
    const number = sealed.readUInt16BE(1);
    const key = liveWeeks().includes(number) ? this.keys.find(linkKey(number)) : null;
    if (!key) return null;
    try {
      return decrypt(key, sealed.subarray(3), purpose);
    } catch {
      return null;
    }
  }

  /** The secret of an Ed25519 key that signs in this name, 32 bytes; always the same. */
  signingSeed(name: string): Buffer {
    return Buffer.from(hkdfSync('sha256', this.keys.get('log.key'), '', `log/${name}`, 32));
  }

  /** 32 random bytes, base64. */
  newSalt(): string {
    return freshBytes(32).toString('base64');
  }

  /** A short proof that this server wrote `text` for this purpose. */
  sign(purpose: string, text: string): string {
    return createHmac('sha256', this.keys.get(`${purpose}.key`))
      .update(text)
      .digest('base64url')
      .slice(0, 22);
  }

  verify(purpose: string, text: string, proof: string): boolean {
    const expected = Buffer.from(this.sign(purpose, text));
    const given = Buffer.from(proof);
    return expected.length === given.length && timingSafeEqual(expected, given);
  }

  /** 10 bytes by which this server knows its own: short enough for the local part of an address. */
  tag(purpose: string, bytes: Buffer): Buffer {
    return createHmac('sha256', this.keys.get(`${purpose}.key`))
      .update(bytes)
      .digest()
      .subarray(0, 10);
  }

  /** Whether the tag is of ours, in a time that does not tell how much of it is right. */
  isTag(purpose: string, bytes: Buffer, given: Buffer): boolean {
    const expected = this.tag(purpose, bytes);
    return expected.length === given.length && timingSafeEqual(expected, given);
  }

  /** Whether `proof` is the HMAC-SHA-256, in hex, that somebody who knows the secret made of these bytes. */
  isSignedWith(secret: string, bytes: Buffer, proof: string): boolean {
    const expected = createHmac('sha256', secret).update(bytes).digest();
    const given = Buffer.from(/^[0-9a-f]{64}$/i.test(proof) ? proof : '', 'hex');
    return expected.length === given.length && timingSafeEqual(expected, given);
  }

  /** A digest that counts things for one day and means nothing after: its key is deleted the day after. */
  dailyDigest(text: string): Buffer {
    const day = new Date().toISOString().slice(0, 10);
    return createHmac('sha256', this.keys.get(`day-${day}.key`))
      .update(text)
      .digest()
      .subarray(0, 16);
  }

  /** Deletes keys that are past their time, and what is remembered of addresses. Safe to call at any moment, from any process. */
  forgetOldKeys(): void {
    const day = (offset: number) =>
      `day-${new Date(Date.now() - offset * 24 * 3600_000).toISOString().slice(0, 10)}.key`;
    const live = [day(0), day(-1), ...liveWeeks().map(linkKey)];
    this.keys.forget((name) => /^(day|link)-/.test(name) && !live.includes(name));
    // The domain of an address can be the name of a person.
    this.domains.clear();
  }

  /**
   * Begins another key for what is sealed from now on, unless older ones are still there.
   * @returns its number, and since when it is there, or was touched last
   */
  newSealKey(): { number: number; since: Date } {
    const numbers = this.sealNumbers();
    const number = numbers.length > 1 ? numbers.at(-1)! : (numbers[0] ?? 0) + 1;
    // One byte of each box.
    if (number > 255) throw new Error('There is no number left for another key.');
    this.keys.get(sealKey(number));
    this.sealing = { number, asked: Date.now() };
    return { number, since: this.keys.touchedAt(sealKey(number)) };
  }

  /** Counts its time anew. */
  touchSealKey(): void {
    this.keys.touch(sealKey(this.sealNumbers().at(-1)!));
  }

  /** How many keys there are besides the one that seals now. */
  oldSealKeys(): number {
    return Math.max(this.sealNumbers().length - 1, 0);
  }

  /** What is sealed under them cannot be opened again. */
  forgetOldSealKeys(): void {
    const old = this.sealNumbers().slice(0, -1).map(sealKey);
    this.keys.forget((name) => old.includes(name));
    this.derived.clear();
  }

  /** Another process may have made a newer key, or deleted an older one: everybody looks at the files once a minute. */
  private lookForKeys(): void {
    if (Date.now() - this.sealing.asked < 60_000) return;
    const number = this.sealNumbers().at(-1) ?? 1;
    this.sealing = { number, asked: Date.now() };
    this.keys.letGo((name) => name.startsWith('seal') && name !== sealKey(number));
    this.derived.clear();
  }

  private sealNumbers(): number[] {
    return this.keys
      .names()
      .flatMap((name) => /^seal(?:-(\d+))?\.key$/.exec(name)?.slice(1) ?? [])
      .map((number) => Number(number ?? 1))
      .toSorted((a, b) => a - b);
  }

  private derive(purpose: string, petitionId: string, file = `${purpose}.key`): Buffer {
    const name = `${file}/${petitionId}`;
    let key = this.derived.get(name);
    if (!key) {
      key = Buffer.from(hkdfSync('sha256', this.keys.get(file), '', `${purpose}/${petitionId}`, 32));
      this.derived.set(name, key);
    }
    return key;
  }
}

const weekNumber = () => Math.floor(Date.now() / week);
// Links live 72 hours; the next week is there for servers whose clocks differ by a little.
const liveWeeks = () => [weekNumber() - 1, weekNumber(), weekNumber() + 1];
const sealKey = (number: number) => (number === 1 ? 'seal.key' : `seal-${number}.key`);
const linkKey = (number: number) => `link-${number}.key`;

function encrypt(head: Buffer, key: Buffer, plain: Buffer, bound: string): Buffer {
  const iv = freshBytes(ivLength);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(bound));
  return Buffer.concat([head, iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function decrypt(key: Buffer, sealed: Buffer, bound: string): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, ivLength), { authTagLength: tagLength })
    .setAAD(Buffer.from(bound))
    .setAuthTag(sealed.subarray(-tagLength));
  return Buffer.concat([decipher.update(sealed.subarray(ivLength, -tagLength)), decipher.final()]);
}
