import { Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { Petition } from '../petitions/petition.entity.js';

/** How many people got how far on one day. */
@Entity('funnel')
export class FunnelRow {
  @ForeignKey(() => Petition)
  @PrimaryColumn('uuid')
  petitionId: string;

  @PrimaryColumn('date')
  day: string;

  @Column('bigint', { default: 0 })
  asked: string;

  @Column('bigint', { default: 0 })
  mailed: string;

  @Column('bigint', { default: 0 })
  confirmed: string;
}
