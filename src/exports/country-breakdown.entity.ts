import { Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { Petition } from '../petitions/petition.entity.js';

/** What the public was last told about the countries of a petition, see breakdown-steps.ts. */
@Entity('country_breakdowns')
export class CountryBreakdown {
  @ForeignKey(() => Petition)
  @PrimaryColumn('uuid')
  petitionId: string;

  /** A day has one answer. */
  @Column('date')
  takenOn: string;

  @Column('timestamptz')
  asOf: Date;

  @Column('bigint')
  signed: string;

  @Column('bigint')
  withdrawn: string;

  @Column('jsonb')
  cells: Record<string, number>;
}
