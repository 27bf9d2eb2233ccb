import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';

export const publications = ['ordinary', 'protected'] as const;
export type Publication = (typeof publications)[number];

/** The log of a petition: the name under which its numbers are signed, and how far it has grown. */
@Entity('logs')
@Check('logs_origin_check', `origin ~ '^[^/[:space:]+]+/log/[a-z0-9-]+$'`)
@Check('logs_publication_check', `publication IN ('ordinary', 'protected')`)
@Check('logs_size_check', `size >= 0`)
@Check('logs_root_check', `octet_length(root) = 32`)
export class Log {
  // By name: the count knows no other room.
  @ForeignKey('Petition')
  @PrimaryColumn('uuid')
  petitionId: string;

  /** `<host>/log/<slug>`, never used for another log. */
  @Column('text')
  origin: string;

  @Column('text', { default: 'ordinary' })
  publication: Publication;

  @Column('bigint', { default: 0 })
  size: string;

  @Column('bytea')
  root: Buffer;

  @Column('timestamptz', { default: () => 'now()' })
  grownAt: Date;

  /** When its last entry was logged: nothing may follow. */
  @Column('timestamptz', { nullable: true })
  endedAt: Date | null;

  /** Why the last round would not go on, for example after an old backup was put back; null: it did. */
  @Column('text', { nullable: true })
  refused: string | null;

  /** What the last full check found wrong; while it stands nothing more is logged. */
  @Column('text', { nullable: true })
  fault: string | null;

  /** When all of it was last recomputed. */
  @Column('timestamptz', { nullable: true })
  checkedAt: Date | null;
}

@Entity('log_tiles')
@Check('log_tiles_hashes_check', `octet_length(hashes) BETWEEN 32 AND 8192`)
export class LogTile {
  @ForeignKey('Log')
  @PrimaryColumn('uuid')
  petitionId: string;

  @PrimaryColumn('smallint')
  level: number;

  @PrimaryColumn('bigint')
  index: string;

  @Column('bytea')
  hashes: Buffer;
}

@Entity('log_bundles')
@Check('log_bundles_width_check', `width BETWEEN 1 AND 256`)
export class LogBundle {
  @ForeignKey('Log')
  @PrimaryColumn('uuid')
  petitionId: string;

  @PrimaryColumn('bigint')
  index: string;

  @Column('smallint')
  width: number;

  @Column('bytea')
  entries: Buffer;
}

@Entity('log_checkpoints')
export class LogCheckpoint {
  @ForeignKey('Log')
  @PrimaryColumn('uuid')
  petitionId: string;

  @PrimaryColumn('bigint')
  size: string;

  @Column('bytea')
  note: Buffer;
}

@Entity('log_notes')
export class LogNote {
  @ForeignKey('Log')
  @PrimaryColumn('uuid')
  petitionId: string;

  /** Of the row that waited in the queue. */
  @PrimaryColumn('uuid')
  id: string;

  @Column('bigint')
  index: string;
}

// The index is BRIN, which TypeORM does not know how to compare.
@Entity('log_positions')
@Index('log_positions_petition_id_index_idx', { synchronize: false })
export class LogPosition {
  // No foreign key: a round holds the row of the log, and looking it up again for each place took half of its time here.
  @PrimaryColumn('uuid')
  petitionId: string;

  @PrimaryColumn('uuid')
  signatureId: string;

  @Column('bigint')
  index: string;
}
