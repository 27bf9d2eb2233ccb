import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { Letter } from '../letters/letter.entity.js';

/** Whose signature a letter belongs to. The row goes when she is forgotten; the letter stays, and is nobody's. */
@Entity('supporter_letters')
@Index(['petitionId', 'signatureId'])
@Check('supporter_letters_likeness_check', `cardinality(likeness) = 32`)
export class SupporterLetter {
  @PrimaryColumn('uuid')
  campaignId: string;

  @PrimaryColumn('uuid')
  id: string;

  @ManyToOne(() => Letter, { onDelete: 'CASCADE' })
  @JoinColumn([
    { name: 'campaign_id', referencedColumnName: 'campaignId' },
    { name: 'id', referencedColumnName: 'id' },
  ])
  letter: Letter;

  @Column('uuid')
  petitionId: string;

  @Column('uuid')
  signatureId: string;

  /** The mail with which she got a copy. */
  @Column('uuid')
  copyId: string;

  /** `likenessOf` her own words; null: she added none. */
  @Column('integer', { array: true, nullable: true })
  likeness: number[] | null;

  @Column('timestamptz', { default: () => 'now()' })
  writtenAt: Date;
}
