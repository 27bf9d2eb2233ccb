import { Check, Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, Unique } from 'typeorm';
import type { AttachmentType } from './attachment-file.js';
import { LetterCampaign } from './letter-campaign.entity.js';

/** A file that goes with every letter of a campaign. */
@Entity('letter_attachments')
@Unique(['campaignId', 'name'])
@Check('letter_attachments_type_check', `type IN ('application/pdf', 'image/png', 'image/jpeg', 'text/plain')`)
@Check('letter_attachments_sha256_check', `octet_length(sha256) = 32`)
@Check('letter_attachments_size_check', `size = octet_length(content)`)
export class LetterAttachment {
  @PrimaryColumn('uuid')
  campaignId: string;

  @ManyToOne(() => LetterCampaign)
  @JoinColumn({ name: 'campaign_id' })
  campaign: LetterCampaign;

  /** In the order in which they were added. */
  @PrimaryColumn('uuid')
  id: string;

  @Column('text')
  name: string;

  /** What its bytes are, whatever the upload said. */
  @Column('text')
  type: AttachmentType;

  /** In bytes. */
  @Column('integer')
  size: number;

  @Column('bytea')
  sha256: Buffer;

  /** Read only when it is asked for by name. */
  @Column('bytea', { select: false })
  content: Buffer;

  @Column('uuid', { nullable: true })
  addedBy: string | null;

  @Column('timestamptz', { default: () => 'now()' })
  addedAt: Date;
}
