import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { Lawmaker } from './lawmaker.entity.js';

/** What somebody decided about two records: one person, or two people. Taken back, it stays as history. */
@Entity('person_decisions')
@Index('person_decisions_standing_idx', ['firstId', 'secondId'], { unique: true, where: 'undone_at IS NULL' })
@Check('person_decisions_decision_check', `decision IN ('same', 'different')`)
@Check('person_decisions_order_check', `first_id < second_id`)
@Check('person_decisions_kept_check', `(decision = 'same') = (kept_id IS NOT NULL)`)
export class PersonDecision {
  @PrimaryColumn('uuid')
  id: string;

  @Column('uuid')
  firstId: string;

  @ManyToOne(() => Lawmaker)
  @JoinColumn({ name: 'first_id' })
  first: Lawmaker;

  @Column('uuid')
  secondId: string;

  @ManyToOne(() => Lawmaker)
  @JoinColumn({ name: 'second_id' })
  second: Lawmaker;

  @Column('text')
  decision: 'same' | 'different';

  /** Which of the two stands for the person. */
  @Column('uuid', { nullable: true })
  keptId: string | null;

  @Column('text')
  decidedBy: string;

  @Column('timestamptz', { default: () => 'now()' })
  decidedAt: Date;

  @Column('text', { nullable: true })
  undoneBy: string | null;

  @Column('timestamptz', { nullable: true })
  undoneAt: Date | null;
}
