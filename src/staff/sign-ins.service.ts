import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { Locale } from '../site/languages.js';
import { Limits } from '../site/limits.service.js';
import type { Actor } from './access.js';
import { AuditService } from './audit.service.js';
import { Passkeys } from './passkeys.service.js';
import type { ProviderClaims } from './provider.service.js';
import { hashPassword, isOutdated, passwordFits } from './passwords.js';
import { SecondFactors } from './second-factors.service.js';
import { Sessions } from './sessions.service.js';
import { markOf, SignInSteps } from './sign-in-steps.js';
import { StaffMember } from './staff-member.entity.js';
import { StaffEmail } from './staff.schema.js';

export interface NewSession {
  /** For the cookie. */
  secret: string;
  /** The language she chose, if she did. */
  locale: Locale | null;
}

/** A session, or what a form for the second step carries; neither where nobody has a second factor. */
export interface Entered {
  session: NewSession | null;
  step: string | null;
}

type By = 'password' | 'authenticator' | 'recovery-code' | 'passkey' | 'provider';

/** The ways in. `brought` is the cookie of the session that the new one takes the place of. */
@Injectable()
export class SignIns {
  constructor(
    private readonly database: DataSource,
    private readonly sessions: Sessions,
    private readonly factors: SecondFactors,
    private readonly passkeys: Passkeys,
    private readonly steps: SignInSteps,
    private readonly limits: Limits,
    private readonly audit: AuditService,
  ) {}

  /**
   * The answer is the same for a wrong address, a wrong password, a disabled account, and a right password that a second
   * step has to follow.
   */
  async byPassword(email: string, password: string, brought = ''): Promise<Entered> {
    const address = StaffEmail.safeParse(email);
    const member = address.success ? await this.database.manager.findOneBy(StaffMember, { email: address.data }) : null;
    const fits = await passwordFits(member?.passwordHash, password);
    const anybody = await this.factors.anybody();
    const refused = (right: StaffMember | null) => ({ session: null, step: anybody ? this.steps.seal(right) : null });
    if (!member || !fits || member.disabledAt) return refused(null);
    const better = isOutdated(member.passwordHash) ? await hashPassword(password) : member.passwordHash;
    return this.database.transaction(async (tx) => {
      // Takes the row, and with it the order among sign-in, reset and disabling: what was checked above must still hold.
      const [, held] = await tx.query(
        `UPDATE staff_members SET password_hash = $3 WHERE id = $1 AND password_hash = $2 AND disabled_at IS NULL`,
        [member.id, member.passwordHash, better],
      );
      if (held === 0) return refused(null);
      if (await this.factors.has(tx, member.id))
        return { session: null, step: this.steps.seal({ id: member.id, passwordHash: better }) };
      return { session: await this.begin(tx, member, 'password', brought), step: null };
    });
  }

  /** @returns null for a code that is wrong or used, too many of them, and a step about nobody, alike */
  async byCode(step: string, code: string, brought = ''): Promise<NewSession | 'too-late' | null> {
    const opened = this.steps.open(step);
    if (!opened) return 'too-late';
    if (!this.limits.allows('second-step', opened.staffId)) return null;
    return this.database.transaction(async (tx) => {
      const member = await this.locked(tx, opened.staffId);
      if (!member || !markOf(member.passwordHash).equals(opened.mark)) return null;
      const by = await this.factors.take(tx, member.id, code);
      return by && this.begin(tx, member, by, brought);
    });
  }

  async byPasskey(answer: unknown, brought = ''): Promise<NewSession | null> {
    const proof = await this.passkeys.prove('sign-in', answer);
    if (!proof) return null;
    return this.database.transaction(async (tx) => {
      const member = await this.locked(tx, proof.staffId);
      if (!member || !(await this.passkeys.spend(tx, proof))) return null;
      return this.begin(tx, member, 'passkey', brought);
    });
  }

  /**
   * Whoever the provider names must be on staff already: bound before, or found now by a verified address and bound. It
   * stands in for the password, not for a second factor.
   * @returns null for anybody else
   */
  async byProvider({ issuer, subject, email }: ProviderClaims, brought = ''): Promise<Entered | null> {
    return this.database.transaction(async (tx) => {
      const [bound] = await tx.query(`SELECT staff_id FROM provider_accounts WHERE issuer = $1 AND subject = $2`, [
        ...[issuer, subject],
      ]);
      const address = StaffEmail.safeParse(email);
      const id = bound?.staff_id ?? (address.success ? await this.idOf(tx, address.data) : null);
      const member = id && (await this.locked(tx, id));
      if (!member || (!bound && !(await this.bind(tx, member, issuer, subject)))) return null;
      if (await this.factors.has(tx, member.id)) return { session: null, step: this.steps.seal(member) };
      return { session: await this.begin(tx, member, 'provider', brought), step: null };
    });
  }

  private async idOf(tx: EntityManager, email: string): Promise<string | null> {
    const [row] = await tx.query(`SELECT id FROM staff_members WHERE email = $1`, [email]);
    return row?.id ?? null;
  }

  /** @returns false if she is somebody else there already: an address that was given on is no proof */
  private async bind(tx: EntityManager, member: StaffMember, issuer: string, subject: string): Promise<boolean> {
    const [made] = await tx.query(
      `INSERT INTO provider_accounts (issuer, subject, staff_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING 1`,
      [issuer, subject, member.id],
    );
    if (made)
      await this.audit.record(tx, { actor: asActor(member), action: 'staff.provider-bound', subject: member.id });
    return made !== undefined;
  }

  private async locked(tx: EntityManager, id: string): Promise<StaffMember | null> {
    return tx
      .createQueryBuilder(StaffMember, 'member')
      .setLock('pessimistic_write')
      .where('member.id = :id AND member.disabled_at IS NULL', { id })
      .getOne();
  }

  private async begin(tx: EntityManager, member: StaffMember, by: By, brought: string): Promise<NewSession> {
    const secret = await this.sessions.begin(tx, member.id, brought);
    await this.audit.record(tx, {
      actor: asActor(member),
      action: 'staff.signed-in',
      subject: member.id,
      detail: { by },
    });
    return { secret, locale: member.locale };
  }
}

const asActor = (member: StaffMember): Actor => ({ kind: 'staff', id: member.id, name: member.name, rights: [] });
