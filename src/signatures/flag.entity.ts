import { Check, Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { Petition } from '../petitions/petition.entity.js';

/** A signature whose entry waits for a person, and why. */
@Entity('flags')
@Check('flags_signals_check', `cardinality(signals) > 0`)
export class Flag {
  @ForeignKey(() => Petition)
  @PrimaryColumn('uuid')
  petitionId: string;

  @PrimaryColumn('uuid')
  signatureId: string;

  @Column('text', { array: true })
  signals: string[];
}
