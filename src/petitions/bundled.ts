import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../config/root.js';
import { PetitionWords } from './petition-words.schema.js';
import { NewPetition } from './petitions.schema.js';

/** The petitions that come with Countersign: templates/campaigns/<slug>/petition.json and petition.<locale>.md. */
export function bundledPetitions(): NewPetition[] {
  const campaigns = join(projectRoot, 'templates/campaigns');
  return readdirSync(campaigns, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name: slug }) => {
      const read = (file: string) => readFileSync(join(campaigns, slug, file), 'utf8');
      const pack = JSON.parse(read('petition.json')) as { texts: Record<string, object> };
      const texts = Object.fromEntries(
        Object.entries(pack.texts).map(([locale, words]) => [
          locale,
          PetitionWords.parse({ ...words, body: read(`petition.${locale}.md`).trim() }),
        ]),
      );
      return NewPetition.parse({ ...pack, slug, texts });
    });
}
