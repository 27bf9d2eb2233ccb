import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { Logs } from '../countlog/logs.service.js';
import { problems } from '../site/problem.js';
import type { Actor } from '../staff/access.js';
import { AuditService } from '../staff/audit.service.js';
import { lockPetition } from './petition-moves.service.js';
import { line } from './petition-words.schema.js';
import type { PublishedPetition } from './petitions.service.js';

/** What people write into a log; the server adds notes of its own about texts. */
export const writtenNoteTypes = ['incident', 'audit-plan', 'audit-result'] as const;

export const NewPetitionNote = z.object({ type: z.enum(writtenNoteTypes), text: line(2000) });
export type NewPetitionNote = z.infer<typeof NewPetitionNote>;

/** In the log: what people wrote, and the one incident that the server tells itself, a backup that was put back. */
const LoggedNote = z
  .object({ type: z.enum(writtenNoteTypes), day: z.iso.date() })
  .and(
    z.union([
      z.object({ text: z.string() }),
      z
        .object({ entries: z.int(), without_record: z.int() })
        .transform(({ entries, without_record: lost }) => ({ restored: { entries, lost } })),
    ]),
  );

/** A note as its page tells it. `logEntry`: its number in the log; null while it waits to be logged. */
export type PetitionNote = z.infer<typeof LoggedNote> & { logEntry: number | null };

/** What the log of a petition says to everybody besides its texts: incidents, and audits before and after. */
@Injectable()
export class PetitionNotes {
  constructor(
    private readonly database: DataSource,
    private readonly logs: Logs,
    private readonly audit: AuditService,
  ) {}

  /** Queues it for the log, where it stays for ever. @throws Problem not-found, wrong-state unless the log goes on */
  async publish(slug: string, note: NewPetitionNote, actor: Actor | 'system'): Promise<void> {
    await this.database.transaction(async (tx) => {
      const { id, state } = await lockPetition(tx, slug);
      if (state !== 'open' && state !== 'closed') throw problems.refusal('petition-state', { state });
      await this.logs.note(tx, id, note);
      await this.audit.record(tx, { actor, action: 'log.noted', subject: slug, detail: note });
    });
  }

  /** The newest first. */
  async of(petition: PublishedPetition): Promise<PetitionNote[]> {
    const notes = await this.logs.notes(petition.id);
    return notes
      .flatMap(({ index: logEntry, facts }): PetitionNote[] => {
        const { data } = LoggedNote.safeParse(facts);
        return data ? [{ ...data, logEntry }] : [];
      })
      .toReversed();
  }
}
