import { Check, Column, Entity, PrimaryColumn, Unique } from 'typeorm';

@Entity('legislatures')
@Unique(['slug'])
@Check('legislatures_slug_check', `slug ~ '^[a-z][a-z0-9-]{0,58}[a-z0-9]$'`)
export class Legislature {
  @PrimaryColumn('uuid')
  id: string;

  @Column('text')
  slug: string;

  @Column('text')
  name: string;

  @Column('character', { length: 2 })
  country: string;

  /** Office hours of its members, where they are known; `OfficeHours` in letters/. */
  @Column('jsonb', { nullable: true })
  calendar: unknown;

  /** Counts applied imports: a preview made from an older version is out of date. */
  @Column('integer', { default: 0 })
  version: number;

  @Column('timestamptz', { default: () => 'now()' })
  createdAt: Date;
}
