import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, Unique } from 'typeorm';
import { StaffMember } from './staff-member.entity.js';

/** A passkey (WebAuthn credential) of a member of staff; the secret half never leaves her device. */
@Entity('passkeys')
@Unique(['credentialId'])
@Index(['staffId'])
export class Passkey {
  @PrimaryColumn('uuid')
  id: string;

  @Column('uuid')
  staffId: string;

  @ManyToOne(() => StaffMember)
  @JoinColumn({ name: 'staff_id' })
  staff: StaffMember;

  @Column('text')
  name: string;

  @Column('bytea')
  credentialId: Buffer;

  /** COSE. */
  @Column('bytea')
  publicKey: Buffer;

  /** Of uses, as the device told it the last time; one that does not grow is a copy. Many devices always say 0. */
  @Column('bigint')
  counter: string;

  @Column('text', { array: true })
  transports: string[];

  @Column('timestamptz', { default: () => 'now()' })
  createdAt: Date;

  @Column('timestamptz', { nullable: true })
  lastUsedAt: Date | null;
}
