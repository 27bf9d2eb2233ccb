import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, Unique } from 'typeorm';
import { StaffMember } from './staff-member.entity.js';

/** Who an identity provider's subject (OpenID Connect) is among staff. Bound once, by a verified address. */
@Entity('provider_accounts')
@Unique(['staffId', 'issuer'])
export class ProviderAccount {
  @PrimaryColumn('text')
  issuer: string;

  @PrimaryColumn('text')
  subject: string;

  @Column('uuid')
  staffId: string;

  @ManyToOne(() => StaffMember)
  @JoinColumn({ name: 'staff_id' })
  staff: StaffMember;

  @Column('timestamptz', { default: () => 'now()' })
  boundAt: Date;
}
