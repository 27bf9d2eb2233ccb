import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { SETTINGS, type Settings } from '../config/settings.js';
import type { Locale } from '../site/languages.js';
import { Problem, problems } from '../site/problem.js';
import type { Actor, Role } from './access.js';
import { AuditService } from './audit.service.js';
import { hasFactor } from './has-factor.js';
import { hashPassword, passwordFits, randomPassword } from './passwords.js';
import { Sessions } from './sessions.service.js';
import { StaffMember } from './staff-member.entity.js';
import { type NewStaffMember } from './staff.schema.js';
import { Tokens } from './tokens.service.js';

@Injectable()
export class Staff {
  constructor(
    private readonly database: DataSource,
    private readonly sessions: Sessions,
    private readonly tokens: Tokens,
    private readonly audit: AuditService,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  list(): Promise<StaffMember[]> {
    return this.database.manager.find(StaffMember, { order: { name: 'ASC', id: 'ASC' } });
  }

  /** Ids of those who have a second factor. */
  async withFactor(): Promise<Set<string>> {
    const rows: { id: string }[] = await this.database.query(
      `SELECT id FROM staff_members WHERE ${hasFactor('staff_members.id')}`,
    );
    return new Set(rows.map(({ id }) => id));
  }

  /** @throws Problem not-found */
  async one(id: string): Promise<StaffMember> {
    const member = await this.database.manager.findOneBy(StaffMember, { id });
    if (!member) throw problems.notFound();
    return member;
  }

  async passwordIs(id: string, password: string): Promise<boolean> {
    return passwordFits((await this.one(id)).passwordHash, password);
  }

  /** @returns her first password, made at random, when none is given. @throws Problem conflict if the address is taken */
  async add(
    person: NewStaffMember,
    actor: Actor | 'system',
    given?: string,
  ): Promise<{ member: StaffMember; password: string }> {
    const password = given ?? randomPassword();
    const passwordHash = await hashPassword(password);
    return this.database.transaction(async (tx) => {
      const id = uuidv7();
      const added = await tx.query(
        `INSERT INTO staff_members (id, email, name, role, password_hash) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (email) DO NOTHING RETURNING id`,
        [id, person.email, person.name, person.role, passwordHash],
      );
      if (added.length === 0) throw problems.refusal('address-on-staff');
      await this.audit.record(tx, { actor, action: 'staff.added', subject: id, detail: { role: person.role } });
      return { member: await tx.findOneByOrFail(StaffMember, { id }), password };
    });
  }

  /** On the very first start: an admin, so that somebody can sign in. @returns null if there is staff already */
  async ensureFirstAdmin(): Promise<{ email: string; password: string } | null> {
    if ((await this.database.manager.count(StaffMember)) > 0) return null;
    const admin = { email: this.settings.ADMIN_EMAIL.toLowerCase(), name: 'Admin', role: 'admin' as const };
    try {
      const { member, password } = await this.add(admin, 'system', this.settings.ADMIN_PASSWORD);
      return { email: member.email, password };
    } catch (error) {
      // Another server that started at the same moment was first.
      if (error instanceof Problem && error.code === 'conflict') return null;
      throw error;
    }
  }

  /** @throws Problem wrong-state if nobody would be left who is an admin */
  async changeRole(id: string, role: Role, actor: Actor): Promise<void> {
    await this.database.transaction(async (tx) => {
      const member = await this.lock(tx, id);
      if (role !== 'admin') await this.anotherAdmin(tx, member);
      await tx.update(StaffMember, { id }, { role });
      await this.audit.record(tx, {
        actor,
        action: 'staff.role-changed',
        subject: id,
        detail: { from: member.role, to: role },
      });
    });
  }

  /** Ends her sessions and revokes her tokens, for good. @throws Problem wrong-state for the last admin */
  async disable(id: string, actor: Actor): Promise<void> {
    await this.database.transaction(async (tx) => {
      const member = await this.lock(tx, id);
      await this.anotherAdmin(tx, member);
      await tx.query(`UPDATE staff_members SET disabled_at = coalesce(disabled_at, now()) WHERE id = $1`, [id]);
      await this.sessions.endAll(tx, id);
      await this.tokens.revokeAll(tx, id);
      await this.audit.record(tx, { actor, action: 'staff.disabled', subject: id });
    });
  }

  async enable(id: string, actor: Actor): Promise<void> {
    await this.database.transaction(async (tx) => {
      await this.lock(tx, id);
      await tx.update(StaffMember, { id }, { disabledAt: null });
      await this.audit.record(tx, { actor, action: 'staff.enabled', subject: id });
    });
  }

  /** @returns a new random password, to be told to her once; her sessions end */
  async resetPassword(id: string, actor: Actor | 'system'): Promise<string> {
    const password = randomPassword();
    const passwordHash = await hashPassword(password);
    await this.database.transaction(async (tx) => {
      await this.lock(tx, id);
      await tx.update(StaffMember, { id }, { passwordHash });
      await this.sessions.endAll(tx, id);
      await this.tokens.revokeAll(tx, id);
      await this.audit.record(tx, { actor, action: 'staff.password-reset', subject: id });
    });
    return password;
  }

  /** Her own change: every other session ends, this one gets a new cookie. @returns null if the old password is wrong */
  async changePassword(actor: Actor, old: string, password: string): Promise<string | null> {
    const { id, passwordHash: known } = await this.one(actor.id);
    if (!(await passwordFits(known, old))) return null;
    const passwordHash = await hashPassword(password);
    return this.database.transaction(async (tx) => {
      // A reset in the meantime wins.
      const { affected } = await tx.update(StaffMember, { id, passwordHash: known }, { passwordHash });
      if (affected === 0) return null;
      await this.sessions.endAll(tx, id);
      const secret = await this.sessions.begin(tx, id);
      await this.audit.record(tx, { actor, action: 'staff.password-changed', subject: id });
      return secret;
    });
  }

  /** Twice is once. */
  async endSession(actor: Actor, id: string): Promise<void> {
    await this.database.transaction(async (tx) => {
      if (await this.sessions.end(tx, actor.id, id))
        await this.audit.record(tx, { actor, action: 'staff.session-ended', subject: actor.id });
    });
  }

  /** All but the one she is in. */
  async endOtherSessions(actor: Actor, own: string): Promise<void> {
    await this.database.transaction(async (tx) => {
      const ended = await this.sessions.endOthers(tx, actor.id, own);
      if (ended > 0)
        await this.audit.record(tx, {
          ...{ actor, action: 'staff.sessions-ended', subject: actor.id },
          detail: { sessions: ended },
        });
    });
  }

  /** The language of the console after her next sign-in. */
  async speak(id: string, locale: Locale): Promise<void> {
    await this.database.manager.update(StaffMember, { id }, { locale });
  }

  async byEmail(email: string): Promise<StaffMember> {
    const member = await this.database.manager.findOneBy(StaffMember, { email: email.toLowerCase() });
    if (!member) throw problems.notFound('There is no member of staff with this address.');
    return member;
  }

  /** All admins are locked first, in one order: two who demote each other at the same moment cannot both succeed. */
  private async lock(tx: EntityManager, id: string): Promise<StaffMember> {
    await tx.query(`SELECT 1 FROM staff_members WHERE role = 'admin' OR id = $1 ORDER BY id FOR UPDATE`, [id]);
    const member = await tx.findOneBy(StaffMember, { id });
    if (!member) throw problems.notFound();
    return member;
  }

  private async anotherAdmin(tx: EntityManager, member: StaffMember): Promise<void> {
    if (member.role !== 'admin' || member.disabledAt) return;
    const [{ others }] = await tx.query(
      `SELECT count(*)::int AS others FROM staff_members WHERE role = 'admin' AND disabled_at IS NULL AND id <> $1`,
      [member.id],
    );
    if (others === 0) throw problems.refusal('last-admin');
  }
}
