import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { SETTINGS, type Settings } from '../config/settings.js';
import { Vault } from '../vault/vault.service.js';
import { emptyTree } from './append.js';
import { auditHash, codeHash, newCode, signerHash } from './codes.js';
import { encodeEntry, type Genesis } from './entries.js';
import { LogError } from './log-error.js';
import { encodeVkey, type Signer, signerOf } from './note.js';
import { promiseKeyName } from './promise.js';

/** The logs there are, their names and their keys. */
@Injectable()
export class Logs {
  private readonly origins = new Map<string, string>();
  private readonly signers = new Map<string, Signer>();

  constructor(
    private readonly database: DataSource,
    private readonly vault: Vault,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** Begins the log of a petition, in the transaction that opens it. A petition that is opened again goes on with its own. */
  async open(tx: EntityManager, petitionId: string, slug: string, genesis: Genesis): Promise<void> {
    const origin = `${new URL(this.settings.PUBLIC_URL).host}/log/${slug}`;
    await tx.query(
      `WITH opened AS (
         INSERT INTO logs (petition_id, origin, root) VALUES ($1, $2, $3)
         ON CONFLICT (petition_id) DO NOTHING RETURNING petition_id
       )
       INSERT INTO log_queue (petition_id, id, kind, entry) SELECT petition_id, $4, 'genesis', $5 FROM opened`,
      [petitionId, origin, emptyTree.root, uuidv7(), encodeEntry({ kind: 'genesis', facts: genesis })],
    );
  }

  /** `<host>/log/<slug>`. @throws LogError for a petition that was never open */
  async origin(petitionId: string): Promise<string> {
    let origin = this.origins.get(petitionId);
    if (!origin) {
      const [row] = await this.database.query(`SELECT origin FROM logs WHERE petition_id = $1`, [petitionId]);
      if (!row) throw new LogError('This petition has no log.');
      origin = row.origin as string;
      this.origins.set(petitionId, origin);
    }
    return origin;
  }

  /**
   * The entry of somebody who signs.
   * @param person salt: 32 bytes, kept with her signature alone; email: the normal form of her address; codeHash: of the
   *   code that she made herself, 32 bytes, or null
   * @returns the bytes of the entry, and her code if it was made here: to be shown once, and kept nowhere
   */
  async signEntry(
    petitionId: string,
    person: { salt: Buffer; email: string; codeHash: Buffer | null },
  ): Promise<{ entry: Buffer; code: string | null }> {
    const origin = await this.origin(petitionId);
    const code = person.codeHash ? null : newCode();
    const entry = encodeEntry({
      kind: 'sign',
      signerHash: signerHash(origin, person.codeHash ?? codeHash(code!)),
      auditHash: auditHash(origin, person.salt, person.email),
    });
    return { entry, code };
  }

  /** Logs that nothing is added to at the moment, and why. */
  async inTrouble(): Promise<{ origin: string; why: string }[]> {
    return this.database.query(
      `SELECT origin, coalesce(refused, fault) AS why FROM logs WHERE coalesce(refused, fault) IS NOT NULL ORDER BY origin`,
    );
  }

  /** Signs the checkpoints of the log. */
  signer(origin: string): Signer {
    let signer = this.signers.get(origin);
    if (!signer) {
      signer = signerOf(origin, this.vault.signingSeed(origin));
      this.signers.set(origin, signer);
    }
    return signer;
  }

  /** What `log.json` says: public, and the same for ever. */
  settingsOf({ origin, publication }: { origin: string; publication: string }): object {
    return {
      origin,
      vkey: encodeVkey(this.signer(origin).verifier),
      promiseVkey: encodeVkey(this.signer(promiseKeyName(origin)).verifier),
      publication,
    };
  }
}
