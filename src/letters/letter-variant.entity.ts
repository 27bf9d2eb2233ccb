import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { LetterCampaign } from './letter-campaign.entity.js';
import type { VariantRules } from './variant-rules.js';

/** Other words in one language for those lawmakers to whom its rules apply. */
@Entity('letter_variants')
export class LetterVariant {
  @PrimaryColumn('uuid')
  campaignId: string;

  @ManyToOne(() => LetterCampaign)
  @JoinColumn({ name: 'campaign_id' })
  campaign: LetterCampaign;

  @PrimaryColumn('uuid')
  id: string;

  /** The first that fits is taken. */
  @Column('integer')
  position: number;

  /** What staff call it; no lawmaker reads it. */
  @Column('text')
  name: string;

  @Column('text')
  locale: string;

  @Column('jsonb')
  rules: VariantRules;

  @Column('text')
  subject: string;

  @Column('text')
  body: string;

  @Column('uuid', { nullable: true })
  editedBy: string | null;

  @Column('timestamptz', { default: () => 'now()' })
  editedAt: Date;
}
