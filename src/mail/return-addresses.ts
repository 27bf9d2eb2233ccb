import { Inject, Injectable } from '@nestjs/common';
import { parse, stringify } from 'uuid';
import { SETTINGS, type Settings } from '../config/settings.js';
import { Vault } from '../vault/vault.service.js';

const purpose = 'returns';
const idLength = 16;
const tagLength = 10;
/** RFC 4648, in lower case: servers on the way may change the case of a local part. */
const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
const form = /^returns\+([a-z2-7]{42})$/;

/**
 * Where reports about a mail come back to (variable envelope return path): `returns+<token>@RETURN_DOMAIN`, the token
 * being the mail's id and a keyed digest of it. Who was not written to cannot make one, so a report to a right address
 * is about that mail. 50 octets before the @ (RFC 5321 allows 64), always the same for the same mail.
 */
@Injectable()
export class ReturnAddresses {
  constructor(
    private readonly vault: Vault,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** Null: RETURN_DOMAIN is not set, and nothing can come back by itself. */
  of(id: string): string | null {
    if (!this.settings.RETURN_DOMAIN) return null;
    const bytes = Buffer.from(parse(id));
    return `returns+${base32(Buffer.concat([bytes, this.vault.tag(purpose, bytes)]))}@${this.settings.RETURN_DOMAIN}`;
  }

  /** The id of the mail whose return address this is, or null if it is none of ours. */
  read(address: string): string | null {
    const at = address.lastIndexOf('@');
    const token = form.exec(address.slice(0, Math.max(at, 0)).toLowerCase())?.[1];
    if (!token || address.slice(at + 1).toLowerCase() !== this.settings.RETURN_DOMAIN) return null;
    const bytes = fromBase32(token);
    const id = bytes.subarray(0, idLength);
    // What is left over in the last letter must be nothing, or one token would have four spellings.
    if (base32(bytes) !== token || !this.vault.isTag(purpose, id, bytes.subarray(idLength))) return null;
    try {
      return stringify(id);
    } catch {
      return null;
    }
  }
}

function base32(bytes: Buffer): string {
  let text = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) text += alphabet[(value >> (bits - 5)) & 31];
  }
  return bits > 0 ? text + alphabet[(value << (5 - bits)) & 31] : text;
}

function fromBase32(text: string): Buffer {
  const bytes: number[] = [];
  let bits = 0;
  let value = 0;
  for (const letter of text) {
    value = ((value << 5) | alphabet.indexOf(letter)) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((value >> bits) & 255);
    }
  }
  return Buffer.from(bytes).subarray(0, idLength + tagLength);
}
