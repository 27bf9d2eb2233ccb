import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { Import } from './import.entity.js';
import { Legislature } from './legislature.entity.js';

/** A person as her legislature lists her. Never deleted: letters and objections point at her. */
@Entity('lawmakers')
@Index('lawmakers_legislature_id_sort_name_id_idx', ['legislatureId', 'sortName', 'id'])
@Index('lawmakers_merged_into_idx', ['mergedInto'], { where: 'merged_into IS NOT NULL' })
@Check('lawmakers_merged_into_check', `merged_into <> id`)
export class Lawmaker {
  @PrimaryColumn('uuid')
  id: string;

  @Column('uuid')
  legislatureId: string;

  @ManyToOne(() => Legislature)
  @JoinColumn({ name: 'legislature_id' })
  legislature: Legislature;

  @Column('text')
  name: string;

  @Column('text')
  sortName: string;

  @Column('text', { nullable: true })
  givenName: string | null;

  @Column('text', { nullable: true })
  familyName: string | null;

  @Column('text', { nullable: true })
  honorific: string | null;

  @Column('text', { nullable: true })
  gender: string | null;

  /** The language she prefers to be written to in, where known. */
  @Column('text', { nullable: true })
  locale: string | null;

  @Column('text', { nullable: true })
  website: string | null;

  @Column('timestamptz', { nullable: true })
  leftAt: Date | null;

  /** The record that stands for this person since somebody decided that two are one. Never longer than one step. */
  @Column('uuid', { nullable: true })
  mergedInto: string | null;

  @ManyToOne(() => Lawmaker, { nullable: true })
  @JoinColumn({ name: 'merged_into' })
  kept: Lawmaker | null;

  /** How often the link by which her office objects was made anew. */
  @Column('integer', { default: 0 })
  linkRenewals: number;

  @Column('uuid')
  importId: string;

  @ManyToOne(() => Import)
  @JoinColumn({ name: 'import_id' })
  import: Import;

  @Column('timestamptz', { default: () => 'now()' })
  createdAt: Date;

  @Column('timestamptz', { default: () => 'now()' })
  updatedAt: Date;
}

/** How a source names a lawmaker. */
@Entity('lawmaker_identifiers')
@Index('lawmaker_identifiers_lawmaker_id_idx', ['lawmakerId'])
export class LawmakerIdentifier {
  @PrimaryColumn('uuid')
  legislatureId: string;

  @ManyToOne(() => Legislature)
  @JoinColumn({ name: 'legislature_id' })
  legislature: Legislature;

  @PrimaryColumn('text')
  scheme: string;

  @PrimaryColumn('text')
  identifier: string;

  @Column('uuid')
  lawmakerId: string;

  @ManyToOne(() => Lawmaker)
  @JoinColumn({ name: 'lawmaker_id' })
  lawmaker: Lawmaker;
}
