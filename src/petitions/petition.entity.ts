import { Check, Column, Entity, PrimaryColumn, Unique } from 'typeorm';
import type { PetitionState } from './petition-states.js';

@Entity('petitions')
@Unique(['slug'])
@Check('petitions_slug_check', `slug ~ '^[a-z0-9][a-z0-9-]{1,78}[a-z0-9]$'`)
@Check('petitions_state_check', `state IN ('draft', 'in_review', 'open', 'closed', 'archived')`)
@Check('petitions_goal_check', `goal > 0`)
@Check('petitions_paper_count_check', `paper_count >= 0`)
@Check('petitions_review_after_days_check', `review_after_days > 0`)
@Check('petitions_fact_checked_sha256_check', `octet_length(fact_checked_sha256) = 32`)
@Check('petitions_hold_minutes_check', `hold_minutes BETWEEN 0 AND 10080`)
export class Petition {
  @PrimaryColumn('uuid')
  id: string;

  @Column('text')
  slug: string;

  @Column('text', { default: 'draft' })
  state: PetitionState;

  @Column('text')
  startedBy: string;

  @Column('integer', { nullable: true })
  goal: number | null;

  /** Day on which somebody last checked the facts of the text, as YYYY-MM-DD. */
  @Column('date', { nullable: true })
  factCheckedOn: string | null;

  @Column('integer', { default: 90 })
  reviewAfterDays: number;

  /** How long a confirmed signature waits before it is logged, so that abuse can be stopped before it is public. */
  @Column('integer', { default: 0 })
  holdMinutes: number;

  @Column('timestamptz', { default: () => 'now()' })
  createdAt: Date;

  @Column('timestamptz', { nullable: true })
  openedAt: Date | null;

  @Column('timestamptz', { nullable: true })
  closedAt: Date | null;

  @Column('timestamptz', { nullable: true })
  archivedAt: Date | null;

  /** The language in which it is written first; the others are translations of it. */
  @Column('text')
  originalLocale: string;

  /** Everybody on staff who ever wrote words of it: none of them opens it. Grows only. */
  @Column('uuid', { array: true, default: '{}' })
  authors: string[];

  /** One digest for the words whose facts were checked last (`textsHash`): persons whose state was known then need no second look. */
  @Column('bytea', { nullable: true })
  factCheckedSha256: Buffer | null;

  /** Why a reviewer gave it back to its author; gone when it is submitted again. */
  @Column('text', { nullable: true })
  returnReason: string | null;

  /** Signatures on paper that two people counted alike; never added to those of the log. */
  @Column('integer', { default: 0 })
  paperCount: number;

  /** Where sheets of paper go, printed on each. */
  @Column('text', { nullable: true })
  paperReturn: string | null;
}
