import { Check, Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { Organisation } from '../petitions/organisation.entity.js';
import { Petition } from '../petitions/petition.entity.js';
import type { UpdateState } from './update-states.js';

/** News of a petition. It is written, read by a second person, and then goes to signers who want news, once each. */
@Entity('updates')
@Check('updates_state_check', `state IN ('draft', 'in_review', 'sending', 'sent', 'stopped')`)
export class Update {
  @PrimaryColumn('uuid')
  petitionId: string;

  @ManyToOne(() => Petition)
  @JoinColumn({ name: 'petition_id' })
  petition: Petition;

  /** Also the campaign of its mails in the outbox: one mail per signer by the unique index there. */
  @PrimaryColumn('uuid')
  id: string;

  /** In whose name it goes, and only to those who agreed with it; null: everybody who wants news of the petition. */
  @Column('uuid', { nullable: true })
  organisationId: string | null;

  @ManyToOne(() => Organisation)
  @JoinColumn([
    { name: 'petition_id', referencedColumnName: 'petitionId' },
    { name: 'organisation_id', referencedColumnName: 'id' },
  ])
  organisation: Organisation | null;

  @Column('text', { default: 'draft' })
  state: UpdateState;

  /** Staff whose hands were on the words, or who submitted them: none of them approves. */
  @Column('uuid', { array: true, default: '{}' })
  authors: string[];

  /** Why a colleague gave it back; gone when it is submitted again. */
  @Column('text', { nullable: true })
  returnReason: string | null;

  @Column('text', { nullable: true })
  approvedByName: string | null;

  @Column('timestamptz', { nullable: true })
  approvedAt: Date | null;

  /** The last signer, in the order of ids, for whom it is decided whether she gets it. */
  @Column('uuid', { nullable: true })
  plannedTo: string | null;

  /** When the last mail was queued. */
  @Column('timestamptz', { nullable: true })
  plannedAt: Date | null;

  /** Mails that were ever queued. */
  @Column('integer', { default: 0 })
  queued: number;

  /** Signers who want no more news since this one, by its link. */
  @Column('integer', { default: 0 })
  unsubscribed: number;

  /** What became of mails whose rows are gone by now: see `UpdatesRunner`. */
  @Column('integer', { default: 0 })
  accepted: number;

  @Column('integer', { default: 0 })
  failed: number;

  @Column('integer', { default: 0 })
  leftOut: number;

  @Column('timestamptz', { default: () => 'now()' })
  createdAt: Date;
}
