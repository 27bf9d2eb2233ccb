import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, Unique } from 'typeorm';
import type { CallOutcome, LetterState } from './campaign-states.js';
import { LetterCampaign } from './letter-campaign.entity.js';

/** What one lawmaker gets from a campaign, through which channel, or why she gets nothing. */
@Entity('letters')
@Unique(['campaignId', 'lawmakerId', 'sender'])
@Index(['campaignId', 'lawmakerName', 'id'])
@Index(['lawmakerId'])
@Check('letters_state_check', `state IN ('mail', 'task', 'held', 'done', 'excluded', 'cancelled')`)
@Check('letters_channel_check', `channel IN ('email', 'form', 'post', 'phone')`)
@Check('letters_raw_sha256_check', `octet_length(raw_sha256) = 32`)
@Check('letters_reason_check', `(state = 'excluded') = (reason IS NOT NULL)`)
@Check(
  'letters_mail_check',
  `CASE WHEN sender = 'organisation' THEN (state = 'mail') = (raw_sha256 IS NOT NULL) ELSE raw_sha256 IS NULL END`,
)
@Check('letters_supporters_check', `(supporters IS NOT NULL) = (sender LIKE 'digest %') AND supporters >= 0`)
@Check('letters_done_check', `(state = 'done') = (done_at IS NOT NULL)`)
@Check('letters_outcome_check', `outcome IN ('reached', 'message', 'no-answer', 'wrong-number', 'refused')`)
@Check('letters_call_check', `outcome IS NULL OR channel = 'phone'`)
@Check('letters_tried_check', `(tries > 0) = (tried_at IS NOT NULL)`)
export class Letter {
  @PrimaryColumn('uuid')
  campaignId: string;

  @ManyToOne(() => LetterCampaign)
  @JoinColumn({ name: 'campaign_id' })
  campaign: LetterCampaign;

  @PrimaryColumn('uuid')
  id: string;

  @Column('uuid')
  lawmakerId: string;

  /**
   * Who writes: `organisation`; or the id of a supporter's signature or, once she is forgotten, a random one; or the day
   * of a digest, as in `digest 2026-11-26`.
   */
  @Column('text', { default: 'organisation' })
  sender: string;

  /** Of a digest: for how many supporters it speaks. */
  @Column('integer', { nullable: true })
  supporters: number | null;

  @Column('text')
  state: LetterState;

  /** Code of the reason for an excluded one. */
  @Column('text', { nullable: true })
  reason: string | null;

  // As they were when the letter was planned: later imports do not change the report.
  @Column('text')
  lawmakerName: string;

  @Column('text', { nullable: true })
  party: string | null;

  @Column('text', { nullable: true })
  chamber: string | null;

  @Column('text', { nullable: true })
  area: string | null;

  @Column('text', { nullable: true })
  legislature: string | null;

  /** Slug of the legislature; empty for lawmakers of none. What is stopped together. */
  @Column('text', { default: '' })
  stream: string;

  /** The language of its words. */
  @Column('text', { nullable: true })
  locale: string | null;

  /** Which of the campaign's variants it was written by; none: by the text of its language. */
  @Column('uuid', { nullable: true })
  variantId: string | null;

  @Column('text', { nullable: true })
  channel: 'email' | 'form' | 'post' | 'phone' | null;

  @Column('text', { nullable: true })
  contact: string | null;

  /** Filled words of a task, to copy or to print. A mail's words are its frozen bytes in the outbox. */
  @Column('text', { nullable: true })
  subject: string | null;

  @Column('text', { nullable: true })
  body: string | null;

  @Column('bytea', { nullable: true })
  rawSha256: Buffer | null;

  @Column('text', { nullable: true })
  note: string | null;

  /** What shows that it was delivered: the number a form gave, a tracking number, a link. One line. */
  @Column('text', { nullable: true })
  proof: string | null;

  /** Of a call, the last one. */
  @Column('text', { nullable: true })
  outcome: CallOutcome | null;

  /** Calls that nobody answered, and when the last of them was. */
  @Column('integer', { default: 0 })
  tries: number;

  @Column('timestamptz', { nullable: true })
  triedAt: Date | null;

  @Column('uuid', { nullable: true })
  doneBy: string | null;

  @Column('text', { nullable: true })
  doneByName: string | null;

  @Column('timestamptz', { nullable: true })
  doneAt: Date | null;

  @Column('timestamptz', { default: () => 'now()' })
  createdAt: Date;
}
