import { Check, Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { Petition } from './petition.entity.js';
import type { NamedPerson, Source, TimelineEvent } from './petition-words.schema.js';

/** The words of a petition in one language. Once the petition has been open, a version never changes: signers keep the one they signed. */
@Entity('petition_texts')
@Check('petition_texts_version_check', `version > 0`)
@Check('petition_texts_sha256_check', `octet_length(sha256) = 32`)
@Check('petition_texts_follows_check', `octet_length(follows) = 32`)
export class PetitionText {
  @PrimaryColumn('uuid')
  petitionId: string;

  @ManyToOne(() => Petition)
  @JoinColumn({ name: 'petition_id' })
  petition: Petition;

  @PrimaryColumn('text')
  locale: string;

  @PrimaryColumn('integer')
  version: number;

  @Column('text')
  title: string;

  @Column('text')
  ask: string;

  @Column('text')
  addressee: string;

  /** Markdown. */
  @Column('text')
  body: string;

  @Column('jsonb', { default: [] })
  sources: Source[];

  @Column('jsonb', { default: [] })
  persons: NamedPerson[];

  @Column('jsonb', { default: [] })
  timeline: TimelineEvent[];

  /** SHA-256 of the canonical form, see text-hash.ts. */
  @Column('bytea')
  sha256: Buffer;

  @Column('timestamptz', { default: () => 'now()' })
  createdAt: Date;

  /** Why these words followed others, in public; null for those with which the petition was opened. */
  @Column('text', { nullable: true })
  reason: string | null;

  /** Of the note in the log that says so. */
  @Column('uuid', { nullable: true })
  noteId: string | null;

  /** Name of whoever wrote it, as it was then; null for words that came with Countersign. */
  @Column('text', { nullable: true })
  writtenBy: string | null;

  /** Of a translation: SHA-256 of the original's words with which it was last compared. */
  @Column('bytea', { nullable: true })
  follows: Buffer | null;
}
