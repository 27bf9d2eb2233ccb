import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Vault } from '../vault/vault.service.js';
import { problems } from '../site/problem.js';
import type { Actor } from './access.js';
import { AuditService } from './audit.service.js';
import { hasFactor, lockMember } from './has-factor.js';
import { randomRecoveryCode } from './passwords.js';
import { secretHash } from './secrets.js';
import { Sessions } from './sessions.service.js';
import { newTotpSecret, plainCode, totpStep } from './totp.js';

/** What a member of staff has besides her password. */
export interface Factors {
  authenticator: boolean;
  passkeys: number;
  /** Recovery codes that were not used yet. */
  codesLeft: number;
}

const place = (staffId: string) => `authenticators/${staffId}`;
const codeHash = (staffId: string, code: string) => secretHash(`recovery ${staffId} ${plainCode(code)}`);

/** Authenticator apps and recovery codes. Every change locks the member of staff, so that it and a sign-in take turns. */
@Injectable()
export class SecondFactors {
  constructor(
    private readonly database: DataSource,
    private readonly vault: Vault,
    private readonly sessions: Sessions,
    private readonly audit: AuditService,
  ) {}

  async of(staffId: string): Promise<Factors> {
    const [row] = await this.database.query(
      `SELECT EXISTS (SELECT 1 FROM authenticators WHERE staff_id = $1 AND confirmed_at IS NOT NULL) AS authenticator,
         (SELECT count(*)::int FROM passkeys WHERE staff_id = $1) AS passkeys,
         (SELECT count(*)::int FROM recovery_codes WHERE staff_id = $1 AND used_at IS NULL) AS "codesLeft"`,
      [staffId],
    );
    return row as Factors;
  }

  async has(tx: EntityManager, staffId: string): Promise<boolean> {
    const [row] = await tx.query(`SELECT ${hasFactor('$1')} AS has`, [staffId]);
    return row.has as boolean;
  }

  /** Whether anybody on staff has one: then no answer to a password may tell that it was right. */
  async anybody(): Promise<boolean> {
    const [row] = await this.database.query(
      `SELECT EXISTS (SELECT 1 FROM authenticators WHERE confirmed_at IS NOT NULL) OR EXISTS (SELECT 1 FROM passkeys) AS any`,
    );
    return row.any as boolean;
  }

  /** A new secret for an authenticator app, in force once a code of it was given. @throws Problem wrong-state if one is */
  async begin(staffId: string): Promise<void> {
    await this.database.transaction(async (tx) => {
      await lockMember(tx, staffId);
      const sealed = this.vault.seal('staff', place(staffId), newTotpSecret());
      const [begun] = await tx.query(
        `INSERT INTO authenticators (staff_id, secret) VALUES ($1, $2)
         ON CONFLICT (staff_id) DO UPDATE SET secret = excluded.secret, begun_at = now()
           WHERE authenticators.confirmed_at IS NULL RETURNING 1`,
        [staffId, sealed],
      );
      if (!begun) throw problems.refusal('changed-meanwhile');
    });
  }

  /** The secret that waits for its first code, for a quarter of an hour; null if there is none. */
  async begun(staffId: string): Promise<Buffer | null> {
    const [row] = await this.database.query(
      `SELECT secret FROM authenticators
       WHERE staff_id = $1 AND confirmed_at IS NULL AND begun_at > now() - interval '15 minutes'`,
      [staffId],
    );
    return row ? this.vault.open('staff', place(staffId), row.secret as Buffer) : null;
  }

  /**
   * Puts the secret in force. Her other sessions, which were opened without it, end.
   * @param session the one that stays
   * @returns null if the code is not right; recovery codes, to be shown this once, if this is her first factor
   */
  async confirm(actor: Actor, session: string, code: string): Promise<{ codes: string[] | null } | null> {
    const secret = await this.begun(actor.id);
    const step = secret && totpStep(secret, plainCode(code));
    if (step === null) return null;
    return this.database.transaction(async (tx) => {
      await lockMember(tx, actor.id);
      const first = !(await this.has(tx, actor.id));
      const [, confirmed] = await tx.query(
        `UPDATE authenticators SET confirmed_at = now(), last_step = $2 WHERE staff_id = $1 AND confirmed_at IS NULL`,
        [actor.id, step],
      );
      if (confirmed === 0) return null;
      const codes = first ? await this.begunWith(tx, actor.id, session) : null;
      await this.audit.record(tx, { actor, action: 'staff.authenticator-added', subject: actor.id });
      return { codes };
    });
  }

  /** What the first factor brings with it: recovery codes, and the end of sessions opened without it. */
  async begunWith(tx: EntityManager, staffId: string, session: string): Promise<string[]> {
    await this.sessions.endOthers(tx, staffId, session);
    return this.makeCodes(tx, staffId);
  }

  /**
   * Takes a code: of the app, each time step once, or a recovery code, once. Call it with the member locked.
   * @returns which it was; null if it is none, or was used
   */
  async take(tx: EntityManager, staffId: string, typed: string): Promise<'authenticator' | 'recovery-code' | null> {
    const code = plainCode(typed);
    if (!/^\d{6}$/.test(code)) {
      const [, used] = await tx.query(
        `UPDATE recovery_codes SET used_at = now() WHERE staff_id = $1 AND code_hash = $2 AND used_at IS NULL`,
        [staffId, codeHash(staffId, code)],
      );
      return used > 0 ? 'recovery-code' : null;
    }
    const [row] = await tx.query(`SELECT secret FROM authenticators WHERE staff_id = $1 AND confirmed_at IS NOT NULL`, [
      staffId,
    ]);
    const step = row && totpStep(this.vault.open('staff', place(staffId), row.secret as Buffer), code);
    if (!step) return null;
    const [, taken] = await tx.query(
      `UPDATE authenticators SET last_step = $2 WHERE staff_id = $1 AND last_step < $2`,
      [staffId, step],
    );
    return taken > 0 ? 'authenticator' : null;
  }

  /** The same for somebody who is signed in. */
  async takeOnce(staffId: string, typed: string): Promise<boolean> {
    return this.database.transaction(async (tx) => {
      await lockMember(tx, staffId);
      return (await this.take(tx, staffId, typed)) !== null;
    });
  }

  /** Ten new recovery codes, to be shown this once; the old ones are void. @throws Problem wrong-state without a factor */
  async renewCodes(actor: Actor): Promise<string[]> {
    return this.database.transaction(async (tx) => {
      await lockMember(tx, actor.id);
      if (!(await this.has(tx, actor.id))) throw problems.refusal('changed-meanwhile');
      const codes = await this.makeCodes(tx, actor.id);
      await this.audit.record(tx, { actor, action: 'staff.recovery-codes-made', subject: actor.id });
      return codes;
    });
  }

  async removeAuthenticator(actor: Actor): Promise<void> {
    await this.database.transaction(async (tx) => {
      await lockMember(tx, actor.id);
      const [, removed] = await tx.query(`DELETE FROM authenticators WHERE staff_id = $1`, [actor.id]);
      await this.dropIdleCodes(tx, actor.id);
      if (removed > 0) await this.audit.record(tx, { actor, action: 'staff.authenticator-removed', subject: actor.id });
    });
  }

  /** For somebody who lost it all: app, passkeys, codes and the bond to a provider go, her sessions end. */
  async reset(staffId: string, actor: Actor | 'system'): Promise<void> {
    await this.database.transaction(async (tx) => {
      await lockMember(tx, staffId);
      for (const table of ['authenticators', 'passkeys', 'recovery_codes', 'provider_accounts'])
        await tx.query(`DELETE FROM ${table} WHERE staff_id = $1`, [staffId]);
      await this.sessions.endAll(tx, staffId);
      await this.audit.record(tx, { actor, action: 'staff.second-factor-reset', subject: staffId });
    });
  }

  /** Codes recover nothing once the last factor is gone. */
  async dropIdleCodes(tx: EntityManager, staffId: string): Promise<void> {
    await tx.query(`DELETE FROM recovery_codes WHERE staff_id = $1 AND NOT ${hasFactor('$1')}`, [staffId]);
  }

  private async makeCodes(tx: EntityManager, staffId: string): Promise<string[]> {
    const codes = Array.from({ length: 10 }, randomRecoveryCode);
    await tx.query(`DELETE FROM recovery_codes WHERE staff_id = $1`, [staffId]);
    await tx.query(`INSERT INTO recovery_codes (staff_id, code_hash) SELECT $1, unnest($2::bytea[])`, [
      staffId,
      codes.map((code) => codeHash(staffId, code)),
    ]);
    return codes;
  }
}
