import { Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { Organisation } from '../petitions/organisation.entity.js';

/** A member of staff who acts for an organisation, and for no other of the petition. */
@Entity('organisation_people')
export class OrganisationPerson {
  @PrimaryColumn('uuid')
  petitionId: string;

  @PrimaryColumn('uuid')
  organisationId: string;

  @ManyToOne(() => Organisation)
  @JoinColumn([
    { name: 'petition_id', referencedColumnName: 'petitionId' },
    { name: 'organisation_id', referencedColumnName: 'id' },
  ])
  organisation: Organisation;

  @PrimaryColumn('uuid')
  staffId: string;
}
