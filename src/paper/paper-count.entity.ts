import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { PaperBatch } from './paper-batch.entity.js';

/** What one person counted on each sheet, in one round. Nobody is shown what another has counted. */
@Entity('paper_counts')
export class PaperCount {
  @PrimaryColumn('uuid')
  petitionId: string;

  @PrimaryColumn('uuid')
  batchId: string;

  @ManyToOne(() => PaperBatch)
  @JoinColumn([
    { name: 'petition_id', referencedColumnName: 'petitionId' },
    { name: 'batch_id', referencedColumnName: 'id' },
  ])
  batch: PaperBatch;

  @PrimaryColumn('integer')
  round: number;

  @PrimaryColumn('uuid')
  staffId: string;

  @Column('text')
  staffName: string;

  /** Signatures on each sheet, in the order of the batch. */
  @Column('integer', { array: true })
  lines: number[];

  @Column('timestamptz', { default: () => 'now()' })
  countedAt: Date;
}
