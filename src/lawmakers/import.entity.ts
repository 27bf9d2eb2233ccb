import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';

/** One reading of a file, and what a person decided about it. */
@Entity('imports')
@Index('imports_legislature_slug_idx', ['legislatureSlug'])
@Check(
  'imports_format_check',
  `format IN ('congress-legislators', 'congress-committees', 'openstates', 'popolo', 'european-parliament', 'uk-commons', 'ca-commons', 'represent', 'csv')`,
)
@Check('imports_state_check', `state IN ('uploaded', 'previewed', 'applied', 'discarded')`)
@Check('imports_source_sha256_check', `octet_length(source_sha256) = 32`)
export class Import {
  @PrimaryColumn('uuid')
  id: string;

  /** A slug and no key: the legislature is made only when its first import is applied. */
  @Column('text')
  legislatureSlug: string;

  @Column('text')
  legislatureName: string;

  @Column('character', { length: 2 })
  country: string;

  @Column('text')
  format: string;

  @Column('text')
  state: string;

  @Column('boolean')
  partial: boolean;

  @Column('integer')
  baseVersion: number;

  @Column('text')
  sourceName: string;

  @Column('bytea')
  sourceSha256: Buffer;

  /** A CSV file waiting for its columns to be mapped; emptied once the import is decided. */
  @Column('bytea', { nullable: true })
  source: Buffer | null;

  @Column('jsonb', { nullable: true })
  columns: Record<string, string> | null;

  @Column('jsonb', { default: {} })
  counts: Record<string, number>;

  @Column('jsonb', { default: [] })
  report: object[];

  @Column('text')
  madeBy: string;

  @Column('timestamptz', { default: () => 'now()' })
  madeAt: Date;

  @Column('text', { nullable: true })
  decidedBy: string | null;

  @Column('timestamptz', { nullable: true })
  decidedAt: Date | null;

  /** The import this one takes back. */
  @Column('uuid', { nullable: true })
  undoes: string | null;

  @ManyToOne(() => Import, { nullable: true })
  @JoinColumn({ name: 'undoes' })
  undone: Import | null;
}
