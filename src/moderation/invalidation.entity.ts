import { Check, Column, Entity, ForeignKey, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { Petition } from '../petitions/petition.entity.js';

/** Which signatures staff has taken out of the count together, why, and whether that was undone. */
@Entity('invalidations')
@Check('invalidations_reason_check', `reason IN (3, 4)`)
@Check('invalidations_undone_check', `(undone_at IS NULL) = (undone_by_name IS NULL)`)
export class Invalidation {
  @ForeignKey(() => Petition)
  @PrimaryColumn('uuid')
  petitionId: string;

  @PrimaryColumn('uuid')
  id: string;

  /** `InvalidationRule` */
  @Column('jsonb')
  rule: object;

  /** As the log says it: 3 fraud, 4 duplicate or test. */
  @Column('smallint')
  reason: 3 | 4;

  @Column('text')
  note: string;

  @Column('integer')
  signatures: number;

  @Column('text')
  byName: string;

  @Column('timestamptz', { default: () => 'now()' })
  at: Date;

  @Column('timestamptz', { nullable: true })
  undoneAt: Date | null;

  @Column('text', { nullable: true })
  undoneByName: string | null;
}

/** One signature out of the count: with its entry, if that was kept from the log, or with its place there. */
@Entity('invalidated')
@Index(['petitionId', 'invalidationId'])
@Check('invalidated_where_check', `num_nonnulls(entry, index) = 1`)
export class Invalidated {
  @PrimaryColumn('uuid')
  petitionId: string;

  @PrimaryColumn('uuid')
  signatureId: string;

  @Column('uuid')
  invalidationId: string;

  @ManyToOne(() => Invalidation)
  @JoinColumn([
    { name: 'petition_id', referencedColumnName: 'petitionId' },
    { name: 'invalidation_id', referencedColumnName: 'id' },
  ])
  invalidation: Invalidation;

  @Column('bytea', { nullable: true })
  entry: Buffer | null;

  @Column('bigint', { nullable: true })
  index: string | null;
}
