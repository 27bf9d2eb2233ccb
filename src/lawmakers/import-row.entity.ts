import { Check, Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { Import } from './import.entity.js';

/** One change of a preview. `lawmakerId` of a new person is made with the preview, so that applying is nothing but SQL. */
@Entity('import_rows')
@Check('import_rows_change_check', `change IN ('new', 'changed', 'gone')`)
export class ImportRow {
  @PrimaryColumn('uuid')
  importId: string;

  @ManyToOne(() => Import)
  @JoinColumn({ name: 'import_id' })
  import: Import;

  @PrimaryColumn('integer')
  position: number;

  @Column('text')
  change: string;

  @Column('uuid')
  lawmakerId: string;

  @Column('jsonb', { nullable: true })
  person: object | null;

  @Column('jsonb', { default: [] })
  fields: object[];

  /** What was known of a changed or gone person: an undo goes back to it. */
  @Column('jsonb', { nullable: true })
  before: object | null;

  @Column('date', { nullable: true })
  endedOn: string | null;
}
