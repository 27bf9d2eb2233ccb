import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { LetterCampaign } from './letter-campaign.entity.js';

/** The words of a letter in one language: Liquid templates for the letter engine. */
@Entity('letter_texts')
export class LetterText {
  @PrimaryColumn('uuid')
  campaignId: string;

  @ManyToOne(() => LetterCampaign)
  @JoinColumn({ name: 'campaign_id' })
  campaign: LetterCampaign;

  @PrimaryColumn('text')
  locale: string;

  @Column('text')
  subject: string;

  @Column('text')
  body: string;

  @Column('uuid', { nullable: true })
  editedBy: string | null;

  @Column('timestamptz', { default: () => 'now()' })
  editedAt: Date;
}
