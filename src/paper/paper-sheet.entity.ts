import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { PaperBatch } from './paper-batch.entity.js';

/** A sheet is counted once per petition: the primary key says so. */
@Entity('paper_sheets')
export class PaperSheet {
  @PrimaryColumn('uuid')
  petitionId: string;

  @PrimaryColumn('integer')
  number: number;

  @Column('uuid')
  batchId: string;

  @ManyToOne(() => PaperBatch)
  @JoinColumn([
    { name: 'petition_id', referencedColumnName: 'petitionId' },
    { name: 'batch_id', referencedColumnName: 'id' },
  ])
  batch: PaperBatch;
}
