import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { LetterCampaign } from './letter-campaign.entity.js';

/** Who asked for approval of exactly what, who gave it, and what undid it. */
@Entity('approvals')
@Index(['campaignId'], { unique: true, where: 'voided_at IS NULL' })
@Check('approvals_sha256_check', `octet_length(sha256) = 32`)
@Check('approvals_second_person_check', `approved_by <> asked_by`)
@Check(
  'approvals_complete_check',
  `(approved_at IS NULL) = (approved_by IS NULL) AND (approved_at IS NULL) = (lawmaker_ids IS NULL)`,
)
export class Approval {
  @PrimaryColumn('uuid')
  campaignId: string;

  @ManyToOne(() => LetterCampaign)
  @JoinColumn({ name: 'campaign_id' })
  campaign: LetterCampaign;

  @PrimaryColumn('uuid')
  id: string;

  /** `approvalHash()` of what was shown. */
  @Column('bytea')
  sha256: Buffer;

  @Column('uuid')
  askedBy: string;

  @Column('text')
  askedByName: string;

  @Column('timestamptz', { default: () => 'now()' })
  askedAt: Date;

  @Column('uuid', { nullable: true })
  approvedBy: string | null;

  @Column('text', { nullable: true })
  approvedByName: string | null;

  @Column('timestamptz', { nullable: true })
  approvedAt: Date | null;

  /** The lawmakers who were to get the letter at that moment: nobody who joins later gets one. */
  @Column('uuid', { array: true, nullable: true })
  lawmakerIds: string[] | null;

  /**
   * `letterDigest` of each of their letters, in the same order: whose letter differs later gets none. Of a campaign of
   * supporters `addressDigest`.
   */
  @Column('text', { array: true, nullable: true })
  letterDigests: string[] | null;

  @Column('timestamptz', { nullable: true })
  voidedAt: Date | null;

  @Column('text', { nullable: true })
  voidedByName: string | null;

  @Column('text', { nullable: true })
  voidReason: string | null;
}
