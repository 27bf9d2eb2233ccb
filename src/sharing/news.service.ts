import { Injectable } from '@nestjs/common';
import { Counts } from '../countlog/counts.service.js';
import { type PetitionNote, PetitionNotes } from '../petitions/petition-notes.service.js';
import { PetitionTexts } from '../petitions/petition-texts.service.js';
import { Petitions, type PublishedPetition } from '../petitions/petitions.service.js';
import type { Locale } from '../site/languages.js';
import { published } from '../updates/update-views.js';
import { Updates } from '../updates/updates.service.js';
import { reached } from './milestones.js';

/** Something that happened to a petition, for a feed. */
export interface News {
  /** Never changes for the same event; ends the id of its entry. */
  id: string;
  kind: 'opened' | 'amended' | 'milestone' | 'goal' | 'update' | 'closed' | PetitionNote['type'];
  /** ISO 8601; of a milestone and a note the day alone is known. */
  at: string;
  /** What was reached. */
  n?: number;
  /** Why the text was amended. */
  reason?: string;
  /** What stands in the log. */
  note?: PetitionNote;
  /** Of an update, in the words that a reader of the language gets. */
  title?: string;
  from?: string;
  /** Address of its page below that of the petition; the petition itself, where there is none. */
  page?: string;
}

@Injectable()
export class PetitionNews {
  constructor(
    private readonly petitions: Petitions,
    private readonly texts: PetitionTexts,
    private readonly notes: PetitionNotes,
    private readonly counts: Counts,
    private readonly updates: Updates,
  ) {}

  /** The newest first. */
  async of(petition: PublishedPetition, locale: Locale): Promise<News[]> {
    const read = this.petitions.text(petition, locale).locale;
    const [versions, notes, days, updates] = await Promise.all([
      this.texts.history(petition),
      this.notes.of(petition),
      this.counts.byDay(petition.id),
      this.updates.published(petition.slug),
    ]);
    const news: News[] = [
      { id: 'opened', kind: 'opened', at: (petition.openedAt ?? petition.createdAt).toISOString() },
      ...versions
        .filter((text) => text.locale === read && text.noteId !== null)
        .map((text): News => ({
          id: `text/${text.locale}/${text.version}`,
          kind: 'amended',
          at: text.createdAt.toISOString(),
          reason: text.reason ?? '',
          page: '/history',
        })),
      ...notes.flatMap((note): News[] =>
        // What waits has no number yet, and an id must not change.
        note.logEntry === null
          ? []
          : [{ id: `log/${note.logEntry}`, kind: note.type, at: `${note.day}T00:00:00.000Z`, note, page: '/history' }],
      ),
      ...reached(days, petition.goal).map(({ n, day, isGoal }): News => ({
        id: `signatures/${n}`,
        kind: isGoal ? 'goal' : 'milestone',
        at: `${day}T00:00:00.000Z`,
        n,
      })),
      ...updates.map((update): News => {
        const { id, title, from, publishedAt: at } = published(petition, update, locale);
        return { id: `updates/${id}`, kind: 'update', at, title, from, page: `/updates/${id}` };
      }),
      ...(petition.closedAt
        ? [
            {
              id: `closed/${petition.closedAt.getTime()}`,
              kind: 'closed' as const,
              at: petition.closedAt.toISOString(),
            },
          ]
        : []),
    ];
    return news.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at)).toReversed();
  }
}
