import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

/** A rule for staff that an admin turned on; one that is off has no row. */
@Entity('staff_rules')
@Check('staff_rules_name_check', `name IN ('second-factor')`)
export class StaffRule {
  @PrimaryColumn('text')
  name: 'second-factor';

  @Column('timestamptz', { default: () => 'now()' })
  since: Date;
}
