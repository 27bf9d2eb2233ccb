import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, Unique } from 'typeorm';
import type { Channel } from './importers/import-record.js';
import { Lawmaker } from './lawmaker.entity.js';

/** A way to reach a lawmaker. Usable while it is not struck out and either listed by the last import or made by staff. */
@Entity('contact_points')
@Unique(['lawmakerId', 'channel', 'normalForm'])
@Index('contact_points_normal_form_idx', ['normalForm'])
@Check('contact_points_channel_check', `channel IN ('email', 'form', 'post', 'phone')`)
@Check('contact_points_source_check', `source IN ('import', 'staff')`)
export class ContactPoint {
  @PrimaryColumn('uuid')
  id: string;

  @Column('uuid')
  lawmakerId: string;

  @ManyToOne(() => Lawmaker)
  @JoinColumn({ name: 'lawmaker_id' })
  lawmaker: Lawmaker;

  @Column('text')
  channel: Channel;

  @Column('text')
  value: string;

  @Column('text')
  normalForm: string;

  /** Which office it belongs to, as the source says. */
  @Column('text', { nullable: true })
  label: string | null;

  @Column('integer')
  position: number;

  @Column('text')
  source: 'import' | 'staff';

  @Column('boolean')
  listed: boolean;

  @Column('text', { nullable: true })
  madeBy: string | null;

  @Column('timestamptz', { nullable: true })
  struckAt: Date | null;

  @Column('text', { nullable: true })
  struckBy: string | null;

  /** When a letter to it last came back, until something proves that it works or a person says so. */
  @Column('timestamptz', { nullable: true })
  bouncedAt: Date | null;

  @Column('text', { nullable: true })
  bouncedStatus: string | null;

  @Column('timestamptz', { default: () => 'now()' })
  createdAt: Date;
}
