import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

/** `easy-signing`: without a proof of work; where it is off everybody is asked for one, as in a rush. */
export const switchNames = ['signing', 'easy-signing', 'counting', 'mailing'] as const;
export type SwitchName = (typeof switchNames)[number];

/** Stands for every petition. */
export const everywhere = '00000000-0000-0000-0000-000000000000';

/** Something that staff has turned off. What is on has no row. */
@Entity('switches')
@Check('switches_name_check', `name IN ('signing', 'easy-signing', 'counting', 'mailing')`)
export class Switch {
  /** Or `everywhere`. */
  @PrimaryColumn('uuid')
  petitionId: string;

  @PrimaryColumn('text')
  name: SwitchName;

  @Column('text')
  reason: string;

  @Column('text')
  byName: string;

  @Column('timestamptz', { default: () => 'now()' })
  offSince: Date;
}
