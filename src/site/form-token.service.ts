import { Injectable } from '@nestjs/common';
import { Vault } from '../vault/vault.service.js';

const shortest = 2;
const longest = 24 * 3600;

/** A signed time in a public form: a form sent back within two seconds, or a day later, was not filled in by a person. */
@Injectable()
export class FormTokens {
  constructor(private readonly vault: Vault) {}

  issue(at = Date.now()): string {
    const time = Math.floor(at / 1000).toString(36);
    return `${time}.${this.vault.sign('form', time)}`;
  }

  /** @returns null if good, otherwise the code of the error */
  refuse(token: unknown): 'too-fast' | 'form-expired' | null {
    if (typeof token !== 'string' || token.length > 60) return 'form-expired';
    const [time = '', proof = ''] = token.split('.');
    const age = Date.now() / 1000 - parseInt(time, 36);
    if (!this.vault.verify('form', time, proof) || age > longest) return 'form-expired';
    return age < shortest ? 'too-fast' : null;
  }
}
