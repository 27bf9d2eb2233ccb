import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, Unique } from 'typeorm';
import type { Right } from './access.js';
import { StaffMember } from './staff-member.entity.js';

@Entity('api_tokens')
@Unique(['tokenHash'])
@Index(['staffId'])
@Check('api_tokens_token_hash_check', `octet_length(token_hash) = 32`)
export class ApiToken {
  @PrimaryColumn('uuid')
  id: string;

  @Column('uuid')
  staffId: string;

  @ManyToOne(() => StaffMember)
  @JoinColumn({ name: 'staff_id' })
  staff: StaffMember;

  @Column('text')
  name: string;

  /** SHA-256 of the token, which is shown once. */
  @Column('bytea')
  tokenHash: Buffer;

  @Column('text', { array: true })
  scopes: Right[];

  @Column('timestamptz', { default: () => 'now()' })
  createdAt: Date;

  @Column('timestamptz')
  expiresAt: Date;

  @Column('date', { nullable: true })
  lastUsedOn: string | null;

  @Column('timestamptz', { nullable: true })
  revokedAt: Date | null;
}
