import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { Lawmaker } from './lawmaker.entity.js';

/** A lawmaker's wish to get no more letters. At most one stands at a time. */
@Entity('objections')
@Check('objections_source_check', `source IN ('staff', 'office')`)
@Index('objections_standing_idx', ['lawmakerId'], { unique: true, where: 'lifted_at IS NULL' })
export class Objection {
  @PrimaryColumn('uuid')
  id: string;

  @Column('uuid')
  lawmakerId: string;

  @ManyToOne(() => Lawmaker)
  @JoinColumn({ name: 'lawmaker_id' })
  lawmaker: Lawmaker;

  /** `office`: by the link in the footer of a letter. */
  @Column('text')
  source: 'staff' | 'office';

  /** How it reached staff; empty where the office did it itself. */
  @Column('text')
  note: string;

  @Column('text')
  recordedBy: string;

  @Column('timestamptz', { default: () => 'now()' })
  recordedAt: Date;

  @Column('text', { nullable: true })
  liftedBy: string | null;

  @Column('timestamptz', { nullable: true })
  liftedAt: Date | null;

  @Column('text', { nullable: true })
  liftReason: string | null;
}
