import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** Something for the log: written with the signature or withdrawal in one transaction, taken out by the sequencer. */
@Entity('log_queue')
@Check('log_queue_kind_check', `kind IN ('genesis', 'sign', 'withdraw', 'note', 'close')`)
@Check('log_queue_entry_check', `(entry IS NULL) = (kind IN ('withdraw', 'close'))`)
@Check(
  'log_queue_reason_check',
  `CASE kind WHEN 'withdraw' THEN coalesce(reason, 0) BETWEEN 1 AND 4 ELSE reason IS NULL END`,
)
@Check(
  'log_queue_code_hash_check',
  `CASE reason WHEN 1 THEN coalesce(octet_length(code_hash), 0) = 32 ELSE code_hash IS NULL END`,
)
@Check(
  'log_queue_signature_check',
  `num_nonnulls(signature_id, day, country, source) = CASE WHEN kind IN ('sign', 'withdraw') THEN 4 ELSE 0 END`,
)
@Index('log_queue_others', ['petitionId', 'id'], { where: `kind <> 'sign'` })
export class LogQueueEntry {
  @PrimaryColumn('uuid')
  petitionId: string;

  @PrimaryColumn('uuid')
  id: string;

  @Column('text')
  kind: 'genesis' | 'sign' | 'withdraw' | 'note' | 'close';

  /** The bytes of the entry; of a withdrawal and of the end the sequencer makes them, when it is their turn. */
  @Column('bytea', { nullable: true })
  entry: Buffer | null;

  /** Not logged before this; infinity: a person has to decide. */
  @Column('timestamptz', { default: () => 'now()' })
  dueAt: Date;

  /** The signer has the word of the log that it will be logged: nobody may keep it from there any more. */
  @Column('boolean', { default: false })
  promised: boolean;

  @Column('uuid', { nullable: true })
  signatureId: string | null;

  /** Of a withdrawal, see `WithdrawalReason`. */
  @Column('smallint', { nullable: true })
  reason: number | null;

  /** Of the code of a signer who withdraws with it. */
  @Column('bytea', { nullable: true })
  codeHash: Buffer | null;

  @Column('date', { nullable: true })
  day: string | null;

  @Column('character', { length: 2, nullable: true })
  country: string | null;

  @Column('text', { nullable: true })
  source: string | null;
}
