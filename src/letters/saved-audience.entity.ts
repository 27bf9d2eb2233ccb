import { Check, Column, Entity, PrimaryColumn } from 'typeorm';
import type { Audience } from '../lawmakers/lawmakers.schema.js';

/** Rules under a name. Letters that follow it hold a copy, which changes with it as long as they may change. */
@Entity('audiences')
@Check('audiences_version_check', `version > 0`)
export class SavedAudience {
  @PrimaryColumn('uuid')
  id: string;

  @Column('text', { unique: true })
  name: string;

  @Column('jsonb')
  rules: Audience;

  /** Grows with every change; a form that was opened before is refused. */
  @Column('integer', { default: 1 })
  version: number;

  @Column('uuid', { nullable: true })
  editedBy: string | null;

  @Column('timestamptz', { default: () => 'now()' })
  editedAt: Date;
}
