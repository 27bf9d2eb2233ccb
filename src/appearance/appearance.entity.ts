import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

/** Colour and logo of the site. There is one row, or none while nothing was changed. */
@Entity('appearance')
@Check('appearance_id_check', `id = 1`)
@Check('appearance_colour_check', `colour ~ '^#[0-9a-f]{6}$'`)
export class AppearanceRow {
  @PrimaryColumn('integer')
  id: number;

  /** `#rrggbb`; null: ours. */
  @Column('text', { nullable: true })
  colour: string | null;

  /** PNG, written anew from what was uploaded. */
  @Column('bytea', { nullable: true })
  logo: Buffer | null;

  /** Pixels. */
  @Column('integer', { nullable: true })
  logoWidth: number | null;

  @Column('integer', { nullable: true })
  logoHeight: number | null;
}
