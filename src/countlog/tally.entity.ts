import { Check, Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';

/** How many signed and withdrew on one day, from one country, through one door. Written by the sequencer only. */
@Entity('tallies')
@Check('tallies_signed_check', `signed >= 0`)
@Check('tallies_withdrawn_check', `withdrawn >= 0`)
export class Tally {
  // By name: the count knows no other room.
  @ForeignKey('Petition')
  @PrimaryColumn('uuid')
  petitionId: string;

  @PrimaryColumn('date')
  day: string;

  @PrimaryColumn('character', { length: 2 })
  country: string;

  @PrimaryColumn('text')
  source: string;

  @Column('bigint', { default: 0 })
  signed: string;

  @Column('bigint', { default: 0 })
  withdrawn: string;
}
