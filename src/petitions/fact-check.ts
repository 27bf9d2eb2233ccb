import { digestOf } from './petition-log.service.js';
import { isUnpublished } from './petition-states.js';
import type { PersonState, PetitionWords } from './petition-words.schema.js';
import type { PublishedPetition } from './petitions.service.js';

/** What somebody has to look at before the text of a petition can be called checked. */
export interface Facts {
  needCheck: boolean;
  stale: boolean;
  /** Named persons who can hardly be meant by a demand any more, each once. */
  persons: { name: string; state: PersonState }[];
}

const day = 24 * 3600_000;

/** The persons of one text who can hardly be meant by a demand any more. */
export const personsGone = ({ persons }: Pick<PetitionWords, 'persons'>): Facts['persons'] =>
  persons.flatMap(({ name, state }) => (state && state !== 'alive' ? [{ name, state }] : []));

/**
 * A check of facts holds for the days that were chosen, and for the persons in the words that were checked: when other
 * words follow, what they say of dead or listed persons has to be seen again. A closed petition is history.
 */
export function factsOf(petition: PublishedPetition, now = Date.now()): Facts {
  const { factCheckedOn, reviewAfterDays, state } = petition;
  if (state !== 'open' && !isUnpublished(state)) return { needCheck: false, stale: false, persons: [] };
  const stale = factCheckedOn === null || Date.parse(factCheckedOn) + reviewAfterDays * day < now;
  const gone = petition.texts.flatMap(personsGone);
  const persons = [...new Map(gone.map((person) => [`${person.name}\n${person.state}`, person])).values()];
  const seen = petition.factCheckedSha256?.toString('hex') === digestOf(petition.texts);
  return { needCheck: stale || (persons.length > 0 && !seen), stale, persons };
}

/** Whether the original has changed since this text, a translation, was compared with it. */
export function isOlderThanOriginal(petition: PublishedPetition, locale: string): boolean {
  if (locale === petition.originalLocale) return false;
  const find = (wanted: string) => petition.texts.find((text) => text.locale === wanted);
  const [original, text] = [find(petition.originalLocale), find(locale)];
  return original !== undefined && text !== undefined && !text.follows?.equals(original.sha256);
}
