import { Check, Column, Entity, PrimaryGeneratedColumn, Unique } from 'typeorm';

export const purposes = ['sign', 'showName', 'news', 'passWords', 'passName', 'passArea'] as const;
export type Purpose = (typeof purposes)[number];

/** Stands where an agreement is with no organisation of a coalition. */
export const noOrganisation = '00000000-0000-0000-0000-000000000000';

/** A wording that was shown beside a box to tick. A changed wording is a new row. */
@Entity('consents')
@Unique(['purpose', 'organisationId', 'locale', 'wording'])
@Check(
  'consents_purpose_check',
  `purpose IN ('sign', 'showName', 'news', 'organisation', 'passWords', 'passName', 'passArea')`,
)
@Check('consents_organisation_check', `(purpose = 'organisation') = (organisation_id <> '${noOrganisation}')`)
export class Consent {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'ALWAYS', type: 'integer' })
  id: number;

  @Column('text')
  purpose: Purpose | 'organisation';

  /** With which organisation, for the news of one. */
  @Column('uuid', { default: noOrganisation })
  organisationId: string;

  @Column('text')
  locale: string;

  @Column('text')
  wording: string;

  @Column('timestamptz', { default: () => 'now()' })
  createdAt: Date;
}
