import { Column, Entity, JoinColumn, OneToOne, PrimaryColumn } from 'typeorm';
import { StaffMember } from './staff-member.entity.js';

/** The authenticator app of a member of staff (TOTP, RFC 6238). Until she confirmed it with a code it counts for nothing. */
@Entity('authenticators')
export class Authenticator {
  @PrimaryColumn('uuid')
  staffId: string;

  @OneToOne(() => StaffMember)
  @JoinColumn({ name: 'staff_id' })
  staff: StaffMember;

  /** Sealed by the vault. */
  @Column('bytea')
  secret: Buffer;

  @Column('timestamptz', { default: () => 'now()' })
  begunAt: Date;

  @Column('timestamptz', { nullable: true })
  confirmedAt: Date | null;

  /** The last time step a code was taken of: neither it nor an earlier one is taken again. */
  @Column('bigint', { default: 0 })
  lastStep: string;
}
