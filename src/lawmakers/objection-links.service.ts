import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { SETTINGS, type Settings } from '../config/settings.js';
import { pageLocale } from '../site/languages.js';
import { problems } from '../site/problem.js';
import type { Actor } from '../staff/access.js';
import { AuditService } from '../staff/audit.service.js';
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
 * Staff can make it anew, where one has come into the wrong hands: from then on the old one is none of ours.
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
    private readonly audit: AuditService,
  ) {}

  /** In the language of the letter where the pages speak it. */
  url(lawmakerId: string, letterLocale: string, renewals = 0): string {
    return `${this.settings.PUBLIC_URL}/${pageLocale(letterLocale)}/o/${this.code(lawmakerId, renewals)}`;
  }

  /** How often each link was made anew, of those that were. */
  async renewals(): Promise<Map<string, number>> {
    const rows = await this.database.query<{ id: string; n: number }[]>(
      `SELECT id, link_renewals AS n FROM lawmakers WHERE link_renewals > 0`,
    );
    return new Map(rows.map(({ id, n }) => [id, n]));
  }

  /**
   * Letters from now on carry another link, and those before it a dead one. What is approved and not yet planned has to
   * be approved again. @throws Problem not-found
   */
  async renew(lawmakerId: string, actor: Actor): Promise<void> {
    await this.database.transaction(async (tx) => {
      const [, renewed] = await tx.query<[unknown, number]>(
        `UPDATE lawmakers SET link_renewals = link_renewals + 1 WHERE id = $1`,
        [lawmakerId],
      );
      if (!renewed) throw problems.notFound();
      await this.audit.record(tx, { actor, action: 'lawmaker.link-renewed', subject: lawmakerId });
    });
    this.lookedAt = -Infinity;
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
    const id = this.known.get(code);
    return id && (await this.isLatest(id, code)) ? id : null;
  }

  /** Another process may have made it anew. */
  private async isLatest(id: string, code: string): Promise<boolean> {
    const [row] = await this.database.query<{ n: number }[]>(`SELECT link_renewals AS n FROM lawmakers WHERE id = $1`, [
      id,
    ]);
    return row !== undefined && this.code(id, row.n) === code;
  }

  /** One that fails does not count as a look: the next office asks again. */
  private async look(): Promise<void> {
    try {
      const lawmakers = await this.database.query<{ id: string; n: number }[]>(
        `SELECT id, link_renewals AS n FROM lawmakers`,
      );
      for (const { id, n } of lawmakers) this.known.set(this.code(id, n), id);
      this.lookedAt = Date.now();
    } finally {
      this.looking = undefined;
    }
  }

  private code(lawmakerId: string, renewals = 0): string {
    const what = renewals > 0 ? `${lawmakerId} ${renewals}` : lawmakerId;
    const bytes = Buffer.from(this.vault.sign('objection', what), 'base64url');
    let bits = BigInt(`0x${bytes.subarray(0, (characters * 5) / 8).toString('hex')}`);
    let code = '';
    for (; code.length < characters; bits >>= 5n) code = digits[Number(bits & 31n)]! + code;
    return code;
  }
}

/** The text without its working link: whoever may only look must not be able to object in an office's name. */
export const withoutObjectionLink = (text: string): string => text.replace(/\/o\/[0-9A-Z]{16}/g, '/o/…');
