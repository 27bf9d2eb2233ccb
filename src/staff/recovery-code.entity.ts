import { Check, Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { StaffMember } from './staff-member.entity.js';

/** A code that stands in for a lost second factor, once. */
@Entity('recovery_codes')
@Check('recovery_codes_code_hash_check', `octet_length(code_hash) = 32`)
export class RecoveryCode {
  @PrimaryColumn('uuid')
  staffId: string;

  @ManyToOne(() => StaffMember)
  @JoinColumn({ name: 'staff_id' })
  staff: StaffMember;

  /** SHA-256; the code itself was shown once. */
  @PrimaryColumn('bytea')
  codeHash: Buffer;

  @Column('timestamptz', { nullable: true })
  usedAt: Date | null;
}
