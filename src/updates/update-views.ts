import type { PublishedPetition } from '../petitions/petitions.service.js';
import type { UpdateFigures, UpdateRecord } from './updates.schema.js';
import { digestOf, wordsIn, type WrittenUpdate } from './updates.service.js';

export const updateRecord = (update: WrittenUpdate, figures: UpdateFigures, audience: number | null): UpdateRecord => ({
  ...{ id: update.id, state: update.state, returnReason: update.returnReason, organisation: update.organisationId },
  texts: Object.fromEntries(update.texts.map(({ locale, title, body }) => [locale, { title, body }])),
  sha256: digestOf(update),
  approvedBy: update.approvedByName,
  approvedAt: update.approvedAt?.toISOString() ?? null,
  planned: update.plannedAt !== null,
  ...{ audience, figures },
});

/** What everybody may read of an update that is out. */
export function published(petition: PublishedPetition, update: WrittenUpdate, locale: string) {
  const words = wordsIn(update, locale);
  return {
    ...{ id: update.id, locale: words.locale, title: words.title, body: words.body },
    from: update.organisation?.name ?? petition.startedBy,
    publishedAt: update.approvedAt!.toISOString(),
    path: `/${locale}/p/${petition.slug}/updates/${update.id}`,
  };
}
