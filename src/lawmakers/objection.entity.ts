import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { Lawmaker } from './lawmaker.entity.js';

/** A lawmaker's wish to get no more letters. At most one stands at a time. */
@Entity('objections')
@Index('objections_standing_idx', ['lawmakerId'], { unique: true, where: 'lifted_at IS NULL' })
export class Objection {
  @PrimaryColumn('uuid')
  id: string;

  @Column('uuid')
  lawmakerId: string;

  @ManyToOne(() => Lawmaker)
  @JoinColumn({ name: 'lawmaker_id' })
  lawmaker: Lawmaker;

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
}
