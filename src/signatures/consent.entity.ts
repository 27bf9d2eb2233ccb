import { Check, Column, Entity, PrimaryGeneratedColumn, Unique } from 'typeorm';

export const purposes = ['sign', 'showName', 'news', 'passWords', 'passName', 'passArea'] as const;
export type Purpose = (typeof purposes)[number];

/** A wording that was shown beside a box to tick. A changed wording is a new row. */
@Entity('consents')
@Unique(['purpose', 'locale', 'wording'])
@Check('consents_purpose_check', `purpose IN ('sign', 'showName', 'news', 'passWords', 'passName', 'passArea')`)
export class Consent {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'ALWAYS', type: 'integer' })
  id: number;

  @Column('text')
  purpose: Purpose;

  @Column('text')
  locale: string;

  @Column('text')
  wording: string;

  @Column('timestamptz', { default: () => 'now()' })
  createdAt: Date;
}
