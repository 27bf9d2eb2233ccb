import { Check, Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';

/** Something for the log: written with the signature or withdrawal in one transaction, taken out by the sequencer. */
@Entity('log_queue')
@Check('log_queue_kind_check', `kind IN ('genesis', 'sign', 'withdraw', 'note')`)
@Check('log_queue_entry_check', `(entry IS NULL) = (kind = 'withdraw')`)
@Check(
  'log_queue_signature_check',
  `num_nonnulls(signature_id, day, country, source) = CASE WHEN kind IN ('sign', 'withdraw') THEN 4 ELSE 0 END`,
)
export class LogQueueEntry {
  // By name: the count knows no other room.
  @ForeignKey('Petition')
  @PrimaryColumn('uuid')
  petitionId: string;

  @PrimaryColumn('uuid')
  id: string;

  @Column('text')
  kind: 'genesis' | 'sign' | 'withdraw' | 'note';

  /** The bytes of the entry; of a withdrawal the sequencer makes them, when it knows the index. */
  @Column('bytea', { nullable: true })
  entry: Buffer | null;

  @Column('uuid', { nullable: true })
  signatureId: string | null;

  @Column('date', { nullable: true })
  day: string | null;

  @Column('character', { length: 2, nullable: true })
  country: string | null;

  @Column('text', { nullable: true })
  source: string | null;
}
