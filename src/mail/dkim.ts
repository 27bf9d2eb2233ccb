import { Inject, Injectable } from '@nestjs/common';
import { join } from 'node:path';
import { SETTINGS, type Settings, SettingsError } from '../config/settings.js';
import { bodyHash, type MailKey, mailKey } from '../vault/mail-key.js';
import { domainOf } from './compose.js';
import type { MailTail } from './mail-tail.js';

/** Signed where they are there; what a receiver shows is named once more, so that nobody can add another (RFC 6376, 8.15). */
const once = [
  'from',
  'to',
  'cc',
  'subject',
  'date',
  'message-id',
  'reply-to',
  'sender',
  'mime-version',
  'content-type',
];
const more = [
  ...['content-transfer-encoding', 'in-reply-to', 'references', 'auto-submitted', 'feedback-id'],
  ...['list-id', 'list-unsubscribe', 'list-unsubscribe-post'],
];

/**
 * Signs mail in the name of the domain it is from (RFC 6376: rsa-sha256, relaxed/relaxed). Without DKIM_SELECTOR it is left
 * as it is. Ours, because the signers there are do their arithmetic on the thread that everybody waits for.
 */
@Injectable()
export class Dkim {
  /** Where the public half must stand, and the half itself; null: mail is not signed here. */
  readonly published: { name: string; publicKey: string } | null;
  private readonly key: MailKey | null = null;
  private readonly head: string = '';
  /** The same for thousands of mails: worked out once. */
  private readonly tails = new WeakMap<MailTail, Buffer>();

  /** @throws SettingsError for a key that receivers would not trust */
  constructor(@Inject(SETTINGS) settings: Settings) {
    const selector = settings.DKIM_SELECTOR;
    if (!selector) {
      this.published = null;
      return;
    }
    const domain = domainOf(settings.MAIL_FROM).toLowerCase();
    this.key = keyOf(join(settings.DATA_DIR, 'keys', `dkim-${selector}.pem`));
    this.head = `DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=${domain}; s=${selector};`;
    this.published = { name: `${selector}._domainkey.${domain}`, publicKey: this.key.publicKey };
  }

  /**
   * The same bytes and key give the same signature. @param tail what the mail goes on with
   * @returns the mail, without the tail, with its signature on top
   */
  async sign(mail: Buffer, tail: MailTail | null = null): Promise<Buffer> {
    if (!this.key) return mail;
    // A character for each byte.
    const text = mail.toString('latin1');
    const end = text.indexOf('\r\n\r\n');
    const fields = text.slice(0, end).split(/\r\n(?![ \t])/);
    const signed: string[] = [];
    const names: string[] = [];
    for (const name of [...once, ...more]) {
      const field = fields.find((each) => each.toLowerCase().startsWith(`${name}:`));
      if (field !== undefined) {
        signed.push(`${relaxed(field)}\r\n`);
        names.push(name);
      }
      if (once.includes(name)) names.push(name);
    }
    const written = text.slice(end + 4);
    const body = tail
      ? bodyHash(Buffer.from(relaxedLines(written), 'latin1'), this.relaxedTail(tail))
      : bodyHash(Buffer.from(relaxedBody(written), 'latin1'));
    const unsigned = `${this.head}\r\n h=${names.join(':\r\n  ')};\r\n bh=${body};\r\n b=`;
    const signature = await this.key.sign(Buffer.from(signed.join('') + relaxed(unsigned), 'latin1'));
    return Buffer.concat([Buffer.from(`${unsigned}${signature.match(/.{1,72}/g)!.join('\r\n  ')}\r\n`), mail]);
  }

  private relaxedTail(tail: MailTail): Buffer {
    const known = this.tails.get(tail) ?? Buffer.from(relaxedBody(tail.bytes.toString('latin1')), 'latin1');
    this.tails.set(tail, known);
    return known;
  }
}

/** RFC 6376, 3.4.2. */
function relaxed(field: string): string {
  const at = field.indexOf(':');
  const value = field
    .slice(at + 1)
    .replaceAll('\r\n', '')
    .replaceAll(/[ \t]+/g, ' ');
  return `${field.slice(0, at).trimEnd().toLowerCase()}:${value.replaceAll(/^ | $/g, '')}`;
}

/** RFC 6376, 3.4.4. */
function relaxedBody(body: string): string {
  const lines = relaxedLines(body).replace(/ $/, '');
  let end = lines.length;
  while (end > 0 && lines.startsWith('\r\n', end - 2)) end -= 2;
  return end <= 0 ? '' : `${lines.slice(0, end)}\r\n`;
}

/** Whole lines, which end in CRLF. */
function relaxedLines(lines: string): string {
  return lines.replaceAll(/[ \t]+/g, ' ').replaceAll(' \r\n', '\r\n');
}

function keyOf(file: string): MailKey {
  try {
    return mailKey(file);
  } catch (error) {
    throw new SettingsError(`DKIM_SELECTOR: ${(error as Error).message}`);
  }
}
