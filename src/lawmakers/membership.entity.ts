import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { Import } from './import.entity.js';
import { Lawmaker } from './lawmaker.entity.js';

/** A seat. A lawmaker has at most one at a time; what she held before is kept with its end. */
@Entity('memberships')
@Index('memberships_lawmaker_id_idx', ['lawmakerId'])
@Index('memberships_present_idx', ['lawmakerId'], { unique: true, where: 'ended_at IS NULL' })
export class Membership {
  @PrimaryColumn('uuid')
  id: string;

  @Column('uuid')
  lawmakerId: string;

  @ManyToOne(() => Lawmaker)
  @JoinColumn({ name: 'lawmaker_id' })
  lawmaker: Lawmaker;

  @Column('text', { nullable: true })
  chamber: string | null;

  @Column('text', { nullable: true })
  party: string | null;

  @Column('text', { nullable: true })
  area: string | null;

  /** What several areas belong to, as a state. */
  @Column('text', { nullable: true })
  region: string | null;

  @Column('text', { nullable: true })
  role: string | null;

  /** False for those who hold a seat and do not take it. */
  @Column('boolean')
  sitting: boolean;

  @Column('uuid')
  importId: string;

  @ManyToOne(() => Import)
  @JoinColumn({ name: 'import_id' })
  import: Import;

  @Column('timestamptz', { default: () => 'now()' })
  startedAt: Date;

  @Column('timestamptz', { nullable: true })
  endedAt: Date | null;
}
