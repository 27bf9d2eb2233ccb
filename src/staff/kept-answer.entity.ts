import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { ApiToken } from './api-token.entity.js';

/** What a request with an Idempotency-Key was answered. Nothing in it can be read without the keys of the vault. */
@Entity('kept_answers')
@Index('kept_answers_asked_at_idx', ['askedAt'])
export class KeptAnswer {
  @PrimaryColumn('uuid')
  tokenId: string;

  @ManyToOne(() => ApiToken, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'token_id' })
  token: ApiToken;

  /** Keyed digest of the header. */
  @PrimaryColumn('bytea')
  key: Buffer;

  /** Keyed digest of method, address and body. */
  @Column('bytea')
  request: Buffer;

  /** Sealed, with a key that is deleted after its time; null while it is being worked on. */
  @Column('bytea', { nullable: true })
  answer: Buffer | null;

  @Column('timestamptz', { default: () => 'now()' })
  askedAt: Date;
}
