import { Check, Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';

/** Something to be counted: written with the signature or withdrawal in one transaction, taken out by the sequencer. */
@Entity('log_queue')
@Check('log_queue_kind_check', `kind IN ('sign', 'withdraw')`)
export class LogQueueEntry {
  // By name: the count knows no other room.
  @ForeignKey('Petition')
  @PrimaryColumn('uuid')
  petitionId: string;

  @PrimaryColumn('uuid')
  id: string;

  @Column('text')
  kind: 'sign' | 'withdraw';

  @Column('uuid')
  signatureId: string;

  @Column('date')
  day: string;

  @Column('character', { length: 2 })
  country: string;

  @Column('text')
  source: string;
}
