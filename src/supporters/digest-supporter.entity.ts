import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, Unique } from 'typeorm';
import { LetterCampaign } from '../letters/letter-campaign.entity.js';
import { Letter } from '../letters/letter.entity.js';

/**
 * One supporter who writes to one lawmaker in a campaign of digests. The row goes when she is forgotten; the mail that
 * spoke for her stays, with a number.
 */
@Entity('digest_supporters')
@Unique(['campaignId', 'lawmakerId', 'signatureId'])
@Index(['petitionId', 'signatureId'])
@Index(['campaignId', 'digestId'])
@Check('digest_supporters_likeness_check', `cardinality(likeness) = 32`)
export class DigestSupporter {
  @PrimaryColumn('uuid')
  campaignId: string;

  @ManyToOne(() => LetterCampaign)
  @JoinColumn({ name: 'campaign_id' })
  campaign: LetterCampaign;

  @PrimaryColumn('uuid')
  id: string;

  @Column('uuid')
  lawmakerId: string;

  @Column('text')
  lawmakerName: string;

  /** Of the lawmaker. */
  @Column('text', { nullable: true })
  area: string | null;

  @Column('uuid')
  petitionId: string;

  @Column('uuid')
  signatureId: string;

  /** The mail with which she got a copy. */
  @Column('uuid')
  copyId: string;

  /** Rows of `consents`: what of hers may be passed on, in the words that she read. */
  @Column('integer', { array: true })
  consents: number[];

  /** What she passes on, sealed; null where that is nothing, and once her digest has its final answer. */
  @Column('bytea', { nullable: true })
  box: Buffer | null;

  /** `likenessOf` her own words; null: she added none. */
  @Column('integer', { array: true, nullable: true })
  likeness: number[] | null;

  @Column('timestamptz', { default: () => 'now()' })
  writtenAt: Date;

  /** The mail that speaks for her; null while she waits for one. */
  @Column('uuid', { nullable: true })
  digestId: string | null;

  @ManyToOne(() => Letter)
  @JoinColumn([
    { name: 'campaign_id', referencedColumnName: 'campaignId' },
    { name: 'digest_id', referencedColumnName: 'id' },
  ])
  digest: Letter | null;

  /** When it was certain that no mail brings it. */
  @Column('timestamptz', { nullable: true })
  failedAt: Date | null;

  /** When she was told so. */
  @Column('timestamptz', { nullable: true })
  toldAt: Date | null;
}
