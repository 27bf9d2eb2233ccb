import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { LetterCampaign } from './letter-campaign.entity.js';

/** What one lawmaker reads below the letter, before its footer. Plain text: no template. */
@Entity('letter_postscripts')
export class LetterPostscript {
  @PrimaryColumn('uuid')
  campaignId: string;

  @ManyToOne(() => LetterCampaign)
  @JoinColumn({ name: 'campaign_id' })
  campaign: LetterCampaign;

  @PrimaryColumn('uuid')
  lawmakerId: string;

  @Column('text')
  text: string;

  @Column('uuid', { nullable: true })
  editedBy: string | null;

  @Column('timestamptz', { default: () => 'now()' })
  editedAt: Date;
}
