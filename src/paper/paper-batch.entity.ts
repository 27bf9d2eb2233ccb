import { Check, Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, Unique } from 'typeorm';
import { Petition } from '../petitions/petition.entity.js';

/**
 * Sheets that were counted together. Only numbers are kept: the names stay on the paper, in a folder, because typing them in
 * would make a list of people that a thief of the server could take, and no count needs it. A row never changes once it is
 * confirmed; what was wrong is corrected by another row.
 */
@Entity('paper_batches')
@Unique(['petitionId', 'corrects'])
@Check('paper_batches_scans_check', `cardinality(scans) = cardinality(sheets)`)
@Check('paper_batches_confirmed_check', `(signatures IS NULL) = (confirmed_at IS NULL)`)
@Check('paper_batches_corrects_check', `(corrects IS NULL) = (reason IS NULL)`)
export class PaperBatch {
  @PrimaryColumn('uuid')
  petitionId: string;

  @ManyToOne(() => Petition)
  @JoinColumn({ name: 'petition_id' })
  petition: Petition;

  @PrimaryColumn('uuid')
  id: string;

  /** The numbers written on the sheets. */
  @Column('integer', { array: true })
  sheets: number[];

  /** SHA-256 of the scan of each sheet, in hex; empty without one. The scan itself is kept elsewhere. */
  @Column('text', { array: true })
  scans: string[];

  @Column('character', { length: 2 })
  country: string;

  /** Of the last signature, or the day on which they were handed in, as YYYY-MM-DD. */
  @Column('date')
  day: string;

  /** Where the sheets lie. */
  @Column('text')
  folder: string;

  /** The batch that this one stands for instead, once it is confirmed. */
  @Column('uuid', { nullable: true })
  corrects: string | null;

  @Column('text', { nullable: true })
  reason: string | null;

  /** Two counts that differ begin another round, in which both count again. */
  @Column('integer', { default: 1 })
  round: number;

  /** What two people counted alike; null: they have not yet. */
  @Column('integer', { nullable: true })
  signatures: number | null;

  @Column('timestamptz', { nullable: true })
  confirmedAt: Date | null;

  @Column('text')
  enteredByName: string;

  @Column('timestamptz', { default: () => 'now()' })
  enteredAt: Date;
}
