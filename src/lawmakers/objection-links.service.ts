import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { SETTINGS, type Settings } from '../config/settings.js';
import { pageLocale } from '../site/languages.js';
import { Vault } from '../vault/vault.service.js';

/** Stands for the lawmaker in letters that go to none: the link of a test. */
export const nobody = '00000000-0000-0000-0000-000000000000';

/** Crockford's digits: none is taken for another on paper. */
const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const characters = 16;
/** Milliseconds between two looks for new lawmakers, so that guessing costs the database little. */
const lookAgainAfter = 5000;

/**
 * The link in every letter by which an office stops all further ones. Its code is 80 bits of a keyed digest of the
 * lawmaker: nobody can guess one, it is short enough to be typed from paper, and the same letter always carries the same.
 */
@Injectable()
export class ObjectionLinks {
  private readonly known = new Map<string, string>();
  private lookedAt = -Infinity;
  /** Whoever comes while somebody looks waits for the same answer. */
  private looking?: Promise<void>;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly database: DataSource,
    private readonly vault: Vault,
  ) {}

  /** In the language of the letter where the pages speak it. */
  url(lawmakerId: string, letterLocale: string): string {
    return `${this.settings.PUBLIC_URL}/${pageLocale(letterLocale)}/o/${this.code(lawmakerId)}`;
  }

  /** Whose code it is, as it was printed or typed; `nobody` for that of a test; null for none of ours. */
  async lawmakerOf(typed: string): Promise<string | null> {
    const code = typed.toUpperCase().replaceAll('-', '').replaceAll('O', '0').replace(/[IL]/g, '1');
    if (code.length !== characters) return null;
    if (code === this.code(nobody)) return nobody;
    if (!this.known.has(code)) {
      if (Date.now() - this.lookedAt > lookAgainAfter) this.looking ??= this.look();
      await this.looking;
    }
    return this.known.get(code) ?? null;
  }

  /** One that fails does not count as a look: the next office asks again. */
  private async look(): Promise<void> {
    try {
      const lawmakers = await this.database.query<{ id: string }[]>(`SELECT id FROM lawmakers`);
      for (const { id } of lawmakers) this.known.set(this.code(id), id);
      this.lookedAt = Date.now();
    } finally {
      this.looking = undefined;
    }
  }

  private code(lawmakerId: string): string {
    const bytes = Buffer.from(this.vault.sign('objection', lawmakerId), 'base64url');
    let bits = BigInt(`0x${bytes.subarray(0, (characters * 5) / 8).toString('hex')}`);
    let code = '';
    for (; code.length < characters; bits >>= 5n) code = digits[Number(bits & 31n)]! + code;
    return code;
  }
}

/** The text without its working link: whoever may only look must not be able to object in an office's name. */
export const withoutObjectionLink = (text: string): string => text.replace(/\/o\/[0-9A-Z]{16}/g, '/o/…');
