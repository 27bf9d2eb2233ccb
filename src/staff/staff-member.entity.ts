import { Check, Column, Entity, PrimaryColumn, Unique } from 'typeorm';
import type { Locale } from '../site/languages.js';
import type { Role } from './access.js';

@Entity('staff_members')
@Unique(['email'])
@Check('staff_members_email_check', `email = lower(email)`)
@Check('staff_members_role_check', `role IN ('viewer', 'organiser', 'approver', 'admin')`)
export class StaffMember {
  @PrimaryColumn('uuid')
  id: string;

  @Column('text')
  email: string;

  @Column('text')
  name: string;

  @Column('text')
  role: Role;

  /** Argon2id, in the PHC string format. */
  @Column('text')
  passwordHash: string;

  /** The language she wants the console in; null is the one she signs in with. */
  @Column('text', { nullable: true })
  locale: Locale | null;

  @Column('timestamptz', { default: () => 'now()' })
  createdAt: Date;

  @Column('timestamptz', { nullable: true })
  disabledAt: Date | null;
}
