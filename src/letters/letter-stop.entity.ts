import { Check, Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { LetterCampaign } from './letter-campaign.entity.js';

/** What was last said of letters to one legislature, or to one lawmaker of it. */
@Entity('letter_stops')
@Check('letter_stops_stop_check', `stop IN ('pause', 'go', 'cancel')`)
export class LetterStop {
  @PrimaryColumn('uuid')
  campaignId: string;

  @ManyToOne(() => LetterCampaign)
  @JoinColumn({ name: 'campaign_id' })
  campaign: LetterCampaign;

  /** Slug of the legislature; empty for lawmakers of none. */
  @PrimaryColumn('text')
  stream: string;

  /** The nil UUID where all of the legislature are meant. */
  @PrimaryColumn('uuid')
  lawmakerId: string;

  /** `go` is one lawmaker's exception from a pause of her legislature. */
  @Column('text')
  stop: 'pause' | 'go' | 'cancel';

  @Column('timestamptz', { default: () => 'now()' })
  stoppedAt: Date;
}
