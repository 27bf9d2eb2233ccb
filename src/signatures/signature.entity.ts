import { Check, Column, Entity, PrimaryColumn, Unique } from 'typeorm';

/** A confirmed signature. Nobody is in this table before she pressed the button in the mail sent to her. */
@Entity('signatures')
@Unique(['petitionId', 'identity'])
@Check('signatures_identity_check', `octet_length(identity) = 32`)
@Check(
  'signatures_erased_check',
  `box IS NOT NULL OR domain IS NULL AND locale = '' AND text_version = 0 AND consents = '{}'`,
)
@Check('signatures_domain_check', `octet_length(domain) = 16`)
export class Signature {
  @PrimaryColumn('uuid')
  petitionId: string;

  /** UUIDv7 whose time is cut to the hour: the order of signing is nobody's business. */
  @PrimaryColumn('uuid')
  id: string;

  /** `Vault.identity()` of the normal form of the address. */
  @Column('bytea')
  identity: Buffer;

  /** Version of the rules in vault/normal-form.ts. */
  @Column('smallint')
  normalForm: number;

  /** `Vault.domainDigest()` of the domain of the address: what abuse has in common can be found, and named by whoever knows it. */
  @Column('bytea', { nullable: true })
  domain: Buffer | null;

  /** Sealed `SignerBox`; null: she was erased, and only her entry and the digest stay. */
  @Column('bytea', { nullable: true })
  box: Buffer | null;

  @Column('character', { length: 2 })
  country: string;

  @Column('text')
  locale: string;

  @Column('integer')
  textVersion: number;

  @Column('text')
  source: string;

  /** Rows of `consents` that she gave. */
  @Column('integer', { array: true })
  consents: number[];

  @Column('timestamptz', { default: () => `date_trunc('hour', now())` })
  confirmedHour: Date;
}
