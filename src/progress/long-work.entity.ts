import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';

export const workKinds = ['log-check', 'import-preview', 'import-application', 'export'] as const;
export type WorkKind = (typeof workKinds)[number];

/** Work that takes a while. How far it is stands here, so that every process can tell whoever asks. */
@Entity('long_works')
@Check('long_works_kind_check', `kind IN ('log-check', 'import-preview', 'import-application', 'export')`)
@Check('long_works_state_check', `state IN ('waiting', 'running', 'done', 'failed')`)
@Index('long_works_kind_id_idx', ['kind', 'id'])
@Index('long_works_kind_subject_idx', ['kind', 'subject'], {
  unique: true,
  where: `queued AND state IN ('waiting', 'running')`,
})
export class LongWork {
  @PrimaryColumn('uuid')
  id: string;

  @Column('text')
  kind: WorkKind;

  /** Slug or id of the thing it is about. */
  @Column('text')
  subject: string;

  /** The right of whoever may see it. */
  @Column('text')
  needs: string;

  /** A worker takes it, and another one after a crash; else it lives and ends with the process that began it. */
  @Column('boolean')
  queued: boolean;

  /** What it is about. Never personal data of supporters. */
  @Column('jsonb', { default: {} })
  detail: Record<string, unknown>;

  @Column('text')
  madeBy: string;

  @Column('text')
  state: string;

  /** Fence: who was thought dead writes nothing more. */
  @Column('integer', { default: 0 })
  attempt: number;

  @Column('timestamptz', { default: () => 'now()' })
  leaseUntil: Date;

  /** What is being done: ends the key of a message, `progress.step.<kind>.<step>`. */
  @Column('text', { nullable: true })
  step: string | null;

  @Column('bigint', { default: 0 })
  done: string;

  @Column('bigint', { nullable: true })
  total: string | null;

  @Column('jsonb', { nullable: true })
  result: Record<string, unknown> | null;

  /** A code that ends the key of a message, `progress.failure.<code>`; or a sentence in English. */
  @Column('text', { nullable: true })
  failure: string | null;

  /** The sentence by language; null for a code. */
  @Column('jsonb', { nullable: true })
  failureWords: Record<string, string> | null;

  /** Who has looked at what failed. */
  @Column('text', { nullable: true })
  seenBy: string | null;

  @Column('timestamptz', { default: () => 'now()' })
  createdAt: Date;

  @Column('timestamptz', { nullable: true })
  endedAt: Date | null;
}
