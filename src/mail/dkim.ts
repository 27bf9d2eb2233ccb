import { Inject, Injectable } from '@nestjs/common';
import DKIM from 'nodemailer/lib/dkim';
import { buffer } from 'node:stream/consumers';
import { join } from 'node:path';
import { SETTINGS, type Settings, SettingsError } from '../config/settings.js';
import { type MailKey, mailKey } from '../vault/mail-key.js';
import { domainOf } from './compose.js';

/** Signs mail in the name of the domain it is from (RFC 6376, rsa-sha256). Without DKIM_SELECTOR it is left as it is. */
@Injectable()
export class Dkim {
  /** Where the public half must stand, and the half itself; null: mail is not signed here. */
  readonly published: { name: string; publicKey: string } | null;
  private readonly signer: DKIM | null = null;

  /** @throws SettingsError for a key that receivers would not trust */
  constructor(@Inject(SETTINGS) settings: Settings) {
    const selector = settings.DKIM_SELECTOR;
    if (!selector) {
      this.published = null;
      return;
    }
    const domain = domainOf(settings.MAIL_FROM).toLowerCase();
    const { privateKey, publicKey } = keyOf(join(settings.DATA_DIR, 'keys', `dkim-${selector}.pem`));
    this.signer = new DKIM({ domainName: domain, keySelector: selector, privateKey });
    this.published = { name: `${selector}._domainkey.${domain}`, publicKey };
  }

  /** The same bytes and key give the same signature. @returns the mail with its signature on top */
  async sign(mail: Buffer): Promise<Buffer> {
    if (!this.signer) return mail;
    const signed = await buffer(this.signer.sign(mail));
    // The library sends a mail unsigned rather than not at all.
    if (!signed.subarray(0, 15).equals(Buffer.from('DKIM-Signature:'))) throw new Error('A mail could not be signed.');
    return signed;
  }
}

function keyOf(file: string): MailKey {
  try {
    return mailKey(file);
  } catch (error) {
    throw new SettingsError(`DKIM_SELECTOR: ${(error as Error).message}`);
  }
}
