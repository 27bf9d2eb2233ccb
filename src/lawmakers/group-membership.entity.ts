import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { Import } from './import.entity.js';
import { Lawmaker } from './lawmaker.entity.js';

/** A seat in a committee or a group. What was given up is kept with its end. */
@Entity('group_memberships')
@Index('group_memberships_present_idx', ['lawmakerId', 'kind', 'code'], { unique: true, where: 'ended_at IS NULL' })
@Check('group_memberships_kind_check', `kind IN ('committee', 'group')`)
export class GroupMembership {
  @PrimaryColumn('uuid')
  id: string;

  @Column('uuid')
  lawmakerId: string;

  @ManyToOne(() => Lawmaker)
  @JoinColumn({ name: 'lawmaker_id' })
  lawmaker: Lawmaker;

  @Column('text')
  kind: 'committee' | 'group';

  /** How the source names the committee for good. */
  @Column('text')
  code: string;

  @Column('text')
  name: string;

  @Column('text', { nullable: true })
  role: string | null;

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
