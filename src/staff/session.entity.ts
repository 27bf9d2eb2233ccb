import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, Unique } from 'typeorm';
import { StaffMember } from './staff-member.entity.js';

@Entity('sessions')
@Unique(['tokenHash'])
@Index(['staffId'])
@Check('sessions_token_hash_check', `octet_length(token_hash) = 32`)
export class Session {
  @PrimaryColumn('uuid')
  id: string;

  @Column('uuid')
  staffId: string;

  @ManyToOne(() => StaffMember)
  @JoinColumn({ name: 'staff_id' })
  staff: StaffMember;

  /** SHA-256 of the cookie; the cookie itself is kept nowhere. */
  @Column('bytea')
  tokenHash: Buffer;

  @Column('timestamptz', { default: () => 'now()' })
  createdAt: Date;

  @Column('timestamptz', { default: () => 'now()' })
  seenAt: Date;

  @Column('timestamptz', { default: () => 'now()' })
  reauthenticatedAt: Date;
}
