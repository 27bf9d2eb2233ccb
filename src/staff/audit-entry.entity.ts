import { Check, Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

/** Who did what to what. The database refuses to change or delete a row; `hash` chains each to the one before. */
@Entity('audit_entries')
@Check('audit_entries_actor_kind_check', `actor_kind IN ('staff', 'token', 'system')`)
@Check('audit_entries_previous_check', `octet_length(previous) = 32`)
@Check('audit_entries_hash_check', `octet_length(hash) = 32`)
export class AuditEntry {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'ALWAYS', type: 'bigint' })
  id: string;

  @Column('timestamptz')
  at: Date;

  @Column('text')
  actorKind: 'staff' | 'token' | 'system';

  @Column('uuid', { nullable: true })
  actorId: string | null;

  @Column('text')
  actorName: string;

  @Column('text')
  action: string;

  @Column('text')
  subject: string;

  @Column('jsonb')
  detail: Record<string, unknown>;

  @Column('bytea')
  previous: Buffer;

  @Column('bytea')
  hash: Buffer;
}
