import { Check, Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Audience } from '../lawmakers/lawmakers.schema.js';
import { Petition } from '../petitions/petition.entity.js';
import type { CampaignMode, CampaignState } from './campaign-states.js';
import { SavedAudience } from './saved-audience.entity.js';
import type { OfficeHours, Pace } from './pace.schema.js';

/** One letter, in as many languages as it needs, to one audience. */
@Entity('letter_campaigns')
@Check(
  'letter_campaigns_state_check',
  `state IN ('draft', 'in_review', 'approved', 'dispatching', 'paused', 'cancelled', 'finished')`,
)
@Check('letter_campaigns_mode_check', `mode IN ('organisation', 'supporters')`)
@Check('letter_campaigns_digest_check', `NOT digest OR mode = 'supporters'`)
@Check(
  'letter_campaigns_per_supporter_check',
  `supporter_per_day BETWEEN 1 AND 100 AND supporter_total BETWEEN 1 AND 100`,
)
@Check('letter_campaigns_version_check', `version > 0`)
@Check('letter_campaigns_schedule_check', `not_after > not_before`)
@Check(
  'letter_campaigns_dated_at_check',
  `dated_at IS NOT NULL OR state NOT IN ('approved', 'dispatching', 'paused', 'finished')`,
)
export class LetterCampaign {
  @PrimaryColumn('uuid')
  id: string;

  /** What staff call it; no lawmaker reads it. */
  @Column('text')
  title: string;

  /** Who writes: the organisation, one letter to each; or confirmed supporters, each to her own lawmakers. */
  @Column('text', { default: 'organisation' })
  mode: CampaignMode;

  /** Of supporters: not a mail for each letter, but one a day to each lawmaker with what all of them wrote. */
  @Column('boolean', { default: false })
  digest: boolean;

  /** Letters of one supporter within 24 hours, and in all. */
  @Column('integer', { default: 10 })
  supporterPerDay: number;

  @Column('integer', { default: 10 })
  supporterTotal: number;

  @Column('uuid', { nullable: true })
  petitionId: string | null;

  @ManyToOne(() => Petition)
  @JoinColumn({ name: 'petition_id' })
  petition: Petition | null;

  @Column('text')
  defaultLocale: string;

  @Column('text')
  senderName: string;

  @Column('text')
  organisation: string;

  @Column('text')
  replyTo: string;

  /** Whether what offices write to the return address goes on to `replyTo`. */
  @Column('boolean', { default: false })
  forwardReplies: boolean;

  @Column('jsonb')
  audience: Audience;

  /** The saved audience it follows: `audience` changes with that one while the letter may change. */
  @Column('uuid', { nullable: true })
  audienceId: string | null;

  @ManyToOne(() => SavedAudience, { onDelete: 'SET NULL' })
  @JoinColumn({ name: 'audience_id' })
  savedAudience: SavedAudience | null;

  @Column('timestamptz', { nullable: true })
  notBefore: Date | null;

  @Column('timestamptz', { nullable: true })
  notAfter: Date | null;

  /** Office hours, limits, and whether the letters are spread until the deadline. */
  @Column('jsonb')
  pace: Pace;

  @Column('text', { default: 'draft' })
  state: CampaignState;

  /** Grows with every change; a form that was opened before is refused. */
  @Column('integer', { default: 1 })
  version: number;

  /** Everybody who ever wrote or changed it: none of them approves it, whoever came after. Grows only. */
  @Column('uuid', { array: true, default: '{}' })
  authors: string[];

  /** The office hours of legislatures that were approved: letters that are being sent keep them. */
  @Column('jsonb', { nullable: true })
  approvedHours: Record<string, OfficeHours> | null;

  /** The Date header of every letter, fixed at approval together with the count that letters may quote. */
  @Column('timestamptz', { nullable: true })
  datedAt: Date | null;

  @Column('bigint', { nullable: true })
  petitionCount: string | null;

  @Column('timestamptz', { nullable: true })
  petitionCountedAt: Date | null;

  /** When the last lawmaker had her row; until then a dispatch goes on where it was cut off. */
  @Column('timestamptz', { nullable: true })
  plannedAt: Date | null;

  @Column('timestamptz', { default: () => 'now()' })
  createdAt: Date;

  @Column('timestamptz', { default: () => 'now()' })
  stateAt: Date;
}
