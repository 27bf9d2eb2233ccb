import { Check, Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { Petition } from '../petitions/petition.entity.js';

/** Remembers a withdrawal as long as a link from before it could still sign. */
@Entity('withdrawals')
@Check('withdrawals_identity_check', `octet_length(identity) = 32`)
export class Withdrawal {
  @PrimaryColumn('uuid')
  petitionId: string;

  @ManyToOne(() => Petition)
  @JoinColumn({ name: 'petition_id' })
  petition: Petition;

  @PrimaryColumn('bytea')
  identity: Buffer;

  @Column('timestamptz', { default: () => 'now()' })
  withdrawnAt: Date;
}
