import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

/** A challenge that was answered, until it expires. Those that were only given out leave no trace. */
@Entity('spent_challenges')
@Check('spent_challenges_hash_check', `octet_length(hash) = 32`)
export class SpentChallenge {
  @PrimaryColumn('bytea')
  hash: Buffer;

  @Column('timestamptz')
  expiresAt: Date;
}
