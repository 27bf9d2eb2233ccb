import { factsOf, isOlderThanOriginal } from './fact-check.js';
import type { Organisation } from './organisation.entity.js';
import { settingsOf } from './petition-settings.service.js';
import { digestOf } from './petition-log.service.js';
import type { TextVersion } from './petition-texts.service.js';
import type { PetitionText } from './petition-text.entity.js';
import type { PetitionWords } from './petition-words.schema.js';
import type { PetitionRecord, TextHistory } from './petitions.schema.js';
import type { PublishedPetition } from './petitions.service.js';

/** Exactly what is hashed, but for the locale: what a signer reads. */
export const wordsOf = ({ title, ask, addressee, body, sources, persons, timeline }: PetitionText): PetitionWords => ({
  ...{ title, ask, addressee, body, sources, persons, timeline },
});

export const petitionRecord = (petition: PublishedPetition): PetitionRecord => ({
  slug: petition.slug,
  state: petition.state,
  ...settingsOf(petition),
  facts: factsOf(petition),
  returnReason: petition.returnReason,
  textsSha256: digestOf(petition.texts),
  texts: petition.texts.map(({ locale, version, sha256 }) => ({
    ...{ locale, version, sha256: sha256.toString('hex') },
    olderThanOriginal: isOlderThanOriginal(petition, locale),
  })),
});

export const textView = (text: TextVersion): TextHistory['texts'][number] => ({
  ...{ locale: text.locale, version: text.version },
  ...wordsOf(text),
  sha256: text.sha256.toString('hex'),
  previousSha256: text.previousSha256,
  reason: text.reason,
  validFrom: text.validFrom.toISOString(),
  logEntry: text.logEntry,
});

/** What everybody may know of an organisation. */
export const organisationView = ({ id, name, url, privacyUrl }: Organisation) => ({ id, name, url, privacyUrl });
