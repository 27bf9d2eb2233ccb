import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { Petition } from './petition.entity.js';

/** Organisations on one petition at a time: a confirmation link has room for an agreement with each. */
export const mostOrganisations = 10;

/** One of several that stand behind a petition. Its name stays as it is: signers agreed to something with that name in it. */
@Entity('organisations')
@Index(['petitionId', 'name'], { unique: true, where: 'ended_at IS NULL' })
export class Organisation {
  @PrimaryColumn('uuid')
  petitionId: string;

  @ManyToOne(() => Petition)
  @JoinColumn({ name: 'petition_id' })
  petition: Petition;

  @PrimaryColumn('uuid')
  id: string;

  @Column('text')
  name: string;

  @Column('text')
  url: string;

  /** Where it says what it does with what it is given. */
  @Column('text')
  privacyUrl: string;

  /** age recipient: only its owner reads what is exported for the organisation. */
  @Column('text')
  recipient: string;

  @Column('timestamptz', { default: () => 'now()' })
  addedAt: Date;

  /** It has left: no form shows it, nothing is exported or sent for it any more. */
  @Column('timestamptz', { nullable: true })
  endedAt: Date | null;
}
