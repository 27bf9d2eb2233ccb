import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { Update } from './update.entity.js';

/** The words of an update in one language. They stay as they are once it was approved. */
@Entity('update_texts')
export class UpdateText {
  @PrimaryColumn('uuid')
  petitionId: string;

  @PrimaryColumn('uuid')
  updateId: string;

  @ManyToOne(() => Update, { onDelete: 'CASCADE' })
  @JoinColumn([
    { name: 'petition_id', referencedColumnName: 'petitionId' },
    { name: 'update_id', referencedColumnName: 'id' },
  ])
  update: Update;

  @PrimaryColumn('text')
  locale: string;

  @Column('text')
  title: string;

  /** Markdown. */
  @Column('text')
  body: string;
}
