import { Check, Column, Entity, JoinColumn, OneToOne, PrimaryColumn } from 'typeorm';
import type { PictureType } from '../site/pictures.js';
import { Petition } from './petition.entity.js';

/** The picture on the page of a petition; at most one. */
@Entity('petition_pictures')
@Check('petition_pictures_type_check', `type IN ('image/png', 'image/jpeg', 'image/webp')`)
@Check('petition_pictures_width_check', `width > 0`)
@Check('petition_pictures_height_check', `height > 0`)
export class PetitionPicture {
  @PrimaryColumn('uuid')
  petitionId: string;

  @OneToOne(() => Petition)
  @JoinColumn({ name: 'petition_id' })
  petition: Petition;

  @Column('text')
  type: PictureType;

  /** Pixels. */
  @Column('integer')
  width: number;

  @Column('integer')
  height: number;

  /** Digest of the bytes; in the address, so that it can be kept for ever. */
  @Column('text')
  version: string;

  /** Without metadata. */
  @Column('bytea')
  bytes: Buffer;

  /** What it shows, by language, for whoever does not see it. */
  @Column('jsonb')
  alt: Record<string, string>;

  /** Whose picture it is. */
  @Column('text', { nullable: true })
  credit: string | null;
}
